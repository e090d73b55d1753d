"""A description as clauses: slices of its text that can be left out, and what is left joined again in its own words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, NamedTuple

from skill_distiller.language.words import ABBREVIATIONS, CJK
from skill_distiller.rewriting.one_liner.line_text import is_order, words
from skill_distiller.skill.links import MARKED

_UNSPACED: Final = re.compile(rf"[{CJK}]")
_BRACKETS: Final = re.compile(r"\([^()\n]{1,600}\)|\[[^\[\]\n]{1,600}\]|（[^（）\n]{1,600}）")
# The end of a sentence: before what may begin one, at a full stop of scripts without blanks, and at the end of a line.
_SENTENCE_END: Final = re.compile(
    r"""[.!?]+["”')\]*]*\s+(?=[A-Z\d"“`'(\[*\x01]|[^\x00-\x7f])|[。！？][”」』）]*\s*|[；;]\s*|(?<!\s)\s*[\r\n]\s*"""
)
_ABBREVIATED: Final = re.compile(rf"(?:\b(?:{ABBREVIATIONS})|\b[A-Za-z])\Z", re.IGNORECASE)
_DASH: Final = re.compile(r"(?<!\s)\s+(?:[—–]|-{1,2})\s+|(?<=\w)—(?=\w)")
_COMMA: Final = re.compile(r",\s+|、|，\s*|(?<!\s)\s+[/|]\s+")
_STOPS: Final = ".!?。！？;；,，、—–-"  # besides white space, what a sentence ends with
_JOINTS: Final = ",;:，、；：—–-"  # besides white space, what nothing may end with
_BETWEEN: Final = " \t\r\n.,;:!?，、。；：！？—–-|/"
_SHOWN_MARK: Final = "\x01"  # in place of a character of what is marked: nothing is looked for inside
_MOST_CLAUSES: Final = 60  # delta debugging may take n² + 3n calls; what a longer text ends with is one clause

_GERUND: Final = re.compile(r"[A-Za-z-]+ing\b")
_ONE_WORD: Final = re.compile(r"[A-Za-z-]+")

Span = tuple[int, int]


@lru_cache(maxsize=1)
def routing_words() -> Mapping[str, Any]:
    """The lists of `language/data/routing.toml` as they are written."""
    data = files("skill_distiller.language").joinpath("data/routing.toml")
    return tomllib.loads(data.read_text(encoding="utf-8"))


@lru_cache(maxsize=16)
def expression(name: str) -> re.Pattern[str]:
    """A list of fragments as one expression that finds any of them as whole words, whatever the case."""
    own = routing_words()[name]
    bare = [text for text in own if _UNSPACED.search(text)]
    whole = [text for text in own if text not in bare]
    parts = [rf"(?<!\w)(?:{'|'.join(whole)})(?!\w)"] * bool(whole) + bare
    return re.compile("|".join(parts), re.IGNORECASE)


class Sentence(NamedTuple):
    """A part of a description that is left out as a whole, or loses items of its list; joined, the spans are the part.

    `head` stands by itself (None where the part begins with its cue) and the members need it; `lead` is
    what stands before the first member; `tail` is what follows the last, white space included. What is
    `behind_dash` needs the part before it.
    """

    head: Span | None
    lead: Span
    members: tuple[Span, ...]
    tail: Span
    behind_dash: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A slice `start:end` of a description; `needs` is the clause that it can't stand without, by index."""

    index: int
    start: int
    end: int
    sentence: int
    needs: int | None


@dataclass(frozen=True)
class Clauses:
    """A description with its clauses, in order; `join` of all of them is the description."""

    text: str
    sentences: tuple[Sentence, ...]

    @cached_property
    def all(self) -> tuple[Clause, ...]:
        """The clauses: the head of each sentence that has one, then its members."""
        found: list[Clause] = []
        first = None
        for place, sentence in enumerate(self.sentences):
            needs = first if sentence.behind_dash else None
            first = len(found)
            if sentence.head:
                found.append(Clause(first, *sentence.head, place, needs))
                needs = first
            for number, span in enumerate(sentence.members):
                speaks_back = number and expression("speaks_back").search(self.text, *span)
                found.append(Clause(len(found), *span, place, len(found) - 1 if speaks_back else needs))
        return tuple(found)

    def text_of(self, clause: Clause) -> str:
        """The slice."""
        return self.text[clause.start : clause.end]

    def closure(self, kept: Collection[int]) -> frozenset[int]:
        """The clauses with those that they can't stand without."""
        closed = set(kept)
        for clause in reversed(self.all):  # what a clause needs stands before it
            if clause.index in closed and clause.needs is not None:
                closed.add(clause.needs)
        return frozenset(closed)

    def join(self, kept: Collection[int]) -> str:
        """The text of some clauses and of those they need, in characters of the description and its own separators."""
        closed = self.closure(kept)
        if len(closed) == len(self.all):
            return self.text
        pieces = [self._sentence(place, closed) for place in range(len(self.sentences))]
        return _stripped("".join(pieces), _JOINTS)

    def _sentence(self, place: int, kept: Collection[int]) -> str:
        sentence = self.sentences[place]
        own = [(c.start, c.end) for c in self.all if c.sentence == place and c.index in kept]
        if not own:
            return ""
        text, members = self.text, list(own)
        joined, tail = "", self._tail(place, kept)
        if sentence.head:
            joined = text[slice(*members.pop(0))]
        listed = [*sentence.members]
        if self._head_is_item(sentence) and sentence.head:
            listed.insert(0, sentence.head)
        elif members:
            joined += text[slice(*sentence.lead)]
        before = {later[0]: (earlier[1], later[0]) for earlier, later in pairwise(listed)}
        kept_items = len(own) - (len(listed) == len(sentence.members) and sentence.head is not None)
        for number, (start, end) in enumerate(members):
            if start in before and joined and (number or listed[0] == sentence.head):
                joined += self._separator(before, listed, start, last=number == len(members) - 1, two=kept_items == 2)
            joined += text[start:end]
        return joined + tail

    def _tail(self, place: int, kept: Collection[int]) -> str:
        """What ends a part: where all behind its dash is left out, what ends the last of it."""
        last = place
        while last + 1 < len(self.sentences) and self.sentences[last + 1].behind_dash:
            last += 1
        stays = any(place < clause.sentence <= last and clause.index in kept for clause in self.all)
        return self.text[slice(*self.sentences[place if stays else last].tail)]

    def _separator(
        self, before: Mapping[int, Span], listed: Sequence[Span], start: int, *, last: bool, two: bool
    ) -> str:
        """What stands before an item that stays; the last one gets the conjunction of the list back."""
        closing = self.text[slice(*before[listed[-1][0]])]
        if not last or not _conjunction().search(closing):
            return self.text[slice(*before[start])]
        without_comma = closing.lstrip(",，、")  # "a, b, or c" is "a or c" with two
        return without_comma if two and without_comma.strip() else closing

    def _head_is_item(self, sentence: Sentence) -> bool:
        return sentence.head is not None and bool(_separators().fullmatch(self.text[slice(*sentence.lead)]))


def _stripped(text: str, marks: str) -> str:
    """The text without the white space and marks that it ends with."""
    shorter = text.rstrip().rstrip(marks)
    while shorter != text:
        text, shorter = shorter, shorter.rstrip().rstrip(marks)
    return text


@lru_cache(maxsize=1)
def _conjunction() -> re.Pattern[str]:
    lists = routing_words()
    whole = "|".join(lists["conjunctions"])
    bare = "|".join(lists["unspaced_conjunctions"])
    return re.compile(rf"(?:(?:{whole})(?!\w)|{bare})", re.IGNORECASE)


@lru_cache(maxsize=1)
def _separators() -> re.Pattern[str]:
    """A comma with the conjunction behind it, or a conjunction that opens another condition."""
    joint = _conjunction().pattern
    return re.compile(
        rf"(?:{_COMMA.pattern})(?:{joint}\s*)?|(?<!\s)\s+{expression('opens_another').pattern}\s+", re.IGNORECASE
    )


def split_clauses(description: str) -> Clauses:
    """The clauses of a description. Never fails; a text that can't be taken apart is one clause.

    What is quoted, in brackets or in code is never cut, and neither is what an exclusion reaches over.
    """
    masked = _masked(description)
    sentences: list[Sentence] = []
    parts = list(_parts(masked, description))
    room = _MOST_CLAUSES
    for number, (start, end, behind_dash) in enumerate(parts):
        if room <= 1 and number < len(parts) - 1:
            sentences.append(_whole(description, start, parts[-1][1]))
            break
        found = _sentence(masked, description, start, end, room)
        room -= len(found.members) + (found.head is not None)
        sentences.append(found._replace(behind_dash=behind_dash))
    return Clauses(description, tuple(sentences))


def _masked(text: str) -> str:
    """The text at its length with what is quoted, in code or in brackets blotted out, but for the marks around it."""
    for expression_ in (MARKED, _BRACKETS):
        text = expression_.sub(
            lambda m: m[0][0] + _SHOWN_MARK * (len(m[0]) - 2) + m[0][-1] if len(m[0]) > 1 else m[0], text
        )
    return text


def _parts(masked: str, text: str) -> Iterator[tuple[int, int, bool]]:
    """The sentences cut at dashes, those with an exclusion only before it; whether a part is behind such a cut."""
    start = 0
    ends = [
        m.end()
        for m in _SENTENCE_END.finditer(masked)
        if not _ABBREVIATED.search(masked[max(0, m.start() - 8) : m.start()])
    ]
    for end in dict.fromkeys((*ends, len(text))):
        if end > start:
            yield from _dashed(masked, start, end)
            start = end


def _dashed(masked: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    limit = _first_limit(masked, start, end)
    cuts = [match.end() for match in _DASH.finditer(masked, start, end) if match.end() < end]
    if limit is not None:
        commas = [m.end() for m in _separators().finditer(masked, start, limit)]
        before = [cut for cut in cuts if cut <= limit]
        # What an exclusion reaches over is not known: it keeps all that follows it in its sentence.
        cuts = sorted({*before, max([*before, *commas], default=start)})
    for first, last in pairwise((start, *(cut for cut in cuts if start < cut < end), end)):
        yield first, last, first > start


def _first_limit(masked: str, start: int, end: int) -> int | None:
    """Where the first exclusion or redirect of a part begins, None where there is none."""
    part = masked[start:end]
    found = [m.start() for name in ("excludes", "redirects", "redirects_whole") if (m := words(name).search(part))]
    return start + min(found) if found else None


def _whole(text: str, start: int, end: int) -> Sentence:
    part = text[start:end]
    body = start + max(1, len(_stripped(part, _STOPS)))
    return Sentence((start, body), (body, body), (), (body, end))


def _sentence(masked: str, text: str, start: int, end: int, room: int) -> Sentence:
    """A part as head, list and tail; one with an exclusion or "whether", or without a list, is its head alone."""
    plain = _whole(text, start, end)
    body = plain.tail[0]
    if _first_limit(masked, start, end) is not None or expression("correlatives").search(masked, start, end):
        return plain
    cue = _last_cue(masked, start, body)
    first = _skip_blank(text, cue.end(), body) if cue else start
    if cue and expression("limits").search(masked, start, first):
        return plain
    head_end = start + len(_stripped(text[start : cue.start()], _JOINTS)) if cue else start
    spans = list(_items(masked, first, body, _cuts(masked, first, body), room))
    fewest = 3 if cue is None else 2 if head_end == start else 1  # items that make a list
    if len(spans) < fewest or any(a >= b for a, b in spans):
        return plain
    if cue and not _is_parallel(text, cue, spans):
        spans[0], cue = (start, spans[0][1]), None
    if cue is None and (len(spans) == 1 or _ONE_WORD.fullmatch(masked, *spans[0])):  # "Find, fix and report faults"
        return plain
    if cue is None:
        return Sentence(spans[0], (spans[0][1], spans[1][0]), tuple(spans[1:]), plain.tail)
    return Sentence((start, head_end) if head_end > start else None, (head_end, first), tuple(spans), plain.tail)


def _is_parallel(text: str, cue: re.Match[str], spans: Sequence[Span]) -> bool:
    """Whether each item of a list can stand right behind the cue, as the first does; a single one can."""
    if len(spans) == 1:
        return True
    first, second = (text[slice(*span)] for span in spans[:2])
    users = expression("users")
    if users.match(first):
        return bool(users.match(second))
    predicates = expression("predicates")
    if bool(predicates.search(first)) > bool(predicates.search(second)):
        return False
    if predicates.match(second) and not predicates.match(first):  # "when a user asks why, mentions a fault, or …"
        return False
    if _GERUND.match(first) or cue[0].lower().endswith(" to"):
        return bool(_GERUND.match(second)) == bool(_GERUND.match(first)) and (
            _GERUND.match(first) is not None or is_order(second)
        )
    return True


def _last_cue(masked: str, start: int, body: int) -> re.Match[str] | None:
    """The last cue before the first separator."""
    comma = _separators().search(masked, start, body)
    limit = comma.start() if comma else body
    found = [
        cue for cue in expression("cues").finditer(masked, start, body) if cue.start() <= limit and cue.end() < body
    ]
    return found[-1] if found else None


def _skip_blank(text: str, at: int, end: int) -> int:
    while at < end and (text[at].isspace() or text[at] in ":："):
        at += 1
    return at


def _cuts(masked: str, start: int, end: int) -> list[Span]:
    """The separators of the list in a part; an "or" or "and" without a comma counts behind the last comma."""
    cuts = [match.span() for match in _separators().finditer(masked, start, end)]
    if cuts and not _conjunction().search(masked[slice(*cuts[-1])]):
        joint = list(re.finditer(rf"(?<!\s)\s+{_conjunction().pattern}\s+", masked[cuts[-1][1] : end], re.IGNORECASE))
        if len(joint) == 1:
            cuts.append((cuts[-1][1] + joint[0].start(), cuts[-1][1] + joint[0].end()))
    return cuts


def _items(masked: str, start: int, end: int, cuts: list[Span], room: int) -> Iterator[Span]:
    """The items of a list; from one that limits or negates on, the rest is one item, for it may reach over them."""
    at = start
    count = 1
    for cut, following in cuts:
        if expression("limits").search(masked, at, cut) or count >= room:
            break
        yield at, cut
        at, count = following, count + 1
        if _conjunction().search(masked[cut:following]):  # the last item; what else is listed there is its own
            break
    yield at, end


def clauses_from_texts(description: str, texts: Sequence[str]) -> Clauses | None:
    """The clauses that somebody else made of a description, each a sentence of its own.

    None unless each text stands in it, in order and without overlap, and nothing but separators stands between.
    """
    spans: list[Span] = []
    at = 0
    for text in texts:
        start = description.find(text, at) if text.strip() else -1
        between = description[at : max(start, at)]
        if start < 0 or (not spans and start > 0) or _conjunction().sub("", between).strip(_BETWEEN):
            return None
        spans.append((start, start + len(text)))
        at = start + len(text)
    if not spans or len(spans) > _MOST_CLAUSES or description[at:].strip(_BETWEEN):
        return None
    ends = [*(start for start, _ in spans[1:]), len(description)]
    whole = (Sentence(span, (span[1], span[1]), (), (span[1], end)) for span, end in zip(spans, ends, strict=True))
    return Clauses(description, tuple(whole))
