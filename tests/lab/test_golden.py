"""The golden outcomes: written, compared, and never passed over."""

from __future__ import annotations

from pathlib import Path

from lab.golden import differences, measure_skill
from tests.cli.samples import DEPLOY


def test_a_skill_in_every_setting(tmp_path: Path) -> None:
    """Four thresholds, three budgets, the one-liner and `verify`; the same every time."""
    file = tmp_path / "SKILL.md"
    file.write_text(DEPLOY, encoding="utf-8")
    rows = measure_skill(file)
    assert len(rows) == 9
    assert rows["threshold 0.9"]["tokens"][1] < rows["threshold 0.9"]["tokens"][0]
    assert measure_skill(file) == rows


def test_what_differs_is_named() -> None:
    """By skill, setting and figure; a setting that is gone differs too, a skill that was not measured does not."""
    old = {"a": {"oneliner": {"text": "1", "lost": 2}, "verify": {"passed": True}}, "b": {"oneliner": {"text": "1"}}}
    new = {"a": {"oneliner": {"text": "1", "lost": 3}}}
    assert differences(old, new) == ["a, oneliner: lost 2 -> 3", "a, verify: gone"]
    assert differences(old, old) == []
