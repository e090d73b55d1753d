"""The report on stderr, line for line as the reference words it, and the receipt."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import run
from tests.cli.samples import DEPLOY, MINIMAL, NO_FRONTMATTER, NO_TRIGGER

from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill

_SINGULAR = {
    "triggers": "trigger", "core instructions": "core instruction", "constraints": "constraint",
    "output formats": "output format", "advisory patterns": "advisory pattern", "examples": "example",
    "edge cases": "edge case", "explanations": "explanation", "verbose details": "verbose detail",
    "separators": "separator",
}  # fmt: skip
_OUTCOMES = "KEPT|RECOMP|SUMMARIZED|TOKEN-SCORED|REMOVED"


def _record(*arguments: str, text: str = DEPLOY) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(run("compress", *arguments, "--json", stdin=text.encode()).stdout)
    return record


def _distill(threshold: str) -> Result:
    return distill(parse_skill(DEPLOY), DistillOptions(threshold=float(threshold)))


def _report(*arguments: str, text: str = DEPLOY) -> list[str]:
    result = run("compress", *arguments, stdin=text.encode())
    assert result.exit_code == 0
    return result.stderr.splitlines()


@pytest.mark.parametrize("threshold", ["0", "0.5", "0.9", "1"])
def test_the_report_begins_with_the_lines_of_the_reference(threshold: str) -> None:
    """Functionality, tokens, confidence, removed, kept, in this order and in these words, then who counted."""
    result, counts = _distill(threshold), _record("--threshold", threshold)["removed"]
    removed = [f"{n} {_SINGULAR[name] if n == 1 else name}" for name, n in counts.items()]
    lines = _report("--threshold", threshold)
    assert lines[:4] == [
        f"Functionality preserved: {result.functionality.score:.0f}% "
        "(uncalibrated - first 5 compressions build baseline)",
        f"Tokens: {result.input_tokens} → {result.output_tokens} ({result.reduction:.0%} reduction)",
        f"Classification confidence: {result.reading.analysis.confidence:.2f} (mean across sections)",
        f"Removed: {', '.join(removed) or 'nothing'}",
    ]
    assert lines[4].startswith("Kept: all triggers, core instructions" if float(threshold) > 0.9 else "Kept: ")
    assert not [name for name in counts if name in lines[4]]
    analyzer = result.reading.analysis.analyzer
    assert lines[5] == (
        f"Analyzer: {analyzer} (no language model, no network); judge: {result.functionality.method}; "
        "tokens: cl100k_base, exact"
    )


@pytest.mark.parametrize("threshold", ["0", "0.5", "0.9"])
def test_the_whole_receipt_names_every_change_and_every_lost_fact(threshold: str) -> None:
    """Per section: its heading, each changed block with its lines, each fact that is gone, and their number."""
    record = _record("--threshold", threshold)
    report = "\n".join(_report("--threshold", threshold, "--verbose"))
    receipt = report[report.index("\nReceipt (lines of the original):\n") :]
    facts = [fact for section in record["receipt"] for fact in section["lost_facts"]]
    for section in record["receipt"]:
        gone = f" (heading removed [{section['heading_id']}])" if section["heading_removed"] else ""
        assert f"\n  {'#' * section['level']} {section['heading']}{gone}\n" in receipt
        for change in section["changes"]:
            first, last = change["first_line"], change["last_line"]
            lines = f"line {first}" if first == last else f"lines {first}-{last}"
            what = "removed" if change["rendering"] == "dropped" else change["rendering"]
            assert f"    {what} [{change['id']}]: {change['kind']}, {lines}, {change['type']}, " in receipt
    for fact in facts:
        assert " ".join(fact["fact"].split())[:99] in receipt
    assert facts
    assert f"\n{_gone(record)}, each named above (whole in --json)" in receipt
    assert "\nBring a piece back: --keep ID" in receipt
    assert max(map(len, receipt.splitlines())) < 400


def _gone(record: dict[str, Any]) -> str:
    facts = [fact["kind"] for section in record["receipt"] for fact in section["lost_facts"]]
    headings = facts.count("heading")
    parts = [f"{n} {noun}{'s' * (n > 1)}" for n, noun in ((len(facts) - headings, "fact"), (headings, "heading")) if n]
    return f"{' and '.join(parts)} {'is' if len(facts) == 1 else 'are'} gone"


_LONG = DEPLOY.replace(
    "## Related\n",
    "## Related\n" + "".join(f"\nOf the {n} pages the story of page {n} is told here.\n" for n in range(20)),
)


@pytest.mark.parametrize("text", [DEPLOY, _LONG])
def test_the_report_fits_a_screen(text: str) -> None:
    """The verdict, at most ten losses by size with id and reason, one line for all other changes; nothing is wide."""
    record, lines = _record("--threshold=0.2", text=text), _report("--threshold=0.2", text=text)
    assert f"Receipt complete: {_gone(record)}, all named (--verbose lists them)" in lines
    start = lines.index("Largest losses (--keep ID brings one back):") + 1
    losses = [line for line in lines[start:] if line.startswith("  [")]
    row = re.compile(r"  \[(\w{6})\] (\d+) tokens?, lines? [\d-]+, [a-z ]+, [\d.]+% of the worth: .+")
    found = [match for line in losses if (match := row.fullmatch(line))]
    assert len(found) == len(losses) <= 10
    sizes = [int(match[2]) for match in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len(lines) <= 24
    assert max(map(len, lines[start:])) <= 200
    kept = run("compress", "--threshold=0.2", "--keep", found[0][1], "--json", stdin=text.encode())
    assert found[0][1] not in [change["id"] for s in json.loads(kept.stdout)["receipt"] for change in s["changes"]]


def test_removed_code_is_named_by_its_first_line_its_length_and_what_it_defines() -> None:
    """And not line by line, with --verbose neither."""
    code = "def first_thing(a):\n" + "".join(f"    step_{n} = run_{n}(a)\n" for n in range(60)) + "    return a\n"
    text = f"{DEPLOY}\n## Old way\n\nOnce this was the way:\n\n```python\n{code}```\n"
    for more in ([], ["-v"]):
        lines = _report("--threshold=0", *more, text=text)
        assert [line for line in lines if "first_thing" in line and "(62 lines; defines first_thing" in line], lines
        assert max(map(len, lines)) < 250
    assert [line for line in lines if line.endswith("62 lines of the removed code")]


def test_a_result_that_lost_no_fact_says_so() -> None:
    """Where nothing but words went, the receipt ends with that statement."""
    thanks = "Our thanks go to everyone who helped along the way, with patience.\n"
    text = f"{MINIMAL}\n## Related\n\n{thanks}\n1. Run `make` again.\n"
    assert "Receipt complete: 1 piece without facts is gone, and named (--verbose lists them)" in _report(
        "--threshold=0.5", text=text
    )
    assert "Facts that are gone: none found" in _report("--threshold=0.5", "-v", text=text)


def test_verified_is_said_only_where_nothing_was_lost() -> None:
    """Of a skill that comes out as it was; else the receipt is complete."""
    assert [line for line in _report("--threshold=1", text=MINIMAL) if line.startswith("Verified: ")]
    assert not [line for line in _report() if "Verified" in line]


def test_no_heading_has_two_colons() -> None:
    """One that ends with a colon of its own is not followed by another."""
    text = DEPLOY.replace("## Steps", "### If the user agrees:")
    assert [line for line in _report("-v", text=text) if line.startswith("### If the user agrees: ")]


def test_an_unchanged_skill_has_no_receipt() -> None:
    """There is nothing to give a receipt for."""
    assert not [line for line in _report("--threshold=1", text=MINIMAL) if "Receipt" in line or "gone" in line]


def test_verbose_adds_the_section_analysis() -> None:
    """One line a section: heading, type, importance, confidence, outcome; below it the tokens that changed."""
    lines = _report("--threshold=0.5", "--verbose")
    start = lines.index("Section Analysis:")
    shown = lines[start + 1 : lines.index("", start)]
    at = 0
    for section in _record("--threshold=0.5")["sections"]:
        match = re.fullmatch(rf"(#+) (.*): (\w+) \((\d\.\d), confidence: (\d\.\d\d)\) → ({_OUTCOMES})", shown[at])
        assert match
        assert (len(match[1]), match[2], match[3]) == (section["level"], section["heading"], section["type"])
        assert float(match[4]) == pytest.approx(section["importance"], abs=0.051)
        assert float(match[5]) == pytest.approx(section["confidence"], abs=0.0051)
        assert match[6] == section["outcome"]
        at += 1
        if section["tokens_before"] != section["tokens_after"]:
            assert shown[at].startswith(f"└─ Tokens: {section['tokens_before']} → {section['tokens_after']} (")
            at += 1
    assert at == len(shown)
    assert "Protected patterns found: none" in lines
    assert any(line.startswith("Advisory patterns found: ") for line in lines)
    assert "Section Analysis:" not in _report("--threshold=0.5")


def test_verbose_names_the_protected_and_advisory_patterns() -> None:
    """A checkpoint is protected and stays; advice on caching may go, and the report says that it went."""
    text = DEPLOY + (
        "\n## Recovery\n\nSave a checkpoint after each step.\n"
        "\n## Tips\n\nCaching the result makes the whole thing rather nice for everyone.\n"
    )
    lines = _report("--threshold=0", "--verbose", text=text)
    assert "Protected patterns found: checkpoint-state → preserved" in lines
    assert "Advisory patterns found: caching-guidance → removed (no score penalty)" in lines
    assert "Advisory pattern removed (no score penalty): caching-guidance" in lines


def test_dry_run_reports_and_writes_nothing(skill_file: Path, tmp_path: Path) -> None:
    """`--dry-run` has the same report, an empty stdout and leaves no file."""
    whole, dry = run("compress", skill_file), run("compress", skill_file, "--dry-run")
    assert (dry.exit_code, dry.stdout, dry.stderr) == (0, b"", whole.stderr)
    target = tmp_path / "out.md"
    assert run("compress", skill_file, "--dry-run", "-o", target).stdout == b""
    assert not target.exists()


@pytest.mark.parametrize("option", ["--quiet", "-q"])
def test_quiet_leaves_the_product_alone_on_stdout(option: str, skill_file: Path) -> None:
    """`--quiet` says nothing and changes nothing about the product, warnings included."""
    assert run("compress", skill_file, option).stderr == ""
    assert run("compress", skill_file, option).stdout == run("compress", skill_file).stdout
    assert run("compress", option, stdin=NO_FRONTMATTER.encode()).stderr == ""


def test_what_a_skill_lacks_is_a_warning_with_the_hint_of_the_reference() -> None:
    """Without `--strict` the run goes on, and nothing is invented for the skill."""
    result = run("compress", "--threshold=1", stdin=NO_FRONTMATTER.encode())
    assert (result.exit_code, result.text) == (0, NO_FRONTMATTER)
    assert "Warning: frontmatter: missing. Add --- block with name and description." in result.stderr
    assert "Warning: no trigger section. Add '## When to Use' for best results." in _report(text=NO_TRIGGER)


@pytest.mark.parametrize("option", [[], ["--verbose"]])
def test_estimated_counts_carry_a_mark(option: list[str]) -> None:
    """With `--encoding estimate` every count of tokens on a `Tokens:` line is marked with ~."""
    lines = _report("--threshold=0.5", "--encoding", "estimate", *option)
    counts = [line for line in lines if "Tokens: " in line]
    assert re.fullmatch(r"Tokens: ~\d+ → ~\d+ \(\d+% reduction\)", counts[0])
    assert [line for line in counts if not re.search(r"Tokens: ~\d+ → ~?\d+ \(", line)] == []
    assert any(line.startswith("Analyzer: ") and "estimate of 4 characters a token" in line for line in lines)


def test_an_estimate_that_was_asked_for_is_not_called_a_failure() -> None:
    """`estimate` is a choice: no line says that a tokenizer is missing."""
    assert not [line for line in _report("--encoding=estimate") if "not available" in line]


def test_debug_stages_prints_one_json_object_a_line_in_order() -> None:
    """Each stage's result is a line of JSON on stderr, in the order of the pipeline; stdout is untouched."""
    plain, debug = (run("compress", "--quiet", *more, stdin=DEPLOY.encode()) for more in ([], ["--debug-stages"]))
    stages = [json.loads(line) for line in debug.stderr.splitlines()]
    assert [stage["stage"] for stage in stages] == [
        "parse",
        "analyze",
        "ladders",
        "frontier",
        "plan",
        "judge",
        "verify",
    ]
    assert debug.stdout == plain.stdout
    parse, analyze, ladders, frontier, plan, judge, verify = stages
    n = len(parse["blocks"])
    assert n == len(analyze["verdicts"]) == len(ladders["ladders"]) == len(plan["decisions"])
    assert frontier["points"] == sorted(frontier["points"], key=lambda point: -point["tokens"])
    assert 0 <= judge["score"] <= 100
    assert verify["verification"]["passed"]


def test_debug_stages_and_the_report_share_stderr() -> None:
    """Without `--quiet` the report follows the stages; every line that begins with { is JSON."""
    lines = run("compress", "--debug-stages", stdin=DEPLOY.encode()).stderr.splitlines()
    assert [json.loads(line)["stage"] for line in lines if line.startswith("{")][-1] == "verify"
    assert any(line.startswith("Functionality preserved: ") for line in lines)


def test_the_same_input_gives_the_same_bytes_and_words() -> None:
    """Two runs differ in nothing."""
    arguments = ("compress", "--verbose", "--threshold=0.6")
    assert run(*arguments, stdin=DEPLOY.encode()) == run(*arguments, stdin=DEPLOY.encode())
