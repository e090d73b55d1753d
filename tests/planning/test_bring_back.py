"""What comes back with a block, and which headings stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import sound_skills

from skill_distiller.planning.groups import settle_headings, with_companions
from skill_distiller.planning.plan import Decision, Plan, Reason, apply_plan
from skill_distiller.planning.required import bring_back
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill, render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

GONE = Rendering(RenderingKind.DROPPED, "", 0, 0.0)


def nothing_of(skill: Skill) -> Plan:
    """The plan that drops every block and every heading."""
    decisions = tuple(Decision(b.index, GONE, load_counter().count(b.source), Reason.NOT_WORTH) for b in skill.blocks)
    return Plan(decisions, (False,) * len(skill.sections), (0,) * len(skill.sections))


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        pytest.param("# A\n\na\n\n## B\n\nb\n\n## C\n\nc\n", (1,), "# A\n\n## B\n\nb\n", id="the headings above"),
        pytest.param("Run:\n\n```\na\n```\n\nb\n", (1,), "Run:\n\n```\na\n```\n", id="the lead-in"),
        pytest.param("Run:\n\n```\na\n```\n\nb\n", (0,), "Run:\n\n```\na\n```\n", id="what a lead-in introduces"),
        pytest.param("1. a\n\nx\n\n2. b\n\ny\n", (1,), "x\n", id="no more than is needed"),
        pytest.param(
            "**1. A:**\n\na\n\n**2. B:**\n\nb\n\n# C\n\nc\n",
            (1,),
            "**1. A:**\n\na\n\n**2. B:**\n\nb\n",
            id="a sequence",
        ),
        pytest.param(
            "See [it](#b).\n\n# B\n\nb\n\n# C\n\nc\n", (0,), "See [it](#b).\n\n# B\n\nb\n", id="what it refers to"
        ),
        pytest.param(
            "See [it](#b).\n\n# B\n\nThen see [it](#c).\n\n# C\n\nAs follows:\n\n- c\n\nd\n",
            (0,),
            "See [it](#b).\n\n# B\n\nThen see [it](#c).\n\n# C\n\nAs follows:\n\n- c\n\nd\n",
            id="and what that refers to",
        ),
    ],
)
def test_what_comes_back(text: str, asked: tuple[int, ...], expected: str) -> None:
    """Of a skill of which nothing was left: the block, and what it can't do without."""
    skill = parse_skill(text)
    assert render_skill(apply_plan(skill, bring_back(skill, nothing_of(skill), asked, load_counter()))) == expected


def test_reasons() -> None:
    """The plan says which blocks were asked for and which came with them."""
    skill = parse_skill("Run:\n\n```\na\n```\n\nSee [it](#b).\n\n# B\n\nb\n")
    plan = bring_back(skill, nothing_of(skill), (1, 2), load_counter())
    assert [d.reason for d in plan.decisions] == [Reason.COMPANION, Reason.ASKED, Reason.ASKED, Reason.PROMOTED]


def test_other_decisions_stay() -> None:
    """Of blocks that were written as one, a single one comes back in full; the others are written as before."""
    skill = parse_skill("# A\n\nOne is long.\n\nTwo is long.\n\nThree is long.\n")
    lines = (Rendering(RenderingKind.ONE_LINERS, text, 2, 0.5) for text in ("1, 2, 3\n\n", "", ""))
    decisions = tuple(Decision(i, rendering, 5, Reason.CHEAPER) for i, rendering in enumerate(lines))
    plan = bring_back(skill, Plan(decisions, (True, True), (0, 2)), (1,), load_counter())
    assert render_skill(apply_plan(skill, plan)) == "# A\n\n1, 2, 3\n\nTwo is long.\n"
    assert (plan.decisions[0], plan.decisions[2]) == (decisions[0], decisions[2])


@given(sound_skills, st.sets(st.integers(0, 13)))
def test_all_that_comes_back_is_as_it_was(text: str, asked: set[int]) -> None:
    """Every block asked for stands in the result with its bytes and its headings; asking again changes nothing."""
    skill = parse_skill(text)
    blocks = {i % len(skill.blocks) for i in asked} if skill.blocks else set()
    plan = bring_back(skill, distill(skill, DistillOptions(threshold=0.1)).plan, blocks, load_counter())
    for i in blocks:
        assert plan.decisions[i].rendering.text == skill.blocks[i].source
        assert plan.headings[skill.section_of[i]]
    assert with_companions(skill, blocks) >= blocks
    again = bring_back(skill, plan, blocks, load_counter())
    assert again.headings == plan.headings
    assert [d.rendering for d in again.decisions] == [d.rendering for d in plan.decisions]


@pytest.mark.parametrize(
    ("kept", "wanted", "stays"),
    [
        ("abcd", "yyyyy", "yyyyy"),
        ("", "yyyyy", "nnnny"),
        ("c", "nnnnn", "nynyn"),
        ("a", "yyyyn", "ynnnn"),
        ("b", "yynny", "nyyny"),
        ("abcd", "nnnnn", "yyyyn"),
    ],
)
def test_headings_stay_with_what_is_below_them(kept: str, wanted: str, stays: str) -> None:
    """One goes with the last block below it and comes back with the first; an empty one is left as it was."""
    skill = parse_skill("a\n\n# B\n\nb\n\n## C\n\nc\n\n## D\n\nd\n\n# E\n")
    skill = parse_skill("a\n\n# B\n\n## C\n\nb\n\n## D\n\nc\n\nd\n\n# E\n")
    renderings = [
        Rendering(RenderingKind.FULL, block.source, 1, 1.0) if block.text.strip() in kept else GONE
        for block in skill.blocks
    ]
    settled = settle_headings(skill, renderings, [c == "y" for c in wanted])
    assert "".join("y" if own else "n" for own in settled) == stays
