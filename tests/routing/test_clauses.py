"""A description is taken apart without loss, and joined again in its own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters

from skill_distiller.routing.clauses import Clauses
from skill_distiller.routing.pinned import Pin, find_pins
from skill_distiller.routing.split_clauses import split_clauses
from skill_distiller.skill.read import read_skill

PHI = (
    "HIPAA entry point for privacy. Use when a task is about HIPAA, PHI handling, covered entities, BAAs, or breaches. "
    "Covers audits."
)
WORDS = st.sampled_from(
    [
        "Use when",
        "the user asks to",
        "plot",
        "data",
        "or",
        "and",
        "including",
        "not for",
        "`a, b`",
        '"say, this"',
        "做表",
        "e.g.",
    ]
)
MARKS = st.sampled_from([" ", ", ", ", or ", ". ", " — ", "; ", "\n", "。", "、", " (", ") ", "  ", "\r\n", "!"])


def _shown(clauses: Clauses) -> str:
    pins = find_pins(clauses, siblings={"cake-shop"}, keep=["every size"])
    lines = []
    for clause in clauses.all:
        sentence = clauses.sentences[clause.sentence]
        lead = "" if sentence.head else clauses.text[slice(*sentence.lead)].strip() + " … "
        before = [f"needs {clause.needs}"] * (clause.needs is not None) + [
            p.value for p in [pins.get(clause.index)] if p
        ]
        lines.append(f"{' '.join(before)}: " * bool(before) + lead + clauses.text_of(clause) + "\n")
    return "".join(lines)


@pytest.mark.parametrize(("text", "expected"), parameters("clauses.md"))
def test_clauses_and_pins(text: str, expected: str) -> None:
    """Where a description is cut, what needs what, and what stays for which reason."""
    assert _shown(split_clauses(text.strip())) == expected


@given(st.lists(st.tuples(WORDS, MARKS), max_size=30), st.data())
def test_nothing_is_lost_and_nothing_is_made_up(pieces: list[tuple[str, str]], data: st.DataObject) -> None:
    """All clauses joined are the text, byte for byte; some of them are made of its words alone, in their order."""
    text = "".join(word + mark for word, mark in pieces).strip()
    clauses = split_clauses(text)
    assert clauses.join(range(len(clauses.all))) == text
    kept = data.draw(st.sets(st.integers(0, max(0, len(clauses.all) - 1)), max_size=len(clauses.all)))
    joined = clauses.join(kept)
    for index in clauses.closure(kept):
        assert clauses.text_of(clauses.all[index]) in joined
    words = iter(re.findall(r"\w+", text))
    assert all(word in words for word in re.findall(r"\w+", joined) if word not in ("or", "and"))


@given(st.text(max_size=200))
def test_any_text_can_be_taken_apart(text: str) -> None:
    """Never an error, whatever it is."""
    clauses = split_clauses(text)
    assert clauses.join(range(len(clauses.all))) == text
    assert [clause.index for clause in clauses.all] == list(range(len(clauses.all)))


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({0}, "HIPAA entry point for privacy."),
        ({0, 1, 3}, "HIPAA entry point for privacy. Use when a task is about HIPAA or covered entities."),
        ({3, 4, 5}, "Use when a task is about HIPAA, covered entities, BAAs, or breaches."),
        (set(), ""),
    ],
)
def test_the_last_item_gets_its_conjunction_back(kept: set[int], expected: str) -> None:
    """With a comma before it where the list is long, and none where two items are left."""
    assert split_clauses(PHI).join(kept) == expected


def test_what_ends_a_part_behind_a_dash_ends_the_part_before_it() -> None:
    """No dash is left without what it led to."""
    clauses = split_clauses("Bakes bread — covers doughs, loaves, and buns. Use daily.")
    assert clauses.join({0, 4}) == "Bakes bread. Use daily."


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        (
            "Counts stock (such as nails, screws, and bolts) daily. Use weekly.",
            {0, 1, 4},
            "Counts stock (such as nails) daily. Use weekly.",
        ),
        ("Counts stock (nails, screws) daily. Use weekly.", {0}, "Counts stock daily."),
        (
            'Mends bikes. Trigger with "flat", "rust", or when the user asks why.',
            {0, 1, 2},
            'Mends bikes. Trigger with "flat" or "rust".',
        ),
        (
            "Mends bikes. Use when they say 'a flat,' 'a bell,' or 'a ride.'",
            {0, 1, 2},
            "Mends bikes. Use when they say 'a flat,' or 'a bell'",
        ),
        ("Mends bikes; sells bells. Use daily.", {0, 2}, "Mends bikes. Use daily."),
    ],
)
def test_what_is_left_reads_as_a_sentence(text: str, kept: set[int], expected: str) -> None:
    """No bracket is empty, no word that opened what went is left, and no mark ends what does not end."""
    assert split_clauses(text).join(kept) == expected


def test_a_model_lifts_some_pins() -> None:
    """What a reader can judge stays on its own merits; exclusions stay all the same."""
    clauses = split_clauses('Bakes bread. Triggers: "bake me", "a loaf", dough. Not for cakes.')
    assert set(find_pins(clauses, lexical=False).values()) == {Pin.EXCLUSION}


@pytest.mark.corpus
def test_the_corpus(corpus: Path) -> None:
    """Every real description comes together again, from clauses that are slices of it."""
    for path in sorted(corpus.glob("*/SKILL.md")):
        text = read_skill(path).description
        clauses = split_clauses(text)
        assert clauses.join(range(len(clauses.all))) == text, path
        assert all(text[c.start : c.end].strip() for c in clauses.all), path


@pytest.mark.parametrize("run", [" ", "\n", "(", ", ", " — ", "when the user asks to ", " or"])
def test_long_runs_take_no_longer_than_they_are(run: str) -> None:
    """Each would take minutes if it were looked at again from each of its places."""
    text = f"a{run * (30_000 // len(run))}b"
    assert split_clauses(text).join(range(len(split_clauses(text).all))) == text
