"""The command `graph`: every format, of skills whose text means something to the format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.command import run

_SKILL = """---
name: a
description: Use when b.
---
# A

## Step 1: Say "hello" | <b>x</b>

Read references/rules.md as the table below says.

| a | b |
|---|---|
| 1 | 2 |

## Step 2: Leave \\ go

Now.
"""


@pytest.fixture
def skill(tmp_path: Path) -> str:
    path = tmp_path / "SKILL.md"
    path.write_text(_SKILL, encoding="utf-8")
    return str(path)


def test_json_names_pieces_edges_and_files(skill: str) -> None:
    """Every end of an edge is a piece of the record."""
    record = json.loads(run("graph", skill, "--format", "json").stdout)
    ids = {piece["id"] for piece in record["pieces"]}
    assert record["schema"] == "skill-distiller/graph/1"
    assert [(edge["kind"], edge["mutual"]) for edge in record["edges"]] == [("sequence", True), ("refers", False)]
    assert all({edge["source"], edge["target"]} <= ids for edge in record["edges"])
    assert list(record["files"]) == ["references/rules.md"]


def test_text_says_what_needs_what(skill: str) -> None:
    """One line a piece, one an edge, with the same ids as the receipt."""
    text = run("graph", skill).text
    assert "refers: the table below" in text
    assert "names references/rules.md" in text


@pytest.mark.parametrize(("form", "first"), [("mermaid", "graph TD"), ("dot", "digraph skill {")])
def test_what_the_skill_says_is_no_markup(skill: str, form: str, first: str) -> None:
    """Quotes, bars, tags and backslashes of the text are escaped."""
    lines = run("graph", skill, "--format", form).text.splitlines()
    assert lines[0] == first
    assert all(line.count('"') - line.count('\\"') in (0, 2, 4, 6) for line in lines)
    assert not any("<b>" in line for line in lines if form == "mermaid")
