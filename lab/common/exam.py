"""The exams: which criteria of a skill still have their evidence in a text."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from lab.common.shared import Shared
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill

Criterion = dict[str, Any]
Scorer = Callable[[list[Criterion], str], int]


@dataclass(frozen=True)
class Exam:
    """A skill with its criteria and the rule that counts those whose quotes all survive in a text."""

    skill: Skill
    criteria: tuple[Criterion, ...]
    scorer: Scorer

    def kept(self, text: str) -> int:
        """How many criteria still have their evidence in `text`."""
        return self.scorer(list(self.criteria), text)


def load_exams(shared: Shared) -> tuple[Exam, ...]:
    """Every exam with its skill, by name."""
    scorer = load_scorer(shared.scorer)
    return tuple(
        Exam(read_skill(shared.corpus / path.stem / SKILL_FILE), _criteria(path), scorer)
        for path in sorted(shared.exam.glob("*.json"))
    )


def exam_of(shared: Shared, name: str) -> Exam | None:
    """The exam of one skill of the corpus; None where it has none."""
    path = shared.exam / f"{name}.json"
    if not path.is_file():
        return None
    return Exam(read_skill(shared.corpus / name / SKILL_FILE), _criteria(path), load_scorer(shared.scorer))


def evidence_share(exams: Sequence[Exam], texts: Sequence[str]) -> float:
    """The share (0-1) of all criteria whose evidence survives, one text an exam."""
    total = sum(len(exam.criteria) for exam in exams)
    kept = sum(exam.kept(text) for exam, text in zip(exams, texts, strict=True))
    return kept / total if total else 0.0


def load_scorer(path: Path) -> Scorer:
    """The function `kept` of the script that defines what surviving means."""
    spec = importlib.util.spec_from_file_location("evidence_score", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Scorer", module.kept)


def _criteria(path: Path) -> tuple[Criterion, ...]:
    exam = json.loads(path.read_text(encoding="utf-8"))
    return tuple(criterion for task in exam["tasks"] for criterion in task["criteria"])
