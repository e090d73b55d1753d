"""What words mean: senses, opposites, synonyms, forms and small words, read from `data/*.toml`, one file a language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Final

from skill_distiller.language.forms import base_of, bases, by_letter, german_roots, same_word
from skill_distiller.language.words import LANGUAGES, UNSPACED, parts, tables, texts, words_in

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
_ENGLISH: Final = frozenset({"en"})


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


@cache
def words_of(*asked: Sense) -> frozenset[str]:
    """The words that have one of some senses, of all languages."""
    texts_of = (data["senses"].get(sense, "") for data in map(tables, LANGUAGES) for sense in asked)
    return frozenset(" ".join(texts_of).split())


def languages_of(words: Iterable[str]) -> frozenset[str]:
    """The languages with the most small words and words with a sense among some; English alone where it is one of them.

    Where no word is known, those whose letters the words have.
    """
    words = list(words)
    if _only_elsewhere().isdisjoint(words):  # so it is for most texts
        english = not _small_or_telling("en").isdisjoint(words)
        return _ENGLISH if english else frozenset(map(by_letter, words)) - {"en"}
    votes = Counter(chain.from_iterable(filter(None, map(_common_words().get, words))))
    most = max(votes.values())
    return _ENGLISH if votes["en"] == most else frozenset(name for name in votes if votes[name] == most)


def language_of(words: Iterable[str]) -> str:
    """The language of a sentence by its words; "" where none tells, or two have as many."""
    found = languages_of(words)
    return next(iter(found)) if len(found) == 1 else ""


def segment(run: str) -> list[str]:
    """Characters of Chinese, Japanese or Korean as words: the longest that is listed, else one character."""
    words, at = [], 0
    while at < len(run):
        first = run[at]
        length = next((n for n in _lengths().get(first, ()) if run[at : at + n] in _unspaced()), 1)
        words.append(run[at : at + length])
        at += length
    return words


def _is_in(*lists: str) -> Callable[[str], bool]:
    """Whether a word stands in one of some lists."""

    @lru_cache(maxsize=1)
    def known() -> frozenset[str]:
        return frozenset[str]().union(*map(words_in, lists))

    return lambda word: word in known()


_SMALL_WORDS: Final = ("light", "articles", "fillers", "idle", "qualifiers")  # the tables of them
is_filler: Final = _is_in("fillers", "idle", "qualifiers")  # seldom says anything
is_idle: Final = _is_in("idle")  # a filler or not by where it stands: "you `just` run it", "return `just` the id"
is_qualifier: Final = _is_in("qualifiers")  # says how, how much or besides: "`very` large"
is_article: Final = _is_in("articles")
is_light: Final = _is_in(*_SMALL_WORDS)  # without content of its own: also prepositions, connectives
is_imperative: Final = _is_in("imperatives")  # an instruction may begin with it: a verb in the form that asks
is_implied: Final = _is_in("implied")  # goes without saying beside a command: "(`use`) git push"
is_leading: Final = _is_in("leading")  # says that something comes before all else: "plan it `first`"
is_pronoun: Final = _is_in("pronouns")  # stands for a thing that was named: `it`, `them`
is_passive: Final = _is_in("passives")  # makes a verb passive: "the tag `is` signed"
is_directional: Final = _is_in("directions")  # says whence, whither, for whom: `to`, `by`, `against`
is_particle: Final = _is_in("particles")  # may stand away from the verb it belongs to: "switch it `off`"
is_at_all_times: Final = _is_in("all_times")  # says "each time", wherever it stands: `always`
is_each_time: Final = _is_in("each_time")  # begins a clause, and says "always" where none follows
is_bleached: Final = _is_in("bleached")  # a verb that says little by itself: `use`, `have`, `provide`
is_linking: Final = _is_in("linking")  # ties a noun to another, or to what is said of it: `of`, `that`
is_lacking: Final = _is_in("lacking")  # stands before what is not there: `without` a key
is_inversion: Final = _is_in("inversions")  # makes a condition of the clause it begins: "Sollte er fehlen, ..."


def are_declined(one: str, other: str, *, turned: bool) -> bool:
    """Whether two articles are one in two cases: `der` and `dem`; if `turned`, in those of who does and has it done."""
    cases, _, all_cases = tables("de")["declined"].partition("|")
    return one != other and any({one, other} <= set(group) for group in parts(cases if turned else all_cases))


def is_kind(word: str) -> bool:
    """Whether a word says only of what kind the thing with a name beside it is: "the `file` a.txt"."""
    return not words_in("kinds").isdisjoint(bases(word))


def is_infinitive(word: str, language: str) -> bool:
    """Whether a word has the ending of an infinitive, with which languages other than English may ask too."""
    return word.endswith(tuple(tables(language).get("infinitive_endings", "").split())) if language else False


def is_mobile(word: str) -> bool:
    """Whether a word may stand anywhere in its sentence: adverbs, and the kinds of named things."""
    return is_kind(word) or (
        word.endswith("ly") and word not in words_in("whole") and word not in words_in("fixed_adverbs")
    )


def abbreviations() -> frozenset[str]:
    """The abbreviations whose full stop ends no sentence, without it."""
    return words_in("abbreviations")


def are_opposites(a: str, b: str, language: str = "") -> bool:
    """Whether two words, in any form, exclude each other: `keeps` and `deleted`, `monday` and `friday`."""
    if _is_denied(a, b, language) or _is_denied(b, a, language) or _are_opposite_degrees(a, b, language):
        return True
    first, second = _listed(a, language), _listed(b, language)
    if not first or not second or same_word(a, b, language):
        return False
    sides = _numbers(_opposites(), second)
    return not sides.isdisjoint(-number for number in _numbers(_opposites(), first)) or not _numbers(
        _members("rivals"), first
    ).isdisjoint(_numbers(_members("rivals"), second))


_LEAST_DENIED: Final = 4  # letters of a word with an opposing prefix
_LEAST_COMPARED: Final = 3  # letters of one that is compared


def _is_denied(word: str, other: str, language: str) -> bool:
    """Whether a word is another one with a prefix that turns it round: `unpaid` of `paid`."""
    if len(other) < _LEAST_DENIED or not word.endswith(other):
        return False
    return word.removesuffix(other) in tables(language or "en").get("opposing_prefixes", "").split()


def _are_opposite_degrees(a: str, b: str, language: str) -> bool:
    """Whether two English words compare opposites: `harder`, `easier`."""
    end = next((end for end in ("er", "est") if a.endswith(end) and b.endswith(end)), "")
    if not end or language not in ("", "en"):
        return False
    first, second = (_numbers(_opposites(), _compared(word.removesuffix(end))) for word in (a, b))
    return not second.isdisjoint(-number for number in first)


def _compared(root: str) -> frozenset[str]:
    """What an English word may compare, by what it is without its ending: `easi` of `easy`, `bigg` of `big`."""
    forms = {root, f"{root}e", f"{root[:-1]}y" if root.endswith("i") else root}
    forms.add(root[:-1] if root[-1:] == root[-2:-1] else root)
    return frozenset(form for form in forms if len(form) >= _LEAST_COMPARED)


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
    starts = {root[:_START] for root in (german_roots(word) if language == "de" else (base_of(word), word))}
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


@lru_cache(maxsize=1)
def _senses() -> Mapping[str, Mapping[str, frozenset[Sense]]]:
    """Each word with its senses in each language that has it."""
    found: dict[str, dict[str, frozenset[Sense]]] = {}
    for language, data in zip(LANGUAGES, map(tables, LANGUAGES), strict=True):
        for name, text in data["senses"].items():
            sense = frozenset({Sense(name)})
            for word in text.split():
                known = found.setdefault(word, {})
                known[language] = known.get(language, _NO_SENSE) | sense
    return found


@lru_cache(maxsize=16)
def _small_words(language: str) -> frozenset[str]:
    data = tables(language)
    return frozenset(" ".join(data.get(table, "") for table in _SMALL_WORDS).split())


@lru_cache(maxsize=16)
def _small_or_telling(language: str) -> frozenset[str]:
    """The small words of a language and those with a sense."""
    return _small_words(language) | frozenset(" ".join(tables(language)["senses"].values()).split())


@lru_cache(maxsize=1)
def _common_words() -> Mapping[str, list[str]]:
    """Each small word and each word with a sense with the languages that have it."""
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for word in _small_or_telling(language):
            found.setdefault(word, []).append(language)
    return found


@lru_cache(maxsize=1)
def _only_elsewhere() -> frozenset[str]:
    """Those of them that English has not."""
    return frozenset(_common_words().keys() - _small_or_telling("en"))


@lru_cache(maxsize=1)
def _unspaced() -> frozenset[str]:
    """The listed words of the scripts that put no spaces between words; how a text opens may be several words.

    "如果不" is one of those, and as a word it would say neither "if" nor "not".
    """
    texts = []
    for language in UNSPACED:
        lists = {**tables(language), **tables(language)["senses"]}
        texts += [text for name, text in lists.items() if isinstance(text, str) and not name.endswith("_openings")]
    return frozenset(re.split(r"[\s,|:]+", " ".join(texts)))


@lru_cache(maxsize=1)
def _lengths() -> Mapping[str, list[int]]:
    """By first character the lengths of such words, the longest first."""
    found: dict[str, set[int]] = {}
    for word in filter(None, _unspaced()):
        found.setdefault(word[0], set()).add(len(word))
    return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


@lru_cache(maxsize=16)
def phrases(language: str = "") -> Rules:
    """By first word the expressions and the token, or tokens, that each stands for; longest first.

    Where languages share one, "5 min", it stands for what it does in the language given, else in the first that has it.
    """
    found: dict[str, dict[tuple[str, ...], str]] = {}
    own = tables(language).get("phrases", "") if language else ""
    for text in (own, *texts("phrases")):
        for line in text.strip().splitlines():
            token, _, spoken = line.partition(": ")
            for words in parts(spoken):
                found.setdefault(words[0], {}).setdefault(tuple(words), token)
                bare = tuple(word for word in words if not is_article(word))
                if 1 < len(bare) < len(words) and words[0] == bare[0]:  # "at the end" is "at end"; "a number of" stays
                    found.setdefault(bare[0], {}).setdefault(bare, token)
    for text in texts("verbs"):
        for line in text.strip().splitlines():
            token, _, spoken = line.partition(": ")
            for first, *rest in parts(spoken):
                for form in _forms(first):
                    found.setdefault(form, {}).setdefault((form, *rest), token)
    return MappingProxyType(
        {first: tuple(sorted(rules.items(), key=lambda rule: -len(rule[0]))) for first, rules in found.items()}
    )


@lru_cache(maxsize=1)
def phrasal_verbs() -> frozenset[tuple[str, ...]]:
    """The expressions that begin with a verb, in all its forms, but for those that always say what stands for them.

    "Push back" is "postpone", but not everywhere.
    """
    sure = {tuple(words) for line in tables("en")["shorter"].splitlines() for words in parts(line.partition(": ")[2])}
    return frozenset(
        (form, *rest)
        for text in texts("verbs")
        for line in text.strip().splitlines()
        for first, *rest in parts(line.partition(": ")[2])
        for form in _forms(first)
        if (first, *rest) not in sure
    )


def _forms(verb: str) -> Iterator[str]:
    """A word and the forms it may have in English, whether there are such forms or not."""
    root = verb.removesuffix("e")
    yield from (verb, f"{verb}s", f"{verb}es", f"{root}ed", f"{root}ing", f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing")
    yield from (f"{verb[:-1]}ies", f"{verb[:-1]}ied") if verb.endswith("y") else ()
    yield from _irregular_forms().get(verb, ())


@lru_cache(maxsize=1)
def _irregular_forms() -> Mapping[str, list[str]]:
    return {base: forms for base, *forms in parts(tables("en")["forms"])}


def opposite_pairs(language: str) -> Iterator[tuple[list[str], list[str]]]:
    """The opposites of a language as they are listed: each of the first words excludes each of the second."""
    for pair in tables(language).get("opposites", "").split(","):
        left, _, right = pair.partition("|")
        yield left.split(), right.split()


def groups(table: str, language: str) -> Iterator[list[str]]:
    """The groups of a language as they are listed: `synonyms`, or `rivals`, of which each excludes the others."""
    return parts(tables(language).get(table, ""))


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
