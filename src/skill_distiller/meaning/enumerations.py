"""Items that an enumeration lost: "keys, cards or tokens" that became "keys or cards" covers less than it did."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from skill_distiller.language.lexicon import Sense, is_implied
from skill_distiller.meaning.statements import COORDINATORS
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.verdicts import Edit, Verdict

_CONTENT: Final = frozenset({TokenKind.FACT, TokenKind.WORD})
_LISTING: Final = re.compile(r"\s*[*_`\"”]*[,，、]")
_BREAK: Final = re.compile(r"[.;:()；：（）。—\n]")
_LEAST: Final = 3  # items of an enumeration by "and": of two that say nearly the same one often goes


@dataclass(slots=True)
class _Item:
    """What stands between two separators of an enumeration; `before` is the coordinator that parts it, if any does."""

    before: Sense | None
    tokens: list[Token] = field(default_factory=list)


def lost_items(text: str, old: Sequence[Token], new: Sequence[Token]) -> Iterator[Edit]:
    """The items that went out of the enumerations of a text, whose tokens are `old`, as changes of what it covers.

    Nothing where the new text has other words: what is said otherwise is compared word by word.
    """
    if all(token.sense not in COORDINATORS for token in old):
        return
    gone, come = _surplus(old, new), _surplus(new, old)
    if any(token.kind in _CONTENT for token in new if token.value in come):
        return
    lost = {token.value for token in old if token.kind in _CONTENT and token.value in gone}
    senses = {token.sense for token in old if token.sense in COORDINATORS and token.value in gone}
    for items in _enumerations(text, old) if lost else ():
        for number, item in enumerate(items):
            following = items[number + 1].before if number + 1 < len(items) else None
            alternative = Sense.OR in senses and Sense.OR in (item.before, following)
            run = _lost_of(item, lost, first=not number, last=number + 1 == len(items), anyhow=alternative)
            if run and (alternative or len(items) >= _LEAST) and not all(is_implied(token.word) for token in run):
                yield Edit(Verdict.CHANGED, tuple(run), (), "enumeration")


def _surplus(side: Sequence[Token], other: Sequence[Token]) -> Collection[str]:
    """The values that one side has more often than the other."""
    return (Counter(token.value for token in side) - Counter(token.value for token in other)).keys()


def _enumerations(text: str, tokens: Sequence[Token]) -> Iterator[list[_Item]]:
    """The runs of items parted by commas, "and" and "or"; a run has at least one of those words."""
    items = [_Item(None, [])]
    for one, following in pairwise([*tokens, None]):
        assert one is not None
        if one.sense in COORDINATORS:
            if items[-1].tokens:
                items.append(_Item(one.sense))
            items[-1].before = one.sense
        else:
            items[-1].tokens.append(one)
        between = text[one.end : following.start] if following else "."
        if _BREAK.search(between):
            if any(item.before for item in items):
                yield items
            items = [_Item(None)]
        elif _LISTING.match(between) and items[-1].tokens:
            items.append(_Item(None))


def _lost_of(item: _Item, lost: Collection[str], *, first: bool, last: bool, anyhow: bool) -> list[Token]:
    """The lost words of an item that were the item, or its side of what is shared; not a word of many in it.

    "In the response" is shared by all items of "keys, cards or tokens in the response", "any" by those of "any keys or
    cards". With `anyhow` a shared word may be one that says something: "export" in "import or export files".
    """
    content = [token for token in item.tokens if token.kind in _CONTENT]
    if content and all(token.value in lost for token in content):
        return content
    tokens = item.tokens
    sides = ([] if first else [tokens]) + ([] if last else [tokens[::-1]])
    for side in sides:
        end = next((i for i, token in enumerate(side) if token.kind in _CONTENT and token.value not in lost), len(side))
        head = [token for token in side[:end] if token.kind in _CONTENT]
        parted = any(token.kind not in _CONTENT for token in side[len(head) : end + 1])
        if head and side[: len(head)] == head and (parted or anyhow):
            return head
    return []
