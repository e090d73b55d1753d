"""Modal words: negations, obligations, permissions, limits and conditions, as expressions, facts and senses."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from skill_distiller.language.fact import AFTER_LIMIT, CJK_STOP, NEXT_WORD, Fact, FactKind, normalize
from skill_distiller.language.lexicon import tables
from skill_distiller.language.words import CJK

_DATA: Final = tomllib.loads((files(__package__) / "data" / "modals.toml").read_text(encoding="utf-8"))
# Negations in English that are part of a verb.
CONTRACTIONS: Final = frozenset(_DATA["contractions"].split())
# Negations, obligations, limits and conditions. One word each; the phrases are below.
MODAL_WORDS: Final = CONTRACTIONS | frozenset(_DATA["words"].split())

# Limits said in several words, and the symbols that may stand for them: all are one fact.
LIMITS: Final[Mapping[str, str]] = {
    phrase: symbol for symbol, phrases in _DATA["limits"].items() for phrase in (*phrases.split(", "), symbol)
}
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
# Cheap looks ahead of LIMIT: without one of these words or symbols in the text no limit can stand in it.
_HINTS: Final = tuple(_DATA["hints"].split())
_HINT_WORDS: Final = frozenset(form for word in ("to", *_HINTS) for form in (word, word.title(), word.upper()))
_UP_TO: Final = re.compile(r"up\s+to")
_LIMIT_SYMBOLS: Final = ("≥", "≤", " <", " >", "\n<", "\n>")

CJK_MODAL: Final = re.compile(_DATA["cjk"].replace("\n", ""))


def may_hold_limit(text: str, words: Sequence[str]) -> bool:
    """Whether a limit may stand in a text, given its words: False for most, which LIMIT needn't look through."""
    if any(map(text.__contains__, _LIMIT_SYMBOLS)):
        return True
    if _HINT_WORDS.isdisjoint(words):
        return False
    lowered = text.lower()  # "to" alone is in most texts
    return any(map(lowered.__contains__, _HINTS)) or _UP_TO.search(lowered) is not None


_CJK_TAIL: Final = 6  # characters after a CJK modal that say what it governs
_MODAL_TAIL: Final = 2  # words
ARTICLES: Final = frozenset(tables("en")["articles"].split())


def modal_fact(text: str, token: str, start: int, *, ahead: bool) -> Fact:
    """A modal word with the next words of its clause, articles not counted: `never commit secrets`."""
    word = token.strip("_:").rstrip(".:-")
    start += token.index(word)
    end = start + len(word)
    words = [word.lower().replace("’", "'")]
    while len(words) <= _MODAL_TAIL and not (ahead and LIMIT_AHEAD.match(text, end)):
        tail = NEXT_WORD.match(text, end)
        if tail is None:
            break
        following = tail.group(1).lstrip("_").rstrip("_.:-")
        if not following:
            break
        if following.lower() not in ARTICLES:
            words.append(following.strip("`").lower())
        end = tail.start(1) + len(tail.group(1).rstrip(".:-_"))
        if tail.group(1)[-1] in ".:":
            break
    return Fact(FactKind.MODAL, text[start:end], " ".join(words), start, end)


def limit_facts(text: str, marked: Sequence[Fact]) -> Iterator[Fact]:
    """The limits in several words or as symbols, each with its number; none inside of a marked fact."""
    starts = [fact.start for fact in marked]
    for match in LIMIT.finditer(text):
        above = bisect_right(starts, match.start()) - 1
        if above >= 0 and match.start() < marked[above].end:
            continue
        symbol = LIMITS[" ".join(match.group().lower().split())]
        tail = AFTER_LIMIT.match(text, match.end())
        end = tail.end() if tail else match.end()
        key = f"{symbol} {tail.group(1).lower() if tail else ''}".strip()
        yield Fact(FactKind.MODAL, text[match.start() : end], key, match.start(), end)


def cjk_modal_facts(text: str) -> Iterator[Fact]:
    """The modal words of scripts without blanks, each with the characters behind it."""
    for match in CJK_MODAL.finditer(text):
        end = min(len(text), match.end() + _CJK_TAIL)
        cut = CJK_STOP.search(text, match.end(), end)
        phrase = text[match.start() : cut.start() if cut else end]
        yield Fact(FactKind.MODAL, phrase, normalize(phrase), match.start(), match.start() + len(phrase))


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
_WORD_SENSES: Final[Mapping[str, Sense]] = {
    **dict.fromkeys(CONTRACTIONS, Sense.NEGATION),
    **{word: sense for sense, words in _BY_SENSE.items() for word in words.split()},
}
_CJK_SENSES: Final[Mapping[str, Sense]] = {
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
_NAMED: Final = frozenset([*_WORD_SENSES, *_CJK_SENSES, *_STAND_INS])
_LETTER: Final = rf"[^\W\d_{CJK}]"  # of scripts that put spaces between words
_EXPRESSION: Final = re.compile(
    "|".join(map(re.escape, sorted(_CJK_SENSES, key=len, reverse=True))) + rf"|{_LETTER}+(?:['’]{_LETTER}+)?|[¬→⇒]"
)


class Signal(NamedTuple):
    """A word with a sense; `start` and `end` are offsets, `firm` whether its sense is never another word's stand-in."""

    sense: Sense
    text: str
    start: int
    end: int
    firm: bool


def find_signals(text: str) -> tuple[Signal, ...]:
    """The words of a text that have a sense, in order; code and quotations are expected to be masked out."""
    if _NAMED.isdisjoint(_EXPRESSION.findall(text.lower().replace("’", "'"))):  # most sentences have none
        return ()
    found = []
    for match in _EXPRESSION.finditer(text):
        word = match.group().lower().replace("’", "'")
        sense = _WORD_SENSES.get(word) or _CJK_SENSES.get(word)
        stand_in = _STAND_INS.get(word)
        if sense or stand_in:
            named = sense or stand_in or Sense.NEGATION
            found.append(Signal(named, match.group(), match.start(), match.end(), sense is not None))
    return tuple(found)


_ENGLISH_RESTRICTIONS: Final = (
    r"never|do not|don['’]t|must not|mustn['’]t|not allowed|forbidden|prohibited|under no circumstances|out of scope"
    r"|without (?:explicit|approval|asking|permission|confirm\w{1,8})"
    r"|(?:explicit|user) (?:approval|consent|confirmation|permission)|(?:ask|wait for|confirm with) the user"
)
_OTHER_RESTRICTIONS: Final = (
    "nunca|não (?:deve|faça|use)|никогда|нельзя|запрещено|niemals|darf nicht|verboten|jamais|prohibido"
)
_CJK_RESTRICTIONS: Final = "禁止|不得|切勿|绝不|不要|てはならない|てはいけない|承認|금지|하지 마"
_RESTRICTION: Final = re.compile(
    rf"\b(?:{_ENGLISH_RESTRICTIONS}|{_OTHER_RESTRICTIONS})\b|{_CJK_RESTRICTIONS}", re.IGNORECASE
)


def restricts(text: str) -> bool:
    """Whether a text forbids something or asks for approval.

    >>> restricts("The agent is helpful and will never push."), restricts("Push when the tests pass.")
    (True, False)
    """
    return _RESTRICTION.search(text) is not None
