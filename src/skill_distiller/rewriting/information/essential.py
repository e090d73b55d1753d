"""What makes a unit essential, whatever its words are worth: it orders, forbids, restricts, names or stresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.rewriting.information.units import LOCKED, UnitKind
from skill_distiller.rewriting.information.words import WORD
from skill_distiller.rewriting.words.word_lists import KEPT_LY, NEGATIONS

# What restricts, warns, counts or sends elsewhere, besides negations, conditions and adverbs that tell cases apart.
_BINDING: Final = (
    MODAL_WORDS
    | NEGATIONS
    | KEPT_LY
    | frozenset(
        "unable refuses rejects skips error errors most minimum maximum max min default defaults might may could need"
        " needs needed ought during once every everything everyone always first last then next both twice again but"
        " however though although even todo warning caution note critical important ask asks asked confirm verify wait"
        " danger dangerous safe unsafe limit limits limited limitation restricted allowed disallowed deny denied"
        " invalid valid missing besides versus vs than different differs assume assumes assumed assumption precondition"
        " preconditions out scope own one two three four five six seven eight nine ten second third half double zero"
        " see refer read consult load stops stopped wrong right true false yes each per all any".split()
    )
)
_GOES_ON: Final = re.compile(r"(?:\A\W*|, |; )([A-Za-z]+)")  # the first word of a sentence, or after a condition
_SUBJECTS: Final = frozenset(
    "the a an this that these those it its they their there here such we our most many much some".split()
)
_ADDRESSED: Final = frozenset("you your you're please".split())
_VERBS: Final = frozenset("is are was were has have provides helps allows enables supports offers makes means".split())
_MARKED: Final = re.compile(r"[\d:`*_\[\]<>{}|=/\\@#$%&+~^→⇒∀∃¬≥≤✅❌]|(?<![\w.])[—–-]{2}|[^\x00-\x7f—–’‘“”…]")
_NAME: Final = re.compile(r"(?<=[\w,;] )[A-Z][\w-]*|\b\w*[a-z][A-Z]\w*|\b[A-Z]{2,}\b")


def is_essential(masked: str, kind: UnitKind, said: Callable[[str], bool]) -> bool:
    """Whether a unit, with LOCKED in place of its facts, may never go.

    A name makes it so, unless it was `said` before.
    """
    if LOCKED in masked or _MARKED.search(masked) or not all(map(said, _NAME.findall(masked))):
        return True
    words = [word.replace("’", "'") for word in map(str.lower, WORD.findall(masked))]
    if not words or not _BINDING.isdisjoint(words):
        return True
    return kind is UnitKind.SENTENCE and not _tells(words, masked)


def _tells(words: Sequence[str], masked: str) -> bool:
    """Whether a sentence says how things are, and orders nothing: that can be seen from its first words only."""
    if words[0] in _ADDRESSED or any(match.lower() in IMPERATIVES for match in _GOES_ON.findall(masked)):
        return False
    return words[0] in _SUBJECTS or not _VERBS.isdisjoint(words[1:4])
