"""What words mean: senses, opposites, synonyms, forms and small words, read from `data/*.toml`, one file a language."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
    ABILITY = "ability"
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


def senses(word: str, language: str = "") -> frozenset[Sense]:
    """The senses of a word in a language, or in any where that one has no such word; none for a plain word."""
    known = _senses().get(word)
    if not known:
        return _NO_SENSE
    if language in known:
        return known[language]
    if language and word in _small_words(language):  # "se" is "if" in Italian, and nothing in Spanish
        return _NO_SENSE
    return _NO_SENSE.union(*known.values())


def languages_of(words: Iterable[str]) -> frozenset[str]:
    """The languages with the most small words and words with a sense among some; English alone where it is one of them.

    Where no word is known, those whose letters the words have.
    """
    words = list(words)
    votes = Counter(chain.from_iterable(_common_words().get(word, ()) for word in words))
    most = max(votes.values(), default=0)
    if not votes:
        return frozenset(map(_by_letter, words)) - {"en"}
    return frozenset({"en"}) if votes["en"] == most else frozenset(name for name in votes if votes[name] == most)


def language_of(words: Iterable[str]) -> str:
    """The language of a sentence by its words; "" where none tells, or two have as many."""
    found = languages_of(words)
    return next(iter(found)) if len(found) == 1 else ""


def segment(run: str) -> list[str]:
    """Characters of Chinese, Japanese or Korean as words: at each place the longest that is listed, else one character."""
    words, at = [], 0
    while at < len(run):
        first = run[at]
        length = next((n for n in _lengths().get(first, ()) if run[at : at + n] in _unspaced()), 1)
        words.append(run[at : at + length])
        at += length
    return words


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


def is_pronoun(word: str) -> bool:
    """Whether a word stands for a thing that was named: `it`, `them`."""
    return word in _words("pronouns")


def is_kind(word: str) -> bool:
    """Whether a word says only of what kind the thing with a name beside it is: "the `file` a.txt"."""
    return not _words("kinds").isdisjoint(_bases(word))


def is_mobile(word: str) -> bool:
    """Whether a word may stand anywhere in its sentence: adverbs, and the kinds of named things."""
    return is_kind(word) or (
        word.endswith("ly") and word not in _words("whole") and word not in _words("fixed_adverbs")
    )


def is_passive(word: str) -> bool:
    """Whether a word makes a verb passive: "the tag `is` signed"."""
    return word in _words("passives")


def is_particle(word: str) -> bool:
    """Whether a word may stand away from the verb it belongs to: "switch it `off`"."""
    return word in _words("particles")


def is_inversion(word: str) -> bool:
    """Whether a word that begins a clause makes a condition of it: "Sollte er fehlen, ..."."""
    return word in _words("inversions")


def abbreviations() -> frozenset[str]:
    """The abbreviations whose full stop ends no sentence, without it."""
    return _words("abbreviations")


@lru_cache(maxsize=65536)
def stem(word: str, language: str = "") -> str:
    """The stem of a word (Snowball), of the base where the form is irregular and in American spelling.

    By script; in Latin script English, unless the word is listed for another language or has a letter of it; where
    neither tells, in the language given. Words of Chinese, Japanese and Korean stay as they are.
    """
    own = _language(word)
    if own == "en" and language and not _is_english(word):
        own = language
    return _stem_in(own, _base(word))


@lru_cache(maxsize=65536)
def same_word(a: str, b: str, language: str = "") -> bool:
    """Whether two words are one in other forms or spellings: `commits` and `committed`, `colour` and `color`.

    English ones have to share a base by their endings too, as their stems alone make one of `product` and `production`.
    """
    if a == b:
        return True
    if language == "de" or {_language(a), _language(b)} == {"de"}:
        return not _german_roots(a).isdisjoint(_german_roots(b))
    if a[:1] != b[:1] and _base(a)[:1] != _base(b)[:1]:
        return False
    languages = {_language(a), _language(b), language or "en", "en"} - _UNCHANGED
    if language in ("", "en") and (_is_english(a) or _is_english(b)):
        languages = {"en"}  # "but" is French too, and no form of "buts"
    return any(_same_in(language, a, b) for language in languages)


def _same_in(language: str, a: str, b: str) -> bool:
    if language == "en":
        shared = _bases(a) & _bases(b)
        if not shared or _adverb_of(a, shared & {_base(b)}) or _adverb_of(b, shared & {_base(a)}):
            return bool(shared)
    if language in ("es", "it"):
        a, b = (match[1] if (match := _CLITIC.fullmatch(word)) else word for word in (a, b))
    return _stem_in(language, _base(a)) == _stem_in(language, _base(b))


# Of a participle or an infinitive with "zu": a prefix that may stand alone, what is put in, the rest.
_PARTICIPLE: Final = re.compile(
    "((?:[dhw]?[ae]r)?(?:ab|an|auf|aus|bei|durch|ein|fehl|fest|fort|frei|her|hin|hoch|los|mit|nach|nieder|vor|weg|weiter"
    "|wieder|zurück|zusammen|sicher|über|um|unter)?(?:her|zu)?)(?:ge|zu)([^\\W\\d_]{2,}(?:t|en|e[rms]))"
)
_VERB_ENDINGS: Final = ("", *sorted("e en n t et st est te ten tet er es em ern eln".split(), key=len, reverse=True))
_SHORTEST_ROOT: Final = 3  # letters


@lru_cache(maxsize=65536)
def _german_roots(word: str) -> frozenset[str]:
    """What a German word may be a form of: `geprüfte` of `prüf`, `anzulegen` of `anleg`."""
    base = _base(word)
    forms = {word, base, *("".join(match.groups()) for form in (word, base) if (match := _PARTICIPLE.fullmatch(form)))}
    roots = {form.removesuffix(ending) for form in forms for ending in _VERB_ENDINGS if form.endswith(ending)}
    return frozenset(root for root in roots if len(root) >= _SHORTEST_ROOT) | forms


# The pronouns that Spanish and Italian hang on a verb.
_CLITIC: Final = re.compile("([^\\W\\d_]+(?:[aei]r|ndo))e?(?:se|si|l[aeio]s?|me|mi|te|ti|nos|ci|ne)")


def _adverb_of(word: str, bases: frozenset[str]) -> bool:
    """Whether a word is the adverb of one of its bases: the stems of `easily` and `easy` differ."""
    return word.endswith("ly") and bool(bases - {word})


def are_opposites(a: str, b: str, language: str = "") -> bool:
    """Whether two words, in any form, exclude each other: `keeps` and `deleted`, `monday` and `friday`."""
    first, second = _listed(a, language), _listed(b, language)
    if not first or not second or same_word(a, b, language):
        return False
    sides = _numbers(_opposites(), second)
    return not sides.isdisjoint(-number for number in _numbers(_opposites(), first)) or not _numbers(
        _members("rivals"), first
    ).isdisjoint(_numbers(_members("rivals"), second))


def are_synonyms(a: str, b: str, language: str = "") -> bool:
    """Whether one of two words, in any form, may stand for the other."""
    first, second = _listed(a, language), _listed(b, language)
    if not first or not second or same_word(a, b, language):
        return False
    known = _members("synonyms")
    return not _numbers(known, first).isdisjoint(_numbers(known, second))


def _numbers(known: Numbers, words: frozenset[str]) -> set[int]:
    return {number for word in words for number in known.get(word, ())}


@lru_cache(maxsize=65536)
def _listed(word: str, language: str) -> frozenset[str]:
    """The words with opposites or synonyms of which a word is a form, in a language and in English."""
    starts = {root[:_START] for root in (_german_roots(word) if language == "de" else (_base(word),))}
    near = (other for name in {language, "en"} for start in starts for other in _by_start(name).get(start, ()))
    return frozenset(other for other in near if same_word(word, other, language))


_START: Final = 2  # letters that a word and its forms have in common


@lru_cache(maxsize=16)
def _by_start(language: str) -> Mapping[str, list[str]]:
    """The words with opposites or synonyms of a language, or of all, by their first letters."""
    starts: dict[str, list[str]] = {}
    for name in (language,) if language else LANGUAGES:
        for word in set(re.split(r"[\s,|]+", " ".join(tables(name)[table] for table in _RELATIONS).strip())):
            starts.setdefault(word[:_START], []).append(word)
    return starts


_RELATIONS: Final = ("opposites", "rivals", "synonyms")


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
def _senses() -> Mapping[str, Mapping[str, frozenset[Sense]]]:
    """Each word with its senses in each language that has it."""
    found: dict[str, dict[str, frozenset[Sense]]] = {}
    for language, data in _data().items():
        for name, text in data["senses"].items():
            sense = frozenset({Sense(name)})
            for word in text.split():
                known = found.setdefault(word, {})
                known[language] = known.get(language, _NO_SENSE) | sense
    return found


@lru_cache(maxsize=16)
def _small_words(language: str) -> frozenset[str]:
    data = tables(language)
    return frozenset(" ".join(data.get(table, "") for table in ("light", "articles", "fillers")).split())


@lru_cache(maxsize=1)
def _common_words() -> Mapping[str, list[str]]:
    """Each small word and each word with a sense with the languages that have it."""
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for word in _small_words(language) | set(" ".join(tables(language)["senses"].values()).split()):
            found.setdefault(word, []).append(language)
    return found


@lru_cache(maxsize=1)
def _unspaced() -> frozenset[str]:
    """The listed words of the scripts that put no spaces between words."""
    texts = []
    for language in _UNCHANGED:
        lists = {**tables(language), **tables(language)["senses"]}
        texts += [text for text in lists.values() if isinstance(text, str)]
    return frozenset(re.split(r"[\s,|:]+", " ".join(texts)))


@lru_cache(maxsize=1)
def _lengths() -> Mapping[str, list[int]]:
    """By first character the lengths of such words, the longest first."""
    found: dict[str, set[int]] = {}
    for word in filter(None, _unspaced()):
        found.setdefault(word[0], set()).add(len(word))
    return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


@lru_cache(maxsize=1)
def _phrases() -> Rules:
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for text in _texts("phrases"):
        for line in text.strip().splitlines():
            token, _, spoken = line.partition(": ")
            for words in _groups(spoken):
                found.setdefault(words[0], {})[tuple(words)] = token
    for text in _texts("verbs"):
        for line in text.strip().splitlines():
            token, _, spoken = line.partition(": ")
            for first, *rest in _groups(spoken):
                for form in _forms(first):
                    found.setdefault(form, {}).setdefault((form, *rest), token)
    return MappingProxyType(
        {first: tuple(sorted(rules.items(), key=lambda rule: -len(rule[0]))) for first, rules in found.items()}
    )


def _forms(verb: str) -> Iterator[str]:
    """A word and the forms it may have in English, whether there are such forms or not."""
    root = verb.removesuffix("e")
    yield from (verb, f"{verb}s", f"{verb}es", f"{root}ed", f"{root}ing", f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing")
    yield from (f"{verb[:-1]}ies", f"{verb[:-1]}ied") if verb.endswith("y") else ()
    yield from _irregular_forms().get(verb, ())


@lru_cache(maxsize=1)
def _irregular_forms() -> Mapping[str, list[str]]:
    return {base: forms for base, *forms in _groups(tables("en")["forms"])}


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
