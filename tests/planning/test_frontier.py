"""The frontier of whole skills, under the rules of their outline."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import sound_skills

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.frontier import Choice, Frontier, trace_frontier
from skill_distiller.planning.ladders import Ladders, prepare_ladders, require, trace
from skill_distiller.planning.outline import HEADING, SEQUENCE, Node, outline
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.rewriting.ladder import Ladder
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.skill.containers import lead_ins
from skill_distiller.skill.model import Block, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

Kind = RenderingKind
Point = tuple[int, float]
# A lead-in with a list, nested sections, a section of its own, one without blocks: small enough for every choice.
SMALL = "First.\n\n# A\n\nRun:\n\n- a\n\n## B\n\nText.\n\n# C\n\n# D\n\nLast.\n"


def traced(reading: Reading) -> tuple[Ladders, Frontier]:
    """The ladders of a skill, and the whole frontier where no more stays than has to at any threshold."""
    prepared = prepare_ladders(reading, load_counter())
    required = required_blocks(reading, 0.0, load_worth_model())
    prepared = require(prepared, required)
    return prepared, trace(reading, prepared)


def small_skill() -> Skill:
    return parse_skill(SMALL)


@st.composite
def trees(draw: st.DrawFn) -> tuple[tuple[Ladder, ...], tuple[float, ...], tuple[int, ...]]:
    """Random ladders, worths and heading tokens for the small skill."""
    skill = small_skill()
    ladders = [_ladder(draw, block) for block in skill.blocks]
    worths = tuple(float(draw(st.integers(0, 12))) for _ in skill.blocks)
    headings = tuple(draw(st.integers(1, 9)) if section.level else 0 for section in skill.sections)
    return tuple(ladders), worths, headings


def _ladder(draw: st.DrawFn, block: Block) -> Ladder:
    tokens = sorted(draw(st.sets(st.integers(1, 20), min_size=1, max_size=2)), reverse=True)
    rungs = [
        Rendering(kind, "x", count, share)
        for kind, count, share in zip((Kind.FULL, Kind.PRUNED), tokens, (1.0, 0.5), strict=False)
    ]
    if draw(st.booleans()):
        rungs.append(Rendering(Kind.DROPPED, "", 0, 0.0))
    return Ladder(block, tuple(rungs))


def _stays(node: Node, ladders: tuple[Ladder, ...], choice: Choice) -> bool:
    if node.block < 0:
        return choice.headings[node.section]
    return ladders[node.block].rendering(choice.rungs[node.block]).kind is not Kind.DROPPED


def lawful(nodes: tuple[Node, ...], ladders: tuple[Ladder, ...], choice: Choice) -> bool:
    """Whether headings stay over what stays and over nothing, lead-ins lead somewhere, and sequences are whole."""
    return all(lawful(node.children, ladders, choice) and _is_lawful(node, ladders, choice) for node in nodes)


def _is_lawful(node: Node, ladders: tuple[Ladder, ...], choice: Choice) -> bool:
    kept = [_stays(child, ladders, choice) for child in node.children]
    if node.block == SEQUENCE:
        return all(kept) or not any(kept)
    stays = _stays(node, ladders, choice)
    if node.block == HEADING:
        return (bool(kept) or stays) and (stays or not any(kept))
    tied = [is_kept for child, is_kept in zip(node.children, kept, strict=True) if child.tied]
    return not kept or (stays == any(kept) and all(is_kept == stays for is_kept in tied))


def price(choice: Choice, ladders: tuple[Ladder, ...], worths: tuple[float, ...], headings: tuple[int, ...]) -> Point:
    """The tokens and the worth of a choice, counted afresh."""
    chosen = [ladder.rendering(rung) for ladder, rung in zip(ladders, choice.rungs, strict=True)]
    tokens = sum(rung.tokens for rung in chosen) + sum(
        t for t, stays in zip(headings, choice.headings, strict=True) if stays
    )
    return tokens, sum(worth * rung.share for worth, rung in zip(worths, chosen, strict=True))


def _choices(ladders: tuple[Ladder, ...], sections: int) -> list[Choice]:
    rungs = product(*(range(len(ladder.rungs)) for ladder in ladders))
    return [Choice(chosen, (True, *stays)) for chosen in rungs for stays in product((True, False), repeat=sections - 1)]


@settings(max_examples=25)
@given(trees())
def test_every_point_is_the_best_for_its_tokens(
    tree: tuple[tuple[Ladder, ...], tuple[float, ...], tuple[int, ...]],
) -> None:
    """No lawful choice has more worth for as many tokens, and the last point has the fewest there are."""
    ladders, worths, headings = tree
    nodes = outline(small_skill())
    frontier = trace_frontier(nodes, ladders, worths, headings)
    choices = [choice for choice in _choices(ladders, len(headings)) if lawful(nodes, ladders, choice)]
    priced = [price(choice, ladders, worths, headings) for choice in choices]
    for point, (tokens, worth) in enumerate(frontier.points):
        choice = frontier.pick(point).choice
        assert lawful(nodes, ladders, choice)
        assert price(choice, ladders, worths, headings) == pytest.approx((tokens, worth))
        assert worth >= max(w for t, w in priced if t <= tokens) - 1e-6
    assert frontier.points[-1][0] == min(tokens for tokens, _ in priced)
    for tokens in range(0, frontier.tokens + 3, 3):
        _check_within(frontier, tokens, tree)


def _check_within(
    frontier: Frontier, tokens: int, tree: tuple[tuple[Ladder, ...], tuple[float, ...], tuple[int, ...]]
) -> None:
    choice = frontier.within(tokens).choice
    spent, worth = price(choice, *tree)
    assert lawful(outline(small_skill()), tree[0], choice)
    assert spent <= max(tokens, frontier.points[-1][0])
    reached = [w for t, w in frontier.points if t <= tokens] or [frontier.points[-1][1]]
    assert worth >= max(reached) - 1e-6


@given(sound_skills)
def test_points_fall(text: str) -> None:
    """Along the frontier tokens fall strictly, worth never rises, and every point is lawful and well priced."""
    skill = parse_skill(text)
    prepared, frontier = traced(Reading(RulesAnalyzer().analyze(skill)))
    nodes = outline(skill)
    assert frontier.pick(0).choice == Choice((0,) * len(skill.blocks), (True,) * len(skill.sections))
    for (t1, w1), (t2, w2) in pairwise(frontier.points):
        assert t1 > t2
        assert w1 >= w2 >= 0
    for point, (tokens, worth) in enumerate(frontier.points):
        choice = frontier.pick(point).choice
        assert lawful(nodes, prepared.ladders, choice)
        found = price(choice, prepared.ladders, prepared.worths, prepared.heading_tokens)
        assert found == pytest.approx((tokens, worth), abs=1e-6)
    for share in (0.0, 0.5, 0.9, 1.0):
        point = frontier.cheapest(share)
        assert frontier.points[point][1] >= share * frontier.worth - 1e-6
        assert point + 1 == len(frontier.points) or frontier.points[point + 1][1] < share * frontier.worth + 1e-6


def _shape(nodes: tuple[Node, ...]) -> str:
    return "".join(
        (f"s{node.section}" if node.block < 0 else f"b{node.block}")
        + (f"({_shape(node.children)})" if node.children else "")
        + " "
        for node in nodes
    ).strip()


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        pytest.param(SMALL, "s0(b0) s1(b1(b2) s2(b3)) s3 s4(b4)", id="small"),
        pytest.param("# A\n\n### C\n\nx\n\n## B\n\ny\n", "s0 s1(s2(b0) s3(b1))", id="a level left out"),
        pytest.param("Run:\n\n```\na\n```\n\nEnd.\n", "s0(b0(b1) b2)", id="lead-in"),
        pytest.param("Run:\n\nText.\n", "s0(b0(b1))", id="a paragraph after a colon"),
        pytest.param("**Example**\n\n- a\n", "s0(b0(b1))", id="bold label"),
        pytest.param("Run:\n\n## A\n\n- a\n", "s0(b0) s1(b1)", id="not over a heading"),
        pytest.param("## Step 1: A\n\nx\n\n## Step 2\n\ny\n", "s0 s1(s1(b0) s2(b1))", id="steps with headings"),
        pytest.param("## Step 1\n\nx\n\n## Step 3\n\ny\n", "s0 s1(b0) s2(b1)", id="no steps of one sequence"),
        pytest.param("## 1. A\n\nx\n\n## 2. B\n\ny\n", "s0 s1(s1(b0) s2(b1))", id="numbered headings"),
        pytest.param("## 第1步\n\nx\n\n## 第2步\n\ny\n", "s0 s1(s1(b0) s2(b1))", id="steps in Chinese"),
    ],
)
def test_outline(text: str, shape: str) -> None:
    """Sections nest by level; a lead-in holds the block that it introduces."""
    assert _shape(outline(parse_skill(text))) == shape


def test_code_below_a_label_goes_with_it() -> None:
    """What a label names by showing it stays as long as the label does; of what else stands under it any may go."""
    _, section = outline(parse_skill("## A\n\n**Petals**\n\n```py\nx\n```\n\nMore of it.\n"))
    (label,) = section.children
    assert [child.tied for child in label.children] == [True, False]


def test_lead_in_of_a_long_list_holds_every_item() -> None:
    """The items of a cut list are all introduced by the paragraph before the first."""
    items = "".join(
        f"- Item {i} says a good deal about the many ways of the build and its tests, at length.\n" for i in range(12)
    )
    skill = parse_skill(f"Run these:\n\n{items}\nEnd.\n")
    assert len(skill.blocks) == 14
    (root,) = outline(skill)
    assert [len(node.children) for node in root.children] == [12, 0]
    assert lead_ins(skill) == frozenset({0})
