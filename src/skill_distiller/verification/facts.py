"""Every fact of the original stands in the candidate; modal words have a check of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from skill_distiller.analysis import FactKind
from skill_distiller.verification.hidden import find_hidden
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, Place, places
from skill_distiller.verification.steps import find_moved_steps


def check_facts(pair: Pair) -> Check:
    """Fails where a command, path, number, link or other fact was lost, a step moved, or something is hidden.

    A new fact is a warning.
    """
    lost = _missing(places(pair.original_alone), pair.candidate_keys)
    # Against the blocks that were rewritten first: mostly that is all.
    new = list(_missing(places(pair.candidate_alone), {place.fact.key for place in places(pair.original_alone)}))
    new = [place for place in new if place.fact.key not in pair.original_keys]
    found = (*(_lost(place, pair) for place in lost), *map(_new, new))
    return Check("facts", (*found, *find_moved_steps(pair), *find_hidden(pair)))


def _missing(found: Iterable[Place], keys: Collection[str]) -> Iterator[Place]:
    """The first place of each fact whose key is not among some keys."""
    seen = set[str]()
    for place in found:
        fact = place.fact
        if fact.key not in keys and fact.key not in seen and fact.kind is not FactKind.MODAL:
            seen.add(fact.key)
            yield place


def _lost(place: Place, pair: Pair) -> Finding:
    level = Level.DECLARED if place.fact.key in pair.declared.facts else Level.FAILURE
    return Finding(FindingKind.LOST, level, place.fact.text, place.line, place.fact.kind.value)


def _new(place: Place) -> Finding:
    kind = place.fact.kind.value
    return Finding(FindingKind.NEW, Level.WARNING, place.fact.text, place.line, kind, in_candidate=True)
