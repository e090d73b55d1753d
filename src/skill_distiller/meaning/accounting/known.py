"""What two texts say by value, and the second with what stands elsewhere: looked up again and again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from skill_distiller.meaning.accounting.places import Claim, Place, is_verbatim
from skill_distiller.meaning.token import Token, TokenKind

_QUOTATION: Final = re.compile(r'"[^"\n]+"|[“„][^“”\n]+[”“]|«[^»\n]+»|「[^」\n]+」')


class Known:
    """The words and facts of an old and a new text; `others` are left beside the new one and count with it."""

    def __init__(self, old: Sequence[Place], new: Sequence[Place], others: Sequence[Place]) -> None:
        self._old, self._new, self._others = old, new, others

    @cached_property
    def old_claims(self) -> list[Claim]:
        """The words of the old text where they stand."""
        return [c for place in self._old for c in place.claims if c.token.kind is TokenKind.WORD]

    @cached_property
    def old_values(self) -> frozenset[str]:
        """What the old text says, by value."""
        return frozenset().union(*(place.values for place in self._old))

    @cached_property
    def old_text(self) -> str:
        """The old text in one line."""
        return " ".join(" ".join(place.text for place in self._old).split())

    @cached_property
    def _other_text(self) -> str:
        return " ".join(" ".join(place.text for place in self._others).split())

    @cached_property
    def old_words(self) -> frozenset[str]:
        """The words of the old text in small letters, those within names too."""
        return frozenset(re.findall(r"\w+", " ".join(place.text for place in self._old).lower()))

    @cached_property
    def new_values(self) -> frozenset[str]:
        """What is left, by value."""
        return frozenset().union(*(place.values for place in (*self._new, *self._others)))

    @cached_property
    def new_facts(self) -> list[str]:
        """The facts that are left, by value."""
        places = (*self._new, *self._others)
        return [c.value for place in places for c in place.own if c.token.kind is TokenKind.FACT]

    def is_named(self, name: str) -> bool:
        """Whether the original has a name letter by letter: a field of a sample."""
        return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self.old_text) is not None

    def is_quoted(self, claim: Claim, place: Place) -> bool:
        """Whether a word stands in a quotation of what is said letter by letter, in a sample or elsewhere too."""
        quotes = _QUOTATION.finditer(place.text) if len(place.units) == 1 and claim.own else ()
        within = (q.group()[1:-1] for q in quotes if q.start() < claim.token.start < q.end())
        return any(" ".join(quote.split()) in text for quote in within for text in (self.old_text, self._other_text))

    def is_in_sample(self, token: Token) -> bool:
        """Whether code that a text named as an example stands in a sample that is left: "for example `(#12)`"."""
        shown = token.word.strip("`")
        return token.word.startswith("`") and any(is_verbatim(p) and shown in p.text for p in self._new)
