"""Text that holds an agent back: a prohibition anywhere in a sentence, or something to be approved first.

Wider than the hard rules of `patterns`, which open a sentence or stand in capitals: what is found here
may describe as well as forbid, so it holds a block only as long as most of a skill is asked for.
"""

from __future__ import annotations

import re
from typing import Final

_ENGLISH: Final = (
    r"never|do not|don['’]t|must not|mustn['’]t|not allowed|forbidden|prohibited|under no circumstances|out of scope"
    r"|without (?:explicit|approval|asking|permission|confirm\w{1,8})"
    r"|(?:explicit|user) (?:approval|consent|confirmation|permission)|(?:ask|wait for|confirm with) the user"
)
_OTHERS: Final = "nunca|não (?:deve|faça|use)|никогда|нельзя|запрещено|niemals|darf nicht|verboten|jamais|prohibido"
_CJK: Final = "禁止|不得|切勿|绝不|不要|てはならない|てはいけない|承認|금지|하지 마"
_RESTRICTION: Final = re.compile(rf"\b(?:{_ENGLISH}|{_OTHERS})\b|{_CJK}", re.IGNORECASE)


def restricts(text: str) -> bool:
    """Whether a text forbids something or asks for approval.

    >>> restricts("The agent is helpful and will never push."), restricts("Push when the tests pass.")
    (True, False)
    """
    return _RESTRICTION.search(text) is not None
