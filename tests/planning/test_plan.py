"""What a plan makes of a skill."""

from __future__ import annotations

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.planning.test_frontier import traced
from tests.strategies import sound_skills, soups

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.planning.frontier import Choice, Frontier
from skill_distiller.planning.ladders import Ladders
from skill_distiller.planning.outline import anchors_of, needed_by
from skill_distiller.planning.plan import Plan, Reason, apply_plan, make_plan, undo_all
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import BlockKind, Skill, render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.find_edges import find_edges

Kind = RenderingKind
_LISTS = {BlockKind.LIST, BlockKind.LIST_ITEM}


def _traced(text: str) -> tuple[Analysis, Ladders, Frontier]:
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    return analysis, *traced(Reading(analysis))


def _plan(prepared: Ladders, choice: Choice) -> Plan:
    return make_plan(prepared.ladders, choice, prepared.heading_tokens)


def drop(text: str, *blocks: int, headings: tuple[int, ...] = ()) -> str:
    """The text without some blocks and headings, whatever they are worth."""
    analysis, prepared, _ = _traced(text)
    plan = _plan(prepared, Choice((0,) * len(prepared.ladders), (True,) * len(prepared.heading_tokens)))
    decisions = tuple(
        type(d)(d.block, type(d.rendering)(Kind.DROPPED, "", 0, 0.0), d.full_tokens, d.reason)
        if d.block in blocks
        else d
        for d in plan.decisions
    )
    stays = tuple(index not in headings for index in range(len(plan.headings)))
    return render_skill(apply_plan(analysis.skill, Plan(decisions, stays, plan.heading_tokens)))


def _pieces(skill: Skill) -> list[str]:
    """Headings and blocks in order, as written, without the blank lines around them.

    Lists are left out: two lists of one kind are one list where nothing stands between them.
    """
    pieces = []
    for section in skill.sections:
        pieces.append(section.heading_source.strip())
        pieces += [block.text.strip() for block in section.blocks if block.kind not in _LISTS]
    return [piece for piece in pieces if piece]


def _check_points(text: str) -> None:
    """At every point of the frontier the result, read again, has the very pieces that the plan chose."""
    analysis, prepared, frontier = _traced(text)
    for point in range(len(frontier.points)):
        plan = _plan(prepared, frontier.pick(point).choice)
        distilled = apply_plan(analysis.skill, plan)
        rendered = render_skill(distilled)
        assert rendered.startswith(analysis.skill.frontmatter.raw)
        assert _pieces(parse_skill(rendered)) == _pieces(distilled)


@given(sound_skills)
def test_pieces_never_merge(text: str) -> None:
    """Whatever is dropped, what is left is read as the same headings and blocks."""
    _check_points(text)


def test_unchanged_plan_gives_the_original() -> None:
    """A plan that changes nothing gives the same bytes, trailing blank lines included."""
    text = "---\nname: a\n---\n\n# A\n\ntext\n\n\n"
    analysis, prepared, frontier = _traced(text)
    plan = _plan(prepared, frontier.pick(0).choice)
    assert not plan.changed
    assert render_skill(apply_plan(analysis.skill, plan)) == text


@given(soups)
def test_undoing_gives_the_original(text: str) -> None:
    """Undone, the plan of any text gives that text."""
    analysis, prepared, frontier = _traced(text)
    plan = undo_all(Reading(analysis), _plan(prepared, frontier.pick(len(frontier.steps)).choice))
    assert not plan.changed
    assert render_skill(apply_plan(analysis.skill, plan)) == text


@pytest.mark.parametrize(
    ("text", "dropped", "headings", "expected"),
    [
        pytest.param("a\n\nb\n\nc\n", (1,), (), "a\n\nc\n", id="middle"),
        pytest.param("a\n\nb\n\nc\n", (2,), (), "a\n\nb\n", id="last"),
        pytest.param("a\n\nb\n\nc\n", (0,), (), "b\n\nc\n", id="first"),
        pytest.param("a\n- b\n# C\nd\n", (1,), (), "a\n# C\nd\n", id="before a heading"),
        pytest.param("a\n```\nb\n```\nc\n", (1,), (), "a\n\nc\n", id="no blank lines"),
        pytest.param("a\r\n***\r\nc\r\n", (1,), (), "a\r\n\r\nc\r\n", id="CRLF"),
        pytest.param("a\r***\rc\r", (1,), (), "a\r\rc\r", id="CR"),
        pytest.param("a\n# B\n\nb\n\nC\n===\nc\n", (1,), (1,), "a\n\nC\n===\nc\n", id="before a setext heading"),
        pytest.param("a\n***\nC\n===\nc\n", (1,), (), "a\n\nC\n===\nc\n", id="before a setext heading, same section"),
        pytest.param("a\n\n# B\n\nb\n", (1,), (1,), "a\n", id="last section"),
        pytest.param(
            "a\n\nb\n\n---\n\nname: c\n\n---\n\nd\n", (0,), (), "b\n\n---\n\nname: c\n\n---\n\nd\n", id="rules"
        ),
    ],
)
def test_dropping(text: str, dropped: tuple[int, ...], headings: tuple[int, ...], expected: str) -> None:
    """What is dropped goes with the blank lines after it; what is left never runs together."""
    assert drop(text, *dropped, headings=headings) == expected


def test_a_rule_that_comes_first_opens_no_frontmatter() -> None:
    """Where the block before a rule goes, the rule must not turn what follows into frontmatter."""
    text = "Some words of greeting.\n\n---\n\nname: c\n\n---\n\n## Steps\n\n1. Run `a`.\n"
    for threshold in (0.9, 0.5, 0.1, 0.0):
        result = distill(parse_skill(text), DistillOptions(threshold=threshold)).text
        assert not parse_skill(result).frontmatter.raw


def test_decisions_say_why() -> None:
    """Each decision carries its reason, and the tokens that it saves."""
    text = "# A\n\n## Steps\n\n1. Run `a`\n2. Check it\n\n## Notes\n\nYou MUST ask.\n\n## Background\n\nIt is old.\n"
    _, prepared, _ = _traced(text)
    choice = Choice((0, 0, len(prepared.ladders[2].rungs) - 1), (True, True, True, False))
    required = {0: Reason.TYPE, 1: Reason.HARD_RULE}
    plan = make_plan(prepared.ladders, choice, prepared.heading_tokens, required)
    assert [d.reason for d in plan.decisions] == [Reason.TYPE, Reason.HARD_RULE, Reason.NOT_WORTH]
    last = plan.decisions[-1]
    assert last.dropped
    assert last.saved == last.full_tokens > 0


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ("See [it](#old-notes).", True),
        ("For more, see Old Notes.", True),
        ("As in the old notes section.", True),
        ('Refer to "Old Notes" first.', True),
        ("Follow **Old Notes** too.", True),
        ("We have old notes here.", False),
        ("See the other notes.", False),
        ("See [it](#old-notes-2).", False),
        ("See [it](#old).", False),
    ],
)
def test_missing_targets(kept: str, named: bool) -> None:
    """A dropped section is missed where kept text links to it or sends the reader there."""
    skill = parse_skill(f"{kept}\n\n# Old Notes\n\ntext\n")
    edges = find_edges(skill)
    assert needed_by(skill, edges, [kept, ""], [True, False]) == ([1] if named else [])
    assert needed_by(skill, edges, [kept, ""], [True, True]) == []


def test_what_is_needed_follows_a_chain() -> None:
    """What a dropped section refers to is needed with it, by link or by name; a section that nothing names is not."""
    parts = (
        "# Part A\n\nSee Whats New.\n\n# What's New\n\nthe *part c* section\n\n"
        "# Part C\n\nx\n\n# Part D\n\nSee Part A.\n"
    )
    gone = [True] + [False] * 4
    for text, needed in (
        ("See [a](#part-a).", [1]),
        ("See [new](#whats-new).", [2, 3]),
        ("See Part D.", [4, 1]),
        ("Nothing.", []),
    ):
        skill = parse_skill(f"{text}\n\n{parts}")
        assert needed_by(skill, find_edges(skill), [text, "", "", "", ""], gone) == needed


def test_anchors_of() -> None:
    """A section is kept by its own blocks, or by those of the first section below it."""
    skill = parse_skill("a\n\n# B\n\n## C\n\nc\n\nd\n\n# E\n\n# F\n\nf\n")
    assert anchors_of(skill, 2) == (1, 2)
    assert anchors_of(skill, 1) == (1, 2)
    assert anchors_of(skill, 3) == ()


def test_the_blank_line_before_a_heading_stays() -> None:
    """Also where the block goes that it stood behind."""
    items = "".join(f"- {'word ' * 40}{i}\n" for i in range(8))
    assert "7\n\n# B" in drop(f"# A\n\n{items}- last\n\n# B\n\ntext\n", 8)
    assert drop("# A\n\none\n- two\n# B\n", 1) == "# A\n\none\n# B\n"
