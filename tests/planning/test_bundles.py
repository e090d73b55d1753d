"""Bundles on the frontier: several blocks that are written as one, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.planning.test_frontier import Kind, Point, lawful, price, small_skill, trees

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.choose import compress_to_threshold
from skill_distiller.planning.frontier import Choice, trace_frontier
from skill_distiller.planning.groups import GROUP, group_outline
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.outline import Node, outline
from skill_distiller.planning.plan import apply_plan
from skill_distiller.rewriting.ladder import Joint, Ladder
from skill_distiller.rewriting.model import Bundle, Proposals, Rendering, RenderingKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

Tree = tuple[tuple[Ladder, ...], tuple[float, ...], tuple[int, ...]]
# All under the heading A: the lead-in with its list, and the section B, whose heading goes.
MEMBERS = (1, 2, 3)
JOINT = Joint(tuple((block, 0) for block in MEMBERS), (2,))


@st.composite
def _bundled(draw: st.DrawFn) -> Tree:
    """Random ladders of which three have a joint rendering: the last one carries the text."""
    ladders, worths, headings = draw(trees())
    found = list(ladders)
    share = draw(st.sampled_from([0.2, 0.6, 0.9]))
    for block in MEMBERS:
        text = "x" * (block == MEMBERS[-1])
        tokens = draw(st.integers(1, 15)) if text else 0
        found[block] = replace(found[block], joint=(Rendering(Kind.ONE_LINERS, text, tokens, share),))
    return tuple(found), worths, headings


def _takes(choice: Choice, ladders: tuple[Ladder, ...]) -> bool:
    return all(choice.rungs[block] == len(ladders[block].rungs) for block in MEMBERS)


def _choices(ladders: tuple[Ladder, ...], sections: int) -> Iterator[Choice]:
    """Every lawful choice without the bundle, then every one with it."""
    nodes = outline(small_skill())
    headings = [(True, *stays) for stays in product((True, False), repeat=sections - 1)]
    for rungs in product(*(range(len(ladder.rungs)) for ladder in ladders)):
        yield from (c for stays in headings if lawful(nodes, ladders, c := Choice(rungs, stays)))
    if any(not ladders[block].droppable for block in MEMBERS if not ladders[block].joint[0].text):
        return
    if not ladders[MEMBERS[-1]].droppable:  # it would not stand in the text of the bundle
        return
    apart = [i for i in range(len(ladders)) if i not in MEMBERS]
    for free in product(*(range(len(ladders[i].rungs)) for i in apart)):
        taken = [0] * len(ladders)
        for i, rung in zip(apart, free, strict=True):
            taken[i] = rung
        for block in MEMBERS:
            taken[block] = len(ladders[block].rungs)
        last = ladders[4].rendering(taken[4]).kind is not Kind.DROPPED
        yield Choice(tuple(taken), (True, True, False, True, last))


@settings(max_examples=60)
@given(_bundled())
def test_every_point_is_the_best_for_its_tokens(tree: Tree) -> None:
    """With the bundle or without it, no choice has more worth for as many tokens."""
    ladders, worths, headings = tree
    frontier = trace_frontier(outline(small_skill()), ladders, worths, headings, [JOINT])
    choices = list(_choices(ladders, len(headings)))
    priced = [price(choice, ladders, worths, headings) for choice in choices]
    for (t1, w1), (t2, w2) in pairwise(frontier.points):
        assert t1 > t2
        assert w1 >= w2 - 1e-9
    for point, (tokens, worth) in enumerate(frontier.points):
        choice = frontier.pick(point).choice
        assert replace(choice, headings=(True, *choice.headings[1:])) in choices  # section 0 has no heading
        assert price(choice, ladders, worths, headings) == pytest.approx((tokens, worth))
        assert worth >= max(w for t, w in priced if t <= tokens) - 1e-6
    assert frontier.points[-1][0] == min(tokens for tokens, _ in priced)


@settings(max_examples=60)
@given(_bundled(), st.integers(0, 90))
def test_budgets_are_kept_with_bundles(tree: Tree, tokens: int) -> None:
    """What is picked for a budget can be written, costs what it says, and fits where anything does."""
    ladders, worths, headings = tree
    frontier = trace_frontier(outline(small_skill()), ladders, worths, headings, [JOINT])
    pick = frontier.within(tokens)
    found: Point = price(pick.choice, ladders, worths, headings)
    assert found == pytest.approx((pick.tokens, pick.worth))
    assert pick.tokens <= max(tokens, frontier.points[-1][0])
    assert _takes(pick.choice, ladders) or lawful(outline(small_skill()), ladders, pick.choice)


def test_a_required_block_forbids_a_bundle_without_it() -> None:
    """Nothing of the bundle is offered where a block has to stay and would not stand in it."""
    skill = small_skill()
    full = [Rendering(Kind.FULL, block.source, 10, 1.0) for block in skill.blocks]
    joint = (Rendering(Kind.ONE_LINERS, "", 0, 0.9),)
    ladders = [Ladder(block, (rung,), joint=joint) for block, rung in zip(skill.blocks, full, strict=True)]
    frontier = trace_frontier(outline(skill), ladders, [1.0] * len(ladders), [1] * len(skill.sections), [JOINT])
    assert len(frontier.points) == 1


def _groups(node: Node) -> list[Node]:
    return [*([node] if node.block == GROUP else []), *(group for child in node.children for group in _groups(child))]


def test_groups_stand_at_the_lowest_heading() -> None:
    """A bundle over parts of one section groups these; one over two sections groups them under the root."""
    skill = small_skill()
    nested = group_outline(outline(skill), [JOINT])
    (group,) = _groups(nested)
    assert (group.block, group.section) == (GROUP, 1)
    assert group in nested.children[1].children
    wide = Joint(((0, 0), (4, 0)), ())
    (group,) = _groups(group_outline(outline(skill), [wide]))
    assert [child.section for child in group.children] == [0, 4]


def test_bundles_that_share_a_part_share_a_group() -> None:
    """Of two ways to write the same blocks at most one is taken."""
    skill = small_skill()
    other = Joint(((2, 1), (3, 1)), ())
    assert [group.joints for group in _groups(group_outline(outline(skill), [JOINT, other]))] == [(JOINT, other)]


EXAMPLES = """# Tool

Run `tool`.

## Examples

### One

Some words on the first example, which is a long one and says many things about it.

### Two

Some words on the second example, which is a long one and says many things about it.
"""


class _OneLine:
    """Proposes both examples as one line."""

    def propose(self, analysis: object, counter: TokenCounter) -> Proposals:
        bundle = Bundle(RenderingKind.ONE_LINERS, (1, 2), ("", "### One-liners:\n\n- one → two\n"), (3, 4), 0.9)
        return Proposals(bundles=(bundle,))


def test_a_bundle_is_written_in_the_place_of_its_blocks() -> None:
    """Their headings go with them, and the blocks around them stay."""
    analysis = RulesAnalyzer().analyze(parse_skill(EXAMPLES))
    models = Models(renderers=(_OneLine(),))
    plan = compress_to_threshold(Reading(analysis), 0.95, load_counter(), models=models)
    expected = "# Tool\n\nRun `tool`.\n\n## Examples\n\n### One-liners:\n\n- one → two\n"
    assert apply_plan(analysis.skill, plan).text == expected
