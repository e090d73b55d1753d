"""The measures of the word model as Markdown."""

from __future__ import annotations

from lab.common.tables import percent, table
from lab.training.words import SHARES, Precision, WordReport


def report(result: WordReport) -> str:
    """Ranking, calibration and what the dial deletes."""
    rankings = [("all words", result.all_words), ("unlocked words", result.unlocked)]
    rankings += [(f"fold {number}", fold) for number, fold in enumerate(result.folds, 1)]
    return "\n\n".join(
        [
            f"## Words ({result.skills} skills of {result.repos} repositories, each judged by a model without its own)",
            "AUC, and the share that the editors deleted too among the first words by P(drop):",
            table(
                ["", "words", "AUC", *(f"first {percent(share)}" for share in SHARES)],
                [_ranking(name, precision) for name, precision in rankings],
            ),
            "Calibration on unlocked words:",
            table(
                ["P(drop)", "words", "mean", "deleted"],
                [
                    [f"{row.low:g}-{row.high:g}", f"{row.words:,}", f"{row.expected:.3f}", f"{row.deleted:.3f}"]
                    for row in result.calibration
                ],
            ),
            "What the edits delete at a strength, after locks and rules:",
            table(
                ["strength", "words deleted", "precision", "of them content", "precision", "prose tokens saved"],
                [
                    [
                        f"{row.strength:g}",
                        percent(row.words),
                        f"{row.precision:.3f}",
                        percent(row.content),
                        f"{row.content_precision:.3f}",
                        percent(row.saved),
                    ]
                    for row in result.dial
                ],
            ),
        ]
    )


def _ranking(name: str, precision: Precision) -> list[str]:
    return [name, f"{precision.words:,}", f"{precision.auc:.3f}", *(f"{value:.3f}" for value in precision.at_shares)]
