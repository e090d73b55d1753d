"""What the small words say that turn a sentence around: negations, conditions, limits in time, duties, leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.analysis.modality import CONTRACTIONS
from skill_distiller.analysis.words import CJK


class Sense(StrEnum):
    """What a modal word says of the words it governs."""

    NEGATION = "negation"
    AVOIDANCE = "avoidance"
    LACK = "lack"
    ONLY = "only"
    EXCEPTION = "exception"
    CONDITION = "condition"
    BEFORE = "before"
    AFTER = "after"
    UNTIL = "until"
    WHILE = "while"
    DUTY = "duty"
    LEAVE = "leave"
    INSTEAD = "instead"
    OTHERWISE = "otherwise"


_BY_SENSE: Final = {
    Sense.NEGATION: (
        "not never no none nothing nor neither cannot nobody nowhere forbidden prohibited ¬"
        " nicht nie niemals kein keine keinen keiner keinem verboten"
        " pas jamais aucun aucune nunca jamás não mai не нет никогда нельзя değil asla"
    ),
    Sense.LACK: "without ohne sans sin sem senza без olmadan",
    Sense.AVOIDANCE: "avoid avoids vermeiden éviter evitar избегать",
    Sense.ONLY: "only solely exclusively nur seulement solo sólo apenas somente только sadece yalnızca",
    Sense.EXCEPTION: "except unless außer sauf excepto exceto salvo кроме hariç",
    Sense.CONDITION: "if when whenever wenn falls quando cuando quand если когда eğer",
    Sense.BEFORE: "before bevor avant antes перед önce",
    Sense.AFTER: "after nachdem après después depois после sonra",
    Sense.UNTIL: "until till bis",
    Sense.WHILE: "while während mientras",
    Sense.DUTY: (
        "must shall always require requires required mandatory muss müssen immer doit doivent toujours debe deben"
        " siempre deve devem sempre должен должна должно должны обязательно zorunlu gerekir gerekli"
    ),
    Sense.LEAVE: "may optional optionally",
    Sense.INSTEAD: "instead rather",
    Sense.OTHERWISE: "otherwise",
}
# Words that can stand for a sense in another text, but are too common to be asked for.
_STAND_INS: Final[Mapping[str, Sense]] = {
    **dict.fromkeys(("once", "where", "→", "⇒"), Sense.CONDITION),
    "prior": Sense.BEFORE,
    **dict.fromkeys(("need", "needs", "ensure", "ensures", "should"), Sense.DUTY),
    **dict.fromkeys(("can", "could", "might", "allowed", "permitted"), Sense.LEAVE),
    "during": Sense.WHILE,
    "else": Sense.OTHERWISE,
    **dict.fromkeys(("over", "replace", "replaces"), Sense.INSTEAD),
}
_WORDS: Final[Mapping[str, Sense]] = {
    **dict.fromkeys(CONTRACTIONS, Sense.NEGATION),
    **{word: sense for sense, words in _BY_SENSE.items() for word in words.split()},
}
_CJK: Final[Mapping[str, Sense]] = {
    **dict.fromkeys("不要 不得 不能 不可 不会 不 禁止 没有 切勿".split(), Sense.NEGATION),
    **dict.fromkeys("ない ません 않 없 금지 말고".split(), Sense.NEGATION),
    **dict.fromkeys("未经 せず 없이".split(), Sense.LACK),
    **dict.fromkeys("避免".split(), Sense.AVOIDANCE),
    **dict.fromkeys("仅 只有 只能 只 のみ だけ 만".split(), Sense.ONLY),
    **dict.fromkeys("除非 除了 以外".split(), Sense.EXCEPTION),
    **dict.fromkeys("如果 若 なければ 場合 만약 경우".split(), Sense.CONDITION),
    **dict.fromkeys("之前 前に".split(), Sense.BEFORE),
    **dict.fromkeys("之后 後に".split(), Sense.AFTER),
    **dict.fromkeys("必须 必需 务必 必ず べき 반드시 필수".split(), Sense.DUTY),
}  # fmt: skip
_LETTER: Final = rf"[^\W\d_{CJK}]"  # of scripts that put spaces between words
_EXPRESSION: Final = re.compile(
    "|".join(map(re.escape, sorted(_CJK, key=len, reverse=True))) + rf"|{_LETTER}+(?:['’]{_LETTER}+)?|[¬→⇒]"
)


class Signal(NamedTuple):
    """A word with a sense; `start` and `end` are offsets, `firm` whether its sense is never another word's stand-in."""

    sense: Sense
    text: str
    start: int
    end: int
    firm: bool


def find_signals(text: str) -> Iterator[Signal]:
    """The words of a text that have a sense, in order; code and quotations are expected to be masked out."""
    for match in _EXPRESSION.finditer(text):
        word = match.group().lower().replace("’", "'")
        sense = _WORDS.get(word) or _CJK.get(word)
        stand_in = _STAND_INS.get(word)
        if sense or stand_in:
            yield Signal(
                sense or stand_in or Sense.NEGATION, match.group(), match.start(), match.end(), sense is not None
            )
