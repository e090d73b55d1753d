"""Folds of whole repositories: a model is only ever judged on repositories that it hasn't seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

FOLDS = 8


def repository_folds(repos: Sequence[str], count: int = FOLDS) -> list[int]:
    """The fold of each row, given its repository: the largest first, each into the smallest fold so far.

    >>> repository_folds(["a", "a", "b", "c"], 2)
    [0, 0, 1, 1]
    """
    sizes = [0] * count
    fold_of: dict[str, int] = {}
    for repo, rows in sorted(Counter(repos).items(), key=lambda item: (-item[1], item[0])):
        fold_of[repo] = sizes.index(min(sizes))
        sizes[fold_of[repo]] += rows
    return [fold_of[repo] for repo in repos]
