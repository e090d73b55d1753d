"""Which sentences belong to the one before or after them: a rule without its exception is another rule.

It errs on one side: a sentence that is kept for nothing costs a few tokens.
"""

from __future__ import annotations

import re
from typing import Final

# How a sentence begins that goes on with the one before it.
_CONNECTED: Final = re.compile(
    r"\W{0,12}(?:unless|except(?:ions?)?|excluding|only|but|however|though|although|yet|otherwise|instead|else|if|when"
    r"|where|while|until|till|even|also|same|likewise|similarly|conversely|rather|so|then|and|or|nor|not|without"
    r"|before|after|this|that|these|those|it|they|such|(?:in|for|on|with)\s+(?:all|any|every|that|this|these|those|such)"
    r"|the\s+(?:only|same|one))\b",
    re.IGNORECASE,
)
# What limits the sentence before it, wherever it stands.
_LIMITS: Final = re.compile(
    r"\b(?:except(?:ions?)?|exempt\w*|unless|other\s+than|apart\s+from|allow(?:s|ed)?|permit(?:s|ted)?|may|can|fine|ok|okay"
    r"|acceptable|optional|instead|otherwise|only|does\s+not\s+apply|kein\w*|außer|ausnahmen?|jedoch|aber|nur|wenn|sauf|mais"
    r"|seulement|exceto|excepto|salvo|porém|mas|pero|solo|só|кроме|если|однако|но|только|исключени\w*)\b"
    r"|除非|除了|除外|例外|但|只有|仅|如果|若|否则|不过|可以|ただし|除く|除き|場合|以外|다만|예외|제외",
    re.IGNORECASE,
)
# What is understood only with the sentence before: pronouns, but not in "this skill".
_LEANS: Final = re.compile(
    r"\b(?:it|its|they|them|their|such|here|above|former|latter|ditto|(?:this|these|those)(?!\s+skill|\s*:)"
    r"|(?:in|of|for|to|on|do|by|with|after|before)\s+that|that(?=\s*[.,;:!?]))\b"
    r"|\A\W{0,12}(?:that|there|then|so|but|however|otherwise|instead|else|or|and|nor|also|even|only)\b",
    re.IGNORECASE,
)
# What speaks of the sentences to come.
_ANNOUNCES: Final = re.compile(
    r"[:：]\W*\Z|\b(?:following|follows|below|next|rules?|section|exceptions?|exempt|apply|applies|applied)\b"
    r"|\A\W{0,12}(?:suppose|assume|consider|imagine)\b",
    re.IGNORECASE,
)
# A rule that has its cases behind it, in this sentence and in those after it.
_ENUMERATES: Final = re.compile(
    r"\b(?:never|not|must|always|forbidden|critical|avoid)\b[^:：]{0,80}+[:：](?:\s|\W*\Z)", re.IGNORECASE
)

_EXCEPTION: Final = re.compile(
    r"\W{0,12}(?:exceptions?|except|unless|only|but|however|otherwise|exempt)\b", re.IGNORECASE
)


def goes_on(sentence: str) -> bool:
    """Whether a sentence belongs to the one before it.

    >>> goes_on("However, hotfixes are welcome."), goes_on("In CI it is allowed."), goes_on("Lunch is at noon.")
    (True, True, False)
    """
    return bool(_CONNECTED.match(sentence) or _LIMITS.search(sentence))


def leans_back(sentence: str) -> bool:
    """Whether a sentence says little without the one before it: "Do not copy it"."""
    return bool(_LEANS.search(sentence))


def announces(sentence: str) -> bool:
    """Whether a sentence speaks of the one after it: "The next rule is not for admins"."""
    return bool(_ANNOUNCES.search(sentence))


def enumerates(sentence: str) -> bool:
    """Whether a rule goes on in all that comes after it: "Never do any of these: push on a Friday"."""
    return bool(_ENUMERATES.search(sentence))


def is_exception(text: str) -> bool:
    """Whether an item of a list says right away that it limits the one before it."""
    return bool(_EXCEPTION.match(text))
