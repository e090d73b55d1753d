"""What the marks between words say by themselves: where a negation ends, and where a condition does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from skill_distiller.language.lexicon import Sense, is_imperative
from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.statements import BOUNDARY, CONDITIONS, same_places
from skill_distiller.meaning.token import TokenKind
from skill_distiller.meaning.verdicts import Edit, Verdict

# Of these marks say what they govern.
_PARTED: Final = frozenset(
    {Sense.NEGATION, Sense.DUTY, Sense.APPROVAL, Sense.AVOIDANCE, Sense.LACK, Sense.ONLY}
    | {Sense.CONDITION, Sense.EXCEPTION, Sense.UNTIL}
)


_WRAP: Final = re.compile(r"(?<!\n)[ \t]*\n[ \t]*(?!\n)")
_STRONG: Final = re.compile(r"""(?<![^\s("“])\*\*(?=[\w`"“(])([^*\n]+)(?<=[\w`"”).:;,!?%])\*\*(?![^\s.,:;!?)"”])""")
_CODE: Final = re.compile("`+[^`]*`+")


def shows_the_same(one: str, other: str) -> bool:
    """A quick look whether two texts differ only in where lines end and in what is strong; no code may differ."""
    one, other = (_WRAP.sub(" ", text) for text in (one, other))
    return one == other or (
        _STRONG.sub(r"\1", one) == _STRONG.sub(r"\1", other) and _CODE.findall(one) == _CODE.findall(other)
    )


class Marked:
    """A text as its tokens without the small ones, and the marks that part it behind each of them, "" for none."""

    def __init__(self, text: str, language: str) -> None:
        self.tokens = [token for token in read_tokens(text, language) if token.kind is not TokenKind.SMALL]
        found = (BOUNDARY.search(text, one.end, two.start) for one, two in pairwise(self.tokens))
        self.marks = [match.group() if match else "" for match in found]


def comma_behind_condition(old: Marked, new: Marked) -> int:
    """Behind which token a comma alone came or went that ends what begins a text ("After lunch, all ..."); else 0."""
    if [token.word for token in old.tokens] != [token.word for token in new.tokens]:
        return 0
    differ = [i for i, (one, other) in enumerate(zip(old.marks, new.marks, strict=True)) if one != other]
    if len(differ) != 1 or {old.marks[differ[0]], new.marks[differ[0]]} != {"", ","}:
        return 0
    begins = old.tokens[0].sense in CONDITIONS and not any((*old.marks[: differ[0]], *new.marks[: differ[0]]))
    return differ[0] if begins else 0


def parted_otherwise(before: Marked, after: Marked) -> Iterator[Edit]:
    """What commas and the like alone say of a negation or a condition: "A, not B" is not "A not, B"."""
    old, new = before.tokens, after.tokens
    if all(token.sense not in _PARTED for token in old):
        return
    places = same_places(old, new)
    same = len(places) == len(old) == len(new)
    negated = False  # in the part of the original that is looked at
    for (i, j), beside in pairwise(places):
        negated = negated or old[i].sense is Sense.NEGATION
        if beside != (i + 1, j + 1):
            negated = False
            continue
        if bool(before.marks[i]) is not bool(after.marks[j]):
            grown = before.marks[i] and negated and is_imperative(old[i + 1].word)  # "do not wait: deploy"
            turns = old[i].sense is Sense.NEGATION or (old[i].sense is Sense.ONLY and new[j].language in ("", "en"))
            if turns or grown:
                yield Edit(Verdict.CHANGED, (old[i],), (new[j],), "punctuation")
            elif same and old[i + 1].sense not in (Sense.AND, Sense.OR):
                yield Edit(Verdict.REWORDED, (old[i],), (new[j],), "punctuation")
        negated = negated and not before.marks[i]
