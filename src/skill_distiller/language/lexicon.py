"""What words mean: senses, opposites, synonyms, forms and small words, read from `data/*.toml`, one file a language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

LANGUAGES: Final = tuple("en de es fr pt it ru tr zh ja ko".split())
Numbers = Mapping[str, list[int]]
Rules = Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]


class Sense(StrEnum):
    """What a word says of the words around it."""

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
    ADVICE = "advice"
    LEAVE = "leave"
    INSTEAD = "instead"
    OTHERWISE = "otherwise"
    APPROVAL = "approval"
    LIMIT = "limit"
    ALL = "all"
    SOME = "some"
    AND = "and"
    OR = "or"
    THEN = "then"
    BECAUSE = "because"
    BUT = "but"


_NO_SENSE: Final = frozenset[Sense]()


def senses(word: str) -> frozenset[Sense]:
    """The senses of a word in any language; none for a plain word."""
    return _senses().get(word, _NO_SENSE)


def phrases() -> Rules:
    """By first word the expressions and the token, or tokens, that each stands for; longest first."""
    return _phrases()


def is_filler(word: str) -> bool:
    """Whether a word may go or come without a change of what is said."""
    return word in _words("fillers")


def is_article(word: str) -> bool:
    """Whether a word is an article."""
    return word in _words("articles")


def is_light(word: str) -> bool:
    """Whether a word carries no content of its own: articles, pronouns, auxiliaries, prepositions, connectives."""
    return word in _light()


def is_imperative(word: str) -> bool:
    """Whether an instruction may begin with a word: a verb in the form that asks."""
    return word in _words("imperatives")


def abbreviations() -> frozenset[str]:
    """The abbreviations whose full stop ends no sentence, without it."""
    return _words("abbreviations")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a word (Snowball), of the base where the form is irregular and in American spelling.

    By script; in Latin script English, unless the word is listed for another language or has a letter of it. So a
    plain word of another language that is in no list is cut as an English one. Words of Chinese, Japanese and Korean
    stay as they are.
    """
    return _stem_in(_language(word), _base(word))


@lru_cache(maxsize=65536)
def same_word(a: str, b: str) -> bool:
    """Whether two words are one in other forms or spellings: `commits` and `committed`, `colour` and `color`.

    English ones have to share a base by their endings too, as their stems alone make one of `product` and `production`.
    """
    if a == b:
        return True
    if a[:1] != b[:1] and _base(a)[:1] != _base(b)[:1]:
        return False
    languages = {_language(a), _language(b), "en"} - _UNCHANGED
    if _is_english(a) or _is_english(b):
        languages = {"en"}  # "but" is French too, and no form of "buts"
    return any(_same_in(language, a, b) for language in languages)


def _same_in(language: str, a: str, b: str) -> bool:
    if language == "en":
        shared = _bases(a) & _bases(b)
        if not shared or _adverb_of(a, shared & {_base(b)}) or _adverb_of(b, shared & {_base(a)}):
            return bool(shared)
    return _stem_in(language, _base(a)) == _stem_in(language, _base(b))


def _adverb_of(word: str, bases: frozenset[str]) -> bool:
    """Whether a word is the adverb of one of its bases: the stems of `easily` and `easy` differ."""
    return word.endswith("ly") and bool(bases - {word})


def are_opposites(a: str, b: str) -> bool:
    """Whether two words, in any form, exclude each other: `keeps` and `deleted`, `monday` and `friday`."""
    first, second = _listed(a), _listed(b)
    if not first or not second or same_word(a, b):
        return False
    sides = _numbers(_opposites(), second)
    return not sides.isdisjoint(-number for number in _numbers(_opposites(), first)) or not _numbers(
        _members("rivals"), first
    ).isdisjoint(_numbers(_members("rivals"), second))


def are_synonyms(a: str, b: str) -> bool:
    """Whether one of two words, in any form, may stand for the other."""
    first, second = _listed(a), _listed(b)
    if not first or not second or same_word(a, b):
        return False
    known = _members("synonyms")
    return not _numbers(known, first).isdisjoint(_numbers(known, second))


def _numbers(known: Numbers, words: frozenset[str]) -> set[int]:
    return {number for word in words for number in known.get(word, ())}


@lru_cache(maxsize=65536)
def _listed(word: str) -> frozenset[str]:
    """The words with opposites or synonyms of which a word is a form."""
    near = _by_start().get(_base(word)[:_START], ())
    return frozenset(other for other in near if same_word(word, other))


_START: Final = 2  # letters that a word and its forms have in common


@lru_cache(maxsize=1)
def _by_start() -> Mapping[str, list[str]]:
    starts: dict[str, list[str]] = {}
    for word in {**_opposites(), **_members("rivals"), **_members("synonyms")}:
        starts.setdefault(word[:_START], []).append(word)
    return starts


# What is read.


def tables(language: str) -> Mapping[str, Any]:
    """The tables of a language as they are written."""
    return _data()[language]


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Mapping[str, Any]]:
    """The tables of each language."""
    folder = files(__package__) / "data"
    return {name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in LANGUAGES}


def _texts(table: str) -> Iterator[str]:
    return (data[table] for data in _data().values() if table in data)


def _groups(text: str, mark: str = ",") -> Iterator[list[str]]:
    """The words of each part of a text between two marks."""
    return filter(None, map(str.split, text.split(mark)))


@lru_cache(maxsize=16)
def _words(table: str) -> frozenset[str]:
    return frozenset(" ".join(_texts(table)).split())


@lru_cache(maxsize=1)
def _light() -> frozenset[str]:
    return _words("light") | _words("articles") | _words("fillers")


@lru_cache(maxsize=1)
def _senses() -> Mapping[str, frozenset[Sense]]:
    found: dict[str, set[Sense]] = {}
    for data in _data().values():
        for name, text in data["senses"].items():
            sense = Sense(name)
            for word in text.split():
                found.setdefault(word, set()).add(sense)
    return {word: frozenset(named) for word, named in found.items()}


@lru_cache(maxsize=1)
def _phrases() -> Rules:
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for text in _texts("phrases"):
        for line in text.strip().splitlines():
            token, _, spoken = line.partition(": ")
            for words in _groups(spoken):
                found.setdefault(words[0], {})[tuple(words)] = token
    return MappingProxyType(
        {first: tuple(sorted(rules.items(), key=lambda rule: -len(rule[0]))) for first, rules in found.items()}
    )


def opposite_pairs(language: str) -> Iterator[tuple[list[str], list[str]]]:
    """The opposites of a language as they are listed: each of the first words excludes each of the second."""
    for pair in tables(language).get("opposites", "").split(","):
        left, _, right = pair.partition("|")
        yield left.split(), right.split()


def groups(table: str, language: str) -> Iterator[list[str]]:
    """The groups of a language as they are listed: `synonyms`, or `rivals`, of which each excludes the others."""
    return _groups(tables(language).get(table, ""))


@lru_cache(maxsize=1)
def _opposites() -> Numbers:
    """Each word with the numbers of its pairs, below zero for the second words."""
    found: dict[str, list[int]] = {}
    for number, (left, right) in enumerate(chain.from_iterable(map(opposite_pairs, LANGUAGES)), 1):
        for word in left:
            found.setdefault(word, []).append(number)
        for word in right:
            found.setdefault(word, []).append(-number)
    return found


@lru_cache(maxsize=2)
def _members(table: str) -> Numbers:
    """Each word with the numbers of its groups."""
    found: dict[str, list[int]] = {}
    for number, group in enumerate(group for language in LANGUAGES for group in groups(table, language)):
        for word in group:
            found.setdefault(word, []).append(number)
    return found


# The languages of words, and their forms.

_SNOWBALL: Final = {
    "en": "english", "de": "german", "es": "spanish", "fr": "french", "pt": "portuguese", "it": "italian",
    "ru": "russian", "tr": "turkish",
}  # fmt: skip
_UNCHANGED: Final = frozenset({"zh", "ja", "ko"})
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _language(word: str) -> str:
    if not word.isascii():
        if _CYRILLIC.search(word):
            return "ru"
        if _CJK.search(word):
            return "zh"
    listed = _language_of().get(word, "en" if word.isascii() else "")
    if listed == "en" or _is_english(word):
        return "en"  # "organise" is French too
    return listed or _by_letter(word)


def _is_english(word: str) -> bool:
    """Whether a word is a form of one that is listed for English."""
    return any(_language_of().get(base) == "en" for base in _bases(word))


def _by_letter(word: str) -> str:
    """The first language that has a letter of a word for its own."""
    letters = set(word)
    return next((name for name, data in _data().items() if not letters.isdisjoint(data.get("letters", ""))), "en")


@lru_cache(maxsize=1)
def _language_of() -> Mapping[str, str]:
    """The language of each listed word; English first, and of two others the first."""
    found: dict[str, str] = {}
    for name, data in _data().items():
        texts = [text for table, text in data.items() if table in _OF_LANGUAGE]
        for word in " ".join([*texts, *data["senses"].values()]).replace(",", " ").replace("|", " ").split():
            found.setdefault(word, name)
    return found


_OF_LANGUAGE: Final = frozenset("articles fillers light imperatives opposites rivals synonyms".split())


@lru_cache(maxsize=65536)
def _stem_in(language: str, word: str) -> str:
    return word if language in _UNCHANGED else str(_stemmer(language).stemWord(word))


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Any:  # noqa: ANN401 - the package has no types
    name = _SNOWBALL[language]  # imported here: it takes 20 ms
    return getattr(import_module(f"snowballstemmer.{name}_stemmer"), f"{name.title()}Stemmer")()


@lru_cache(maxsize=65536)
def _base(word: str) -> str:
    """The base of an irregular form, in American spelling."""
    word = word.removesuffix("'s")
    return american(_irregular().get(word, word))


@lru_cache(maxsize=1)
def _irregular() -> Mapping[str, str]:
    return {form: base for text in _texts("forms") for base, *forms in _groups(text) for form in forms}


@lru_cache(maxsize=1)
def _spellings() -> Mapping[str, str]:
    return {british: other for text in _texts("spellings") for british, other in _groups(text)}


@lru_cache(maxsize=1)
def _our_root() -> re.Pattern[str]:
    return re.compile("|".join(root[:-3] + "(?=our)" for root in _words("our_roots")))


_ISE: Final = re.compile(r"(\w{2,}[^\Waeiou])is(e|es|ed|ing|ers?|ations?|ational|able)")
_LYSE: Final = re.compile(r"(\w+)lys(e|ed|ing|ers?)")


def american(word: str) -> str:
    """An English word in American spelling, where the British one is known: by list, -our, -ise and -yse."""
    listed = _spellings().get(word)
    if listed:
        return listed
    if "our" in word and (root := _our_root().search(word)):
        return word[: root.end()] + "o" + word[root.end() + 2 :]
    match = _ISE.fullmatch(word) if "is" in word else None
    if match and f"{match[1]}ise" not in _words("ise_words"):
        return f"{match[1]}iz{match[2]}"
    match = _LYSE.fullmatch(word) if "lys" in word else None
    return f"{match[1]}lyz{match[2]}" if match else word


_SHORTEST: Final = 3  # letters of a base
_VOWEL: Final = re.compile("[aeiouy]")
# An ending, and what may have stood there instead.
_ENDINGS: Final = (
    ("ies", ("y", "ie")), ("es", ("", "e")), ("s", ("",)), ("ied", ("y", "ie")), ("ed", ("", "e")), ("ing", ("", "e")),
    ("ically", ("ic",)), ("ily", ("y",)), ("lly", ("ll", "l")), ("ly", ("", "le")),
)  # fmt: skip


@lru_cache(maxsize=65536)
def _bases(word: str) -> frozenset[str]:
    """What an English word may be a form of, itself included: by its endings, whether there are such words or not."""
    word = _base(word)
    found = {word}
    if word in _words("whole"):
        return frozenset(found)
    for ending, bases in _ENDINGS:
        if not word.endswith(ending) or (ending == "s" and word.endswith(("ss", "us", "is"))):
            continue
        root = word[: -len(ending)]
        if ending.endswith("ly"):
            found.update(root + base for base in bases if root + base not in _words("other_adverbs"))
        elif ending in ("ies", "ied") or _VOWEL.search(root):
            found.update(root + base for base in bases)
            if ending in ("ed", "ing") and root[-1:] == root[-2:-1]:
                found.add(root[:-1])
    return frozenset(base for base in found if base == word or len(base) >= _SHORTEST)
