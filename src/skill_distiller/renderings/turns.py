"""Words that turn what is said around, as a negation does: stop, ignore, disable, invalid; and what comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from skill_distiller.analysis.clauses import Sentence, words_and_facts

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
_SAME: Final = {"stopp": "stop", "skipp": "skip", "deni": "deny"}
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
                yield f"{turn.word}… in: {' '.join(sentence.text.split())}"[:160]


def new_turns(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The words of a new text, cut to their stems, that the old one does not have."""
    known = frozenset(unit for sentence in before for unit in _units(sentence))
    for sentence in after:
        yield from (f"{unit}…" for unit in _units(sentence) if unit in _NEVER_NEW and unit not in known)


def swapped_steps(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[tuple[str, str]]:
    """What "a, then b" says and another text has the other way round; words that stand there once only."""
    if not any(_THEN.search(sentence.text) for sentence in before):
        return
    old, new = ([unit for sentence in found for unit in _units(sentence)] for found in (before, after))
    for sentence in before:
        match = _THEN.search(sentence.text)
        if match:
            parts = sentence.text[: match.start()], sentence.text[match.end() :]
            sides = [[u for u in words_and_facts(part) if old.count(u) == new.count(u) == 1] for part in parts]
            if all(sides) and new.index(sides[0][0]) > new.index(sides[1][0]):
                yield sides[0][0], sides[1][0]


def _units(sentence: Sentence) -> list[str]:
    return [_SAME.get(unit, unit) for unit in words_and_facts(sentence.text)]


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
