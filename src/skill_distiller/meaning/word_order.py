"""Words that stand in another place than before: whether the order of what is said is another for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skill_distiller.language.lexicon import (
    Sense,
    is_at_all_times,
    is_imperative,
    is_infinitive,
    is_linking,
    is_mobile,
    is_passive,
)
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.verdicts import TURNING

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
