"""Words in their forms: stems, spellings, and whether two words are one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from skill_distiller.language.words import LANGUAGES, UNSPACED, parts, tables, texts, words_in

_SNOWBALL: Final = {
    "en": "english", "de": "german", "es": "spanish", "fr": "french", "pt": "portuguese", "it": "italian",
    "ru": "russian", "tr": "turkish",
}  # fmt: skip
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@lru_cache(maxsize=65536)
def stem(word: str, language: str = "") -> str:
    """The stem of a word (Snowball), of the base where the form is irregular and in American spelling.

    By script; in Latin script English, unless the word is listed for another language or has a letter of it; where
    neither tells, in the language given. Words of Chinese, Japanese and Korean stay as they are.
    """
    own = _language(word)
    if own == "en" and language and not _is_english(word):
        own = language
    return _stem_in(own, base_of(word))


@lru_cache(maxsize=65536)
def same_word(a: str, b: str, language: str = "") -> bool:
    """Whether two words are one in other forms or spellings: `commits` and `committed`, `colour` and `color`.

    English ones have to share a base by their endings too, as their stems alone make one of `product` and `production`.
    """
    if a == b or (language == "ja" and _KANA_END.sub("", a) == _KANA_END.sub("", b) != ""):
        return True
    if language == "de" or {_language(a), _language(b)} == {"de"}:
        return not german_roots(a).isdisjoint(german_roots(b))
    if a[:1] != b[:1] and base_of(a)[:1] != base_of(b)[:1]:
        return False
    languages = {_language(a), _language(b), language or "en", "en"} - UNSPACED
    if language in ("", "en") and (_is_english(a) or _is_english(b)):
        languages = {"en"}  # "but" is French too, and no form of "buts"
    return any(_same_in(language, a, b) for language in languages)


_KANA_END: Final = re.compile("[\u3041-\u3096]+\\Z")  # what a Japanese verb ends with


def _same_in(language: str, a: str, b: str) -> bool:
    if language == "en":
        shared = bases(a) & bases(b)
        if not shared or _adverb_of(a, shared & {base_of(b)}) or _adverb_of(b, shared & {base_of(a)}):
            return bool(shared)
    if language in ("es", "it"):
        a, b = (match[1] if (match := _CLITIC.fullmatch(word)) else word for word in (a, b))
    if not verb_roots(a, language).isdisjoint(verb_roots(b, language)):
        return True
    return _stem_in(language, base_of(a)) == _stem_in(language, base_of(b))


# Of a participle or an infinitive with "zu": a prefix that may stand alone, what is put in, the rest.
_PARTICIPLE: Final = re.compile(
    "((?:[dhw]?[ae]r)?(?:ab|an|auf|aus|bei|durch|ein|fehl|fest|fort|frei|her|hin|hoch|los|mit|nach|nieder|vor|weg|weiter"
    "|wieder|zurück|zusammen|sicher|über|um|unter)?(?:her|zu)?)(?:ge|zu)([^\\W\\d_]{2,}(?:t|en|e[rms]))"
)
_VERB_ENDINGS: Final = ("", *sorted("e en n t et st est te ten tet er es em ern eln".split(), key=len, reverse=True))
_SHORTEST_ROOT: Final = 3  # letters


@lru_cache(maxsize=65536)
def german_roots(word: str) -> frozenset[str]:
    """What a German word may be a form of: `geprüfte` of `prüf`, `anzulegen` of `anleg`."""
    base = base_of(word)
    forms = {word, base, *("".join(match.groups()) for form in (word, base) if (match := _PARTICIPLE.fullmatch(form)))}
    roots = {form.removesuffix(ending) for form in forms for ending in _VERB_ENDINGS if form.endswith(ending)}
    return frozenset(root for root in roots if len(root) >= _SHORTEST_ROOT) | forms


_SHORTEST_VERB: Final = 4  # letters of what is left of a verb of a Romance language


@lru_cache(maxsize=65536)
def verb_roots(word: str, language: str) -> frozenset[str]:
    """What a word is without the endings that verbs of its language take: `vérifiez` and `vérifier` as `vérifi`."""
    base = _irregular().get(word, word)
    roots = (base.removesuffix(end) for end in tables(language).get("verb_endings", "").split() if base.endswith(end))
    return frozenset(_hardened(root) for root in roots if len(root) >= _SHORTEST_VERB)


def _hardened(root: str) -> str:
    """A root as it is before an a: `verifiqu` as `verific`, `pagu` as `pag`."""
    return f"{root[:-2]}{'c' if root[-2] == 'q' else 'g'}" if root.endswith(("qu", "gu")) else root


# The pronouns that Spanish and Italian hang on a verb.
_CLITIC: Final = re.compile("([^\\W\\d_]+(?:[aei]r|ndo))e?(?:se|si|l[aeio]s?|me|mi|te|ti|nos|ci|ne)")


def _adverb_of(word: str, bases: frozenset[str]) -> bool:
    """Whether a word is the adverb of one of its bases: the stems of `easily` and `easy` differ."""
    return word.endswith("ly") and bool(bases - {word})


def _language(word: str) -> str:
    if not word.isascii():
        if _CYRILLIC.search(word):
            return "ru"
        if _CJK.search(word):
            return "zh"
    listed = _language_of().get(word, "en" if word.isascii() else "")
    if listed == "en" or _is_english(word):
        return "en"  # "organise" is French too
    return listed or by_letter(word)


def _is_english(word: str) -> bool:
    """Whether a word is a form of one that is listed for English."""
    return any(_language_of().get(base) == "en" for base in bases(word))


def by_letter(word: str) -> str:
    """The first language that has a letter of a word for its own."""
    if word.isascii():
        return "en"
    letters = set(word)
    return next((name for name in LANGUAGES if not letters.isdisjoint(tables(name).get("letters", ""))), "en")


@lru_cache(maxsize=1)
def _language_of() -> Mapping[str, str]:
    """The language of each listed word; English first, and of two others the first."""
    found: dict[str, str] = {}
    for name, data in zip(LANGUAGES, map(tables, LANGUAGES), strict=True):
        lists = [text for table, text in data.items() if table in _OF_LANGUAGE]
        for word in " ".join([*lists, *data["senses"].values()]).replace(",", " ").replace("|", " ").split():
            found.setdefault(word, name)
    return found


_OF_LANGUAGE: Final = frozenset("articles fillers idle qualifiers light imperatives opposites rivals synonyms".split())


# With no other ending does the English Snowball stemmer change a word; it takes 20 microseconds.
_STEMMED_ENDINGS: Final = tuple(tables("en")["stemmed_endings"].split())


@lru_cache(maxsize=65536)
def _stem_in(language: str, word: str) -> str:
    plain = language == "en" and word.isascii() and word.isalpha() and word.islower()
    if plain and not word.endswith(_STEMMED_ENDINGS):
        return word
    return word if language in UNSPACED else str(_stemmer(language).stemWord(word))


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Any:  # noqa: ANN401 - the package has no types
    name = _SNOWBALL[language]  # imported here: it takes 20 ms
    return getattr(import_module(f"snowballstemmer.{name}_stemmer"), f"{name.title()}Stemmer")()


@lru_cache(maxsize=65536)
def base_of(word: str) -> str:
    """The base of an irregular form, in American spelling."""
    word = word.removesuffix("'s")
    return american(_irregular().get(word, word))


@lru_cache(maxsize=1)
def _irregular() -> Mapping[str, str]:
    return {form: base for text in texts("forms") for base, *forms in parts(text) for form in forms}


@lru_cache(maxsize=1)
def _spellings() -> Mapping[str, str]:
    return {british: other for text in texts("spellings") for british, other in parts(text)}


@lru_cache(maxsize=1)
def _our_root() -> re.Pattern[str]:
    return re.compile("|".join(root[:-3] + "(?=our)" for root in words_in("our_roots")))


_ISE: Final = re.compile(r"(\w{2,}[^\Waeiou])is(e|es|ed|ing|ers?|ations?|ational|able)")
_LYSE: Final = re.compile(r"(\w+)lys(e|ed|ing|ers?)")


def american(word: str) -> str:
    """An English word in American spelling, where the British one is known: by list, -our, -ise and -yse."""
    known = _spellings()
    if word in known:
        return known[word]
    if word[-1:] == "s" and word[:-1] in known:
        return f"{known[word[:-1]]}s"
    if "our" in word and (root := _our_root().search(word)):
        return word[: root.end()] + "o" + word[root.end() + 2 :]
    match = _ISE.fullmatch(word) if "is" in word else None
    if match and f"{match[1]}ise" not in words_in("ise_words"):
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
def bases(word: str) -> frozenset[str]:
    """What an English word may be a form of, itself included: by its endings, whether there are such words or not."""
    word = base_of(word)
    found = {word}
    if word in words_in("whole"):
        return frozenset(found)
    for ending, bases in _ENDINGS:
        if not word.endswith(ending) or (ending == "s" and word.endswith(("ss", "us", "is"))):
            continue
        root = word[: -len(ending)]
        if ending.endswith("ly"):
            found.update(root + base for base in bases if root + base not in words_in("other_adverbs"))
        elif ending in ("ies", "ied") or _VOWEL.search(root):
            found.update(root + base for base in bases)
            if ending in ("ed", "ing") and root[-1:] == root[-2:-1]:
                found.add(root[:-1])
    return frozenset(base for base in found if base == word or len(base) >= _SHORTEST)


_MIN_TYPO: Final = 5  # letters of a word that may have been misspelt


def is_misspelt(one: str, other: str) -> bool:
    """Whether two words differ by one letter more, less or other, or by two that changed places."""
    if min(len(one), len(other)) < _MIN_TYPO or abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, rest_other = one[start:], other[start:]
    swapped = rest[:2] == rest_other[1::-1] and rest[2:] == rest_other[2:]
    return swapped or rest[1:] == rest_other[1:] or rest[1:] == rest_other or rest == rest_other[1:]


_CLIP_LETTERS: Final = (3, 6)  # of a word that is cut short


def is_clipped(short: str, long: str) -> bool:
    """Whether a word is the beginning of a much longer one, as it is cut short: `repo` of `repository`, `devs`."""
    start = short.removesuffix("s")
    fewest, most = _CLIP_LETTERS
    return (
        fewest <= len(start) <= most and len(long) >= len(start) + fewest and long.startswith(start) and long.isalpha()
    )
