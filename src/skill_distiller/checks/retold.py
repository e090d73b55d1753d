"""What a receipt says to stand in new words: taken for that only where all that binds in it is found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from skill_distiller.skill.model import Skill, piece_ids

if TYPE_CHECKING:
    from skill_distiller.meaning.accounting.places import Fault

Telling = tuple[tuple[str, ...], str]  # the ids of some blocks, and the text that says them all


class Retold(NamedTuple):
    """The blocks of the original, by index, that are said in new words, and these words.

    `merged` holds by sentence what says it together with others.
    """

    blocks: frozenset[int]
    text: str
    merged: Mapping[str, str]


def find_retold(original: Skill, candidate: Skill, tellings: Iterable[Telling]) -> Retold:
    """What is said in new words, as far as it is accounted for in the two texts, whatever a receipt says of it."""
    places = {piece: index for index, piece in enumerate(piece_ids(original).blocks)}
    blocks, texts, merged = set[int](), list[str](), dict[str, str]()
    for ids, text in tellings:
        known = sorted(places[piece] for piece in ids if piece in places)
        if known and len(known) == len(ids) and not _lacks(original, candidate, known, text):
            blocks.update(known)
            texts.append(text)
            merged |= _merged(original, known, text)
    return Retold(frozenset(blocks), "\n".join(texts), merged)


def _merged(original: Skill, blocks: Sequence[int], text: str) -> Mapping[str, str]:
    from skill_distiller.meaning.accounting.account import merged_in  # a run without a model has no use for it
    from skill_distiller.rewriting.retell import home_of, told_before

    return merged_in(told_before(original, blocks, home_of(original, blocks, text)), text)


def _lacks(original: Skill, candidate: Skill, blocks: Sequence[int], text: str) -> bool:
    """Whether something that binds in some blocks is neither in the text that stands for them nor elsewhere.

    Plain words that are not found again were put to the judge.
    """
    from skill_distiller.rewriting.retell import faults_of  # a run without a model has no use for it

    if not _binding(faults_of(original, blocks, text, trusting=True)):
        return False
    elsewhere = candidate.body.replace(text, "", 1)
    return _binding(faults_of(original, blocks, text, elsewhere=elsewhere, trusting=True))


def _binding(faults: Iterable[Fault]) -> bool:
    return any(not fault.doubt for fault in faults)
