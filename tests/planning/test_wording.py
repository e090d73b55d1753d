"""How far the text of what stays may change, by the wording that was asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import sound_skills

from skill_distiller.errors import TargetError, UsageError
from skill_distiller.planning.plan import Mode
from skill_distiller.rewriting.model import RenderingKind, Wording
from skill_distiller.rewriting.redundant import is_detail
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions, Gate
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill

AIMS: tuple[dict[str, object], ...] = ({"threshold": 0.9}, {"threshold": 0.6}, {"mode": Mode.TOKENS})
_MARK = re.compile(r"[*\s-]+")


def distilled(skill: Skill, wording: Wording, aim: dict[str, object]) -> Result:
    """The result, in tokens mode of the smallest budget that can be had."""
    if aim.get("mode") is not Mode.TOKENS:
        return distill(skill, DistillOptions(gate=Gate.REPORT, wording=wording, **aim))  # type: ignore[arg-type]
    options = {"mode": Mode.TOKENS, "gate": Gate.REPORT, "wording": wording}
    try:
        return distill(skill, DistillOptions(tokens=1, **options))  # type: ignore[arg-type]
    except TargetError as error:
        return distill(skill, DistillOptions(tokens=error.smallest, **options))  # type: ignore[arg-type]


def check_wording(skill: Skill, wording: Wording, aim: dict[str, object]) -> None:
    """What is written in place of each block is no more than the wording allows."""
    result = distilled(skill, wording, aim)
    for decision, verdict in zip(result.plan.decisions, result.reading.verdicts, strict=True):
        block, text = skill.blocks[decision.block], decision.rendering.text
        if decision.rendering.kind in (RenderingKind.FULL, RenderingKind.DROPPED):
            assert text in ("", block.source)
        elif wording is Wording.MARKS:
            dashes = block.kind is BlockKind.TABLE  # the row below its head becomes shorter
            own, written = (_MARK.sub("", t) if dashes else re.sub(r"[*\s]", "", t) for t in (block.source, text))
            assert written == own
        else:
            words = decision.rendering.kind in (RenderingKind.SYMBOLS, RenderingKind.PRUNED, RenderingKind.CUT)
            assert wording is not Wording.KEEP
            assert not words or wording is Wording.TERSE or is_detail(verdict)


@given(sound_skills, st.sampled_from(Wording), st.sampled_from(AIMS))
def test_no_more_changes_than_the_wording_allows(text: str, wording: Wording, aim: dict[str, object]) -> None:
    """At any threshold and in the smallest budget."""
    check_wording(parse_skill(text), wording, aim)


@pytest.mark.corpus
@pytest.mark.parametrize("wording", Wording)
def test_real_skills_change_no_more_than_that(wording: Wording, corpus_sample: tuple[Skill, ...]) -> None:
    """Of real skills too."""
    for number, skill in enumerate(corpus_sample):
        check_wording(skill, wording, AIMS[number % len(AIMS)])


def test_a_wording_that_is_a_text_is_refused() -> None:
    """It would be taken for another: who writes no types is told the names."""
    with pytest.raises(UsageError, match="is no Wording") as caught:
        distill(parse_skill("# A\n"), DistillOptions(wording="terse"))  # type: ignore[arg-type]
    assert "keep, marks, detail, terse" in caught.value.hint
