"""The inventory of facts: what is found, under which key, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.fixture_file import parameters
from tests.strategies import texts

from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import anchor, block_facts, fact_keys, find_facts, inventory, normalize
from skill_distiller.language.modals import LIMITS, may_hold_limit
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill


def _rows(text: str, *, code: bool) -> str:
    return "".join(f"{fact.kind}: {fact.key}\n" for fact in find_facts(text, code=code))


def _keys(text: str) -> frozenset[str]:
    return fact_keys(find_facts(text))


@pytest.mark.parametrize(("text", "expected"), parameters("facts.md"))
def test_facts_of_prose(text: str, expected: str) -> None:
    """Prose carries these facts, in order of position."""
    assert _rows(text, code=False) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("facts_in_code.md"))
def test_facts_of_code(text: str, expected: str) -> None:
    """A code block carries its lines, and the URLs, flags and variables inside them."""
    assert _rows(text, code=True) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("modals.md"))
def test_modals(text: str, expected: str) -> None:
    """Negations, obligations, limits and conditions are facts in every language that skills are written in."""
    found = [fact.key for fact in find_facts(text) if fact.kind is FactKind.MODAL]
    assert "".join(f"{key}\n" for key in found) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("same_facts.md"))
def test_same_facts(text: str, expected: str) -> None:
    """Two ways to write one text carry the same keys: emphasis, line breaks and symbols do not matter."""
    assert _keys(text) == _keys(expected)
    assert _keys(text)


def test_every_kind_is_found_somewhere() -> None:
    """The fixture files name every kind of fact there is, but headings, which only an inventory has."""
    named = {
        row.split(": ")[0]
        for name in ("facts.md", "facts_in_code.md")
        for case in parameters(name)
        for row in str(case.values[1]).splitlines()
    }
    assert named == {kind.value for kind in FactKind} - {FactKind.HEADING.value}


@given(texts)
def test_positions(text: str) -> None:
    """A fact's offsets cut its very text out of the source, in prose and in code, and its key is not empty."""
    for code in (False, True):
        for fact in find_facts(text, code=code):
            assert text[fact.start : fact.end] == fact.text
            assert fact.text
            assert fact.key


@pytest.mark.corpus
def test_positions_in_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """In every block of every real skill too."""
    for block in (block for skill in corpus_skills for block in skill.blocks):
        for fact in block_facts(block):
            assert block.text[fact.start : fact.end] == fact.text
            assert fact.key


@pytest.mark.parametrize("limit", LIMITS)
def test_no_limit_is_overlooked(limit: str) -> None:
    """The quick look lets every limit through, in small letters or capitals, on one line or two."""
    for written in (limit, limit.upper(), limit.title(), limit.replace(" ", "\n")):
        text = f"Wait {written} 3 seconds."
        assert may_hold_limit(text, text.split())


def test_inventory_is_in_order_and_distinct() -> None:
    """Each key stands once, where it first appears, with the kind it first had."""
    skill = parse_skill("Run `make`.\n\nNever run `make` on `main`.\n\n```\nmake\n```\n")
    assert list(inventory(skill).items()) == [
        ("make", FactKind.CODE_SPAN),
        ("never run make", FactKind.MODAL),
        ("main", FactKind.CODE_SPAN),
    ]


def test_every_heading_is_a_fact() -> None:
    """A heading can be referred to from anywhere, so each is part of the inventory; text alone has none."""
    assert "# Set it up" in inventory(parse_skill("## Set it up\n\ntext\n"))
    assert not inventory(parse_skill("Set it up\n\ntext\n"))


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("When to Use", "when-to-use"),
        ("What's new?", "whats-new"),
        ("The `foo` command", "the-foo-command"),
        ("Step 1: Build & test", "step-1-build--test"),
        ("概述", "概述"),
        ("snake_case-name", "snake_case-name"),
    ],
)
def test_anchor(heading: str, expected: str) -> None:
    """Anchors are made as GitHub makes them."""
    assert anchor(heading) == expected


def test_normalize() -> None:
    """Outer marks go, inner white space collapses."""
    assert normalize(" **`a  b`**\n") == "a b"
    assert normalize("“quoted\n words”") == "quoted words"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("`" * 20000, id="back-ticks"),
        pytest.param("``` a\n" * 4000, id="open fences"),
        pytest.param("` " * 10000, id="lone back-ticks"),
        pytest.param("``a ```b " * 4000, id="uneven back-ticks"),
        pytest.param("[" * 20000, id="brackets"),
        pytest.param("](" * 10000, id="half links"),
        pytest.param('"a' * 10000, id="quotation marks"),
        pytest.param("“" * 20000, id="open quotations"),
        pytest.param("https://" * 5000, id="schemes"),
        pytest.param("a/" * 10000, id="a long path"),
        pytest.param("a_" * 10000, id="a long identifier"),
        pytest.param("A" * 20000 + "!", id="one long word"),
        pytest.param("1," * 10000, id="a long number"),
        pytest.param("not " * 5000, id="negations"),
        pytest.param("at least " * 3000, id="limits"),
        pytest.param("-a" * 10000 + "é", id="hyphens"),
        pytest.param("a1-" * 7000 + "é", id="mixed"),
        pytest.param("*" * 20000, id="asterisks"),
    ],
)
def test_hostile_text_is_read(text: str) -> None:
    """No text of 20 kB makes the expressions run away: a fault shows as a run that does not end."""
    for code in (False, True):
        assert all(text[fact.start : fact.end] == fact.text for fact in find_facts(text, code=code))


@given(texts)
def test_facts_without_modals_are_the_others(text: str) -> None:
    """Modal words are left out, and nothing else."""
    named = tuple(fact for fact in find_facts(text) if fact.kind is not FactKind.MODAL)
    assert find_facts(text, modals=False) == named
