"""Pieces that are kept are added to the result: nothing else goes or changes."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import sound_skills

from skill_distiller.errors import TargetError
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind
from skill_distiller.run.run import DistillOptions, Gate, KeptPieces
from skill_distiller.skill.model import Skill, piece_ids
from skill_distiller.skill.parse import parse_skill

THRESHOLDS = (0.95, 0.9, 0.8, 0.6)


def check_added(skill: Skill, threshold: float, block: int) -> None:
    """With a block kept every line of the result without it is there, and what was written shorter may be in full."""
    keep = KeptPieces((piece_ids(skill).blocks[block],))
    plain, kept = (distill(skill, DistillOptions(threshold, gate=Gate.REPORT, keep=k)) for k in (KeptPieces(), keep))
    assert skill.blocks[block].text.strip() in kept.text
    lines = set(kept.text.splitlines())
    for before, after in zip(plain.plan.decisions, kept.plan.decisions, strict=True):
        own = skill.blocks[before.block]
        assert after.rendering == before.rendering or after.rendering.text == own.source
        assert after.rendering.text == own.source or lines.issuperset(before.rendering.text.splitlines())
    assert all(after >= before for before, after in zip(plain.plan.headings, kept.plan.headings, strict=True))


@given(sound_skills, st.integers(0, 20), st.sampled_from(THRESHOLDS))
def test_keeping_adds(text: str, block: int, threshold: float) -> None:
    """Whatever is kept of whatever skill."""
    skill = parse_skill(text)
    if skill.blocks:
        check_added(skill, threshold, block % len(skill.blocks))


@pytest.mark.corpus
def test_keeping_adds_in_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """Of real skills too: a block that goes, at some threshold."""
    for skill in corpus_skills:
        if skill.blocks:
            random = Random(skill.name)
            check_added(skill, random.choice(THRESHOLDS), random.randrange(len(skill.blocks)))


HEAD = "---\nname: a\ndescription: Use when b.\n---\n"
LONG = (
    HEAD
    + "# A\n\nRun `make x` first.\n\n## Why\n\nIt is an old habit of people who like to wait.\n\n## More\n\n"
    + ("The log of last year was kept in a drawer.\n\nNobody has ever read it since.\n")
)


def test_a_budget_that_forbids_it() -> None:
    """The error says by how much; the number that it names can be asked for."""
    skill = parse_skill(LONG)
    keep = KeptPieces(sections=("Why", "More"))
    with pytest.raises(TargetError, match=r"takes (\d+) tokens, \d+ more than the 35 asked for") as caught:
        distill(skill, DistillOptions(mode=Mode.TOKENS, tokens=35, keep=keep))
    budget = caught.value.smallest
    assert f"--tokens={budget}," in caught.value.hint
    assert distill(skill, DistillOptions(mode=Mode.TOKENS, tokens=budget, keep=keep)).output_tokens <= budget


def test_nothing_left_to_go() -> None:
    """Where all that could go is kept the original comes out, and the note does not call it minimal."""
    result = distill(parse_skill(LONG), DistillOptions(0.5, keep=KeptPieces(sections=("A",))))
    assert (result.changed, [note.kind for note in result.notes if note.kind is not NoteKind.NO_TRIGGER]) == (
        False,
        [NoteKind.ALL_KEPT],
    )
