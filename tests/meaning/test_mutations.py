"""Skills with one small change each, harmless or not: what the gate makes of them, and how often it may be wrong."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from lab.mutations import SUITE, Judged, Outcome, base_skills, judge, read_mutations, report, share

from skill_distiller.checks.gate import verify
from skill_distiller.skill.parse import parse_skill

BASES = base_skills()
LEAST_FOUND = 0.99  # of changes of meaning, the share that fails or is to be looked at
LEAST_FAILED = 0.95
MOST_FALSE_ALARMS = 0.03  # of harmless changes, the share that may fail
_MANY = 30  # changes of a skill
pytestmark = pytest.mark.xdist_group("mutations")  # what was judged is judged once

_judge = lru_cache(maxsize=None)(judge)


def _all(*, same: bool) -> list[Judged]:
    return [one for base in BASES for one in _judge(base) if one.mutation.same is same]


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.stem)
def test_the_form_of_the_suite(base: Path) -> None:
    """A skill that passes by itself; changes of both sorts, each named once, each of which changes the text."""
    text = base.read_text(encoding="utf-8")
    assert verify(parse_skill(text), parse_skill(text), files=False).passed
    mutations = read_mutations(base)
    names = [(mutation.kind, mutation.name) for mutation in mutations]
    assert len(names) >= _MANY
    assert len(set(names)) == len(names)
    assert {mutation.same for mutation in mutations} == {True, False}
    assert all(mutation.apply(text) != text for mutation in mutations)


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.stem)
def test_no_change_of_meaning_is_certified(base: Path) -> None:
    """Each fails, or is to be looked at."""
    judged = [one.mutation for one in _judge(base) if one.outcome is Outcome.CERTIFIED and not one.mutation.same]
    assert judged == []


def test_changes_of_meaning_are_found() -> None:
    """Over the whole suite."""
    judged = _all(same=False)
    assert share(judged, Outcome.FAILED) >= LEAST_FAILED
    assert share(judged, Outcome.FAILED) + share(judged, Outcome.LOOK) >= LEAST_FOUND


def test_harmless_changes_seldom_fail() -> None:
    """Over the whole suite."""
    assert share(_all(same=True), Outcome.FAILED) <= MOST_FALSE_ALARMS


def test_the_report_names_what_went_wrong() -> None:
    """By kind and language, with the share that was certified and the one that failed."""
    text = report(_judge(BASES[0]))
    for title in (
        "## Changes of meaning, by kind",
        "## Harmless changes, by language",
        "Changes of meaning certified: 0",
    ):
        assert title in text


def test_a_text_that_is_not_there_once(tmp_path: Path) -> None:
    """Is told with the name of the change."""
    base = tmp_path / "a.md"
    base.write_text("Run it. Run it.\n", encoding="utf-8")
    change = '[[change]]\nname = "x"\nkind = "k"\nmeaning = "other"\nedits = [["Run", "Stop"]]\n'
    base.with_suffix(".toml").write_text(change, encoding="utf-8")
    with pytest.raises(ValueError, match="a: x: 2 times: 'Run'"):
        judge(base)
    base.with_suffix(".toml").write_text(change.replace("other", "another"), encoding="utf-8")
    with pytest.raises(ValueError, match="not a meaning"):
        read_mutations(base)


@pytest.mark.slow
def test_the_command() -> None:
    """It prints the whole suite."""
    done = subprocess.run(
        [sys.executable, "-m", "lab.mutations", str(SUITE)], capture_output=True, check=True, text=True
    )
    assert "Harmless changes failed: " in done.stdout
