"""Blocks that tell what is wrong or not to be done: nothing in them may be taken for a step, a trigger or a result."""

from __future__ import annotations

import re
from typing import Final

from skill_distiller.analysis import Analysis
from skill_distiller.analysis.cues import places
from skill_distiller.analysis.model import once_per_analysis

_NEGATIVE: Final = re.compile(
    r"n['’]ts?\b|\b(?:not|no|never|avoid\w*|without|forbidden|prohibited|bad|wrong|incorrect|poor|anti-?patterns?"
    r"|mistakes?|pitfalls?|gotchas?|traps?|red flags?|rationali[sz]ations?|excuses?|myths?|out of scope|exclu\w+"
    r"|smells?|fail\w*|before:|limitations?|warnings?|skip|reject\w*|instead of)(?!\w)|[❌✗✘🚫⛔👎]|不|禁|避|反模式"
    r"|错误|誤|錯|悪い|除外|対象外|ない|アンチパターン|\bне\b|нельзя|ошибк|избега|антипаттерн|\bno\b|evita|errores"
    r"|nunca|\bnão\b|evite|erros|\bnicht|fehler|vermeide|yapma|kaçın|\bhata|değil|금지|안티|말|않|피해야|실수",
    re.IGNORECASE,
)


@once_per_analysis
def negative_blocks(analysis: Analysis) -> frozenset[int]:
    """The indices of the blocks below a heading, or behind a lead-in, with a word such as not, avoid or mistakes."""
    return frozenset(
        place.block.index
        for place in places(analysis.skill)
        if any(is_negative(heading) for heading in place.path[1:]) or is_negative(place.led_in_by)
    )


def is_negative(text: str) -> bool:
    """Whether a heading or a lead-in says that what follows is wrong or not to be done."""
    return bool(_NEGATIVE.search(text))
