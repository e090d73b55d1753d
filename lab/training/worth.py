"""Fit what makes a block worth its tokens, on the criteria of exams.

A criterion hangs on the blocks without which its evidence is gone. The verdicts come from models
that never saw the skill's repository, and every figure is for a skill whose repository the
coefficients were fitted without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean
from typing import Final

import numpy as np

from lab.common.exam import SkillExam
from lab.training.conditional_logit import Matrix, choice_probabilities, fit_conditional_logit
from skill_distiller.analysis.model import Analysis
from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.choose import compress_to_threshold
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import apply_plan
from skill_distiller.planning.worth import WorthModel, worth_features
from skill_distiller.tokens import TokenCounter
from skill_distiller.weights import Arrays

RIDGE: Final = 10.0
THRESHOLDS: Final = tuple(round(0.995 - i * 0.015, 3) for i in range(50))
IMPORTANCES: Final = (0.35, 0.4, 0.45, 0.5, 0.55)  # tried for `required_importance`; beyond, little is required
CONFIDENCES: Final = (0.0, 0.25, 0.3, 0.35, 0.45)  # tried for `low_confidence`
SAVINGS: Final = (0.08, 0.12, 0.16, 0.2, 0.25, 0.3)  # of the body, where settings are compared
_TOLERANCE: Final = 0.004  # of evidence: about the standard error of a difference between two settings
_SAFE: Final = 0.75  # of the thresholds that keep at least what they promise
_FROM: Final = 0.5  # the exponent is fitted on thresholds from here on up


@dataclass(frozen=True)
class Sitting:
    """An exam with the verdicts of a model that never saw the skill's repository `repo`."""

    repo: str
    exam: SkillExam
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a threshold (0-1) gave: the mean share of body tokens saved and the share of criteria kept."""

    threshold: float
    saved: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Setting:
    """A pair of settings with the mean evidence kept at equal savings."""

    required_importance: float
    low_confidence: float
    evidence: float


@dataclass(frozen=True, slots=True)
class WorthReport:
    """The fit: log-likelihood a criterion (chance and ours, left out), settings tried, and the final curve."""

    criteria: int
    blocks: int
    chance: float
    likelihood: float
    settings: tuple[Setting, ...]
    curve: tuple[CurvePoint, ...]


def criteria_lost(exam: SkillExam) -> Matrix:
    """For each block, how many criteria lose their evidence when it alone goes."""
    skill = exam.skill
    whole = exam.kept(skill.text)
    lost = []
    for gone in skill.blocks:
        parts = [skill.frontmatter.raw]
        for section in skill.sections:
            parts.append(section.heading_source)
            parts += [block.source for block in section.blocks if block.index != gone.index]
        lost.append(max(0, whole - exam.kept("".join(parts))))
    return np.array(lost, dtype=np.float64)


def fit_worth(
    sittings: Sequence[Sitting], common: frozenset[int], counter: TokenCounter
) -> tuple[WorthModel, WorthReport]:
    """The model for all skills, and how well its like does on skills it was fitted without.

    `common` are the numbers of the words that are not rare.
    """
    rows = [np.array(worth_features(Reading(sitting.analysis), common)) for sitting in sittings]
    counts = [criteria_lost(sitting.exam) for sitting in sittings]
    left_out = _left_out([sitting.repo for sitting in sittings], rows, counts)
    models = [WorthModel(tuple(map(float, c)), 1.0, 0.45, 0.0, common) for c in left_out]
    settings = tuple(_try(sittings, models, counter, *pair) for pair in product(IMPORTANCES, CONFIDENCES))
    best = most_careful(settings)
    chosen = [
        replace(model, required_importance=best.required_importance, low_confidence=best.low_confidence)
        for model in models
    ]
    exponent = _exponent(trace_curve(sittings, chosen, counter))
    final = fit_conditional_logit(rows, counts, RIDGE)
    model = WorthModel(tuple(map(float, final)), exponent, best.required_importance, best.low_confidence, common)
    curve = trace_curve(sittings, [replace(m, exponent=exponent) for m in chosen], counter)
    return model, _report(rows, counts, left_out, settings, curve)


def _left_out(repos: Sequence[str], rows: Sequence[Matrix], counts: Sequence[Matrix]) -> list[Matrix]:
    """For each skill the coefficients fitted on the skills of other repositories."""
    found = {}
    for repo in repos:
        seen = [i for i, other in enumerate(repos) if other != repo]
        found[repo] = fit_conditional_logit([rows[i] for i in seen], [counts[i] for i in seen], RIDGE)
    return [found[repo] for repo in repos]


def most_careful(settings: Sequence[Setting]) -> Setting:
    """Of the settings about as good as the best, the one that requires most: the one-standard-error rule."""
    least = max(setting.evidence for setting in settings) - _TOLERANCE
    good = [setting for setting in settings if setting.evidence >= least]
    return min(good, key=lambda setting: (setting.required_importance, -setting.low_confidence))


def worth_arrays(model: WorthModel) -> Arrays:
    """The model as it is stored."""
    settings = (model.exponent, model.required_importance, model.low_confidence)
    return {
        "coefficients": np.array(model.coefficients, dtype=np.float32),
        "settings": np.array(settings, dtype=np.float32),
        "common": np.array(sorted(model.common), dtype=np.uint32),
    }


def trace_curve(
    sittings: Sequence[Sitting], models: Sequence[WorthModel], counter: TokenCounter
) -> tuple[CurvePoint, ...]:
    """Evidence against savings at every threshold, each skill with its own worth model."""
    return tuple(_point(sittings, models, counter, threshold) for threshold in THRESHOLDS)


def evidence_at(curve: Sequence[CurvePoint], saved: float) -> float:
    """The evidence (0-1) where `saved` (0-1) of the body is saved, between the points of a curve."""
    points = sorted((point.saved, point.evidence) for point in curve)
    return float(np.interp(saved, [0.0, *(s for s, _ in points)], [1.0, *(e for _, e in points)]))


def _point(
    sittings: Sequence[Sitting], models: Sequence[WorthModel], counter: TokenCounter, threshold: float
) -> CurvePoint:
    saved, kept, criteria = [], 0, 0
    for sitting, model in zip(sittings, models, strict=True):
        plan = compress_to_threshold(Reading(sitting.analysis), threshold, counter, models=Models(worth=model))
        result = apply_plan(sitting.exam.skill, plan)
        saved.append(1 - counter.count(result.body) / counter.count(sitting.exam.skill.body))
        kept += sitting.exam.kept(result.text)
        criteria += len(sitting.exam.criteria)
    return CurvePoint(threshold, fmean(saved), kept / criteria)


def _try(
    sittings: Sequence[Sitting],
    models: Sequence[WorthModel],
    counter: TokenCounter,
    required_importance: float,
    low_confidence: float,
) -> Setting:
    tried = [replace(m, required_importance=required_importance, low_confidence=low_confidence) for m in models]
    curve = [_point(sittings, tried, counter, threshold) for threshold in THRESHOLDS[1:30:3]]
    return Setting(required_importance, low_confidence, fmean(evidence_at(curve, saved) for saved in SAVINGS))


def _exponent(curve: Sequence[CurvePoint]) -> float:
    """The power of the share asked for with which three of four thresholds keep at least what they promise."""
    pairs = [(p.threshold, p.evidence) for p in curve if p.threshold >= _FROM and 0 < p.evidence < 1]
    return float(np.quantile([np.log(kept) / np.log(asked) for asked, kept in pairs], _SAFE))


def _report(
    rows: Sequence[Matrix],
    counts: Sequence[Matrix],
    left_out: Sequence[Matrix],
    settings: tuple[Setting, ...],
    curve: tuple[CurvePoint, ...],
) -> WorthReport:
    criteria = sum(float(count.sum()) for count in counts)
    ours = sum(
        float(count @ np.log(choice_probabilities(row, c)))
        for row, count, c in zip(rows, counts, left_out, strict=True)
    )
    chance = sum(float(count.sum() * -np.log(len(row))) for row, count in zip(rows, counts, strict=True))
    return WorthReport(
        int(criteria), sum(len(row) for row in rows), chance / criteria, ours / criteria, settings, curve
    )
