"""What the fit of worth found, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lab.common.curve import FLOOR
from lab.common.tables import percent, table
from lab.training.common_words import FEWEST
from lab.training.worth import CONFIDENCES, IMPORTANCES, CurvePoint, WorthReport, evidence_at
from skill_distiller.planning.worth import FEATURES, WorthModel

_SHOWN: Final = (0.95, 0.92, 0.905, 0.89, 0.875, 0.845, 0.8, 0.755, 0.695, 0.65, 0.605, 0.56, 0.5)
_SAVINGS: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


def worth_report(model: WorthModel, report: WorthReport) -> str:
    """The section of the model card on worth."""
    coefficients = table(
        ["feature", "coefficient"], [[n, f"{c:+.3f}"] for n, c in zip(FEATURES, model.coefficients, strict=True)]
    )
    return "\n\n".join(
        [
            f"{report.criteria} criteria lost over {report.blocks} blocks when one block goes. Log-likelihood a"
            f" criterion, on repositories left out: {report.likelihood:.3f} (a block at random: {report.chance:.3f})."
            f" Rare is a word that fewer than {FEWEST} of the skills use whose repositories have no exam:"
            f" all but {len(model.common):,}.",
            coefficients,
            f"Functionality = share of worth ^ {model.exponent:.3f}. A block of a required type stays from importance"
            f" {model.required_importance:.2f} on; a type below confidence {model.low_confidence:.2f} counts as"
            " uncertain. Of all settings that keep about as much evidence as the best at equal "
            "savings, these require most:",
            _settings(report),
            "The share of criteria kept at each threshold, every skill with models that never saw its repository:",
            _curve(report.curve),
            "The same by savings: "
            + ", ".join(f"{percent(saved)}: {evidence_at(report.curve, saved):.3f}" for saved in _SAVINGS)
            + f". Most saved with {FLOOR:g} of the evidence kept: {percent(_best(report.curve))}.",
        ]
    )


def _settings(report: WorthReport) -> str:
    found = {(s.required_importance, s.low_confidence): s.evidence for s in report.settings}
    return table(
        ["required from importance", *(f"uncertain below {confidence:g}" for confidence in CONFIDENCES)],
        [
            [f"{importance:g}", *(f"{found[importance, confidence]:.4f}" for confidence in CONFIDENCES)]
            for importance in IMPORTANCES
        ],
    )


def _curve(curve: Sequence[CurvePoint]) -> str:
    nearest = {min(curve, key=lambda point: abs(point.threshold - wanted)) for wanted in _SHOWN}
    return table(
        ["threshold", "evidence kept", "difference", "body tokens saved"],
        [
            [f"{p.threshold:g}", f"{p.evidence:.3f}", f"{p.evidence - p.threshold:+.3f}", percent(p.saved)]
            for p in sorted(nearest, key=lambda point: -point.threshold)
        ],
    )


def _best(curve: Sequence[CurvePoint]) -> float:
    return max((point.saved for point in curve if point.evidence >= FLOOR), default=0.0)
