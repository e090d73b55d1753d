"""Prune the exam skills by models that have not seen their repositories: tokens saved, evidence kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.common.exam import Exam, load_exams
from lab.common.shared import Shared, open_shared
from lab.common.tables import percent, table
from lab.common.tightenings import load_repos, load_tightenings, prose_of
from lab.training.words import STRENGTHS, Words, model_without
from skill_distiller.rewriting.edits import Edit, apply_edits
from skill_distiller.tokens import load_counter


@dataclass(frozen=True, slots=True)
class WordExamRow:
    """All exams at one strength: body tokens before and after, criteria with their evidence, of how many."""

    strength: float
    before: int
    after: int
    kept: int
    criteria: int


def examine_words(shared: Shared, data: Words) -> tuple[WordExamRow, ...]:
    """The exams at every strength of the dial."""
    exams, repos, counter = load_exams(shared), load_repos(shared.root), load_counter()
    edits = [_edits(exam, data, repos[exam.skill.path.parent.name]) for exam in exams if exam.skill.path]
    before = sum(counter.count(exam.skill.body) for exam in exams)
    rows = []
    for strength in STRENGTHS:
        bodies = [_pruned(exam, of, strength) for exam, of in zip(exams, edits, strict=True)]
        texts = zip(exams, bodies, strict=True)
        rows.append(
            WordExamRow(
                strength,
                before,
                sum(map(counter.count, bodies)),
                sum(exam.kept(exam.skill.frontmatter.raw + body) for exam, body in texts),
                sum(len(exam.criteria) for exam in exams),
            )
        )
    return tuple(rows)


def _edits(exam: Exam, data: Words, repo: str) -> dict[int, tuple[Edit, ...]]:
    return model_without(data, repo).edits(exam.skill, *prose_of(exam.skill))


def _pruned(exam: Exam, edits: dict[int, tuple[Edit, ...]], strength: float) -> str:
    parts = []
    for section in exam.skill.sections:
        parts.append(section.heading_source)
        parts += (apply_edits(b.text, edits.get(b.index, ()), strength) + b.gap for b in section.blocks)
    return "".join(parts)


def report(rows: Sequence[WordExamRow]) -> str:
    """The study as Markdown."""
    return table(
        ["strength", "body tokens saved", "criteria kept", "share"],
        [
            [f"{r.strength:g}", percent(1 - r.after / r.before), f"{r.kept}/{r.criteria}", f"{r.kept / r.criteria:.4f}"]
            for r in rows
        ],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Examine and print."""
    shared = open_shared(arguments, __doc__ or "")
    print(report(examine_words(shared, load_tightenings(shared.root))))


if __name__ == "__main__":
    main()
