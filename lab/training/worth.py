"""Fit what makes a part of a skill worth its tokens, on the criteria of exams.

A criterion hangs on the parts (sentences, list items, rows, blocks of code) without which its evidence is gone. The
verdicts come from models that never saw the skill's repository, and every figure is for a skill whose repository the
coefficients were fitted without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final, NamedTuple

import numpy as np

from lab.common.exam import SkillExam
from lab.training.common_words import WordUses
from lab.training.conditional_logit import Matrix, choice_probabilities, fit_conditional_logit
from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.errors import TargetError
from skill_distiller.planning.choose import compress_to_threshold, compress_to_tokens
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Plan, apply_plan
from skill_distiller.planning.worth import WorthModel, skill_parts, worth_features
from skill_distiller.rewriting.model import Wording
from skill_distiller.tokens import TokenCounter
from skill_distiller.weights import Arrays

RIDGE: Final = 30.0
THRESHOLDS: Final = (*(round(0.98 - i * 0.01, 2) for i in range(13)), 0.84, 0.82, 0.8, 0.75, 0.7, 0.6, 0.5)
IMPORTANCES: Final = (0.45, 0.5, 0.55, 0.6, 0.65)  # tried for `required_importance`
SAVINGS: Final = (0.08, 0.12, 0.16, 0.2, 0.25, 0.3)  # of the body, where settings are compared
BUDGETS: Final = (0.8, 0.6, 0.4)  # of the body tokens
FREE_BUDGETS: Final = (0.95, 0.9, 0.88, 0.86, 0.84, 0.82, *BUDGETS)  # where parts go without regard to what they need
LOW_CONFIDENCE: Final = 0.0  # no type counts as uncertain: what that would require made no difference
_COMPARED: Final = (0.96, 0.92, 0.88, 0.84, 0.8)  # thresholds at which settings are compared
_TOLERANCE: Final = 0.004  # of evidence: about the standard error of a difference between two settings
# What a threshold has to keep on skills never seen: on average, and for nine skills of ten.
PROMISES: Final = ((0.95, 0.955, 0.0), (0.9, 0.92, 0.8), (0.8, 0.8, 0.0))
_EXPONENTS: Final = tuple(round(0.5 + i * 0.01, 2) for i in range(201))


@dataclass(frozen=True)
class Sitting:
    """An exam with the verdicts of a model that never saw the skill's repository `repo`."""

    repo: str
    exam: SkillExam
    analysis: Analysis


class Examined(NamedTuple):
    """What is learnt from: of each skill its repository, its parts x features, and how many criteria hang on each."""

    repos: tuple[str, ...]
    rows: tuple[Matrix, ...]
    counts: tuple[Matrix, ...]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a threshold (0-1) gave: the mean share of body tokens saved, the mean share of criteria kept.

    `tenth` is the share kept by the skill that a tenth of all are below.
    """

    threshold: float
    saved: float
    evidence: float
    tenth: float = 0.0


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting with the mean evidence kept at equal savings."""

    required_importance: float
    evidence: float


class BudgetPoint(NamedTuple):
    """What a budget (a share, 0-1, of the body tokens) gave: the share really used, and the share of criteria kept."""

    budget: float
    used: float
    evidence: float


@dataclass(frozen=True, slots=True)
class WorthReport:
    """The fit: log-likelihood a criterion (chance and ours, left out), settings tried, and the final curve."""

    skills: int
    criteria: int
    parts: int
    chance: float
    likelihood: float
    settings: tuple[Setting, ...]
    curve: tuple[CurvePoint, ...]
    budgets: tuple[BudgetPoint, ...]
    free: tuple[BudgetPoint, ...]


def criteria_lost(exam: SkillExam, reading: Reading) -> Matrix:
    """For each part, how many criteria lose their evidence when it alone goes."""
    text = exam.skill.text
    whole = exam.kept(text)
    lost = [whole - exam.kept(text[:start] + text[end:]) for start, end in part_spans(exam, reading)]
    return np.maximum(0.0, np.array(lost, dtype=np.float64))


def part_spans(exam: SkillExam, reading: Reading) -> list[tuple[int, int]]:
    """Where each part stands in the text of the skill."""
    skill, spans = exam.skill, list[tuple[int, int]]()
    at = len(skill.frontmatter.raw)
    parts = skill_parts(reading)
    for section in skill.sections:
        at += len(section.heading_source)
        for block in section.blocks:
            spans += [(at + part.start, at + part.end) for part in parts[block.index]]
            at += len(block.source)
    return spans


def part_texts(sitting: Sitting) -> list[str]:
    """The text of each part."""
    text = sitting.exam.skill.text
    return [text[start:end] for start, end in part_spans(sitting.exam, Reading(sitting.analysis))]


def examine(sittings: Sequence[Sitting], uses: WordUses) -> Examined:
    """The parts of all skills as rows, with the criteria that hang on them."""
    readings = [Reading(sitting.analysis) for sitting in sittings]
    vocabularies = {repo: uses.without(repo) for repo in {sitting.repo for sitting in sittings}}
    return Examined(
        tuple(sitting.repo for sitting in sittings),
        tuple(
            np.array(worth_features(reading, vocabularies[sitting.repo]))
            for sitting, reading in zip(sittings, readings, strict=True)
        ),
        tuple(criteria_lost(sitting.exam, reading) for sitting, reading in zip(sittings, readings, strict=True)),
    )


def fit_worth(
    sittings: Sequence[Sitting], examined: Examined, uses: WordUses, counter: TokenCounter
) -> tuple[WorthModel, WorthReport]:
    """The model for all skills, and how well its like does on skills it was fitted without."""
    left_out = fit_left_out(examined)
    models = models_of(examined.repos, left_out, uses)
    settings = tuple(_try(sittings, models, counter, importance) for importance in IMPORTANCES)
    required = most_careful(settings).required_importance
    models = [replace(model, required_importance=required) for model in models]
    exponent = calibrate(trace_curve(sittings, models, counter))
    models = [replace(model, exponent=exponent) for model in models]
    final = fit_conditional_logit(examined.rows, examined.counts, RIDGE)
    report = WorthReport(
        len(sittings),
        sum(len(sitting.exam.criteria) for sitting in sittings),
        sum(map(len, examined.rows)),
        likelihood(examined, [np.ones(len(row)) / len(row) for row in examined.rows]),
        likelihood(examined, shares_of(examined, left_out)),
        settings,
        trace_curve(sittings, models, counter),
        keep_within(sittings, models, counter),
        keep_freely(sittings, shares_of(examined, left_out), counter),
    )
    return WorthModel(tuple(map(float, final)), exponent, required, LOW_CONFIDENCE, uses.without()), report


def fit_left_out(examined: Examined, learn_from: Sequence[int] | None = None) -> list[Matrix]:
    """For each skill the coefficients fitted on the skills of other repositories, of all or of some by number."""
    known = range(len(examined.repos)) if learn_from is None else learn_from
    found = {}
    for repo in examined.repos:
        if repo not in found:
            seen = [i for i in known if examined.repos[i] != repo]
            rows, counts = [examined.rows[i] for i in seen], [examined.counts[i] for i in seen]
            found[repo] = fit_conditional_logit(rows, counts, RIDGE)
    return [found[repo] for repo in examined.repos]


def models_of(repos: Sequence[str], left_out: Sequence[Matrix], uses: WordUses) -> list[WorthModel]:
    """One model a skill, before anything but its coefficients was fitted."""
    middle = IMPORTANCES[len(IMPORTANCES) // 2]
    vocabularies = {repo: uses.without(repo) for repo in set(repos)}
    return [
        WorthModel(tuple(map(float, own)), 1.0, middle, LOW_CONFIDENCE, vocabularies[repo])
        for repo, own in zip(repos, left_out, strict=True)
    ]


def shares_of(examined: Examined, left_out: Sequence[Matrix]) -> list[Matrix]:
    """For each skill the probability of each part that a criterion hangs on it, by its own coefficients."""
    return [choice_probabilities(row, own) for row, own in zip(examined.rows, left_out, strict=True)]


def likelihood(examined: Examined, shares: Sequence[Matrix]) -> float:
    """The mean log-likelihood of a loss, in nats, where `shares` are the probabilities of the parts of each skill."""
    total = sum(float(count.sum()) for count in examined.counts)
    return sum(float(c @ np.log(s)) for c, s in zip(examined.counts, shares, strict=True)) / total


def most_careful(settings: Sequence[Setting]) -> Setting:
    """Of the settings about as good as the best, the one that requires most: the one-standard-error rule."""
    least = max(setting.evidence for setting in settings) - _TOLERANCE
    return min((s for s in settings if s.evidence >= least), key=lambda setting: setting.required_importance)


def calibrate(curve: Sequence[CurvePoint]) -> float:
    """The least exponent with which the thresholds of PROMISES keep what they have to.

    The thresholds of the curve are taken for shares of worth. Where no exponent is enough, the largest one.
    """
    points = sorted(curve, key=lambda point: point.threshold)
    shares = [*(point.threshold for point in points), 1.0]
    means, tenths = [*(p.evidence for p in points), 1.0], [*(p.tenth for p in points), 1.0]

    def keeps(exponent: float) -> bool:
        asked = ((threshold ** (1 / exponent), mean, tenth) for threshold, mean, tenth in PROMISES)
        return all(
            np.interp(share, shares, means) >= mean and np.interp(share, shares, tenths) >= tenth
            for share, mean, tenth in asked
        )

    return next(filter(keeps, _EXPONENTS), _EXPONENTS[-1])


def worth_arrays(model: WorthModel) -> Arrays:
    """The model as it is stored."""
    settings = (model.exponent, model.required_importance, model.low_confidence)
    return {
        "coefficients": np.array(model.coefficients, dtype=np.float32),
        "settings": np.array(settings, dtype=np.float32),
        "words": np.array(list(model.vocabulary.uses), dtype=np.uint32),
        "uses": np.array([model.vocabulary.skills, *model.vocabulary.uses.values()], dtype=np.uint16),
    }


def trace_curve(
    sittings: Sequence[Sitting],
    models: Sequence[WorthModel],
    counter: TokenCounter,
    thresholds: Sequence[float] = THRESHOLDS,
) -> tuple[CurvePoint, ...]:
    """Evidence against savings at every threshold, each skill with its own worth model."""

    def ways(reading: Reading, using: Models) -> Iterator[Plan]:
        return (compress_to_threshold(reading, threshold, counter, models=using) for threshold in thresholds)

    found = _carry_out(sittings, models, counter, ways)
    return tuple(
        CurvePoint(threshold, 1 - fmean(used), fmean(kept), float(np.quantile(kept, 0.1)))
        for threshold, (used, kept) in zip(thresholds, found, strict=True)
    )


def keep_within(
    sittings: Sequence[Sitting], models: Sequence[WorthModel], counter: TokenCounter
) -> tuple[BudgetPoint, ...]:
    """Evidence within each of BUDGETS, or within the smallest that can be met."""

    def ways(reading: Reading, using: Models) -> Iterator[Plan]:
        frontmatter, body = counter.count(reading.skill.frontmatter.raw), counter.count(reading.skill.body)
        for share in BUDGETS:
            try:
                yield compress_to_tokens(reading, int(share * body) + frontmatter, counter, models=using)
            except TargetError as error:
                yield compress_to_tokens(reading, error.smallest, counter, models=using)

    found = _carry_out(sittings, models, counter, ways)
    return tuple(
        BudgetPoint(share, fmean(used), fmean(kept)) for share, (used, kept) in zip(BUDGETS, found, strict=True)
    )


def keep_freely(
    sittings: Sequence[Sitting], shares: Sequence[Matrix], counter: TokenCounter
) -> tuple[BudgetPoint, ...]:
    """Evidence within each of FREE_BUDGETS where the parts worth least for their tokens go, whatever needs them.

    No result would be of use: it says how much can be hoped for from the worths, structure aside.
    """
    found = list[list[tuple[float, float]]]()
    for sitting, worths in zip(sittings, shares, strict=True):
        skill, criteria = sitting.exam.skill, len(sitting.exam.criteria)
        whole = counter.count(skill.body)
        spans = part_spans(sitting.exam, Reading(sitting.analysis))
        tokens = [counter.count(skill.text[start:end]) for start, end in spans]
        order = sorted(range(len(spans)), key=lambda part: worths[part] / max(1, tokens[part]))
        own = []
        for budget in FREE_BUDGETS:
            room, gone = (1 - budget) * whole, set[int]()
            for part in order:
                if tokens[part] <= room:
                    room -= tokens[part]
                    gone.add(part)
            text = skill.text
            for part in sorted(gone, reverse=True):
                text = text[: spans[part][0]] + text[spans[part][1] :]
            own.append((budget + room / whole, sitting.exam.kept(text) / criteria))
        found.append(own)
    return tuple(
        BudgetPoint(budget, *map(fmean, zip(*points, strict=True)))
        for budget, points in zip(FREE_BUDGETS, zip(*found, strict=True), strict=True)
    )


def evidence_at(curve: Sequence[CurvePoint], saved: float) -> float:
    """The evidence (0-1) where `saved` (0-1) of the body is saved, between the points of a curve."""
    points = sorted((point.saved, point.evidence) for point in curve)
    return float(np.interp(saved, [0.0, *(s for s, _ in points)], [1.0, *(e for _, e in points)]))


def _carry_out(
    sittings: Sequence[Sitting],
    models: Sequence[WorthModel],
    counter: TokenCounter,
    ways: Callable[[Reading, Models], Iterator[Plan]],
) -> list[tuple[list[float], list[float]]]:
    """For each way to plan, of each skill the share of its body tokens that is left, and of its criteria."""
    found = []
    for sitting, model in zip(sittings, models, strict=True):
        skill = sitting.exam.skill
        whole, criteria = counter.count(skill.body), len(sitting.exam.criteria)
        plans = ways(Reading(sitting.analysis), Models(worth=model, wording=Wording.DETAIL))
        made = [apply_plan(skill, plan) for plan in plans]
        found.append([(counter.count(one.body) / whole, sitting.exam.kept(one.text) / criteria) for one in made])
    return [([used for used, _ in own], [kept for _, kept in own]) for own in zip(*found, strict=True)]


def _try(
    sittings: Sequence[Sitting], models: Sequence[WorthModel], counter: TokenCounter, required_importance: float
) -> Setting:
    tried = [replace(model, required_importance=required_importance) for model in models]
    curve = trace_curve(sittings, tried, counter, _COMPARED)
    return Setting(required_importance, fmean(evidence_at(curve, saved) for saved in SAVINGS))
