"""Among which words, and in which order, the facts of a text stand; and what of it another text has otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import pairwise
from typing import Final

from skill_distiller.language.facts import FactKind, fact_keys, find_facts
from skill_distiller.meaning.clauses import Sentence, quote, stems

TRACE: Final = 0.34  # of the words of a sentence: so much of it at least is still there
_MIN_MOVED: Final = 0.66  # of the words of another sentence: that is where a fact has gone
_MAX_ITEMS: Final = 60


def find_strays(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """The facts that now stand among other words than before."""
    if len(before) == len(after) == 1 and not after[0].stems:
        return  # one sentence, of which the facts are left: there is no other place
    for key in dict.fromkeys(key for sentence in before for key in sentence.keys):
        homes = [sentence for sentence in before if key in sentence.keys]
        now = [sentence for sentence in after if key in sentence.keys]
        company = [home.says - {key} for home in homes]
        if now and all(company) and not any(_at_home(key, s, company, before) for s in now):
            yield key


def _at_home(key: str, now: Sentence, company: Sequence[Set[str]], before: Sequence[Sentence]) -> bool:
    """Whether a sentence that holds a fact is one of those where it stood, and not another one of the original."""
    words = now.says
    best = max(len(own & words) / len(own) for own in company)
    others = [s.says for s in before if key not in s.keys]
    moved = best < TRACE and any(len(other & words) > _MIN_MOVED * len(other) for other in others)
    return best > 0 and not moved


def turned_around(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    """Pairs of facts that stood in one sentence and now stand the other way round: "a before b"."""
    places = _places(after)
    counts = _places(before)
    for sentence in before:
        own = [key for key in sentence.keys if len(places.get(key, ())) == len(counts[key]) == 1]
        for first, second in pairwise(own):
            if places[first][0] > places[second][0]:
                yield f"{first} before {second}"


def _places(found: Sequence[Sentence]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, key in enumerate(key for sentence in found for key in sentence.keys):
        places.setdefault(key, []).append(place)
    return places


def moved_items(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The items that no longer say what stood there: another item is nearer, or a fact has gone to another."""
    old, new = [_said(text) for text in before], [_said(text) for text in after]
    for i, (own, now) in enumerate(zip(old, new, strict=True)):
        kept = len(own & now)
        nearer = any(len(other & now) > kept and other != own for other in old[:_MAX_ITEMS])
        facts = fact_keys(fact for fact in find_facts(before[i]) if fact.kind is not FactKind.MODAL)
        lost = not kept or nearer or not facts <= fact_keys(find_facts(after[i]))
        if lost if own else before[i] != after[i]:
            yield f"what item {i + 1} says: {quote(before[i])}"


def _said(text: str) -> set[str]:
    """The words and facts of an item."""
    return set(stems(text)) | fact_keys(fact for fact in find_facts(text) if fact.kind is not FactKind.MODAL)
