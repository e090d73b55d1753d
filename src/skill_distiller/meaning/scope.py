"""Which words modal and turning words govern, and what of it another text has otherwise."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations
from typing import Final, NamedTuple

from skill_distiller.language.modals import Sense
from skill_distiller.meaning.clauses import TIES, Governed, Sentence, quote, words_and_facts

# What may stand for a sense in the new text besides itself.
_SAME_SENSES: Final[Mapping[Sense, frozenset[Sense]]] = {
    Sense.AVOIDANCE: frozenset({Sense.NEGATION}),
    Sense.INSTEAD: frozenset({Sense.NEGATION}),
    Sense.AFTER: frozenset({Sense.CONDITION}),
}
# What of the original may have become a sense that is new in the text; all else was not said before.
_FROM: Final[Mapping[Sense, frozenset[Sense]]] = {
    Sense.NEGATION: frozenset({Sense.NEGATION, Sense.LACK, Sense.AVOIDANCE, Sense.INSTEAD, Sense.EXCEPTION}),
    Sense.LACK: frozenset({Sense.LACK, Sense.NEGATION, Sense.EXCEPTION}),
    Sense.ONLY: frozenset({Sense.ONLY}),
    Sense.EXCEPTION: frozenset({Sense.EXCEPTION, Sense.NEGATION, Sense.LACK}),
    Sense.CONDITION: frozenset(
        {Sense.CONDITION, Sense.EXCEPTION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.OTHERWISE}
    ),
    Sense.LEAVE: frozenset({Sense.LEAVE}),
}
_DIRECTED: Final = frozenset({Sense.BEFORE, Sense.AFTER, Sense.UNTIL})
_MAX_ALL_OF: Final = 2  # so few governed words must all be there
_MIN_PART: Final = 0.6  # of more


class _Modal(NamedTuple):
    """A modal word in its sentence, which is number `place` of the text."""

    governed: Governed
    sentence: Sentence
    place: int


def lost_modals(before: Sequence[Sentence], after: Sequence[Sentence]) -> list[str]:
    """The clauses of a text whose modal word another text no longer has with the same words under it.

    Each modal word of the new text answers for one of the old. For two it does where they had nothing in
    common and it governs all that both governed: "Do not push. Do not merge." is "Do not push or merge." A reason
    may go with its modal words: "because it is not safe", where the new text has none of it.
    """
    said = list(_modals(before))
    there = frozenset[str]().union(*(sentence.says for sentence in after))
    old = [modal for modal in said if modal.governed.signal.firm and not _is_reason_gone(modal, there)]
    # Words that stood there for something else.
    loose = {modal.governed.signal.text.lower() for modal in said if not modal.governed.signal.firm}
    new = [modal for modal in _modals(after) if modal.governed.signal.text.lower() not in loose]
    options = [[i for i, candidate in enumerate(new) if _answers(modal, candidate)] for modal in old]
    taken = _pair(options)
    owners: dict[int, list[_Modal]] = {}
    for place, i in taken.items():
        owners.setdefault(i, []).append(old[place])
    lost = []
    for place, modal in enumerate(old):
        if place in taken:
            continue
        shared = [i for i in options[place] if _covers(new[i], [modal, *owners.get(i, ())])]
        if shared:
            owners.setdefault(shared[0], []).append(modal)
        else:
            lost.append(_shown(modal))
    return lost


def new_modals(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The clauses of a new text that deny, restrict or allow what the old one did not."""
    old = list(_modals(before))
    for modal in _modals(after):
        sense = modal.governed.sense
        if not modal.governed.signal.firm or sense not in _FROM:
            continue
        if not any(item.governed.sense in _FROM[sense] and _akin(item, modal) for item in old):
            yield _shown(modal)


def swapped_clauses(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The clauses of one sentence that stand the other way round in another text: "`a` if red, `b` if blue"."""
    new = [modal.governed for modal in _modals(after)]
    for sentence in before:
        ties = [governed for governed in sentence.governed if governed.sense in TIES]
        for first, second in combinations(ties, 2):
            if first.sense is second.sense:
                places = [_holders(own, other, new) for own, other in ((first, second), (second, first))]
                if all(places) and min(places[0]) > max(places[1]):
                    yield quote(sentence.text)


def _holders(own: Governed, other: Governed, new: Sequence[Governed]) -> list[int]:
    """Where a word of the same sense governs something that only the first of two clauses has."""
    alone = own.says - other.says
    return [i for i, item in enumerate(new) if item.sense is own.sense and alone & item.says]


def _modals(found: Sequence[Sentence]) -> Iterator[_Modal]:
    return (_Modal(g, sentence, place) for place, sentence in enumerate(found) for g in sentence.governed)


def _answers(old: _Modal, new: _Modal) -> bool:
    """Whether a modal word of the new text may be the one of the old."""
    sense = old.governed.sense
    if new.governed.sense is not sense and new.governed.sense not in _SAME_SENSES.get(sense, ()):
        return False
    if _is_loud(old) and not _is_loud(new):
        return False
    own = old.governed
    here = new.sentence.stems | set(new.governed.stems)
    keys = set(new.sentence.keys)
    if not own.keys <= (new.governed.keys if sense in _DIRECTED else keys):
        return False
    kept = sum(stem in here for stem in own.head)
    least = len(own.head) if len(own.head) <= _MAX_ALL_OF else math.ceil(_MIN_PART * len(own.head))
    if kept < least or not _under(own, new.governed):
        return False
    return sense not in TIES or _still_tied(own, keys, here)


def _under(old: Governed, new: Governed) -> bool:
    """Whether the new word governs what the clause of the old one began with; for duty and leave, anything of it."""
    if old.sense in (Sense.DUTY, Sense.LEAVE) and (set(old.head) & set(new.stems) or old.keys & new.keys):
        return True
    return not (old.behind and new.behind and old.first) or old.first in new.says


def _still_tied(old: Governed, keys: set[str], here: set[str] | frozenset[str]) -> bool:
    """Whether what the clause is tied to stands in the same sentence: its facts, or one of its words."""
    if old.rest:
        return old.rest <= keys
    return not old.rest_stems or bool(old.rest_stems & here)


def _covers(new: _Modal, old: Sequence[_Modal]) -> bool:
    """Whether the new word governs all that several governed.

    They may not have shared words, unless one is the other again: "not … without" says less with one word.
    Half of what else their sentences say has to be there too.
    """
    there = new.sentence.says
    for modal in old:
        rest = modal.sentence.says - modal.governed.says
        if 2 * len(rest & there) < len(rest):
            return False
    parts = [(modal.place, set(modal.governed.head) | modal.governed.keys) for modal in old]
    here = new.governed.says
    return all(part and part <= here for _, part in parts) and all(
        a.isdisjoint(b) or (a == b and i != j) for (i, a), (j, b) in combinations(parts, 2)
    )


def _akin(old: _Modal, new: _Modal) -> bool:
    """Whether two modal words may be one: their sentences share a word or fact, or both govern light words alone."""
    shared = old.sentence.stems & new.sentence.stems or set(old.sentence.keys) & set(new.sentence.keys)
    return bool(shared) or not (old.governed.says or new.governed.says)


def _is_reason_gone(modal: _Modal, there: Set[str]) -> bool:
    own = modal.governed
    return own.reason and own.behind and bool(own.stems) and not own.keys and there.isdisjoint(own.stems)


def _is_loud(modal: _Modal) -> bool:
    """Whether the word is shouted: MUST, NEVER."""
    text = modal.governed.signal.text
    return len(text) > 1 and text.isupper() and text.lower() != text


def _pair(options: Sequence[Sequence[int]]) -> dict[int, int]:
    """As many old words as possible with a new one each (Kuhn 1955): place of the old to place of the new."""
    owner: dict[int, int] = {}

    def place(old: int, seen: set[int]) -> bool:
        for new in options[old]:
            if new not in seen:
                seen.add(new)
                if new not in owner or place(owner[new], seen):
                    owner[new] = old
                    return True
        return False

    for old in range(len(options)):
        place(old, set())
    return {old: new for new, old in owner.items()}


def _shown(modal: _Modal) -> str:
    return quote(f"{modal.governed.signal.text} … {modal.sentence.text}")


# By stem (see `clauses.stems`). These may neither go nor come.
_FIRM: Final = frozenset(
    "stop stopp skip skipp ignor disre disab rejec refus deny deni preve refra forge delet disal inval unsaf"
    " hardl seldo barel".split()
)
_NEVER_NEW: Final = frozenset({"fail", *_FIRM})
# Their opposites, and words with two sides, may go; what stands behind one must not be what stood behind another.
_LOOSE: Final = frozenset("enabl allow accep start keep true false incre decre valid safe inclu exclu".split())
_ORDERED: Final = frozenset("prefe treat".split())  # prefer a over b, treat a as b
_TURNS: Final = _FIRM | _LOOSE | _ORDERED
_SAME_TURNS: Final = {"stopp": "stop", "skipp": "skip", "deni": "deny"}
_THEN: Final = re.compile(r"\b(?:then|afterwards?|danach|ensuite|luego|depois|затем)\b|然后", re.IGNORECASE)


class _Turn(NamedTuple):
    """A word, and the words and facts before and behind it, up to the next such word."""

    word: str
    before: tuple[str, ...]
    behind: tuple[str, ...]


def lost_turns(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The sentences of a text with a word that another text lacks, or has about something else."""
    new = [turn for sentence in after for turn in _turns(sentence)]
    for sentence in before:
        for turn in _turns(sentence):
            others = [other for other in new if other.word == turn.word]
            if (not others and turn.word in _FIRM) or (others and not any(_agree(turn, other) for other in others)):
                yield quote(f"{turn.word}… in: {sentence.text}")


def new_turns(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The words of a new text, cut to their stems, that the old one does not have."""
    known = frozenset(unit for sentence in before for unit in _units(sentence))
    for sentence in after:
        yield from (f"{unit}…" for unit in _units(sentence) if unit in _NEVER_NEW and unit not in known)


def swapped_steps(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """What "a, then b" says and another text has the other way round; of words that stand there once only."""
    if not any(_THEN.search(sentence.text) for sentence in before):
        return
    old, new = ([unit for sentence in found for unit in _units(sentence)] for found in (before, after))
    for sentence in before:
        match = _THEN.search(sentence.text)
        if match:
            parts = sentence.text[: match.start()], sentence.text[match.end() :]
            sides = [[u for u in words_and_facts(part) if old.count(u) == new.count(u) == 1] for part in parts]
            if all(sides) and new.index(sides[0][0]) > new.index(sides[1][0]):
                yield f"{sides[0][0]} before {sides[1][0]}"


def _units(sentence: Sentence) -> list[str]:
    return [_SAME_TURNS.get(unit, unit) for unit in words_and_facts(sentence.text)]


def _turns(sentence: Sentence) -> Iterator[_Turn]:
    units = _units(sentence)
    places = [at for at, unit in enumerate(units) if unit in _TURNS]
    for number, at in enumerate(places):
        start = places[number - 1] + 1 if number else 0
        end = places[number + 1] if number + 1 < len(places) else len(units)
        yield _Turn(units[at], tuple(units[start:at]), tuple(units[at + 1 : end]))


def _agree(old: _Turn, new: _Turn) -> bool:
    """Whether two of the same word are about the same: something behind both, or around one with nothing behind it."""
    both = old.behind and new.behind
    first, second = (old.behind, new.behind) if both else (old.before + old.behind, new.before + new.behind)
    shared = [unit for unit in first if unit in second]
    if old.word in _ORDERED and shared:
        return second.index(shared[0]) == min(map(second.index, shared))
    return bool(shared) or not first or not second
