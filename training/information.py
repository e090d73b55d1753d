"""Train what tells redundant phrases: counts of general skill English, and a small model over units.

Counts are kept of words and pairs that several repositories use, so that no skill can be read out
of them; the weights of the mixture are fitted on each repository by the counts of the others. The
model over units is logistic, fitted on what a careful editor deleted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from benchmarks.shared import Shared
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from skill_distiller.document import PROSE, Skill, read_skill
from skill_distiller.renderings.information.background import COMPONENTS, BackgroundScorer
from skill_distiller.renderings.information.columns import Candidate, find_candidates, unit_columns
from skill_distiller.renderings.information.scorer import TokenScorer
from skill_distiller.renderings.information.words import WORD, read_words
from skill_distiller.weights import Arrays
from training.tightenings import DELETED, TightenedSkill, load_repos, prose_of

FEWEST_REPOS: Final = 4  # that use a word or a pair before it is counted
FOLDS: Final = 5
GONE: Final = 0.8  # share of a unit's words that the editor deleted, from which on it counts as gone
_ROUNDS: Final = 30  # of the fit of the mixture
_PENALTY: Final = 1.0
_COUNTED: Final = frozenset(PROSE)


@dataclass(frozen=True)
class Units:
    """The units of a tightened skill that may go: columns x units, and the share of their words that the editor deleted."""

    repo: str
    candidates: tuple[Candidate, ...]
    columns: npt.NDArray[np.float64]
    deleted: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.int64]


def read_prose(shared: Shared) -> dict[str, list[list[str]]]:
    """The words of the prose of every English skill, a list a block, by repository."""
    repos, prose = load_repos(shared.root), defaultdict[str, list[list[str]]](list)
    for entry in shared.entries():
        if entry.language == "en":
            skill = read_skill(entry.path)
            prose[repos[entry.id]] += [
                WORD.findall(block.text.lower()) for block in skill.blocks if block.kind in _COUNTED
            ]
    return dict(sorted(prose.items()))


def count_words(prose: dict[str, list[list[str]]], leave_out: frozenset[str] = frozenset()) -> dict[str, npt.NDArray[Any]]:
    """The counts that `BackgroundScorer` looks up, without a mixture."""
    words, pairs = Counter[str](), Counter[tuple[str, str]]()
    word_repos, pair_repos = Counter[str](), Counter[tuple[str, str]]()
    for repo, blocks in prose.items():
        if repo in leave_out:
            continue
        own = Counter(word for block in blocks for word in block)
        own_pairs = Counter(pair for block in blocks for pair in zip(block, block[1:], strict=False))
        words.update(own)
        pairs.update(own_pairs)
        word_repos.update(own.keys())
        pair_repos.update(own_pairs.keys())
    known = sorted(word for word in words if word_repos[word] >= FEWEST_REPOS)
    ids = {word: i for i, word in enumerate(known)}
    keys = {
        ids[first] * len(known) + ids[second]: count
        for (first, second), count in pairs.items()
        if pair_repos[first, second] >= FEWEST_REPOS
    }
    order = sorted(keys)
    return {
        "words": np.frombuffer("\n".join(known).encode(), np.uint8),
        "counts": np.array([words[word] for word in known], np.uint32),
        "total": np.array(words.total(), np.uint32),
        "pairs": np.array(order, np.uint32),
        "pair_counts": np.array([keys[key] for key in order], np.uint16),
    }


def fit_mixture(shared: Shared, prose: dict[str, list[list[str]]]) -> npt.NDArray[np.float64]:
    """The weights under which the skills of each fold are likeliest by the counts of the others (EM)."""
    repos = load_repos(shared.root)
    names = sorted(prose)
    chances = []
    for fold in range(FOLDS):
        held = frozenset(names[fold::FOLDS])
        scorer = BackgroundScorer(count_words(prose, held) | {"mixture": np.full(len(COMPONENTS), 1 / len(COMPONENTS))})
        chances += [
            scorer.chances(read_words(read_skill(entry.path).text))
            for entry in shared.entries()
            if entry.language == "en" and repos[entry.id] in held
        ]
    together = np.concatenate(chances, axis=1)
    mixture = np.full(len(COMPONENTS), 1 / len(COMPONENTS))
    for _ in range(_ROUNDS):
        shares = mixture[:, None] * together
        mixture = (shares / shares.sum(0)).mean(1)
    return np.round(mixture, 4) / np.round(mixture, 4).sum()


def read_units(skill: TightenedSkill, scorer: TokenScorer) -> Units | None:
    """The units of a skill that the editor saw; None without any."""
    prose, locked = prose_of(skill.skill)
    candidates = find_candidates(skill.skill, prose, locked)
    stream = skill.stream
    shares, sizes, seen = [], [], []
    for candidate in candidates:
        unit = candidate.unit
        inside = (stream.block == candidate.block) & (stream.start < unit.end) & (stream.end > unit.start)
        labels = skill.labels[inside & skill.labelled]
        seen.append(len(labels) > 0)
        shares.append((labels == DELETED).mean() if len(labels) else 0.0)
        sizes.append(len(labels))
    if not any(seen):
        return None
    columns = unit_columns(skill.skill, candidates, prose, scorer)
    kept = np.flatnonzero(seen)
    return Units(
        skill.repo,
        tuple(candidates[i] for i in kept.tolist()),
        columns[:, kept],
        np.array(shares)[kept],
        np.array(sizes, np.int64)[kept],
    )
