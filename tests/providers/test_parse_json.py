"""Reading JSON out of replies: it finds it or says why not, whatever the reply."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters

from skill_distiller.errors import MalformedReplyError
from skill_distiller.providers.session import parse_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("text", "expected"), parameters("parse_json.md"))
def test_replies(text: str, expected: str) -> None:
    """As the fixture file has it."""
    assert parse_json(text) == json.loads(expected)


@given(st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_exact_json_is_read_exactly(value: dict[str, object]) -> None:
    """What needs no repair gets none."""
    assert parse_json(json.dumps(value)) == value


@given(st.text(alphabet='{}[]",:\\ \n`a1<think>/', max_size=80))
def test_any_text_is_an_object_or_an_error(text: str) -> None:
    """Never a traceback, never anything but an object."""
    try:
        assert isinstance(parse_json(text), dict)
    except MalformedReplyError:
        return


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "{" * 399_999, '{"a": "' + "\\" * 300_000])
def test_hostile_replies_end_soon(text: str) -> None:
    """Brackets inside brackets and long runs are given up or read, in no more than linear time."""
    try:
        parse_json(text)
    except MalformedReplyError:
        return
