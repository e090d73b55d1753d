"""What the fit of worth found, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lab.common.curve import FLOOR, Point, interpolated_saving
from lab.common.tables import percent, table
from lab.training.common_words import FEWEST
from lab.training.worth import BudgetPoint, CurvePoint, WorthReport, evidence_at
from lab.training.worth_rivals import CUTS, KEPT, Rival
from skill_distiller.planning.worth import FEATURES, WorthModel

_SAVINGS: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


def worth_report(model: WorthModel, report: WorthReport, sizes: Sequence[Rival], rivals: Sequence[Rival]) -> str:
    """The section of the model card on worth."""
    coefficients = table(
        ["feature", "coefficient"], [[n, f"{c:+.3f}"] for n, c in zip(FEATURES, model.coefficients, strict=True)]
    )
    return "\n\n".join(
        [
            f"{report.criteria} criteria of {report.skills} exams; {report.parts} parts of their skills. Log-likelihood"
            f" of a loss, on repositories left out: {report.likelihood:.3f} (a part at random: {report.chance:.3f})."
            f" The vocabulary holds the {len(model.vocabulary.uses):,} words that at least {FEWEST} of"
            f" {model.vocabulary.skills} skills use; left-out figures have those of the other repositories alone.",
            f"Does it pay to have more exams? Losses avoided where {_cuts()} of the characters go, part by part,"
            f" without regard to what belongs together, and how much can go so with {KEPT:g} of the losses avoided:",
            _rivals("fitted on", sizes),
            "Do other models or more columns learn more? The same, and last what there would be to learn:",
            _rivals("model", rivals),
            f"Functionality = share of worth ^ {model.exponent:.2f}, the least exponent with which the thresholds keep"
            " what they promise on repositories left out. A block of a required type stays from importance"
            f" {model.required_importance:.2f} on: of all settings that keep about as much evidence as the best at"
            " equal savings, this requires most.",
            _settings(report),
            "The share of criteria kept at each threshold, every skill with models that never saw its repository:",
            _curve(report.curve),
            "The same by savings: "
            + ", ".join(f"{percent(saved)}: {evidence_at(report.curve, saved):.3f}" for saved in _SAVINGS)
            + f". Saved with {FLOOR:g} of the evidence kept (interpolated): {_best(report.curve)}.",
            "Within budgets, in the same way:",
            _budgets(report.budgets),
            "What these worths would keep if parts could go one by one, whatever needs them. No such result would be of"
            " use; it says what is to be had from them, whatever the rules on what belongs together:",
            _budgets(report.free),
            "The coefficients:",
            coefficients,
        ]
    )


def _cuts() -> str:
    return ", ".join(percent(cut) for cut in CUTS)


def _rivals(head: str, rivals: Sequence[Rival]) -> str:
    return table(
        [head, "log-likelihood of a loss", *(f"{percent(cut)} go" for cut in CUTS), f"can go at {KEPT:g}"],
        [[r.name, f"{r.likelihood:.3f}", *(f"{kept:.3f}" for kept in r.kept), percent(r.free)] for r in rivals],
    )


def _settings(report: WorthReport) -> str:
    return table(
        ["required from importance", "evidence kept at equal savings"],
        [[f"{setting.required_importance:g}", f"{setting.evidence:.4f}"] for setting in report.settings],
    )


def _curve(curve: Sequence[CurvePoint]) -> str:
    return table(
        ["threshold", "evidence kept", "of nine skills of ten at least", "body tokens saved"],
        [[f"{p.threshold:g}", f"{p.evidence:.3f}", f"{p.tenth:.2f}", percent(p.saved)] for p in curve],
    )


def _budgets(points: Sequence[BudgetPoint]) -> str:
    return table(
        ["budget", "used", "evidence kept"],
        [[percent(p.budget), percent(p.used), f"{p.evidence:.3f}"] for p in points],
    )


def _best(curve: Sequence[CurvePoint]) -> str:
    saving = interpolated_saving([Point(p.threshold, p.saved, p.saved, p.evidence) for p in curve])
    return "-" if saving is None else percent(saving)
