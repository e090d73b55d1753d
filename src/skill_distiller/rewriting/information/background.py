"""Self-information without a language model: a small table of what skills say, and what this one said before.

A mixture of five estimates of each word: any word at all, how common it is in skills, how often it
follows the word before in skills, and the same two in the text so far (a cache model: Kuhn and De
Mori 1990). The counts and the weights of the mixture are trained; of the text they were counted in
they hold only words and pairs that several repositories use.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from skill_distiller.rewriting.information.scorer import Information, Nats, Places
from skill_distiller.rewriting.information.words import WORD, Words, earlier, read_words
from skill_distiller.weights import Arrays, load_weights

ANY_WORD: Final = 50_000  # words that the first estimate chooses from
_KNOWN: Final = 0.6  # share of the words of a text in English, at least
WEIGHTS: Final = "information"  # the file of weights that ships with the package
COMPONENTS: Final = ("any word", "word", "word after the last", "word again", "pair again")
DEFINITION: Final = repr((1, WORD.pattern, ANY_WORD, COMPONENTS))  # of what the weights were fitted on


class BackgroundScorer:
    """Scores the words of an English text; without `arrays` by those that ship with the package.

    `arrays`: `words` are the known words, joined by line ends, as bytes of UTF-8, and `counts` how
    often each was seen; `pairs` (sorted) are first * known + second, `pair_counts` as before;
    `mixture` the weights of COMPONENTS, which add up to 1.
    """

    name = "embedded"

    def __init__(self, arrays: Arrays | None = None) -> None:
        self._arrays = arrays

    def information(self, text: str) -> Information:
        """The information of every word of a text; numbers and marks are no words here.

        Raises WeightsError where the weights can't be had.
        """
        words = read_words(text)
        chances = self.chances(words)
        return Information(words.start, words.end, -np.log(np.maximum(self._table.mixture @ chances, 1e-12)))

    def chances(self, words: Words) -> Nats:
        """P(word) of every word by each of COMPONENTS, one row each."""
        table, count = self._table, len(words.number)
        ids = np.array([table.ids.get(word, -1) for word in words.texts], np.int64)[words.number]
        number = words.number
        pair = number[:-1] * len(words.texts) + number[1:]
        said, said_as_first, pair_said = earlier(number), earlier(number)[:-1], earlier(pair)
        chances = np.zeros((len(COMPONENTS), count))
        chances[0] = 1 / ANY_WORD
        chances[1] = np.append(table.share, 0.0)[ids]
        chances[2, 1:] = table.following(ids[:-1], ids[1:])
        chances[3] = said / np.maximum(np.arange(count), 1)
        chances[4, 1:] = pair_said / np.maximum(said_as_first, 1)
        return chances

    def reads(self, text: str) -> bool:
        """Whether a text is in a language that the counts know: most of its words are known."""
        words = [word.lower() for word in WORD.findall(text)]
        return sum(word in self._table.ids for word in words) > _KNOWN * len(words)

    @cached_property
    def _table(self) -> _Table:
        return _shipped() if self._arrays is None else _Table(self._arrays)


class _Table:
    """The trained counts, ready to be looked up."""

    def __init__(self, arrays: Arrays) -> None:
        words = arrays["words"].tobytes().decode("utf-8").split("\n")
        self.ids = {word: i for i, word in enumerate(words)}
        self.counts = arrays["counts"].astype(np.float64)
        self.share = self.counts / float(arrays["total"])
        self.pairs = arrays["pairs"].astype(np.int64)
        self.pair_counts = arrays["pair_counts"].astype(np.float64)
        self.mixture = arrays["mixture"].astype(np.float64)

    def following(self, first: Places, second: Places) -> Nats:
        """P(second | first) of known pairs, 0 for others."""
        if not len(self.pairs):
            return np.zeros(len(first))
        key = np.where((first >= 0) & (second >= 0), first * len(self.ids) + second, -1)
        at = np.minimum(np.searchsorted(self.pairs, key), len(self.pairs) - 1)
        return np.where(self.pairs[at] == key, self.pair_counts[at] / self.counts[np.maximum(first, 0)], 0.0)


@lru_cache(maxsize=1)
def _shipped() -> _Table:
    return _Table(load_weights(WEIGHTS, DEFINITION))
