"""What makes a unit essential, whatever its words are worth: it orders, forbids, restricts, names or stresses."""

from __future__ import annotations

import re
from typing import Final

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.analysis.modality import MODAL_WORDS
from skill_distiller.renderings.information.units import LOCKED, UnitKind

_BINDING: Final = (
    MODAL_WORDS
    | frozenset(
        "nobody nowhere unable refuse refuses reject rejects skip skips lacks lacking lack fails fail failed error errors"
        " fewer less least most minimum maximum max min default defaults might may could need needs needed ought"
        " during once every everything always first last then next both twice again but however though although even"
        " todo warning caution note critical important ask asks asked confirm verify wait danger dangerous safe unsafe"
        " limit limits limited restricted allowed disallowed deny denied invalid valid missing except besides"
        " versus vs than unlike different differs manually automatically immediately"
        " one two three four five six seven eight nine ten second third half double zero"
        " see refer read".split()
    )
) - frozenset(("require", "requires"))
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MARKED: Final = re.compile(r"[\d:`*_\[\]<>{}|=/\\@#$%&+~^→⇒∀∃¬≥≤✅❌]|(?<![\w.])[—–-]{2}|[^\x00-\x7f—–’‘“”…]")
_NAME: Final = re.compile(r"(?<=[\w,;] )[A-Z][\w-]*|\b\w*[a-z][A-Z]\w*|\b[A-Z]{2,}\b")


def is_essential(masked: str, kind: UnitKind) -> bool:
    """Whether a unit, with LOCKED in place of its facts, may never go."""
    if LOCKED in masked or _MARKED.search(masked) or _NAME.search(masked):
        return True
    words = [word.replace("’", "'") for word in map(str.lower, _WORD.findall(masked))]
    orders = kind is UnitKind.SENTENCE and words[:1] and words[0] in IMPERATIVES
    return not words or bool(orders) or not _BINDING.isdisjoint(words)
