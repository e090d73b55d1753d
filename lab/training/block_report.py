"""The validation of the block model as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from lab.common.tables import table
from lab.training.block_validation import BlockReport, Calibration, Scores
from skill_distiller.analysis.trained import CLASSES, TYPES

_HEAD = ("", "blocks", "r", "mean error", "type accuracy", "type macro-F1", "five-way accuracy")


def render_blocks(report: BlockReport) -> str:
    """Every number of the report, in tables."""
    parts = (
        ("Repositories left out, all folds", _scores([("pooled", report.pooled)])),
        ("By fold", _scores([(f"fold {i}", scores) for i, scores in enumerate(report.folds)])),
        ("By language", _scores(report.languages)),
        ("Learning curve", _scores([(f"{share:.0%} of the skills", scores) for share, scores in report.curve])),
        ("Types, rows as labelled", _confusion([kind.value for kind in TYPES], report.type_confusion)),
        ("Five classes, rows as labelled", _confusion([kind.value for kind in CLASSES], report.taxonomy_confusion)),
        ("Confidence in the type", _calibration(report.type_calibration)),
        ("Confidence in the class", _calibration(report.taxonomy_calibration)),
    )
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in parts) + "\n"


def _scores(rows: Sequence[tuple[str, Scores]]) -> str:
    return table(_HEAD, [(name, str(row.blocks), *(f"{value:.3f}" for value in row.measures())) for name, row in rows])


def _confusion(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    rows = [(name, *map(str, row)) for name, row in zip(names, counts, strict=True)]
    return table(("", *names), rows)


def _calibration(found: Calibration) -> str:
    rows = [
        (f"{row.low:.1f}-{row.low + 0.1:.1f}", str(row.blocks), f"{row.confidence:.3f}", f"{row.accuracy:.3f}")
        for row in found.bins
    ]
    text = table(("confidence", "blocks", "mean confidence", "accuracy"), rows)
    return f"{text}\n\nExpected calibration error {found.error:.3f}."
