"""Originals and what was made of them, one fault each, with what the gate finds."""

from __future__ import annotations

import pytest
from tests.fixture_file import parameters

from skill_distiller.checks.gate import CHECKS, verify
from skill_distiller.checks.model import Finding, Level
from skill_distiller.skill.parse import parse_skill

ADVISING = {"size": Level.WARNING}  # the checks that never fail, each with the level of what they find
_BECOMES = "=> becomes\n"
_FRONTMATTER = "---\nname: a\ndescription: Use when b.\n---\n"
_CASES = parameters("verify.md")
_UNSEEN = {"␍": "\r", "␂": "\ufeff"}  # characters that a fixture file can't show


def describe(before: str, after: str) -> str:
    """The findings as lines: level, check, kind, detail and text, each with its line.

    A text without a frontmatter of its own gets one.
    """
    found = verify(parse_skill(_whole(before)), parse_skill(_whole(after)), files=False)
    return "".join(
        f"{item.level.value}: {check.name}: {_described(item)}\n" for check in found.checks for item in check.findings
    )


def _whole(text: str) -> str:
    for shown, meant in _UNSEEN.items():
        text = text.replace(shown, meant)
    return text if text.lstrip("\ufeff").startswith("---") else _FRONTMATTER + text


def _described(item: Finding) -> str:
    what = " ".join(part for part in (item.kind.value, item.detail) if part)
    return f"{what}: {item.text} ({'candidate' if item.in_candidate else 'original'}:{item.line})"


@pytest.mark.parametrize("check", [check.name for check in CHECKS])
def test_every_check_can_say_no(check: str) -> None:
    """Some case of the fixture is a failure of it, or of one that only advises a finding of its level."""
    level = ADVISING.get(check, Level.FAILURE).value
    assert any(f"{level}: {check}: " in str(case.values[1]) for case in _CASES)


@pytest.mark.parametrize("level", [level for level in Level if level is not Level.DECLARED])
def test_every_level_occurs(level: Level) -> None:
    """But for what a receipt declares, which needs one."""
    assert any(f"{level.value}: " in str(case.values[1]) for case in _CASES)


@pytest.mark.parametrize(("text", "expected"), _CASES)
def test_findings(text: str, expected: str) -> None:
    """The gate finds what the fixture says, and nothing else."""
    before, becomes, after = text.partition(_BECOMES)
    assert becomes
    assert describe(before, after) == expected
