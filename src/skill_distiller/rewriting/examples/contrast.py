"""Examples that show how not to do it: what is bad must be called bad wherever it is written."""

from __future__ import annotations

import re
from typing import Final

_BAD: Final = (
    r"bad|worse|wrong(?:ly)?|incorrect(?:ly)?|invalid|avoid|don['’]?t|do not|never|not|no|anti-?patterns?|mistakes?"
    r"|poor(?:ly)?|weak|unsafe|insecure|vulnerable|unacceptable|broken|fail(?:s|ed|ing|ure)?|buggy|problem(?:atic)?|deprecated"
    r"|obsolete|inefficient|slow|naive|vague|unclear|before|instead of|rather than|rejected|forbidden|violation"
    r"|错误|不要|避免|反例|不好|禁止|悪い|誤り|誤った|나쁜|잘못|плохо|неправильно|неверно|schlecht|falsch|incorrecto|ruim|errado"
    r"|mauvais|faux|yanlış|kötü|vorher|antes|avant|önce|до"
)
_GOOD: Final = (
    r"good|better|best|right|correct(?:ly)?|valid|do|safe|secure|acceptable|fixed|preferred|after|正确|推荐|良い|正しい|좋은|올바른"
    r"|хорошо|правильно|gut|richtig|bueno|correcto|bom|certo|bon|doğru|iyi"
)
_LABEL: Final = r"(?:^|(?:[#;]|//|--|<!--)\s)[^\w\n]{0,12}(?:example of (?:an? |the )?)?"
_MARKED_BAD: Final = r"[❌✗✘✖🚫⛔👎]|\b(?:is|are|was|were) (?:\w+ )?(?:bad|wrong|incorrect|unsafe|insecure)\b"
_SHOWS_BAD: Final = re.compile(rf"{_MARKED_BAD}|(?:{_LABEL}|[({{\[])(?:{_BAD})(?![\w-])", re.IGNORECASE | re.MULTILINE)
_CALLED: Final = re.compile(
    rf"{_MARKED_BAD}|[✅✓✔👍]|{_LABEL}(?:{_BAD}|{_GOOD})(?![\w-])", re.IGNORECASE | re.MULTILINE
)


def shows_bad(text: str) -> bool:
    """Whether a text calls something bad: by a mark, a label, a comment or in a sentence.

    >>> shows_bad("❌ `rm -rf build`"), shows_bad("# wrong"), shows_bad("ls  # lists what is not hidden")
    (True, True, False)
    """
    return bool(_SHOWS_BAD.search(text))


def is_called(text: str) -> bool:
    """Whether a piece of such an example says of itself that it is bad, or good."""
    return bool(_CALLED.search(text.strip("`")))
