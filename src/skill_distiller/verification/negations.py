"""What an agent must, may and must not do is still said: every negation, obligation, limit and condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from typing import Final, NamedTuple

from skill_distiller.analysis import FactKind
from skill_distiller.analysis.facts import block_facts, sentence_around
from skill_distiller.analysis.modality import LIMITS
from skill_distiller.document import Block
from skill_distiller.renderings.fact_check import missing
from skill_distiller.verification.instructions import find_lost_instructions
from skill_distiller.verification.modal_groups import modal_group
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, Place
from skill_distiller.verification.reversals import find_new_prohibitions, find_reversals
from skill_distiller.verification.statements import Statement, read_statement

_AFTER: Final = 48  # characters after a modal fact that have to be the same for it to be the same statement
_LOOKED_AT: Final = 200  # statements of a candidate that one of the original is compared with


def check_negations(pair: Pair) -> Check:
    """Fails where a modal statement has no counterpart in the candidate, or where what it forbids is now said.

    So it does where something is forbidden that the original says, and where nothing is left of an instruction.
    """
    gone = list(_modals(pair.original_alone))
    reversals = find_reversals(gone, pair) if gone else ()
    said = {finding.text for finding in reversals}
    lost = (finding for finding in _lost(gone, pair) if finding.text not in said)
    forbidden = find_new_prohibitions(_modals(pair.candidate_alone), pair)
    return Check("negations", (*reversals, *lost, *forbidden, *find_lost_instructions(pair, said)))


def _modals(blocks: Iterable[Block]) -> Iterator[Place]:
    return (Place(block, fact) for block in blocks for fact in block_facts(block) if fact.kind is FactKind.MODAL)


def _lost(gone: Iterable[Place], pair: Pair) -> Iterator[Finding]:
    left = _Left(pair)
    for place in gone:
        declared = place.fact.key in pair.declared.facts
        if not declared and (left.has(place) or place.block.text in left.reworded):
            continue
        # A statement with its key is left, about something else: then the receipt names no fact, but the block.
        if declared or (place.fact.key in pair.candidate_keys and place.block.text in pair.declared.removed):
            yield Finding(FindingKind.LOST, Level.DECLARED, place.fact.text, place.line, place.fact.kind.value)
        else:
            text = sentence_around(place.block.text, place.fact)
            yield Finding(FindingKind.LOST, Level.FAILURE, text, place.line, place.fact.text)


class _Statements(NamedTuple):
    """The statements of one group of modal words, by key and by the stems that they govern."""

    by_key: dict[str, list[Statement]]
    by_stem: dict[str, list[Statement]]


class _Left:
    """The statements of a candidate, to be found by key and by the words that they govern."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._read: dict[str, _Statements] = {}

    def has(self, gone: Place) -> bool:
        """Whether one of them can stand for a statement of the original."""
        key = gone.fact.key
        if modal_group(key) in LIMITS:  # what is at least 3 is not at least 5
            return key in self._written
        if _words(gone) in self._written.get(key, ()):  # nearly always, and quick to see
            return True
        statement = read_statement(gone)
        same = self._of_group(statement.group)
        near = (other for stem in statement.governed for other in same.by_stem.get(stem, ()))
        return any(map(statement.means, islice(chain(same.by_key.get(key, ()), near), _LOOKED_AT)))

    @cached_property
    def reworded(self) -> frozenset[str]:
        """The blocks of the original that stand in other words, with every negation and condition by the fact check."""
        text = self._pair.candidate.text
        return frozenset(
            before
            for before, after in self._pair.declared.reworded
            if after.strip() and after.strip() in text and not missing(before, after)
        )

    @cached_property
    def _written(self) -> dict[str, set[str]]:
        found = defaultdict[str, set[str]](set)
        for place in _modals(self._pair.candidate.blocks):
            found[place.fact.key].add(_words(place))
        return found

    @cached_property
    def _groups(self) -> dict[str, list[Place]]:
        found = defaultdict[str, list[Place]](list)
        for place in _modals(self._pair.candidate.blocks):
            found[modal_group(place.fact.key)].append(place)
        return found

    def _of_group(self, group: str) -> _Statements:
        """The statements of a group, read when the first of it is asked for."""
        if group not in self._read:
            found = self._read[group] = _Statements(defaultdict(list), defaultdict(list))
            for statement in map(read_statement, self._groups.get(group, ())):
                found.by_key[statement.place.fact.key].append(statement)
                for stem in statement.governed:
                    found.by_stem[stem].append(statement)
        return self._read[group]


def _words(place: Place) -> str:
    """A modal word with what follows it, as written."""
    return place.block.text[place.fact.start : place.fact.end + _AFTER]
