"""A library in the room that a client has for it: and which descriptions become shorter for it.

Each skill has a curve, from its description down to its name alone. The hulls of all curves are merged, and
steps are taken where most room is won for the least lost, as in a plan; a lost request costs more than any lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from skill_distiller.planning.hull import Step, ladder_steps, merge_steps
from skill_distiller.routing.clients import Client
from skill_distiller.routing.lexical import Floats, Index, similarity
from skill_distiller.routing.oracle import LexicalRouter

_LOST: Final = 100.0  # what a request that is lost costs, in leads that are lost wholly
_ROUNDS: Final = 3  # in which room that is left brings back what neighbors took


class Listed(StrEnum):
    """How a client treats a skill."""

    FREE = "free"
    PINNED = "pinned"  # its description stays as it is
    NAME_ONLY = "name only"
    MANUAL = "manual"  # only its user calls it: it is in no list


@dataclass(frozen=True, slots=True)
class Entry:
    """A skill of a library: its name in the list, its descriptions from the original down, requests of its own."""

    folder: str
    name: str
    texts: tuple[str, ...]
    queries: tuple[str, ...] = ()
    listed: Listed = Listed.FREE

    @property
    def description(self) -> str:
        """The original."""
        return self.texts[0]


class Choice(NamedTuple):
    """What becomes of a skill: the rung of its curve, and its requests that were and are routed among all."""

    entry: Entry
    rung: int
    sizes: tuple[int, int]
    routed: tuple[int, int]

    @property
    def text(self) -> str:
        """Its description in the list."""
        return _listed_text(self.entry, self.rung)

    @property
    def action(self) -> str:
        """In a word or two."""
        if self.entry.listed is not Listed.FREE:
            return self.entry.listed.value
        return "keep" if not self.rung else "shorten" if self.text else "name only"


@dataclass(frozen=True, slots=True)
class Solution:
    """A library as it is listed: before and after, in what the client counts; `limit` None for any size."""

    client: Client
    limit: int | None
    sizes: tuple[int, int]
    choices: tuple[Choice, ...]

    @property
    def fits(self) -> bool:
        """Whether the list has room."""
        return self.limit is None or self.sizes[1] <= self.limit

    @property
    def routed(self) -> tuple[int, int]:
        """Requests that were routed under the originals, and that still are."""
        return sum(c.routed[0] for c in self.choices), sum(c.routed[1] for c in self.choices)


def solve(entries: Sequence[Entry], client: Client, window: int | None, router: LexicalRouter) -> Solution:
    """The library with the descriptions that fit into a client's list, shortened where that costs least.

    Pinned skills keep theirs, manual ones are in no list. Where even names alone do not fit, all free skills have
    only their names, and the solution says that it does not fit.
    """
    library = _Library(entries, client, router)
    limit = client.limit(window)
    rungs = [0] * len(entries)
    for step in merge_steps(library.steps()):
        if limit is None or library.size(rungs) <= limit:
            break
        for place, rung in step.changes:
            rungs[place] = max(rungs[place], rung)
    for _ in range(_ROUNDS):
        if not library.bring_back(rungs, limit):
            break
    before, after = library.routed([0] * len(entries)), library.routed(rungs)
    choices = (
        Choice(entry, rung, (library.sizes[place][0], library.sizes[place][rung]), (len(before[place]), kept))
        for place, (entry, rung) in enumerate(zip(entries, rungs, strict=True))
        for kept in (len(before[place] & after[place]),)
    )
    return Solution(client, limit, (library.size([0] * len(entries)), library.size(rungs)), tuple(choices))


def _listed_text(entry: Entry, rung: int) -> str:
    return "" if entry.listed in (Listed.NAME_ONLY, Listed.MANUAL) else entry.texts[rung]


class _Library:
    """The entries with their sizes, and who wins their requests under which rungs."""

    def __init__(self, entries: Sequence[Entry], client: Client, router: LexicalRouter) -> None:
        self._entries, self._client, self._router = entries, client, router
        self.sizes = [
            tuple(
                0 if entry.listed is Listed.MANUAL else client.size(entry.name, _listed_text(entry, rung))
                for rung in range(len(entry.texts))
            )
            for entry in entries
        ]
        self._queries = [[router.read(query) for query in entry.queries] for entry in entries]
        self._originals = self._likes([0] * len(entries))

    def size(self, rungs: Sequence[int]) -> int:
        """What the list takes."""
        return self._client.fixed + sum(sizes[rung] for sizes, rung in zip(self.sizes, rungs, strict=True))

    def _text(self, place: int, rung: int) -> str:
        entry = self._entries[place]
        return f"{entry.name} {_listed_text(entry, rung)}".strip()

    def _likes(self, rungs: Sequence[int]) -> list[list[Floats]]:
        """For each request of each skill how alike it is to every listed one; manual ones are like nothing."""
        index = Index([self._router.read(self._text(place, rung)) for place, rung in enumerate(rungs)])
        there = np.array([entry.listed is not Listed.MANUAL for entry in self._entries], dtype=np.float64)
        return [[index.similarities(query) * there for query in queries] for queries in self._queries]

    def routed(self, rungs: Sequence[int]) -> list[frozenset[int]]:
        """For each skill its requests, by place, that it wins against every other under these rungs."""
        return _won(self._likes(rungs) if any(rungs) else self._originals)

    def steps(self) -> list[list[Step]]:
        """The hull of each free skill's curve: room in what the client counts, worth in requests and leads kept."""
        hulls = []
        won = self.routed([0] * len(self._entries))
        for place, entry in enumerate(self._entries):
            worths = [self._worth(place, rung, won[place]) for rung in range(len(entry.texts))]
            for rung in range(1, len(worths)):
                worths[rung] = min(worths[rung], worths[rung - 1])
            hulls.append(ladder_steps(place, self.sizes[place], worths) if entry.listed is Listed.FREE else [])
        return hulls

    def _worth(self, place: int, rung: int, won: frozenset[int]) -> float:
        """What a rung keeps of the requests that the original wins, the others being as they are."""
        own = self._router.weights.read(self._text(place, rung))
        worth = 0.0
        for number in sorted(won):
            like = self._originals[place][number]
            best = _best_other(like, place)
            lead = similarity(self._queries[place][number], own) - best
            worth += (_LOST if lead > 0 else 0.0) + min(1.0, max(0.0, lead) / max(1e-9, float(like[place]) - best))
        return worth

    def bring_back(self, rungs: list[int], limit: int | None) -> bool:
        """Put skills one rung up that lost requests, and those that took them, while there is room; whether any was.

        Nothing changes where fewer requests would be routed than before.
        """
        before, likes = self.routed([0] * len(rungs)), self._likes(rungs)
        after = _won(likes)
        lost = {place: before[place] - after[place] for place in range(len(rungs))}
        tried = list(rungs)
        for place in sorted(lost, key=lambda p: (-len(lost[p]), p)):
            takers = (int(np.argmax(likes[place][number])) for number in sorted(lost[place]))
            for one in dict.fromkeys((place, *takers)) if lost[place] else ():
                sizes = self.sizes[one]
                more = sizes[tried[one] - 1] - sizes[tried[one]] if tried[one] == rungs[one] > 0 else 0
                if more and (limit is None or self.size(tried) + more <= limit):
                    tried[one] -= 1
        if tried == rungs or self._kept(tried) < sum(len(b & a) for b, a in zip(before, after, strict=True)):
            return False
        rungs[:] = tried
        return True

    def _kept(self, rungs: Sequence[int]) -> int:
        pairs = zip(self.routed([0] * len(rungs)), self.routed(rungs), strict=True)
        return sum(len(before & after) for before, after in pairs)


def _won(likes: Sequence[Sequence[Floats]]) -> list[frozenset[int]]:
    return [
        frozenset(number for number, like in enumerate(own) if like[place] > _best_other(like, place))
        for place, own in enumerate(likes)
    ]


def _best_other(like: Floats, place: int) -> float:
    return float(np.max(np.delete(like, place), initial=0.0))
