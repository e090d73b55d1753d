"""Words that decide what an agent may, must or must not do, in the languages skills are written in."""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import Final

# Negations in English that are part of a verb.
CONTRACTIONS: Final = frozenset(
    "can't won't don't doesn't didn't isn't aren't wasn't weren't shouldn't couldn't wouldn't mustn't hasn't haven't"
    " hadn't needn't".split()
)
# Negations, obligations, limits and conditions. One word each; the phrases are below.
MODAL_WORDS: Final = CONTRACTIONS | frozenset(
    # en
    "not never no none nothing nor neither cannot without unless except only must shall should may always"
    " require required requires mandatory optional forbidden prohibited before after until if when whenever while"
    " instead rather avoid ensure exactly within otherwise"
    # de, fr, es, pt, it
    " nicht nie niemals nur muss müssen darf ohne bevor außer kein keine keinen mindestens höchstens wenn"
    " ne pas jamais seulement doit sans avant sauf nunca solo sólo debe deben sin antes excepto salvo"
    " não só apenas somente deve devem sem exceto quando"
    # ru, tr
    " не нет никогда только нельзя должен должна должно должны обязательно без кроме перед если когда"
    " değil asla sadece yalnızca önce olmadan zorunlu gerekir gerekli eğer hariç".split()
)

# Limits said in several words, and the symbols that may stand for them: all are one fact.
LIMITS: Final = {
    "at least": "≥", "greater than or equal to": "≥", "more than or equal to": "≥", "a minimum of": "≥",
    "no less than": "≥", "no fewer than": "≥", "≥": "≥",
    "at most": "≤", "less than or equal to": "≤", "fewer than or equal to": "≤", "a maximum of": "≤",
    "no more than": "≤", "up to": "≤", "≤": "≤",
    "more than": ">", "greater than": ">", ">": ">",
    "less than": "<", "fewer than": "<", "<": "<",
    "pelo menos": "≥", "no máximo": "≤", "al menos": "≥", "como máximo": "≤", "en az": "≥", "en fazla": "≤",
    "не менее": "≥", "не более": "≤",
}  # fmt: skip
_PHRASES: Final = "|".join(
    re.escape(phrase).replace(r"\ ", r"\s+") for phrase in sorted(LIMITS, key=len, reverse=True) if len(phrase) > 1
)
_TAILS: Final = "|".join(
    rf"(?<=[{first}{first.upper()}])(?:{'|'.join(phrase[1:] for phrase in phrases)})"
    for first, phrases in groupby(sorted(_PHRASES.split("|"), key=itemgetter(0)), key=itemgetter(0))
)
# With the first characters in front, in both cases, the search skips to those: twice as fast.
_FIRST: Final = "".join(sorted({first for phrase in LIMITS for first in (phrase[0], phrase[0].upper())} - set("≥≤<>")))
LIMIT: Final = re.compile(rf"[{_FIRST}≥≤<>](?:(?<=[≥≤])|(?<=\s[<>])(?=\s?\d)|(?<!\w[{_FIRST}])(?i:{_TAILS})(?!\w))")
LIMIT_STARTS: Final = frozenset(phrase.split()[0] for phrase in LIMITS)
# What a limit may begin with, right after another word.
LIMIT_AHEAD: Final = re.compile(
    rf"[\s*_]+(?=[AaNnUuMmLlGgFfPpEeн≥≤→∀<>])(?:(?:{_PHRASES})(?!\w)|[≥≤→∀<>])", re.IGNORECASE
)
# A cheap look ahead of LIMIT: without one of these words or symbols in the text no limit can stand in it.
_HINTS: Final = "least most than minimum maximum to menos máximo az fazla менее более"
LIMIT_HINTS: Final = frozenset([*_HINTS.split(), *_HINTS.title().split(), *_HINTS.upper().split()])
LIMIT_SYMBOLS: Final = ("≥", "≤", " <", " >", "\n<", "\n>")

CJK_MODAL: Final = re.compile(
    "不要|不得|不能|不可|不会|不|禁止|必须|必需|仅|只有|只能|只|除非|之前|之后|至少|最多|未经|没有|避免|如果|务必|切勿"
    "|ない|ません|せず|なければ|必ず|のみ|だけ|以外|前に|以上|以下|場合|べき"
    "|않|없이|없|금지|반드시|필수|만약|이상|이하|경우|말고|지 마"
)
