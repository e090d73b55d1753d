"""Other ways to learn worth, on the same parts and left-out repositories: do more exams or other models pay?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lab.common.folds import FOLDS, repository_folds
from lab.training.conditional_logit import Matrix, choice_probabilities, fit_conditional_logit
from lab.training.worth import RIDGE, Examined, fit_left_out, likelihood, shares_of

SIZES: Final = (8, 16, 32, 64, 80)  # exams
CUTS: Final = (0.1, 0.2, 0.4)  # of the characters, taken part by part
KEPT: Final = 0.95  # of the losses avoided, where the characters that can go are counted
_FINE: Final = tuple(round(0.01 * i, 2) for i in range(1, 71))  # cuts between which these are looked for
_PAIRS: Final = 20  # of each part that carries a criterion with others of its skill
_OF_TEXT: Final = 24  # columns, the first: what a part is made of, and its facts
_PRODUCTS: Final = 12  # of these, of which each two are multiplied
_SUBJECTS: Final = 60  # dimensions that the words of all parts are brought down to
_WORD_RIDGE: Final = 60.0  # for many columns that say little each

Predict = Callable[[Matrix], Matrix]
Texts = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to learn worth: log-likelihood of a loss, and the losses avoided (0-1) where parts go freely, by CUTS.

    `free` is the share (0-1) of the characters that can go, part by part, with KEPT of the losses avoided.
    """

    name: str
    likelihood: float
    kept: tuple[float, ...]
    free: float


def compare_sizes(examined: Examined, texts: Texts) -> tuple[Rival, ...]:
    """The learning curve: what is fitted on so many exams, taken in turn from the repositories."""
    order, lengths = _in_turn(examined.repos), _lengths(texts)
    return tuple(
        _rival(f"{size} exams", examined, lengths, shares_of(examined, fit_left_out(examined, sorted(order[:size]))))
        for size in SIZES
        if size <= len(order)
    )


def compare_models(examined: Examined, texts: Texts) -> tuple[Rival, ...]:
    """The conditional logit beside other models and other columns; first length alone, last the true worths."""
    ours = shares_of(examined, fit_left_out(examined))
    boosted = _by_fold(examined, _fit_boosting)
    lengths = _lengths(texts)
    named = {
        "length alone": [_normal(own) for own in lengths],
        "conditional logit": ours,
        "gradient boosting": boosted,
        "geometric mean of both": [_normal(np.sqrt(a * b)) for a, b in zip(ours, boosted, strict=True)],
        "pairwise ranker": _by_fold(examined, _fit_ranker),
        "logit, with the columns of the parts before and after": _with_columns(examined, map(_beside, examined.rows)),
        "logit, with products of two columns": _with_columns(examined, _products(examined.rows), _WORD_RIDGE),
        "logit, with the subjects of its words": _with_columns(examined, _subjects(texts)),
        "what the exams ask": [_normal(count + 1e-9) for count in examined.counts],
    }
    return tuple(_rival(name, examined, lengths, shares) for name, shares in named.items())


def _with_columns(examined: Examined, more: Iterable[Matrix], ridge: float = RIDGE) -> list[Matrix]:
    """The shares that a conditional logit gives with more columns beside those that it has."""
    wider = examined._replace(rows=tuple(np.hstack(both) for both in zip(examined.rows, more, strict=True)))

    def fit(rows: Sequence[Matrix], counts: Sequence[Matrix]) -> Predict:
        coefficients = fit_conditional_logit(rows, counts, ridge)
        return lambda row: choice_probabilities(row, coefficients)

    return _by_fold(wider, fit)


def _beside(rows: Matrix) -> Matrix:
    """Of each part the columns on text and facts of the part before it and of the one after it."""
    around = np.vstack([rows[:1], rows, rows[-1:]])[:, :_OF_TEXT]
    return np.hstack([around[:-2], around[2:]])


def _products(rows: Sequence[Matrix]) -> list[Matrix]:
    """The products of each two of the first columns, which are on the text of a part, standardized."""
    stacked = np.vstack(rows)
    mean, spread = stacked.mean(0), stacked.std(0) + 1e-9
    first = range(min(_PRODUCTS, len(mean)))
    pairs = [(i, j) for i in first for j in first if i <= j]
    return [
        np.clip(np.column_stack([row[:, i] * row[:, j] for i, j in pairs]), -4, 4)
        for row in ((own - mean) / spread for own in rows)
    ]


def _subjects(texts: Texts) -> list[Matrix]:
    """The words of each part, brought down to a few dimensions over all of them (latent semantic analysis)."""
    words = TfidfVectorizer(min_df=0.001, sublinear_tf=True, norm=None).fit_transform([t for own in texts for t in own])
    found = TruncatedSVD(min(_SUBJECTS, words.shape[1] - 1), random_state=0).fit_transform(words)
    return np.split(found, np.cumsum([len(own) for own in texts])[:-1])


def _lengths(texts: Texts) -> list[Matrix]:
    return [np.array([len(text) for text in own], dtype=np.float64) for own in texts]


def _in_turn(repos: Sequence[str]) -> list[int]:
    """The skills, one of each repository before the second of any."""
    seen = dict[str, int]()
    turn = []
    for repo in repos:
        seen[repo] = seen.get(repo, 0) + 1
        turn.append(seen[repo])
    return sorted(range(len(repos)), key=lambda i: (turn[i], i))


def _rival(name: str, examined: Examined, lengths: Sequence[Matrix], shares: Sequence[Matrix]) -> Rival:
    kept = {cut: _avoided(examined, lengths, shares, cut) for cut in _FINE}
    rising = np.maximum.accumulate([-1.0, *(-own for own in kept.values())])
    free = np.interp(-KEPT, rising, [0.0, *kept])
    return Rival(name, likelihood(examined, shares), tuple(kept[cut] for cut in CUTS), float(free))


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
