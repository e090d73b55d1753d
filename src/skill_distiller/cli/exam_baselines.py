"""The baselines of `exam compare`: those that are always there, LLMLingua-2, and what a model makes of a skill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from skill_distiller.errors import UsageError
from skill_distiller.exams.baselines import BASELINES, Baseline, baseline_skill
from skill_distiller.exams.llmlingua import NAME as LINGUA
from skill_distiller.exams.llmlingua import load_llmlingua
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.tokens import TokenCounter

if TYPE_CHECKING:
    from skill_distiller.prompted.sit_exam import Examiner

DIRECT: Final = "direct"  # the baseline that a model makes


def more_baselines(sit: Sequence[str], lingua: str, *, offline: bool) -> Mapping[str, Baseline]:
    """The baselines besides those that are always there; raises UsageError for one that there is not."""
    known = (*BASELINES, LINGUA, DIRECT)
    if unknown := [name for name in sit if name not in known]:
        raise UsageError(f"There is no baseline {unknown[0]!r}.", f"Baselines: {', '.join(known)}.")
    if LINGUA in sit and not lingua:
        raise UsageError(f"--sit={LINGUA} needs its model.", "Name one with --llmlingua.")
    return {LINGUA: load_llmlingua(lingua, offline=offline)} if lingua else {}


def baseline_folder(
    name: str,
    more: Mapping[str, Baseline],
    folders: tuple[SkillFolder, SkillFolder],
    counter: TokenCounter,
    found: Examiner | None,
) -> SkillFolder:
    """The original, first of the two folders, with what a baseline leaves of it at the tokens of the second."""
    original, candidate = folders
    tokens = counter.count(candidate.skill.text)
    if name != DIRECT:
        return original.with_skill(baseline_skill(original.skill, {**BASELINES, **more}[name], tokens, counter.count))
    if found is None:
        raise UsageError("--sit=direct asks a model.", "Name one with --provider, and an exam that can be answered.")
    from skill_distiller.prompted.direct import expected_direct, shorten_directly

    found.answering.expect(expected_direct(original.skill, tokens))
    return original.with_skill(shorten_directly(found.answering, original.skill, tokens, counter))
