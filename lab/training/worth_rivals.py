"""Other ways to learn worth, on the same parts and left-out repositories: do more exams or other models pay?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from lab.common.folds import FOLDS, repository_folds
from lab.training.conditional_logit import Matrix, choice_probabilities
from lab.training.worth import Examined, fit_left_out, likelihood, shares_of

SIZES: Final = (8, 16, 32, 64, 80)  # exams
CUTS: Final = (0.1, 0.2, 0.4)  # of the characters, taken part by part
_PAIRS: Final = 20  # of each part that carries a criterion with others of its skill

Predict = Callable[[Matrix], Matrix]


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to learn worth: log-likelihood of a loss, and the losses avoided (0-1) where parts go freely, by CUTS."""

    name: str
    likelihood: float
    kept: tuple[float, ...]


def compare_sizes(examined: Examined, lengths: Sequence[Matrix]) -> tuple[Rival, ...]:
    """The learning curve: what is fitted on so many exams, taken in turn from the repositories."""
    order = _in_turn(examined.repos)
    return tuple(
        _rival(f"{size} exams", examined, lengths, shares_of(examined, fit_left_out(examined, sorted(order[:size]))))
        for size in SIZES
        if size <= len(order)
    )


def compare_models(examined: Examined, lengths: Sequence[Matrix]) -> tuple[Rival, ...]:
    """The conditional logit beside gradient boosting, the mean of both, and a pairwise ranker."""
    ours = shares_of(examined, fit_left_out(examined))
    boosted = _by_fold(examined, _fit_boosting)
    ranked = _by_fold(examined, _fit_ranker)
    both = [_normal(np.sqrt(a * b)) for a, b in zip(ours, boosted, strict=True)]
    length = [_normal(own) for own in lengths]
    named = {
        "length alone": length,
        "conditional logit": ours,
        "gradient boosting": boosted,
        "geometric mean of both": both,
        "pairwise ranker": ranked,
    }
    return tuple(_rival(name, examined, lengths, shares) for name, shares in named.items())


def _in_turn(repos: Sequence[str]) -> list[int]:
    """The skills, one of each repository before the second of any."""
    seen = dict[str, int]()
    turn = []
    for repo in repos:
        seen[repo] = seen.get(repo, 0) + 1
        turn.append(seen[repo])
    return sorted(range(len(repos)), key=lambda i: (turn[i], i))


def _rival(name: str, examined: Examined, lengths: Sequence[Matrix], shares: Sequence[Matrix]) -> Rival:
    kept = (_avoided(examined, lengths, shares, cut) for cut in CUTS)
    return Rival(name, likelihood(examined, shares), tuple(kept))


def _avoided(examined: Examined, lengths: Sequence[Matrix], shares: Sequence[Matrix], cut: float) -> float:
    """The share of losses avoided where the parts worth least for their length go, until `cut` of it is gone."""
    lost = total = 0.0
    for count, length, share in zip(examined.counts, lengths, shares, strict=True):
        room = cut * length.sum()
        for part in np.argsort(share / length, kind="stable"):
            if length[part] <= room:
                room -= length[part]
                lost += count[part]
        total += count.sum()
    return float(1 - lost / total)


def _by_fold(examined: Examined, fit: Callable[[Sequence[Matrix], Sequence[Matrix]], Predict]) -> list[Matrix]:
    folds = repository_folds(examined.repos)
    found = list[Matrix](examined.rows)
    for fold in range(FOLDS):
        seen = [i for i, own in enumerate(folds) if own != fold]
        predict = fit([examined.rows[i] for i in seen], [examined.counts[i] for i in seen])
        for i, own in enumerate(folds):
            if own == fold:
                found[i] = _normal(predict(examined.rows[i]))
    return found


def _fit_boosting(rows: Sequence[Matrix], counts: Sequence[Matrix]) -> Predict:
    """Shallow trees for the number of criteria that hang on a part, relative to the mean of its skill."""
    targets = np.concatenate([count * len(count) / max(1.0, count.sum()) for count in counts])
    weights = np.concatenate([np.full(len(count), count.sum() / len(count)) for count in counts])
    model = HistGradientBoostingRegressor(
        loss="poisson", max_iter=120, learning_rate=0.06, max_leaf_nodes=5, min_samples_leaf=40, l2_regularization=5,
        max_bins=64, early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(np.vstack(rows), targets, sample_weight=weights)
    return lambda row: np.asarray(model.predict(row), dtype=np.float64)


def _fit_ranker(rows: Sequence[Matrix], counts: Sequence[Matrix]) -> Predict:
    """A logistic regression of which of two parts of a skill carries more criteria, on what sets them apart."""
    random = np.random.RandomState(0)
    apart, more = [], []
    for row, count in zip(rows, counts, strict=True):
        bare = np.flatnonzero(count == 0)
        for part in np.flatnonzero(count) if len(bare) else ():
            for other in random.choice(bare, _PAIRS):
                sign = 1 if random.rand() < 1 / 2 else -1  # both ways round, so that there is no offset
                apart.append(sign * (row[part] - row[other]))
                more.append(sign > 0)
    spread = np.vstack(rows).std(axis=0) + 1e-9
    model = LogisticRegression(C=0.01, fit_intercept=False, max_iter=1000).fit(np.array(apart) / spread, more)
    coefficients = model.coef_[0] / spread
    return lambda row: choice_probabilities(row, coefficients)


def _normal(values: Matrix) -> Matrix:
    return np.asarray(values / values.sum(), dtype=np.float64)
