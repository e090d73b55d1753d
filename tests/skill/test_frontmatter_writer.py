"""One field of a frontmatter changes, and no other byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fixture_file import SKILLS, parameters

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.skill.frontmatter import set_field
from skill_distiller.skill.model import Frontmatter, Skill, render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill


def _frontmatter(text: str) -> Frontmatter:
    return parse_skill(text).frontmatter


def _yaml(raw: str) -> dict[str, object]:
    """What a YAML parser that is not ours to configure makes of a frontmatter."""
    source = raw.removeprefix("\ufeff").strip().removeprefix("---").removesuffix("---").removesuffix("...")
    fields = yaml.safe_load(source)
    assert isinstance(fields, dict)
    return fields


@pytest.mark.parametrize(("text", "expected"), parameters("set_field.md"))
def test_one_field_changes(text: str, expected: str) -> None:
    """Each style of YAML takes a new value; comments, order and spacing stay as they were."""
    order, _, raw = text.partition("\n")
    field, _, value = order.partition(" ")
    changed = set_field(_frontmatter(raw), field, json.loads(value))
    assert changed.raw == expected
    fields = _yaml(changed.raw)
    assert fields == changed.fields
    assert fields[field] == json.loads(value)


@pytest.mark.parametrize(("text", "expected"), parameters("set_field.md"))
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_other_line_ends_stay(text: str, expected: str, line_end: str) -> None:
    """A frontmatter of Windows or old Mac line ends, behind a byte order mark, has no other line end afterwards."""
    order, _, raw = text.partition("\n")
    field, _, value = order.partition(" ")
    changed = set_field(_frontmatter("\ufeff" + raw.replace("\n", line_end)), field, json.loads(value))
    assert changed.raw == "\ufeff" + expected.replace("\n", line_end)


def test_a_file_that_ends_with_the_frontmatter() -> None:
    """Without a line end behind the closing fence there is none afterwards either."""
    assert set_field(_frontmatter("---\nname: a\n---"), "name", "b").raw == "---\nname: b\n---"


@pytest.mark.parametrize("name", ["crlf", "lone-cr", "mixed-line-ends", "byte-order-mark", "description-block"])
def test_the_same_value_changes_nothing(name: str) -> None:
    """A value that is there already gives the very same frontmatter."""
    frontmatter = read_skill(SKILLS / name).frontmatter
    description = frontmatter.fields["description"]
    assert isinstance(description, str)
    assert set_field(frontmatter, "description", description) is frontmatter


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-frontmatter", "no frontmatter to change"),
        ("unclosed-frontmatter", "it is unclosed"),
        ("blank-line-first", "it is not on the first line"),
        ("broken-yaml", "it is not valid YAML"),
        ("yaml-alias", "it is not valid YAML"),
    ],
)
def test_a_frontmatter_with_a_fault_is_refused(name: str, message: str) -> None:
    """What can't be read safely can't be changed safely: one sentence says why, a hint what to do."""
    frontmatter = read_skill(SKILLS / name).frontmatter
    with pytest.raises(BadInputError, match=message) as caught:
        set_field(frontmatter, "description", "New")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("source", "field", "message"),
    [
        ("name: &a b\n", "name", "anchor"),
        ("name: !!str b\n", "name", "not valid YAML"),
        ("name: a\nname: b\n", "name", "twice"),
        ("name: a\ndescription:\n- b\n", "description", "is no text"),
        ("description: {a: b}\n", "description", "is no text"),
        ("{name: a}\n", "description", "can't be set"),
    ],
)
def test_what_can_not_be_changed_safely(source: str, field: str, message: str) -> None:
    """Anchors, tags, keys that stand twice and values that are no text are refused."""
    with pytest.raises(BadInputError, match=message) as caught:
        set_field(_frontmatter(f"---\n{source}---\n"), field, "New")
    assert caught.value.hint


def test_a_value_that_makes_the_frontmatter_too_long() -> None:
    """A frontmatter that would no longer be read is not made."""
    with pytest.raises(BadInputError, match="can't be set") as caught:
        set_field(_frontmatter("---\nname: a\n---\n"), "name", "x" * 70_000)
    assert "64 kB" in caught.value.hint


def test_no_new_fields_outside_of_metadata() -> None:
    """The format knows its fields; others go under `metadata`."""
    frontmatter = _frontmatter("---\nname: a\n---\n")
    with pytest.raises(UsageError, match="new fields go under `metadata`"):
        set_field(frontmatter, "version", "1")


def test_half_a_character_is_refused() -> None:
    """A lone surrogate can't be written to a file."""
    with pytest.raises(UsageError, match="half a character"):
        set_field(_frontmatter("---\nname: a\n---\n"), "name", "\ud800")


_VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(
        st.sampled_from(
            (
                "a", "word", " ", "  ", "\n", "\n\n",
                ": ", " #", "#", "'", '"', "\\", "- ", "|", ">", "{", "}", "[", ",",
                "&a", "*a", "!t", "%",
                "@", "`", "---", "...", "yes", "null", "1.0", "~", "é", "😀", "👩‍💻", "中文", "\t",
                "\r", "\x07", "\x85", "\u2028", "\ufeff", "\x00", "? ", "=", "<<", "long words " * 9, "2024-01-01",
            )
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip
_HEADS = ("", "# c\n", "name: a\n", "license: 'x' # y\n", "metadata:\n  b: 1\n  d: .nan\n", "x: |\n  y\n\n")
_SLOTS = (
    "{k}: old", "{k}:   old words\n  over lines", "{k}: 'it''s'", '{k}: "a\n\n  b"', "{k}: |\n  old\n  words",
    "{k}: >-\n    old\n     words\n\n    x", "{k}: |+\n  old\n\n", "{k}:", "{k}:\n  next line",
    "{k}: >2\n   old", "'{k}' : |\n\n  a",
)  # fmt: skip
_COMMENTS = ("", "  # why", " #")
_TAILS = ("", "\n# after\n", "allowed-tools: Read\n", "tail: >\n  folded\n", "list:\n- 1\n- true\n", "\n\n")


@given(_VALUES, *map(st.sampled_from, (_HEADS, _SLOTS, _COMMENTS, _TAILS)), st.sampled_from(("\n", "\r\n")))
def test_every_other_byte_is_the_same(value: str, head: str, slot: str, comment: str, tail: str, line_end: str) -> None:
    """Whatever the value and its old style: what stands before and behind it stays, and YAML reads the new value."""
    first, newline, rest = slot.format(k="description").partition("\n")
    in_block = first.endswith(("|", "+", ">", "-", "2"))
    middle = first + (comment if in_block or not newline else "") + newline + rest
    before, after = f"---\n{head}".replace("\n", line_end), f"{tail}---\n\n".replace("\n", line_end)
    raw = before + (middle + "\n").replace("\n", line_end) + after
    frontmatter = _frontmatter(raw)
    assume(frontmatter.state.value == "ok")
    changed = set_field(frontmatter, "description", value)
    kept = after.lstrip("\r\n") if "+" in first else after  # with `+` blank lines are part of the old value
    assert changed.raw.startswith(before)
    assert changed.raw.endswith(kept)
    assert not comment or comment not in raw or comment in changed.raw
    fields = _yaml(changed.raw)
    assert fields.pop("description") == value
    assert repr(fields) == repr({k: v for k, v in _yaml(raw).items() if k != "description"})
    assert parse_skill(changed.raw + "body\n").frontmatter.raw == changed.raw


@pytest.mark.corpus
def test_real_descriptions_can_be_changed(corpus: Path, corpus_skills: tuple[Skill, ...]) -> None:
    """Every real skill takes its own description (nothing changes) and a new one (nothing else changes)."""
    assert corpus_skills
    refused = []
    for skill in corpus_skills:
        old = skill.frontmatter.fields.get("description")
        if not isinstance(old, str):
            refused.append(skill.path)
            continue
        assert set_field(skill.frontmatter, "description", old).raw == skill.frontmatter.raw
        new = f'Use when: {old.strip()} # "it\'s"'
        changed = set_field(skill.frontmatter, "description", new)
        fields = _yaml(changed.raw)
        assert fields.pop("description") == new
        assert repr(fields) == repr({k: v for k, v in _yaml(skill.frontmatter.raw).items() if k != "description"})
        back = set_field(changed, "description", old)
        assert back.fields == skill.frontmatter.fields
        lines = skill.frontmatter.raw.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith("description"))
        assert changed.raw.startswith("\n".join(lines[:at]))
        assert render_skill(Skill(back, skill.sections)).endswith(skill.body)
    assert len(refused) <= len(corpus_skills) // 20
