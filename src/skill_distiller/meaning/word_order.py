"""Words that stand in another place than before: whether the order of what is said is another for it.

And items that an enumeration lost: "keys, cards or tokens" that became "keys or cards" covers less than it did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from skill_distiller.language.lexicon import (
    Sense,
    is_at_all_times,
    is_imperative,
    is_implied,
    is_infinitive,
    is_linking,
    is_mobile,
    is_passive,
)
from skill_distiller.meaning.statements import COORDINATORS
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.verdicts import TURNING, Edit, Verdict

Pair = tuple[Token, Token]


@dataclass
class Gap:
    """What stands between two places that are the same: tokens of the original, and of the new text."""

    before: list[Token]
    after: list[Token]
    binding: bool  # whether it stands in a condition, or beside a word that forbids or asks
    approval: bool = False
    main: bool = False
    label: bool = False
    asked: bool = False  # whether the new text asks where the original told: "you must run it", "run it"
    told: bool = False  # whether the original asks


def is_turned(gaps: Sequence[Gap], kept: Sequence[Pair]) -> bool:
    """Whether a verb came into the passive or out of it: "sign the tag", "the tag is signed"."""
    before, after = [t for gap in gaps for t in gap.before], [t for gap in gaps for t in gap.after]
    changed = sum(is_passive(t.word) for t in before) != sum(is_passive(t.word) for t in after)
    moved = {t.value for t in before} & {t.value for t in after}
    old = {t.word for t in before if t.value in moved} | {t.word for t, _ in kept}
    new = {t.word for t in after if t.value in moved} | {t.word for _, t in kept}
    return changed and old != new


def _crossed(pair: Pair, kept: Sequence[Pair]) -> list[Token]:
    """What stayed of a word that moved is now on its other side."""
    return [old for old, new in kept if (pair[0].start < old.start) is not (pair[1].start < new.start)]


def crosses_negation(pair: Pair, kept: Sequence[Pair]) -> bool:
    """Whether a negation only stands on the other side of one word: "names no place", "does not name a place"."""
    crossed = _crossed(pair, kept)
    tokens = (pair[0], *crossed)
    negations = [token for token in tokens if token.sense is Sense.NEGATION]
    return len(crossed) == len(negations) == 1 and any(token.kind is TokenKind.WORD for token in tokens)


def keeps_order(pair: Pair, gaps: Sequence[Gap], kept: Sequence[Pair]) -> bool:
    """Whether a word still stands before and behind all that it did, but for what may stand anywhere.

    `gaps` are where it went and where it came, `kept` the words that are the same.
    """
    one, other = pair
    if is_mobile(one.word) or is_mobile(other.word) or one.sense is Sense.THEN or crosses_negation(pair, kept):
        return True
    crossed = _crossed(pair, kept)
    if is_at_all_times(one.word) and is_at_all_times(other.word):
        return all(old.sense not in TURNING | {Sense.ONLY} for old in crossed)
    crossed = [old for old in crossed if not is_at_all_times(old.word)]
    linked = any(is_linking(token.word) for gap in gaps for token in (*gap.before, *gap.after))
    if linked and all(old.kind is TokenKind.WORD for old in (one, *crossed)):
        return True  # "log file of the server", "server log file"
    if is_imperative(one.word) and is_infinitive(other.word, other.language):  # "Prüfe das Log", "Das Log prüfen"
        return not any(old.sense or is_imperative(old.word) for old in crossed)
    listed = any(token.sense in (Sense.AND, Sense.OR) for token in (one, *gaps[0].before))
    fixed = any(
        token.kind is TokenKind.FACT or token.sense is Sense.THEN or is_imperative(token.word)
        for token in (one, *gaps[0].before, *crossed)
    )
    if listed and not fixed:  # "short and polite"
        return True
    return all(is_mobile(old.word) or old.sense is Sense.THEN for old in crossed)


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
