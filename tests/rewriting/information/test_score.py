"""Redundant phrases without a language model: what is said elsewhere may go, what tells something stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rewriting.information.samples import HEAD, analyzed, shortened

from skill_distiller.analysis.model import SectionType
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.planning.ladders import prepare_ladders
from skill_distiller.rewriting.information.score import PhraseScorer
from skill_distiller.rewriting.ladder import keeps_everything
from skill_distiller.rewriting.redundant import COMPRESSIBLE
from skill_distiller.rewriting.words.word_lists import NEGATIONS
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

RESTATED = "This skill turns the orders of a bakery into a baking plan. "
TOLD = "Rye dough rests for 30 minutes under a damp cloth in the small cellar.\n"
REGRESSION = (
    "Never commit secrets. Do not run migrations without a backup. "
    "Use `git push --force` only if the branch is not shared.\n"
)


def test_what_the_description_says_already_goes() -> None:
    """The sentence that restates it goes whole; the next one is not touched."""
    assert shortened(HEAD + RESTATED + TOLD) == [TOLD]


def test_what_nothing_else_says_stays() -> None:
    """The same sentence in a skill that speaks of other things."""
    text = HEAD.replace("Turns the orders of a bakery into a baking plan", "Counts sheep") + RESTATED + TOLD
    assert shortened(text.replace("# Baking plans", "# Sheep")) == [RESTATED + TOLD]


def test_of_two_places_that_say_the_same_the_first_stays() -> None:
    """Else both would go, each because of the other."""
    head = HEAD.replace("Turns the orders of a bakery into a baking plan", "Counts sheep").replace(
        "Baking plans", "Sheep"
    )
    once, again = TOLD + RESTATED + "\n\n", "Wheat dough rests for 45 minutes in the attic. " + RESTATED + "\n"
    first, second = shortened(head + once + again)
    assert RESTATED.strip() in first
    assert RESTATED.strip() not in second


def test_a_clause_that_only_explains_goes_without_its_sentence() -> None:
    """What is left of the sentence is one."""
    text = f"{HEAD}Rye dough rests for 30 minutes, which the morning shift of a bakery plans around. {TOLD}"
    assert shortened(text) == [f"Rye dough rests for 30 minutes. {TOLD}"]


@pytest.mark.parametrize("kind", [kind for kind in SectionType if kind not in COMPRESSIBLE])
def test_other_types_lose_no_phrase(kind: SectionType) -> None:
    """Only examples, edge cases, explanations and details do."""
    assert PhraseScorer().phrases(analyzed(HEAD + RESTATED + TOLD, kind)) == {}


def test_the_share_that_is_redundant_is_told() -> None:
    """The characters of the phrases over those of the block."""
    (phrases,) = PhraseScorer().phrases(analyzed(HEAD + RESTATED + TOLD)).values()
    assert phrases.redundant == (RESTATED.strip(),)
    assert phrases.potential == pytest.approx(len(RESTATED.strip()) / len(RESTATED + TOLD))


@pytest.mark.parametrize("kind", sorted(COMPRESSIBLE))
def test_prohibitions_and_conditions_stay_whatever_else_says_them(kind: SectionType) -> None:
    """Even word for word in the description: nothing of them goes."""
    text = HEAD.replace("Turns", REGRESSION.strip().replace("`", "") + " Turns") + REGRESSION * 3
    assert PhraseScorer().phrases(analyzed(text, kind)) == {}


@pytest.mark.parametrize(
    "text",
    [
        "本技能把面包店的订单变成早班的烘焙计划。本技能把面包店的订单变成早班的烘焙计划。" * 4,
        "Dieser Skill macht aus den Bestellungen einer Bäckerei einen Backplan. " * 3,
        "Esta herramienta convierte los pedidos de una panadería en un plan de horneado. " * 3,
        "Этот навык превращает заказы пекарни в план выпечки на утро. " * 3,
    ],
)
def test_a_language_that_the_counts_do_not_know_is_left_alone(text: str) -> None:
    """Even where every word of it stands in the description too."""
    head = HEAD.replace("Turns the orders", f"{text}Turns the orders")
    assert PhraseScorer().phrases(analyzed(f"{head}{text}\n\n{text}\n")) == {}


def test_the_rung_costs_what_the_phrases_are_worth() -> None:
    """It keeps more than its tokens and less than the rung above; what went is named; no fact is lost."""
    analysis = analyzed(HEAD + RESTATED + TOLD)
    (ladder,) = prepare_ladders(analysis, (), load_counter()).ladders
    rung = next(r for r in ladder.rungs if RESTATED.strip() not in r.text and r.text)
    above = ladder.rungs[ladder.rungs.index(rung) - 1]
    assert rung.tokens / ladder.rungs[0].tokens < rung.share < above.share
    assert rung.phrases == (RESTATED.strip(),)
    assert keeps_everything(analysis, 0, rung)


def test_what_a_symbol_says_is_no_deleted_phrase() -> None:
    """ "no more than" as a sign is still said."""
    analysis = analyzed("The goal should be no more than 100 words, and the plan no more than 200 words.\n")
    (ladder,) = prepare_ladders(analysis, (), load_counter()).ladders
    assert any("≤ 100" in rung.text for rung in ladder.rungs)
    assert all(rung.phrases == () for rung in ladder.rungs)


sentences = st.sampled_from(
    (
        RESTATED.strip(), "The baking plan of a bakery is for the morning shift.", "Never bake the plan of a bakery.",
        "The orders of a bakery are a plan unless the shift is late.", "It is a plan for the shift (the morning one).",
        "Bake the bread.", "The morning shift bakes 30 orders.", "The plan is in `plan.md`.", "That is a bakery.",
        "The orders are a plan, which the shift of the bakery bakes.", "You must not bake the orders of the shift.",
        "The bakery plans the orders because the shift is not large.", "See [the plan](plan.md).", "- The plan",
        "The plan (see the bakery) may be a shift.", "Use orders only.", "**The plan** is baked.", "1. The bakery",
    )
)  # fmt: skip
bodies = st.lists(st.tuples(sentences, st.sampled_from((" ", " ", "\n", "\n\n"))), min_size=2, max_size=14).map(
    lambda parts: "".join(sentence + end for sentence, end in parts)
)


@given(bodies, st.sampled_from(sorted(COMPRESSIBLE)))
def test_no_fact_negation_or_condition_is_ever_lost(body: str, kind: SectionType) -> None:
    """In every block: the same facts, and each word that forbids or restricts as often as before."""
    text = HEAD + body
    for before, after in zip(parse_skill(text).blocks, shortened(text, kind), strict=True):
        assert fact_keys(find_facts(before.text)) <= fact_keys(find_facts(after))
        for word in MODAL_WORDS | NEGATIONS:
            pattern = rf"(?i)\b{re.escape(word)}\b"
            assert len(re.findall(pattern, after)) == len(re.findall(pattern, before.text))


@given(bodies)
def test_only_whole_sentences_and_clauses_go(body: str) -> None:
    """What is left of a block still ends as it did, and no line of it is left without words."""
    text = HEAD + body
    for before, after in zip(parse_skill(text).blocks, shortened(text), strict=True):
        assert before.text.strip()[-1:] == after.strip()[-1:]
        assert [line for line in after.split("\n") if line.strip()]
