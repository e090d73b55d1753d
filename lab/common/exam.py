"""The exams of the shared folder, each with its skill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.common.shared import Shared
from skill_distiller.exams.evidence import criteria_kept
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.exams.model import Criterion
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill


@dataclass(frozen=True)
class SkillExam:
    """A skill with the criteria of its exam."""

    skill: Skill
    criteria: tuple[Criterion, ...]

    def kept(self, text: str) -> int:
        """How many criteria still have their evidence in `text`."""
        return criteria_kept(self.criteria, text)


def load_exams(shared: Shared) -> tuple[SkillExam, ...]:
    """Every exam with its skill, by name."""
    return tuple(_load(shared, path) for path in sorted(shared.exam.glob("*.json")))


def exam_of(shared: Shared, name: str) -> SkillExam | None:
    """The exam of one skill of the corpus; None where it has none."""
    path = shared.exam / f"{name}.json"
    return _load(shared, path) if path.is_file() else None


def evidence_share(exams: Sequence[SkillExam], texts: Sequence[str]) -> float:
    """The share (0-1) of all criteria whose evidence survives, one text an exam."""
    total = sum(len(exam.criteria) for exam in exams)
    kept = sum(exam.kept(text) for exam, text in zip(exams, texts, strict=True))
    return kept / total if total else 0.0


def _load(shared: Shared, path: Path) -> SkillExam:
    return SkillExam(read_skill(shared.corpus / path.stem / SKILL_FILE), read_exam(path).criteria)
