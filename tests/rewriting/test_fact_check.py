"""The fact check: what passes as the same in other words, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.fixture_file import Case, parameters, read_cases
from tests.strategies import soups

from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import find_facts
from skill_distiller.language.modals import Sense, find_signals
from skill_distiller.meaning.compare import LossKind, added, check_summary, check_wording, missing
from skill_distiller.skill.model import PROSE, Skill

LOST = [pytest.param(case, id=f"{case.line}-{case.title.replace(' ', '-')}") for case in read_cases("lost_meaning.md")]


@pytest.mark.parametrize(("original", "new"), parameters("same_meaning.md"))
def test_the_same_in_other_words_passes(original: str, new: str) -> None:
    """As the fixture file has it."""
    assert check_wording(original, new) == ()


@pytest.mark.parametrize("case", LOST)
def test_each_fault_is_found_for_what_it_is(case: Case) -> None:
    """One kind of fault is named at least; it is that of the title."""
    kind, _, _ = case.title.partition(":")
    found = check_wording(case.input, case.expected)
    assert LossKind(kind) in {loss.kind for loss in found}


@given(soups)
def test_any_text_says_what_it_says(text: str) -> None:
    """A text misses nothing of itself and brings nothing new."""
    assert missing(text, text) == ()
    assert added(text, text) == ()
    assert check_wording(text, text) == ()


@given(soups)
def test_a_text_that_is_there_twice_is_still_there(text: str) -> None:
    """What is added never takes away: no fact, no negation, no condition."""
    kinds = {loss.kind for loss in missing(text, f"{text}\n\n{text}")}
    assert kinds.isdisjoint({LossKind.FACT, LossKind.MODAL, LossKind.MARKUP, LossKind.PATTERN})


def test_a_summary_may_be_of_another_kind_but_of_one_block() -> None:
    """Several blocks as one paragraph or one list; with every fact, and no two blocks."""
    cases = [
        "**No network.** If there is no network, use the file `cache.json`.\n",
        "**Old version.** Versions before 2.1 need `--legacy` on every call.\n",
    ]
    good = "If there is no network: `cache.json`. Versions before 2.1 need `--legacy` on every call.\n"
    assert check_summary(cases, good) == ()
    as_list = "- If no network: `cache.json`\n- versions before 2.1: `--legacy` on every call\n"
    assert check_summary(cases, as_list) == ()
    assert LossKind.FACT in {loss.kind for loss in check_summary(cases, good.replace("`--legacy` on ", ""))}
    for bad in (good.replace(". V", ".\n\nV"), f"# Cases\n\n{good}", f"> {good}", f"{as_list}  - more\n"):
        assert LossKind.STRUCTURE in {loss.kind for loss in check_summary(cases, bad)}


def test_numbered_steps_are_not_summed_up() -> None:
    """Their order would be lost, in a list as in a sentence."""
    steps = ["1. Build the app with the tools at hand.\n2. Test the app on both of the machines.\n"]
    for text in (steps[0], "Test the app on both machines, build the app with the tools.\n"):
        assert LossKind.STRUCTURE in {loss.kind for loss in check_summary(steps, text)}


def test_a_line_separator_is_no_white_space() -> None:
    """Some readers begin a line there."""
    for character in "\u2028\u2029":
        assert added("Run it.", f"Run it.{character}# Rules")[0].text == f"U+{ord(character):04X}"


def test_words_may_come_from_the_headings() -> None:
    """A block under a heading may say what the heading says."""
    original = "It is told to the customer support team, and to the finance department as well."
    new = "Tell refund outage escalation: customer support, finance department."
    assert LossKind.ADDED in {loss.kind for loss in check_wording(original, new)}
    assert check_wording(original, new, context="Refund outage escalation") == ()


def test_texts_that_are_too_long_to_compare_are_refused() -> None:
    """Comparing takes time that grows with the square of the sentences and of the conditions."""
    for text in ("Do not stop. " * 400, "no " * 800, "unless if not " * 200):
        assert [loss.kind for loss in missing(text, text)] == [LossKind.STRUCTURE]
        assert [loss.kind for loss in check_wording(text, text)] == [LossKind.STRUCTURE]


def _plain_blocks(skill: Skill) -> list[str]:
    """Blocks of prose without code, links or quotations, in which every word is a word."""
    marked = {FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL, FactKind.QUOTED}
    texts = [block.text for block in skill.blocks if block.kind in PROSE and 60 <= len(block.text) <= 1500]
    return [text for text in texts if marked.isdisjoint(fact.kind for fact in find_facts(text))]


@pytest.mark.corpus
def test_a_condition_taken_out_of_a_real_block_is_found(corpus_sample: tuple[Skill, ...]) -> None:
    """Nearly always: of every hundred negations, limits, conditions and duties at most three go unseen."""
    senses = {Sense.NEGATION, Sense.ONLY, Sense.EXCEPTION, Sense.CONDITION, Sense.BEFORE, Sense.UNTIL, Sense.DUTY}
    found = []
    for text in (text for skill in corpus_sample for text in _plain_blocks(skill)[:12]):
        assert check_wording(text, text) == ()
        for signal in find_signals(text):
            if signal.firm and signal.sense in senses:
                found.append(bool(check_wording(text, text[: signal.start] + text[signal.end :].lstrip(" "))))
    assert len(found) > 50
    assert sum(found) >= 0.97 * len(found)
