"""The oracle: whether requests that were routed to a skill by its description still are, among others like it."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple, Protocol

from skill_distiller.routing.expressions import expression
from skill_distiller.routing.lexical import Index, Pair, Weights, similarity, telling_words
from skill_distiller.routing.split_clauses import split_clauses

DISTRACTORS: Final = 4
MARGIN_KEPT: Final = 0.65  # of the leads of the original, on average; chosen on the first half of lab/routing.py
LEAST_LEAD: Final = 0.02  # of 2, by which a request is routed at all; a lexical router gives less by chance
CLEAR_LEAD: Final = 0.04  # by which one of the skill's own words is, and one that is won against a whole library
_SHADOW_TERMS: Final = 2  # that the shadow lacks
_FEWEST_LEFT: Final = 20  # characters of a shadow
LEXICAL: Final = "lexical router"


class Role(StrEnum):
    """What a candidate is in a pool."""

    TARGET = "target"
    DISTRACTOR = "distractor"
    SHADOW = "shadow"


class Candidate(NamedTuple):
    """A skill as a router sees it; `similarity` to the target, 0-1, and requests that are known to be its own."""

    name: str
    description: str
    role: Role = Role.DISTRACTOR
    similarity: float = 0.0
    requests: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Name and description."""
        return f"{self.name} {self.description}"


class Router(Protocol):
    """Whoever chooses a skill for a request by names and descriptions."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def margins(
        self, target: Candidate, others: Sequence[Candidate], queries: Sequence[str], seed: int
    ) -> Sequence[float]:
        """For each query by how much the target is preferred to the best of the others: above 0 where it is chosen.

        A tie is 0 or less. A router that only chooses gives 1 and -1.
        """


@lru_cache(maxsize=1)
def common_skills() -> tuple[Candidate, ...]:
    """Skills of many fields, written for this purpose: a background where the library is small."""
    lines = files(__package__).joinpath("common.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Candidate(row["name"], row["description"]) for row in map(json.loads, lines))


def candidate_order(seed: int, query: str, description: str, count: int) -> list[int]:
    """In which order the candidates are shown for a query: shuffled, the same for the same three."""
    order = list(range(count))
    digest = hashlib.sha256(description.encode("utf-8", "surrogatepass")).hexdigest()
    random.Random(f"{seed}\0{query}\0{digest}").shuffle(order)
    return order


@dataclass(frozen=True, eq=False)
class LexicalRouter:
    """Chooses by the words and character n-grams that a request shares with names and descriptions."""

    weights: Weights
    _read: dict[str, Pair] = field(default_factory=dict, init=False, repr=False)
    _likes: dict[tuple[str, ...], tuple[Index, dict[str, float]]] = field(default_factory=dict, init=False, repr=False)
    name: str = LEXICAL

    def margins(
        self, target: Candidate, others: Sequence[Candidate], queries: Sequence[str], seed: int
    ) -> Sequence[float]:
        """The similarity to the target less that to the most similar of the others; it depends on no order."""
        own = self.weights.read(target.text)
        return [similarity(self.read(query), own) - self._best(others, query) for query in queries]

    def _best(self, others: Sequence[Candidate], query: str) -> float:
        """The similarity to the most similar of the others: it is the same whatever the target becomes."""
        texts = tuple(other.text for other in others)
        if texts not in self._likes:
            self._likes[texts] = Index([self.read(text) for text in texts]), {}
        index, known = self._likes[texts]
        if query not in known:
            known[query] = float(index.similarities(self.read(query)).max(initial=0.0))
        return known[query]

    def read(self, text: str) -> Pair:
        """The weights of a text that is asked about again and again."""
        if text not in self._read:
            self._read[text] = self.weights.read(text)
        return self._read[text]


def lexical_router(skills: Iterable[Candidate]) -> LexicalRouter:
    """The router whose words are weighed by how rare they are among these skills and the common ones."""
    return LexicalRouter(_weights(frozenset(candidate.text for candidate in (*skills, *common_skills()))))


@lru_cache(maxsize=2)
def _weights(texts: frozenset[str]) -> Weights:
    return Weights(tuple(sorted(texts)))


def make_pool(target: Candidate, library: Sequence[Candidate], router: LexicalRouter) -> tuple[Candidate, ...]:
    """Those that a description has to win against: the four most like it, common skills in want of them."""
    own = router.read(target.text)
    others = [skill for skill in library if skill.name != target.name and skill.description]
    ranked = _nearest(own, others, router)[:DISTRACTORS]
    if len(ranked) < DISTRACTORS:
        ranked += _nearest(own, [s for s in common_skills() if s.name != target.name], router)[
            : DISTRACTORS - len(ranked)
        ]
    return tuple(ranked)


def _nearest(own: Pair, skills: Sequence[Candidate], router: LexicalRouter) -> list[Candidate]:
    likes = Index([router.read(skill.text) for skill in skills]).similarities(own)
    found = [skill._replace(similarity=round(float(like) / 2, 4)) for skill, like in zip(skills, likes, strict=True)]
    return sorted(found, key=lambda skill: (-skill.similarity, skill.name))


def make_shadow(target: Candidate, weights: Weights) -> Candidate | None:
    """A skill of the same field: the target's description without its two most telling words; None if little is left.

    It has no name. It belongs into the pool of a router that reads: to one that weighs words it is nearly
    the target itself, and most requests would be lost to it before anything was left out.
    """
    words = telling_words(weights, target.description, _SHADOW_TERMS)
    text = target.description
    for word in words:
        text = _without_word(text, word)
    text = " ".join(text.split())
    return Candidate("", text, Role.SHADOW) if len(text) >= _FEWEST_LEFT and words else None


def _without_word(text: str, word: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "", text, flags=re.IGNORECASE)


class Oracle:
    """Says whether a description may stand for the original: every query still routes, with most of its margin.

    Queries that the original does not route are left out: what was lost before can't be kept. Those that it
    wins against a whole library, it has to win there. Each other skill of the pool has to win the sentence
    that says what it does, and the requests of its own, as it does against the original.
    """

    def __init__(
        self,
        router: Router,
        original: Candidate,
        pool: Sequence[Candidate],
        seed: int,
        kept: float = MARGIN_KEPT,
        library: Sequence[Candidate] = (),
    ) -> None:
        self.router, self.pool = router, tuple(pool)
        self._original, self._seed, self._kept, self._library = original, seed, kept, tuple(library)
        self._known: dict[tuple[str, tuple[str, ...], int], tuple[float, ...]] = {}
        self.evaluations = self.asked = self.cached = 0

    def margins(self, description: str, queries: Sequence[str], *, again: int = 0) -> tuple[float, ...]:
        """By how much each query is routed to this description, above 0 where it is; `again` is another order."""
        key = (description, tuple(queries), again)
        if key in self._known:
            self.cached += len(queries)
        elif queries:
            self.evaluations += 1
            self.asked += len(queries)
            target = self._original._replace(description=description)
            self._known[key] = tuple(self.router.margins(target, self.pool, queries, self._seed + again))
        return self._known.get(key, ())

    def routed(self, queries: Sequence[str], least: float = LEAST_LEAD) -> tuple[str, ...]:
        """The queries that the original routes, by no less than a lead."""
        margins = self.margins(self._original.description, queries)
        return tuple(query for query, margin in zip(queries, margins, strict=True) if margin >= least)

    def refused(self, queries: Sequence[str]) -> tuple[str, ...]:
        """The negatives: of some queries, and of what other skills say and are known for, what the original leaves."""
        others = [skill for skill in self.pool if skill.role is Role.DISTRACTOR]
        rivals = [text for skill in others for text in (capability(skill.description), *skill.requests) if text]
        asked = (*queries, *dict.fromkeys(rivals))
        margins = self.margins(self._original.description, asked)
        return tuple(query for query, margin in zip(asked, margins, strict=True) if margin <= 0)

    def share(self, description: str, queries: Sequence[str]) -> float:
        """How much of their leads the queries that the original routes keep on average, 0-1."""
        routed = self.routed(queries)
        return _share(self.margins(self._original.description, routed), self.margins(description, routed))

    def acceptance(
        self, queries: Sequence[str], negatives: Sequence[str], weighed: Sequence[str] = ()
    ) -> Callable[[str], bool]:
        """The test of descriptions for queries that the original routes, and negatives that it does not.

        Each of the queries is still routed; of all their leads, and of those of the `weighed` ones, the share is kept.
        """
        before = self.margins(self._original.description, queries)
        leads = self.margins(self._original.description, weighed)
        won = self._in_library(self._original.description, queries, CLEAR_LEAD)
        widely = [query for query, here in zip(queries, won, strict=True) if here]

        def accepts(description: str) -> bool:
            found = self.margins(description, queries)
            if not all(margin > 0 for margin in found) or _share(before, found) < self._kept:
                return False
            if _share(leads, self.margins(description, weighed)) < self._kept:
                return False
            if not all(self._in_library(description, widely)):
                return False
            return all(margin <= 0 for margin in self.margins(description, negatives))

        return accepts

    def _in_library(self, description: str, queries: Sequence[str], least: float = 0) -> list[bool]:
        """Whether each query is routed to this description among all of the library; none where there is no library."""
        if not (self._library and queries):
            return [False] * len(queries)
        target = self._original._replace(description=description)
        return [margin > least for margin in self.router.margins(target, self._library, queries, self._seed)]


def _share(before: Sequence[float], after: Sequence[float]) -> float:
    """How much of their leads queries keep on average, 0-1; what one gains makes up for no other's loss."""
    shares = [min(1.0, now / then) for then, now in zip(before, after, strict=True)]
    return sum(shares) / len(shares) if shares else 1.0


def capability(description: str) -> str:
    """The first clause of a description that is no "Use when"."""
    clauses = split_clauses(description)
    texts = [clauses.text[slice(*sentence.head)] for sentence in clauses.sentences if sentence.head]
    return next(
        (text for text in texts if not expression("opens_when").match(text)), texts[0] if texts else description
    )
