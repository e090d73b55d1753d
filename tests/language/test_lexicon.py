"""What words mean, and that the lists they are read from are in order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product

import pytest
from tests.fixture_file import parameters

from skill_distiller.language import forms, lexicon
from skill_distiller.language.lexicon import Sense
from skill_distiller.language.words import LANGUAGES, parts, tables

_ASKS: dict[str, Callable[[str, str], bool]] = {
    "same": forms.same_word,
    "opposites": lexicon.are_opposites,
    "synonyms": lexicon.are_synonyms,
}
_WORD_LISTS = ("articles", "fillers", "light", "imperatives", "abbreviations", "whole", "other_adverbs", "ise_words")


@pytest.mark.parametrize(("text", "expected"), parameters("lexicon.md"))
def test_pairs_of_words(text: str, expected: str) -> None:
    relation = expected.strip().removeprefix("no ")
    asks = _ASKS["same" if relation == "different" else relation]
    wanted = expected.strip() in _ASKS
    for line in text.splitlines():
        a, b = line.split()
        assert asks(a, b) is asks(b, a) is wanted, line


def test_words_that_are_not_stemmed_are_those_that_snowball_leaves_alone() -> None:
    """The quick look at an ending passes over no word that the stemmer changes."""
    snowball = forms._stemmer("en")
    letters = "abcdefghijklmnopqrstuvwxyz"
    endings = (
        "ational tional izer ization ation ator alism aliti alli fulness ousli ousness iveness iviti biliti bli ogi "
        "ogist fulli lessli li alize icate iciti ical ful ness ative al ance ence er ic able ible ant ement ment ent "
        "ism ate iti ous ive ize ion eed eedly ed edly ing ingly ies ied sses us y"
    ).split()
    words = [root + end for root in ("psychol", "gener", "hopp", "inn", "sk", "a") for end in (*endings, *letters)]
    words += ["".join(word) for word in product(letters, "aeouy", letters)]
    words += ["".join(word) for word in product("bcst", "aeiouy", letters, letters)]
    assert [word for word in words if forms._stem_in("en", word) != snowball.stemWord(word)] == []


def test_words_have_all_their_senses() -> None:
    assert lexicon.senses("never") == {Sense.NEGATION}
    assert lexicon.senses("nunca") == {Sense.NEGATION}
    assert lexicon.senses("禁止") == {Sense.NEGATION}
    assert lexicon.senses("either") == {Sense.SOME, Sense.OR}
    assert lexicon.senses("should") == {Sense.ADVICE}
    assert lexicon.senses("file") == set()


def test_phrases_stand_for_one_token_the_longest_first() -> None:
    rules = {words: token for found in lexicon.phrases().values() for words, token in found}
    assert rules["at", "least"] == "≥"
    assert rules["no", "more", "than"] == "≤"
    assert rules[("don't",)] == rules["do", "not"] == "not"
    assert rules["prior", "to"] == "before"
    assert rules["is", "not", "allowed", "to"] == "must not"
    assert rules[("two",)] == "2"
    for first, found in lexicon.phrases().items():
        assert all(words[0] == first for words, _ in found)
        assert [len(words) for words, _ in found] == sorted((len(words) for words, _ in found), reverse=True)


def test_small_words() -> None:
    assert lexicon.is_filler("simply")
    assert lexicon.is_article("the")
    assert lexicon.is_article("der")
    assert lexicon.is_light("which")
    assert lexicon.is_light("the")
    assert lexicon.is_imperative("run")
    assert lexicon.is_imperative("vérifie")
    assert "e.g" in lexicon.abbreviations()
    for ask in (lexicon.is_filler, lexicon.is_article, lexicon.is_light, lexicon.is_imperative):
        assert not ask("database")


def test_stems() -> None:
    assert forms.stem("kept") == forms.stem("keeps")
    assert forms.stem("colours") == forms.stem("color")
    assert forms.stem("удалить") == forms.stem("удали")
    assert forms.stem("删除") == "删除"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sense(language: str) -> None:
    written = tables(language)
    assert {Sense(name) for name, words in written["senses"].items() if words.split()} == set(Sense)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_hold_each_word_once_in_small_letters(language: str) -> None:
    written = tables(language)
    lists = {**{name: written[name] for name in _WORD_LISTS if name in written}, **written["senses"]}
    for name, text in lists.items():
        words = text.split()
        assert [word for word in words if words.count(word) > 1] == [], name
    for name, text in {**written, **written["senses"]}.items():
        assert name == "senses" or text == text.lower(), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_the_opposite_and_the_synonym_of_another(language: str) -> None:
    opposites, synonyms = _opposites(language), _synonyms(language)
    assert [pair for pair in synonyms if lexicon.are_opposites(*pair)] == []
    assert [pair for pair in opposites if lexicon.are_synonyms(*pair)] == []
    assert [pair for pair in opposites | synonyms if forms.same_word(*pair, language)] == []


def test_there_are_enough_of_them() -> None:
    assert len(_opposites("en")) >= 450
    assert len(list(lexicon.groups("synonyms", "en"))) >= 350
    for language in LANGUAGES[1:]:
        assert len(_opposites(language)) >= 60, language
        assert len(list(lexicon.groups("synonyms", language))) >= 30, language


def _opposites(language: str) -> set[tuple[str, str]]:
    listed = (pair for left, right in lexicon.opposite_pairs(language) for pair in product(left, right))
    rivals = (pair for group in lexicon.groups("rivals", language) for pair in combinations(group, 2))
    return {*listed, *rivals}


def _synonyms(language: str) -> set[tuple[str, str]]:
    return {pair for group in lexicon.groups("synonyms", language) for pair in combinations(group, 2)}


def test_runs_without_spaces_are_cut_into_the_longest_listed_words() -> None:
    assert lexicon.segment("不要删除数据") == ["不要", "删除", "数", "据"]
    assert lexicon.segment("当前功能") == ["当前", "功能"]
    assert lexicon.segment("검사하면") == ["검", "사", "하면"]
    assert lexicon.segment("검사하면서") == ["검", "사", "하면서"]  # while, not if
    assert lexicon.segment("") == []
    assert "".join(lexicon.segment("承認なしに送信しないでください")) == "承認なしに送信しないでください"


def test_a_word_has_the_senses_of_its_language() -> None:
    assert lexicon.senses("se", "it") == {Sense.CONDITION}
    assert lexicon.senses("se", "es") == set()
    assert lexicon.senses("must", "de") == {Sense.DUTY}
    assert lexicon.senses("can") == {Sense.ABILITY}
    assert lexicon.language_of("el archivo de la factura".split()) == "es"
    assert lexicon.language_of("the file of the day".split()) == "en"
    assert lexicon.language_of(["database"]) == ""


def test_verb_forms_of_other_languages() -> None:
    for word in ("geprüft", "prüft", "prüfst", "prüfen"):
        assert forms.same_word(word, "prüfe", "de"), word
    assert forms.same_word("anzulegen", "angelegt", "de")
    assert not forms.same_word("löschen", "lesen", "de")
    assert forms.same_word("usarse", "usar", "es")
    assert lexicon.are_synonyms("usarse", "utilizarse", "es")
    assert forms.same_word("vérifiez", "vérifie", "fr")


def test_no_form_of_another_language_is_a_word_of_english() -> None:
    """Else "use" would be another word than "using" in English, where nothing tells the language of a word."""
    listed = {
        word for text in tables("en").values() if isinstance(text, str) for word in text.replace(",", " ").split()
    }
    forms = {
        (language, form)
        for language in LANGUAGES
        if language != "en"
        for _, *others in parts(tables(language).get("forms", ""))
        for form in others
    }
    assert sorted((language, form) for language, form in forms if form in listed) == [("fr", "a"), ("fr", "est")]
