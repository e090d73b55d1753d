"""The shortest description that still routes: clauses left out by delta debugging, checked once on held-out queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial
from typing import Final, NamedTuple

from skill_distiller.language.facts import block_facts, locked_spans
from skill_distiller.rewriting.model import apply_edits
from skill_distiller.rewriting.passes import Draft, all_edits
from skill_distiller.routing.clauses import Clauses
from skill_distiller.routing.ddmin import minimize
from skill_distiller.routing.expressions import expression, routing_words
from skill_distiller.routing.oracle import LEAST_LEAD, Oracle
from skill_distiller.routing.pinned import Pin, says_when
from skill_distiller.routing.queries import FEWEST_QUERIES, Query, QuerySplit
from skill_distiller.skill.model import Block, BlockKind
from skill_distiller.tokens import TokenCounter

MOST_CHARACTERS: Final = 1024  # of a description, by the specification of the format
_FEWEST_TOKENS: Final = 20  # of a description that says what a skill does and when; of a short one half of its own
_MOST_RESTORED: Final = 3
FINAL_ORDER: Final = 1  # the candidates stand in another order at the end than while it was searched
_STRENGTH: Final = 0.02  # of edits that leave out fillers and marks; articles stay, it is one sentence that people read
_SENTENCE: Final = re.compile(r"[^.!?\n]*")
_WORD_END: Final = re.compile(r"\s+\S*\Z")

Rung = Callable[[str, Callable[[str], bool]], str]


class Status(StrEnum):
    """What became of a description."""

    SHORTENED = "passed"
    RESTORED = "restored"  # and passed: clauses had to come back
    ORIGINAL = "original"  # nothing shorter held
    UNMEASURED = "unmeasured"  # the original routes no query, so nothing can be shown to be kept
    GENERATED = "generated"
    MISSING = "missing"  # there is none, and none was wanted


class Measured(NamedTuple):
    """A query with its margins under the original and under the new description; `held_out` ones drove nothing."""

    query: Query
    held_out: bool
    before: float
    after: float

    @property
    def kept(self) -> bool:
        """Whether what was right before still is."""
        return not self.right_before or (self.after > 0) is self.query.positive

    @property
    def right_before(self) -> bool:
        """Whether the original does with it what it should, and not by a hair."""
        return self.before >= LEAST_LEAD if self.query.positive else self.before <= 0


class Effort(NamedTuple):
    """What a search took: tests of delta debugging, those whose answer was known, answers asked of the router."""

    calls: int = 0
    cached: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Described:
    """A description and what became of it.

    `kept` are the clauses that stand in `text`, by index, `restored` those of them that had to come back
    at the end; `cut` says that it had to be cut to the format's limit.
    """

    clauses: Clauses
    text: str
    status: Status
    kept: frozenset[int]
    pins: Mapping[int, Pin] = field(default_factory=dict)
    restored: tuple[int, ...] = ()
    measured: tuple[Measured, ...] = ()
    effort: Effort = field(default_factory=Effort)
    cut: bool = False

    @property
    def original(self) -> str:
        """The description as it was."""
        return self.clauses.text

    @property
    def changed(self) -> bool:
        """Whether the text is another one."""
        return self.text != self.original


@dataclass(frozen=True, slots=True)
class Search:
    """What a description is shortened with: its clauses and pins, an oracle, queries, a counter, and further rungs."""

    clauses: Clauses
    pins: Mapping[int, Pin]
    oracle: Oracle
    queries: QuerySplit
    counter: TokenCounter
    rungs: tuple[Rung, ...] = ()


def shorten(search: Search) -> Described:
    """The shortest description found that routes what the original routes, and the original where there is none.

    Queries that are held out are looked at once, at the end. Where one of them is lost, at most three
    clauses come back, each the one that helps most; where that is not enough the original stays. Where
    few queries are routed, the clauses are queries too: less can be shown, so less may go.
    """
    clauses, oracle = search.clauses, search.oracle
    everything = frozenset(clause.index for clause in clauses.all)
    driving = oracle.routed([query.text for query in search.queries.driving if query.positive])
    if not driving:
        return _within_limit(search, Described(clauses, clauses.text, Status.UNMEASURED, everything, search.pins))
    weighed = oracle.routed([query.text for query in search.queries.weighed])
    if len(driving) + len(weighed) < FEWEST_QUERIES:
        driving += oracle.routed([text for c in clauses.all if (text := clauses.text_of(c)) not in driving])
    negatives = oracle.refused([query.text for query in search.queries.driving if not query.positive])
    routes = oracle.acceptance(driving, negatives, weighed)

    fewest = min(_FEWEST_TOKENS, search.counter.count(clauses.text) // 2)

    def accepts(text: str) -> bool:
        return search.counter.count(text) >= fewest and routes(text)

    pinned = clauses.closure(search.pins)
    free = [index for index in sorted(everything) if index not in pinned]
    when = says_when(clauses)

    def stands(kept: frozenset[int]) -> bool:
        said = clauses.closure(pinned | kept)
        return bool(said) and (not when or bool(when & said)) and accepts(clauses.join(said))

    # Before the rungs: what they save is not known to the search.
    found = minimize(_least_telling_first(search, free, (*driving, *weighed)), stands)
    kept = clauses.closure(pinned | found.kept)
    described = _finish(search, kept, accepts)
    effort = Effort(found.calls, found.cached, oracle.asked)
    if search.counter.count(described.text) >= search.counter.count(clauses.text):
        described = Described(clauses, clauses.text, Status.ORIGINAL, everything)
    return _within_limit(search, _with_figures(search, described, effort))


def _least_telling_first(search: Search, free: Sequence[int], asked: Sequence[str]) -> list[int]:
    """The clauses in the order of what each adds to the leads for a token: what stands together goes together."""
    clauses = search.clauses
    everything = frozenset(clause.index for clause in clauses.all)

    def telling(index: int) -> float:
        gone = {clause.index for clause in clauses.all if index in clauses.closure({clause.index})}
        text = clauses.join(everything - gone)
        saved = search.counter.count(clauses.text) - search.counter.count(text)
        return (1 - search.oracle.share(text, asked)) / max(1, saved)

    worth = {index: telling(index) for index in free}
    return sorted(free, key=lambda index: (worth[index], -index))


def _finish(search: Search, kept: frozenset[int], accepts: Callable[[str], bool]) -> Described:
    """The rungs below the clauses, the final check, and what has to come back for it."""
    clauses, restored = search.clauses, list[int]()
    while True:
        text = clauses.join(kept)
        for rung in search.rungs:
            text = rung(text, accepts)
        if _rates(search, text)[0] == 1:
            status = Status.RESTORED if restored else Status.SHORTENED
            return Described(clauses, text, status, kept, restored=tuple(restored))
        gone = [clause.index for clause in clauses.all if clause.index not in kept]
        if len(restored) >= _MOST_RESTORED or not gone:
            return Described(clauses, clauses.text, Status.ORIGINAL, frozenset(range(len(clauses.all))))
        best = max(gone, key=lambda index: (*_rates(search, clauses.join(kept | {index})), -index))
        restored.append(best)
        kept = clauses.closure(kept | {best})


def _rates(search: Search, text: str) -> tuple[float, float]:
    """The share (0-1) of all queries that were right under the original and still are, and how far the lost ones miss.

    All in a fresh order; the second is 0 where none is lost, and less where some are.
    """
    right = [one for one in measure(search, text) if one.right_before]
    lost = [one for one in right if not one.kept]
    return 1 - len(lost) / len(right) if right else 1.0, -sum(abs(one.after) for one in lost)


def measure(search: Search, text: str, weighed: Sequence[Query] = ()) -> tuple[Measured, ...]:
    """What every query, held out or not, does under the original and under a text, in a fresh order."""
    queries = (*search.queries.driving, *weighed, *search.queries.held_out)
    asked = [query.text for query in queries]
    before = search.oracle.margins(search.clauses.text, asked, again=FINAL_ORDER) or (0.0,) * len(asked)
    after = search.oracle.margins(text, asked, again=FINAL_ORDER)
    held = len(search.queries.driving) + len(weighed)
    return tuple(
        Measured(q, place >= held, b, a) for place, (q, b, a) in enumerate(zip(queries, before, after, strict=True))
    )


def _with_figures(search: Search, found: Described, effort: Effort) -> Described:
    measured = measure(search, found.text, search.queries.weighed)
    return Described(
        found.clauses, found.text, found.status, found.kept, search.pins, found.restored, measured, effort, found.cut
    )


def _within_limit(search: Search, found: Described) -> Described:
    """The same with at most 1,024 characters: clauses go from the end, pinned ones last, then words."""
    if len(found.text) <= MOST_CHARACTERS:
        return found
    clauses, kept = found.clauses, set(found.kept)
    for index in sorted(found.kept, key=lambda i: (_RANKS.get(search.pins.get(i), 0), -i)):
        if len(clauses.join(kept)) <= MOST_CHARACTERS or len(kept) == 1:
            break
        kept -= {clause.index for clause in clauses.all if index in clauses.closure({clause.index})}
        kept = kept or {index}
    text = cut_at_word(clauses.join(kept))
    status = Status.SHORTENED if found.status is Status.ORIGINAL else found.status
    measured = measure(search, text, search.queries.weighed)
    return Described(clauses, text, status, frozenset(kept), found.pins, found.restored, measured, found.effort, True)


_RANKS: Final[Mapping[Pin | None, int]] = {
    None: 0,
    Pin.SCRIPT: 1,
    Pin.SIBLING: 3,
    Pin.EXCLUSION: 4,
    Pin.KEPT: 5,
    Pin.CAPABILITY: 6,
}


def cut_at_word(text: str, most: int = MOST_CHARACTERS) -> str:
    """The beginning of a text, at most so many characters, without half a word where it has blanks."""
    if len(text) <= most:
        return text
    short = text[:most]
    return (_WORD_END.sub("", short) if " " in short and not text[most].isspace() else short).rstrip(" ,;:—–-")


def shorten_openings(text: str, accepts: Callable[[str], bool]) -> str:
    """The text with its openings said in fewer words ("Use this skill when": "Use when"), each where it is accepted."""
    for long, short in _openings():
        shorter = long.sub(partial(_opening, short), text)
        if shorter != text and accepts(shorter):
            text = shorter
    return text


def _opening(short: str, match: re.Match[str]) -> str:
    """The shorter opening; the one there is where another part of the sentence has the same subject."""
    rest = _SENTENCE.match(match.string, match.end())
    if short.endswith((" to", " for")) and rest and expression("goes_on").search(rest[0]):
        return match[0]
    return short


def shorten_wording(counter: TokenCounter) -> Rung:
    """A rung that leaves out fillers and marks, where that is proved to say the same and is accepted."""

    def rung(text: str, accepts: Callable[[str], bool]) -> str:
        block = Block(0, BlockKind.PARAGRAPH, text, "", 1)
        facts = block_facts(block)
        draft = Draft(block, facts, tuple(locked_spans(text, facts)), counter)
        shorter = apply_edits(text, all_edits(draft), _STRENGTH)
        return shorter if counter.count(shorter) < counter.count(text) and accepts(shorter) else text

    return rung


@lru_cache(maxsize=1)
def _openings() -> Sequence[tuple[re.Pattern[str], str]]:
    table: Mapping[str, str] = routing_words()["openings"]
    ranked = sorted(table.items(), key=lambda item: -len(item[0]))
    return [(re.compile(rf"(?:(?<=\A)|(?<=[.!?]\s)|(?<=\n)){long}(?!\w)"), short) for long, short in ranked]
