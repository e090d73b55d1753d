"""A description as clauses: slices of its text that can be left out, and what is left joined again in its own words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.routing.expressions import conjunction, expression, separators

_JOINTS: Final = ",;:，、；：—–-"  # besides white space, what nothing may end with
_INNER_COMMA: Final = re.compile(r"""[,.](["'”’])\Z""")
_OPENS_CONDITION: Final = re.compile(r"\s+(?:when|if)(?=\s)", re.IGNORECASE)
_CONDITION: Final = re.compile(r"\b(?:when(?:ever)?|if)\s*\Z", re.IGNORECASE)

Span = tuple[int, int]


class Sentence(NamedTuple):
    """A part of a description that is left out as a whole, or loses items of its list; joined, the spans are the part.

    `head` stands by itself (None where the part begins with its cue) and the members need it; `lead` is
    what stands before the first member; `tail` is what follows the last, white space included. What
    `goes_on` behind a dash or a semicolon needs the part that its sentence begins with.
    """

    head: Span | None
    lead: Span
    members: tuple[Span, ...]
    tail: Span
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A slice `start:end` of a description; `needs` is the clause that it can't stand without, by index.

    An `aside` is a slice inside of the clause that it needs, with the blank before it.
    """

    index: int
    start: int
    end: int
    sentence: int
    needs: int | None
    aside: bool = False


@dataclass(frozen=True)
class Clauses:
    """A description with its clauses, in order; `join` of all of them is the description."""

    text: str
    sentences: tuple[Sentence, ...]
    asides: tuple[Span, ...] = ()

    @cached_property
    def all(self) -> tuple[Clause, ...]:
        """The clauses: the head of each sentence that has one, then its members; behind each its asides."""
        found: list[Clause] = []
        first, last = 0, None
        for place, sentence in enumerate(self.sentences):
            needs = (last if self._is_dash(place) else first) if sentence.goes_on else None
            first = first if sentence.goes_on else len(found)
            if sentence.head:
                own = Clause(len(found), *sentence.head, place, needs)
                found += self._with_asides(own)
                needs = own.index
            before = needs
            for number, span in enumerate(sentence.members):
                own = Clause(len(found), *span, place, before if number and self._leans(sentence, number) else needs)
                found += self._with_asides(own)
                before = own.index
                if expression("conditions").match(self.text, *span):  # what follows in the list goes on with it
                    needs = own.index
            last = before if sentence.members else needs
        return tuple(found)

    def _is_dash(self, place: int) -> bool:
        """Whether a part stands behind a dash, so that it speaks of what stands last before it."""
        return bool(place) and self.text[slice(*self.sentences[place - 1].tail)].strip() not in {";", "；"}

    def _leans(self, sentence: Sentence, number: int) -> bool:
        """Whether an item of a list says nothing without the one before it, or can't stand behind the cue."""
        (_, earlier), (start, end) = sentence.members[number - 1], sentence.members[number]
        leans = expression("leans_back").match(self.text, start) or expression("conditions").match(self.text, start)
        if leans or expression("speaks_back").search(self.text, start, end):
            return True
        cue = self.text[slice(*sentence.lead)]
        return bool(_OPENS_CONDITION.search(self.text[earlier:start])) and not _CONDITION.search(cue)

    def _with_asides(self, clause: Clause) -> Iterator[Clause]:
        """A clause, and the slices inside of it, each needing the smallest that it stands in."""
        yield clause
        own = [span for span in self.asides if clause.start < span[0] and span[1] <= clause.end]
        around = [clause]
        for index, (start, end) in enumerate(own, clause.index + 1):
            around = [one for one in around if end <= one.end]
            around.append(Clause(index, start, end, clause.sentence, around[-1].index, aside=True))
            yield around[-1]

    def text_of(self, clause: Clause) -> str:
        """The slice, without the asides in it."""
        return self._without_asides((clause.start, clause.end), ())

    def _without_asides(self, span: Span, kept: Collection[int]) -> str:
        """A slice without those asides in it that are not kept."""
        at, end = span
        shown = []
        for clause in self.all if self.asides else ():
            gone = clause.aside and clause.index not in kept and (clause.start, clause.end) != span
            if gone and at <= clause.start and clause.end <= end:
                shown.append(self.text[at : clause.start])
                at = clause.end
        return "".join((*shown, self.text[at:end]))

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
        return stripped("".join(pieces), _JOINTS)

    def _sentence(self, place: int, kept: Collection[int]) -> str:
        sentence = self.sentences[place]
        own = [(c.start, c.end) for c in self.all if c.sentence == place and c.index in kept and not c.aside]
        if not own:
            return ""
        text, members = self.text, list(own)
        joined, tail = "", self._tail(place, kept)
        if sentence.head:
            joined = self._without_asides(members.pop(0), kept)
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
            joined += self._without_asides((start, end), kept)
        if len(own) < len(listed):
            joined = _INNER_COMMA.sub(r"\1", joined)
        return joined + (tail[1:] if tail[:1] == "." and joined[-2:-1] in {".", "!", "?"} else tail)

    def _tail(self, place: int, kept: Collection[int]) -> str:
        """What ends a part: where all behind its dash or semicolon is left out, what ends the last of it."""
        last = place
        while last + 1 < len(self.sentences) and (self.sentences[last + 1].goes_on or self._half(last)):
            last += 1
        stays = any(place < clause.sentence <= last and clause.index in kept for clause in self.all)
        return self.text[slice(*self.sentences[place if stays else last].tail)]

    def _half(self, place: int) -> bool:
        return self.text[self.sentences[place].tail[0]] in ";；"

    def _separator(
        self, before: Mapping[int, Span], listed: Sequence[Span], start: int, *, last: bool, two: bool
    ) -> str:
        """What stands before an item that stays; the last one gets the conjunction of the list back."""
        closing = _OPENS_CONDITION.sub("", self.text[slice(*before[listed[-1][0]])])
        if not last or not conjunction().search(closing) or start == listed[-1][0]:
            own = self.text[slice(*before[start])]
            return own.lstrip(",，、") if two and conjunction().match(own.lstrip(",，、 ")) else own
        without_comma = closing.lstrip(",，、")  # "a, b, or c" is "a or c" with two
        return without_comma if two and without_comma.strip() else closing

    def _head_is_item(self, sentence: Sentence) -> bool:
        mark = separators().match(self.text, sentence.lead[0])  # it looks at what stands around it
        return sentence.head is not None and mark is not None and mark.end() == sentence.lead[1]


def stripped(text: str, marks: str) -> str:
    """The text without the white space and marks that it ends with."""
    shorter = text.rstrip().rstrip(marks)
    while shorter != text:
        text, shorter = shorter, shorter.rstrip().rstrip(marks)
    return text
