"""Lines of the store: what is an entry, what is not, and that nothing is lost on the way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calibration.samples import PUBLISHED, entry

from skill_distiller.calibration.entry import (
    Outcome,
    id_number,
    parse_entry,
    read_lines,
    split_lines,
    with_outcome,
    write_line,
)

_NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_the_entries_of_the_original_tool_load() -> None:
    """Five entries in the published schema: formula mode, `threshold: null`, method, notes, no last newline."""
    lines = read_lines(split_lines(PUBLISHED.read_bytes()))
    entries = [line.entry for line in lines if line.entry]
    assert [line.problem for line in lines] == [""] * 5
    assert [(e.id, e.mode, e.expected) for e in entries] == [
        ("c1", "threshold", 90), ("c2", "threshold", 95), ("c3", "threshold", 92), ("c4", "oneliner", 70),
        ("c5", "formula", 90),
    ]  # fmt: skip
    assert {e.actual for e in entries} == {None}
    assert [e.fields.get("threshold", 0) for e in entries] == [0.9, 0.95, 0.9, None, None]
    assert entries[1].fields["evaluation_method"] == "semantic"
    assert entries[4].fields["notes"] == "Set as formulas."


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"id":"c1","expected":{"functionality":9', "it is torn off, or not a JSON object"),
        (b"hello\n", "it is not a JSON object"),
        (b"[1]\n", "it is not a JSON object"),
        (b"\xff\xfe\n", "it is not a JSON object"),
        (b"[" * 100_000 + b"\n", "it is not a JSON object"),
        (b'{"a":' * 50_000 + b"\n", "it is not a JSON object"),
        (b'{"id":"c1","expected":{"functionality":NaN}}\n', "it is not a JSON object"),
        (b'{"id":"c1","expected":{"functionality":Infinity}}\n', "it is not a JSON object"),
        (b'{"id":"c1","expected":{"functionality":1e999}}\n', "it has no expected functionality between 0 and 100"),
        (b'{"id":"c1","expected":{"functionality":true}}\n', "it has no expected functionality between 0 and 100"),
        (b'{"id":"c1","expected":{"functionality":101}}\n', "it has no expected functionality between 0 and 100"),
        (b'{"id":"c1"}\n', "it has no expected functionality between 0 and 100"),
        (b'{"expected":{"functionality":90}}\n', "it has no id"),
        (b'{"id":7,"expected":{"functionality":90}}\n', "it has no id"),
        (b'{"id":"c1","expected":90,"actual":{"functionality":-1}}\n', "its actual functionality is not between 0 and"),
        (b'{"id":"c1","expected":' + b"9" * 5000 + b"}\n", "it is not a JSON object"),
    ],
    ids=range(16),
)
def test_a_line_that_is_no_entry_says_why_and_costs_no_other(line: bytes, problem: str) -> None:
    """Torn, foreign, too deep, not finite: skipped with a reason; the lines around it are read."""
    good = b'{"id":"c2","expected":{"functionality":90}}\n'
    before, bad, *after = read_lines([good, line, good] if line.endswith(b"\n") else [good, line])
    assert bad.problem.startswith(problem)
    assert (bad.number, bad.raw, bad.entry) == (2, line, None)
    assert before.entry
    assert all(other.entry for other in after)


def test_lines_end_at_line_feeds_only() -> None:
    """A carriage return, a form feed or U+2028 inside a line does not cut it."""
    content = "a\rb\x0c\u2028c\r\nd\n\ne".encode()
    assert split_lines(content) == ["a\rb\x0c\u2028c\r\n".encode(), b"d\n", b"\n", b"e"]


@given(st.binary(max_size=200))
def test_no_byte_of_a_file_is_lost(content: bytes) -> None:
    """Whatever a file holds, its lines joined are the file, and blank lines are no problem."""
    lines = read_lines(split_lines(content))
    assert b"".join(line.raw for line in lines) == content
    assert all(line.raw.strip() for line in lines if line.problem)


@given(st.dictionaries(st.text(max_size=10), _JSON, max_size=5), st.floats(0, 100))
def test_unknown_fields_are_kept(fields: dict[str, object], actual: float) -> None:
    """An entry that gets an outcome and is written and read again still has every other field, value by value."""
    original = parse_entry({**fields, "id": "c7", "expected": {"functionality": 90}, "actual": None})
    changed = with_outcome(original, Outcome(actual, "worked"), "2026-05-01T12:00:00Z")
    (line,) = read_lines([write_line(changed.fields)])
    assert line.entry
    kept = {k: v for k, v in line.entry.fields.items() if k not in ("actual", "actual_history")}
    assert kept == {k: v for k, v in original.fields.items() if k not in ("actual", "actual_history")}
    assert line.entry.actual == Outcome(actual, "worked")


def test_a_written_line_steers_no_terminal() -> None:
    """Escape sequences, line separators and lone surrogates of a skill's name are escaped: the file is ASCII."""
    line = write_line({"skill": "\x1b[31m\u2028\u202e\ud800 スキル"})
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert b"\x1b" not in line
    assert json.loads(line)["skill"] == "\x1b[31m\u2028\u202e\ud800 スキル"


def test_an_earlier_outcome_moves_to_the_history() -> None:
    """The newest outcome is `actual`, the earlier ones are in order in `actual_history`."""
    found = entry()
    for actual in (80, 70, 60.5):
        found = with_outcome(found, Outcome(actual, "partial", f"at {actual}"), "2026-05-01T12:00:00Z")
    assert found.actual == Outcome(60.5, "partial", "at 60.5")
    history = found.fields["actual_history"]
    assert isinstance(history, list)
    assert [item["functionality"] for item in history] == [80, 70]


def test_a_bare_number_of_another_tool_is_an_outcome() -> None:
    """`"actual": 85` counts, and stays what it was when it becomes history."""
    found = parse_entry({"id": "c1", "functionality_score": 90, "actual": 85})
    assert found.actual == Outcome(85)
    assert with_outcome(found, Outcome(70, "failed"), "").fields["actual_history"] == [85]


@pytest.mark.parametrize(
    ("identifier", "number"), [("c1", 1), ("c012", 12), ("x1", 0), ("c", 0), ("c-1", 0), ("c1 ", 0)]
)
def test_the_number_of_an_id(identifier: str, number: int) -> None:
    """Ids of another shape have number 0."""
    assert id_number(identifier) == number
