"""How much of the exams' evidence survives: by threshold, and against simple ways at equal budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from lab.common.curve import FLOOR, Point, best_point, interpolated_saving
from lab.common.exam import SkillExam, evidence_share, load_exams
from lab.common.shared import Shared, open_shared
from lab.common.tables import percent, table
from lab.experiments.rules_analyzer import RulesAnalyzer
from skill_distiller.errors import TargetError
from skill_distiller.exams import baselines
from skill_distiller.planning.plan import Mode
from skill_distiller.rewriting.model import Wording
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DEFAULT_THRESHOLD, Backends, DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter, load_counter

THRESHOLDS: Final = tuple(round(1 - i / 100, 2) for i in range(51))
BUDGETS: Final = (0.2, 0.4, 0.6, 0.8, 0.9)
NEAR_FLOOR: Final = THRESHOLDS[4:15:2]  # where a wording's curve crosses the floor
SHOWN: Final = frozenset({1.0, 0.95, DEFAULT_THRESHOLD, 0.85, 0.8, 0.7, 0.6, 0.5})
RULES: Final = Backends(analyzer=RulesAnalyzer())
_NAMES: Final = ("truncation", "random blocks", "dropping by heading")


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """Evidence kept (0-1) at one budget, a share (0-1) of each skill's body tokens.

    `used` is the mean share of body tokens that ours really took, `missed` in how many skills it
    could not get down to the budget. `rules` is the same tool with the rules in place of the trained
    models, at the tokens that ours took. `baselines` are at the budget, `baselines_at_used` at the
    tokens that ours took.
    """

    budget: float
    ours: float
    rules: float
    used: float
    missed: int
    baselines: tuple[float, ...]
    baselines_at_used: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EvidenceResult:
    """The whole study: points by falling threshold, rows by rising budget, points near the floor by wording."""

    skills: int
    criteria: int
    points: tuple[Point, ...]
    budgets: tuple[BudgetRow, ...]
    wordings: dict[Wording, tuple[Point, ...]]


def measure(shared: Shared) -> EvidenceResult:
    """Run every exam skill at every threshold and budget."""
    exams, counter = load_exams(shared), load_counter()
    points = tuple(point_at(exams, threshold, counter) for threshold in THRESHOLDS)
    rows = tuple(_budget_row(exams, budget, counter) for budget in BUDGETS)
    wordings = {w: tuple(point_at(exams, threshold, counter, w) for threshold in NEAR_FLOOR) for w in Wording}
    return EvidenceResult(len(exams), sum(len(exam.criteria) for exam in exams), points, rows, wordings)


def point_at(
    exams: Sequence[SkillExam], threshold: float, counter: TokenCounter, wording: Wording = Wording.DETAIL
) -> Point:
    """What one threshold gives."""
    options = DistillOptions(threshold, wording=wording)
    results = [distill(exam.skill, options).distilled for exam in exams]
    before = [counter.count(exam.skill.body) for exam in exams]
    after = [counter.count(result.body) for result in results]
    return Point(
        threshold,
        fmean(1 - b / a for a, b in zip(before, after, strict=True)),
        1 - sum(after) / sum(before),
        evidence_share(exams, [result.text for result in results]),
    )


def _budget_row(exams: Sequence[SkillExam], share: float, counter: TokenCounter) -> BudgetRow:
    full = [counter.count(exam.skill.body) for exam in exams]
    budgets = [int(share * tokens) for tokens in full]
    ours = [ours_within(exam.skill, budget, counter) for exam, budget in zip(exams, budgets, strict=True)]
    used = [counter.count(result.body) for result in ours]
    rules = [ours_within(exam.skill, u, counter, RULES) for exam, u in zip(exams, used, strict=True)]
    return BudgetRow(
        share,
        evidence_share(exams, [result.text for result in ours]),
        evidence_share(exams, [result.text for result in rules]),
        fmean(u / tokens for u, tokens in zip(used, full, strict=True)),
        sum(u > budget for u, budget in zip(used, budgets, strict=True)),
        _baselines(exams, budgets, counter),
        _baselines(exams, used, counter),
    )


def ours_within(skill: Skill, budget: int, counter: TokenCounter, backends: Backends | None = None) -> Skill:
    """What tokens mode gives for `budget` body tokens; the smallest that can be had where it can't be met."""
    options = DistillOptions(mode=Mode.TOKENS, tokens=budget + counter.count(skill.frontmatter.raw))
    try:
        return distill(skill, options, backends).distilled
    except TargetError as error:
        return distill(skill, replace(options, tokens=error.smallest), backends).distilled


def _baselines(exams: Sequence[SkillExam], budgets: Sequence[int], counter: TokenCounter) -> tuple[float, ...]:
    def kept(body: Callable[[Skill, int], str]) -> float:
        texts = [e.skill.frontmatter.raw + body(e.skill, budget) for e, budget in zip(exams, budgets, strict=True)]
        return evidence_share(exams, texts)

    def drawn(seed: int) -> float:
        return kept(lambda skill, budget: baselines.random_blocks(skill, budget, counter.count, seed))

    return (
        kept(lambda skill, budget: baselines.truncate(skill, budget, counter.count)),
        fmean(drawn(seed) for seed in range(baselines.SEEDS)),
        kept(lambda skill, budget: baselines.drop_by_heading(skill, budget, counter.count)),
    )


def report(result: EvidenceResult) -> str:
    """The study as Markdown."""
    best = best_point(result.points)
    shown = [p for p in result.points if p.threshold in SHOWN or p == best]
    curve = table(
        ["threshold", "mean body tokens saved", "pooled", "evidence kept"],
        [[f"{p.threshold:g}", percent(p.mean_saved), percent(p.pooled_saved), f"{p.evidence:.3f}"] for p in shown],
    )
    return "\n\n".join(
        [
            f"## Evidence kept ({result.skills} skills, {result.criteria} criteria)",
            _headline(result, best),
            curve,
            f"By wording, at {FLOOR:g} of the evidence (interpolated) and at the default threshold:",
            table(
                ["wording", "mean body tokens saved", "saved at the default", "evidence kept there"],
                [_wording_row(wording, points) for wording, points in result.wordings.items()],
            ),
            "At equal budgets, shares of the body tokens (ours: the tokens really used, and in how many skills the "
            "budget can't be reached because required blocks stay):",
            _budget_table(result.budgets),
            "The same at the tokens that ours really used; `rules` is ours without the trained models:",
            table(
                ["used", "ours", "rules", *_NAMES],
                [
                    [percent(r.used), f"{r.ours:.3f}", f"{r.rules:.3f}", *_figures(r.baselines_at_used)]
                    for r in result.budgets
                ],
            ),
        ]
    )


def _wording_row(wording: Wording, points: Sequence[Point]) -> list[str]:
    saving = interpolated_saving(points)
    default = next(p for p in points if p.threshold == DEFAULT_THRESHOLD)
    shown = "-" if saving is None else percent(saving)
    return [wording, shown, percent(default.mean_saved), f"{default.evidence:.3f}"]


def _headline(result: EvidenceResult, best: Point | None) -> str:
    default = next(p for p in result.points if p.threshold == DEFAULT_THRESHOLD)
    at_default = f"At the default threshold {DEFAULT_THRESHOLD:g} the evidence kept is {default.evidence:.3f}."
    crossing = interpolated_saving(result.points)
    if best is None or crossing is None:
        return f"**S95: none**, no threshold keeps {FLOOR:g} of the evidence. {at_default}"
    return (
        f"**S95 = {percent(best.mean_saved)}** of the body tokens (threshold {best.threshold:g}, evidence "
        f"{best.evidence:.3f}; interpolated to {FLOOR:g}: {percent(crossing)}). {at_default}"
    )


def _budget_table(rows: Sequence[BudgetRow]) -> str:
    return table(
        ["budget", "ours", "used", "not reached", *_NAMES],
        [[percent(r.budget), f"{r.ours:.3f}", percent(r.used), str(r.missed), *_figures(r.baselines)] for r in rows],
    )


def _figures(values: Sequence[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure(open_shared(arguments, __doc__ or ""))))


if __name__ == "__main__":
    main()
