"""Train the embedded token scorer: counts of general skill English and how to mix them.

Counts are kept of words and pairs that several repositories use, so that no skill can be read out
of them; the weights of the mixture are fitted on each repository by the counts of the others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lab.common.shared import Shared
from lab.common.tightenings import load_repos
from skill_distiller.rewriting.information.background import COMPONENTS, BackgroundScorer
from skill_distiller.rewriting.information.words import WORD, read_words
from skill_distiller.skill.model import PROSE
from skill_distiller.skill.read import read_skill

Prose = dict[str, list[list[str]]]
FEWEST_REPOS: Final = 4  # that use a word or a pair before it is counted
FOLDS: Final = 5
_ROUNDS: Final = 30  # of the fit of the mixture


def read_prose(shared: Shared) -> Prose:
    """The words of the prose of every English skill, a list a block, by repository."""
    repos, prose = load_repos(shared.root), defaultdict[str, list[list[str]]](list)
    for entry in shared.entries():
        if entry.language == "en":
            skill = read_skill(entry.path)
            prose[repos[entry.id]] += [
                WORD.findall(block.text.lower()) for block in skill.blocks if block.kind in PROSE
            ]
    return dict(sorted(prose.items()))


def count_words(prose: Prose, leave_out: frozenset[str] = frozenset()) -> dict[str, npt.NDArray[Any]]:
    """The counts that `BackgroundScorer` looks up, without a mixture."""
    words, pairs = Counter[str](), Counter[tuple[str, str]]()
    word_repos, pair_repos = Counter[str](), Counter[tuple[str, str]]()
    for repo, blocks in prose.items():
        if repo in leave_out:
            continue
        own = Counter(word for block in blocks for word in block)
        own_pairs = Counter(pair for block in blocks for pair in pairwise(block))
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


def fit_mixture(shared: Shared, prose: Prose) -> npt.NDArray[np.float64]:
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
    rounded = np.round(mixture, 4)
    return np.asarray(rounded / rounded.sum(), np.float64)


def train_information(shared: Shared) -> dict[str, npt.NDArray[Any]]:
    """All arrays of the file of weights."""
    prose = read_prose(shared)
    return count_words(prose) | {"mixture": fit_mixture(shared, prose)}
