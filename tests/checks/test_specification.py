"""Our rules of the format beside the reference validator's, whose known quirks are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skills_ref.errors import ParseError
from skills_ref.parser import parse_frontmatter
from skills_ref.validator import validate_metadata

from skill_distiller.checks.format import CLIENT_FIELDS, FIELDS, format_faults
from skill_distiller.skill.model import FrontmatterState, Skill
from skill_distiller.skill.parse import parse_skill

_CHARACTERS = "ab-z09_A é中.'"


def _is_one_value(text: str) -> bool:
    """Whether the reference reads it as one value: it takes three hyphens for the end of the header, quoted or not."""
    return "---" not in text


_words = st.text(st.sampled_from(_CHARACTERS), min_size=1, max_size=12).map(str.strip).filter(_is_one_value)
_names = st.one_of(
    _words,
    st.sampled_from(
        ["tidy", "tidy-up", "-tidy", "tidy-", "ti--dy", "Tidy", "técnico", "技能", "ﬁle", "a" * 64, "a" * 65]
    ),
)
_texts = st.one_of(
    st.sampled_from(["Use when b.", "", " ", "é" * 1024, "中" * 1025, "a" * 1025]),
    st.text(st.sampled_from("ab 中é.,-"), max_size=30).filter(_is_one_value),
)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_fields = st.dictionaries(
    st.sampled_from([*sorted(FIELDS - {"metadata"}), "version", "model", "colour"]), _texts.map(_quoted), max_size=5
)


def _reference_faults(text: str, folder: str) -> list[str]:
    try:
        fields, _ = parse_frontmatter(text)
    except ParseError as error:
        return [str(error)]
    return list(validate_metadata(fields, Path("skills") / folder))


def _blamed(faults: list[str]) -> set[str]:
    """The fields, of those that both look at, which the reference finds fault with."""
    told = [fault for fault in faults if not fault.startswith("Unexpected fields")]
    found = {
        "name": r"'name'|frontmatter: name|[Ss]kill name",
        "description": r"'description'|frontmatter: description|Description exceeds",
        "compatibility": r"'compatibility'|Compatibility exceeds",
    }
    return {field for field, sign in found.items() if any(re.search(sign, fault) for fault in told)}


def _unknown(faults: list[str]) -> set[str]:
    named = re.search(r"Unexpected fields in frontmatter: (.*?)\. Only", " ".join(faults))
    return set(named.group(1).split(", ") if named else ())


@given(_names, st.one_of(st.none(), _names), _fields)
def test_generated_frontmatter(name: str, folder: str | None, fields: dict[str, str]) -> None:
    """Quoted values: both say the same of every frontmatter, and of every field of it."""
    folder = folder or name.strip() or "a"
    lines = [f"{key}: {value}" for key, value in {"description": '"b"', "name": _quoted(name), **fields}.items()]
    text = "\n".join(["---", *lines, "---", "Run it."])
    ours, theirs = format_faults(parse_skill(text), folder), _reference_faults(text, folder)
    assert {fault.field for fault in ours if fault.text == "unknown field"} == _unknown(theirs)
    assert {fault.field for fault in ours if fault.text != "unknown field"} == _blamed(theirs)


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        pytest.param("name: a\ndescription: b\nallowed-tools: [Read, Write]", True, False, id="flow style is YAML"),
        pytest.param("name: a\ndescription: b\nmetadata: {a: b}", True, False, id="also of a mapping"),
        pytest.param("name: a\ndescription: b --- c", True, True, id="three hyphens in a value"),
        pytest.param("name: a\ndescription: b\nlicense: c --- d: e", False, True, id="which it takes for the end"),
        pytest.param("name: 12\ndescription: b", False, False, id="a number is no text, nor the folder's name"),
        pytest.param("name: a\ndescription: 2024-01-01", False, True, id="a date is no text"),
        pytest.param("name: a\ndescription: true", False, True, id="a boolean is no text"),
        pytest.param("name: a\nname: a\ndescription: b", False, False, id="a field given twice"),
        pytest.param("name: a\ndescription: b: c", False, False, id="a colon that is not quoted"),
        pytest.param("name: &x a\ndescription: *x", False, False, id="anchors"),
        pytest.param("name: a\ndescription: >\n  b\n  c", True, True, id="a folded text"),
        pytest.param("name: a\ndescription: b\nallowed-tools:\n  - Read", True, True, id="a list in block style"),
        pytest.param("name: a\ndescription: b\nmetadata:\n  c:\n    - d", True, True, id="nested metadata"),
        pytest.param("name: a\ndescription: <b>", True, True, id="angle brackets"),
        pytest.param("- a", False, False, id="a list"),
        pytest.param("", False, False, id="nothing"),
    ],
)
def test_where_the_two_differ(text: str, ours: bool, theirs: bool) -> None:
    """The reference reads strict YAML, where everything is text and flow style is an error.

    And it ends the frontmatter at the first three hyphens, wherever they stand.
    """
    skill = f"---\n{text}\n---\nRun it.\n"
    assert (not format_faults(parse_skill(skill), "a"), not _reference_faults(skill, "a")) == (ours, theirs)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff---\nname: a\ndescription: b\n---\n",
        "Run it.\n",
        "---\nname: a\ndescription: b\nRun it.\n",
        "\n---\nname: a\ndescription: b\n---\n",
    ],
    ids=["byte order mark", "none", "not closed", "below a blank line"],
)
def test_frontmatter_that_neither_takes(text: str) -> None:
    """Both refuse it."""
    assert format_faults(parse_skill(text), "a")
    assert _reference_faults(text, "a")


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_line_ends_do_not_matter(ends: str) -> None:
    """To neither."""
    text = ends.join(["---", "name: a", "description: b", "---", "Run it."])
    assert format_faults(parse_skill(text), "a") == ()
    assert _reference_faults(text, "a") == []


def test_an_allowed_field_is_no_fault() -> None:
    """Named fields are taken as valid, client fields are told apart."""
    skill = parse_skill("---\nname: a\ndescription: b\nversion: '1'\ncolour: red\n---\n")
    assert [(fault.field, fault.client) for fault in format_faults(skill)] == [("version", True), ("colour", False)]
    assert [fault.field for fault in format_faults(skill, allowed_fields=["colour"])] == ["version"]
    assert CLIENT_FIELDS.isdisjoint(FIELDS)


def test_characters_are_counted_not_bytes() -> None:
    """1,024 Chinese characters are a description, 1,025 are not."""
    assert format_faults(parse_skill(f"---\nname: a\ndescription: {'中' * 1024}\n---\n")) == ()
    assert len(format_faults(parse_skill(f"---\nname: a\ndescription: {'中' * 1025}\n---\n"))) == 1


@pytest.mark.corpus
def test_the_corpus(corpus_skills: tuple[Skill, ...]) -> None:
    """Both say the same of every real skill, but for what strict YAML does not take and what is no text."""
    for skill in corpus_skills:
        ours, theirs = format_faults(skill, "x"), _reference_faults(skill.text, "x")
        assert theirs  # no skill of the corpus is called x
        if skill.frontmatter.state is not FrontmatterState.OK or "Invalid YAML" in theirs[0]:
            continue
        assert {fault.field for fault in ours if fault.text == "unknown field"} == _unknown(theirs)
        no_texts = {fault.field for fault in ours if fault.text == "not a text"}
        assert {fault.field for fault in ours if fault.text != "unknown field"} - no_texts == _blamed(theirs)
