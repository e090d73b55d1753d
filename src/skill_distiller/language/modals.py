"""Modal words: negations, obligations, permissions, limits and conditions, as expressions, facts and senses."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from skill_distiller.language.fact import AFTER_LIMIT, CJK_STOP, NEXT_WORD, Fact, FactKind, normalize
from skill_distiller.language.lexicon import languages_of
from skill_distiller.language.words import CJK, small, tables, texts, words_in

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


_LETTER: Final = rf"[^\W\d_{CJK}]"  # of scripts that put spaces between words
_CLAUSE: Final = re.compile(r" ?(?:[.!?;:|。！？；：؟،、，]+(?=\s|\Z|[\u3040-\u9fff])|[—–]|,\s|(?<=\s)-(?=\s))[ \t]*")
_MARKS: Final = re.compile(r"[*_~`>#\[\]()\"“”«»„✗❌🚫⛔️ \t]+")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(r"^ {0,3}</?[a-z][^<>]*>", re.MULTILINE)
_BULLET: Final = re.compile(r"^ ?(?:[-+•] )?(?:\d{1,3}[.)] )?(?: ?x )?", re.MULTILINE)
_PLAIN: Final = re.compile(rf"{_LETTER}+(?:'{_LETTER}+)?")
_ASCII_PLAIN: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")  # the same of ASCII in small letters, faster
_ENGLISH: Final = {"en"}
_OTHER: Final = ("ru", "zh", "ja", "ko", "ar")


@lru_cache(maxsize=16384)
def restricts(text: str, *, heading: bool = False) -> bool:
    """Whether a text forbids or demands something, or asks for approval, in any language of `data/prohibitions.toml`.

    Of a `heading` also whether it says when or for what something is not to be used.

    >>> restricts("The agent is helpful and will never push."), restricts("Push when the tests pass.")
    (True, False)
    """
    # Cached: planning, proof and gate all ask it of the same blocks and sentences.
    lowered = text.lower().replace("’", "'")
    if "<" in lowered:
        closed = lowered.rfind("-->") + 3  # behind it no comment ends, and to look takes the square of the length
        lowered = _TAG.sub(" ", _COMMENT.sub(" ", lowered[:closed]) + lowered[closed:])
    words = (_ASCII_PLAIN if lowered.isascii() else _PLAIN).findall(lowered)
    languages = {"en", *languages_of(words), *(_OTHER if _has_other_script(text) else ())}
    if not heading and languages == _ENGLISH and _english_hints().isdisjoint(words):
        return False
    lines = _BULLET.sub("", _MARKS.sub(" ", lowered))
    clauses = f"{lines}\n{_CLAUSE.sub(chr(10), lines)}"
    known = ("", "headings") if heading else ("",)
    return any(found.search(clauses) for by in known for language in languages if (found := _restricting(by, language)))


def _has_other_script(text: str) -> bool:
    return not text.isascii() and re.search(rf"[\u0400-\u04ff\u0600-\u06ff{CJK}]", text) is not None


@lru_cache(maxsize=4096)
def verifies(text: str) -> bool:
    """Whether a line of a text opens like a check: what is done by then, or is looked at before the next step.

    >>> verifies("**Done when:** the tests pass."), verifies("Nothing has been verified.")
    (True, False)
    """
    return _verifiers().search(small(text.replace("’", "'"))) is not None


@lru_cache(maxsize=1)
def _verifiers() -> re.Pattern[str]:
    openings = (small(phrase.strip()) for text in texts("verifier_openings") for phrase in text.split(","))
    known = "|".join(re.escape(phrase).replace("\\ ", r"[ ,]{1,2}") for phrase in openings)
    return re.compile(rf"^\W{{0,12}}+(?:\d{{1,3}}[.)]\s)?\W{{0,6}}+(?:{known})(?![a-zà-ÿа-я])", re.MULTILINE)


def directs(text: str) -> bool:
    """Whether a text opens with a purpose and then says what to do: the road to it that the author chose.

    >>> directs("To weigh the parcel, read the scale."), directs("To weigh parcels, use this skill.")
    (True, False)
    """
    return _directions().match(small(text[:_PURPOSE_CHARS])) is not None


_PURPOSE_CHARS: Final = 240


@lru_cache(maxsize=1)
def _directions() -> re.Pattern[str]:
    phrases = (small(phrase.strip()) for text in texts("purpose_openings") for phrase in text.split(","))
    openings = "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))
    orders, about = ("|".join(map(re.escape, sorted(words_in(table)))) for table in ("imperatives", "about_text"))
    order = rf"(?:{orders})\b(?!\s\w+\s(?:{about})\b)"
    return re.compile(rf"\W{{0,6}}(?:{openings})\s[^\W\d_][^.:!?\n]{{3,160}},\s{order}")


@lru_cache(maxsize=1)
def _restrictions() -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / "data" / "prohibitions.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _english_hints() -> frozenset[str]:
    """Words without one of which no English text restricts: most have none."""
    return frozenset(_restrictions()["hints"]["en"].split())


@lru_cache(maxsize=64)
def _restricting(table: str, language: str) -> re.Pattern[str] | None:
    """What restricts in a language as one expression, in any text or with "headings" in a heading; None for nothing."""
    known = _restrictions()[table] if table else _restrictions()
    text = known.get(language, "")
    imperatives = "|".join(tables(language)["imperatives"].split()) if "{imperative}" in text else ""
    lines = [line for line in text.replace("{imperative}", imperatives).split("\n") if line]
    return re.compile("|".join(_by_opening(lines)), re.MULTILINE) if lines else None


def _by_opening(lines: Sequence[str]) -> Iterator[str]:
    """The expressions, those that open alike as one: most places of a text open none, and one look tells."""
    for opening in (r"\b", "^"):
        own = [line.removeprefix(opening) for line in lines if line.startswith(opening)]
        if own:
            yield f"{opening}(?:{'|'.join(own)})"
    yield from (f"(?:{line})" for line in lines if not line.startswith((r"\b", "^")))
