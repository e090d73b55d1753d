"""The unified diff, line by line."""

from __future__ import annotations

from pathlib import Path

from skill_distiller.report.text import unified_diff
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill

HEAD = "---\nname: a\ndescription: Use when b.\n---\n\n# A\n\n## Steps\n\nRun `a` and wait until it is done.\n"
THANKS = "\n## Related\n\nOur thanks go to everyone who helped along the way, with patience."


def _diff(text: str, threshold: float = 0.3, path: Path | None = None) -> str:
    result = distill(parse_skill(text, path), DistillOptions(threshold=threshold))
    return unified_diff(result.original, result.text)


def test_removed_lines_stand_behind_a_minus() -> None:
    """Three lines of context, the removed ones marked, and line counts that are right."""
    assert _diff(f"{HEAD}{THANKS}\n") == (
        "--- a/SKILL.md\n+++ b/SKILL.md\n@@ -8,7 +8,3 @@\n ## Steps\n \n Run `a` and wait until it is done.\n"
        "-\n-## Related\n-\n-Our thanks go to everyone who helped along the way, with patience.\n"
    )


def test_a_missing_final_newline_is_said() -> None:
    """A last line without a line end is followed by the remark that `patch` expects."""
    diff = _diff(f"{HEAD}{THANKS}")
    assert diff.endswith("with patience.\n\\ No newline at end of file\n")
    assert diff.count("\\ No newline") == 1


def test_lines_end_at_line_feeds_only() -> None:
    """A form feed, U+2028 or a carriage return inside a line does not cut it, as `patch` sees it."""
    text = HEAD.replace("it is done", "it\x0c is\u2028 done\rnow") + THANKS + "\n"
    assert " Run `a` and wait until it\x0c is\u2028 done\rnow.\n" in _diff(text)


def test_an_unchanged_skill_has_no_diff() -> None:
    """Nothing to say is nothing printed."""
    assert _diff(HEAD, threshold=1) == ""


def test_the_diff_names_the_file_without_its_folder() -> None:
    """`patch -p1` is run where the file is."""
    assert _diff(f"{HEAD}{THANKS}\n", path=Path("some/where/NOTES.md")).startswith("--- a/NOTES.md\n+++ b/NOTES.md\n")
