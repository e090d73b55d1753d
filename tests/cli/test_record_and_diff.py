"""`--json` and `--diff`: stdout for programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import run
from tests.cli.samples import DEPLOY, HOSTILE, MARKUP, MINIMAL, NO_FRONTMATTER, NO_TRIGGER

_TEXTS = {
    "deploy": DEPLOY,
    "crlf": DEPLOY.replace("\n", "\r\n"),
    "mark": "\ufeff" + DEPLOY,
    "no-newline": DEPLOY.rstrip("\n"),
    "hostile": HOSTILE,
    "markup": MARKUP,
    "minimal": MINIMAL,
    "no-frontmatter": NO_FRONTMATTER,
    "no-trigger": NO_TRIGGER,
    "carriage-returns": DEPLOY.replace("\n", "\r"),
}
every_text = pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
thresholds = pytest.mark.parametrize("threshold", ["0", "0.5", "0.9", "1"])


def _record(text: str, *arguments: str) -> dict[str, Any]:
    result = run("compress", "--json", "--quiet", *arguments, stdin=text.encode())
    assert (result.exit_code, result.stderr) == (0, "")
    record: dict[str, Any] = json.loads(result.stdout)
    return record


@thresholds
@every_text
def test_the_record_holds_the_whole_product(text: str, threshold: str) -> None:
    """`text` is what a plain run prints, uncut, and the numbers belong to it."""
    record = _record(text, "--threshold", threshold)
    plain = run("compress", "--threshold", threshold, stdin=text.encode())
    assert record["text"].encode() == plain.stdout
    assert record["changed"] == (plain.text != text)
    assert record["output_tokens"] <= record["input_tokens"]
    assert record["reduction"] == round(1 - record["output_tokens"] / record["input_tokens"], 4)


@thresholds
@every_text
def test_the_receipt_of_the_record_is_true(text: str, threshold: str) -> None:
    """`before` stands at the lines it names, `after` in the product; a dropped block has no `after`."""
    record = _record(text, "--threshold", threshold)
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text)
    for section in record["receipt"]:
        for change in section["changes"]:
            assert "".join(lines[change["first_line"] - 1 : change["last_line"]]) == change["before"]
            assert change["after"] in record["text"]
            assert (change["after"] == "") == (change["rendering"] == "dropped")
        for fact in section["lost_facts"]:
            assert 1 <= fact["line"] <= len(lines)


def test_a_long_skill_is_not_cut() -> None:
    """However long a skill is, the record holds all of it, and every lost fact in full."""
    text = DEPLOY + "".join(f"\n## Step {i}\n\nRun `step-{i}` and then `check-{i}`.\n" for i in range(2000))
    record = _record(text, "--threshold=1")
    assert record["text"] == text
    long = DEPLOY + f"\n## Background\n\nIt was once said of `{'x' * 3000}` that nobody needs it.\n"
    facts = [f["fact"] for s in _record(long, "--threshold=0")["receipt"] for f in s["lost_facts"]]
    assert f"`{'x' * 3000}`" in facts


def test_notes_go_to_stderr_beside_the_record() -> None:
    """The record replaces the report, not the warnings; `--quiet` silences those too."""
    result = run("compress", "--json", stdin=NO_FRONTMATTER.encode())
    assert "Warning: frontmatter: missing." in result.stderr
    assert "Functionality" not in result.stderr
    assert {"kind": "no frontmatter", "detail": "missing"} in json.loads(result.stdout)["notes"]


def test_the_record_says_when_counts_are_estimates() -> None:
    """`tokens_exact` is false where 4 characters are taken for a token."""
    record = _record(DEPLOY, "--encoding=estimate")
    assert (record["encoding"], record["tokens_exact"]) == ("estimate", False)
    assert record["input_tokens"] == -(-len(DEPLOY) // 4)
    assert _record(DEPLOY)["tokens_exact"] is True


def test_a_dry_run_still_has_its_record(skill_file: Path, tmp_path: Path) -> None:
    """`--dry-run --json` is the record of what would be written, and writes nothing."""
    target = tmp_path / "out.md"
    result = run("compress", skill_file, "--dry-run", "--json", "-q", "-o", target)
    assert json.loads(result.stdout) == _record(DEPLOY)
    assert not target.exists()


def _apply(diff: str, original: str) -> str:
    """The original with a unified diff applied; every context and `-` line must match it."""
    source, result, at = original.split("\n"), [], 0
    body = diff.split("\n")[2:]
    for line, following in zip(body, [*body[1:], ""], strict=True):
        if hunk := re.fullmatch(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@", line):
            start = int(hunk[1]) - 1
            result += source[at:start]
            at = start
        elif line[:1] in (" ", "-"):
            assert source[at] == line[1:]
            at += 1
        if line[:1] in (" ", "+"):
            result.append(line[1:])
            if following.startswith("\\"):
                return "\n".join(result)
    return "\n".join([*result, *source[at:]]) if at < len(source) else "\n".join([*result, ""])


@thresholds
@every_text
def test_the_diff_leads_from_the_original_to_the_product(text: str, threshold: str) -> None:
    """Each - line is one of the original's, each + line one of the product's, and nothing else differs."""
    diff = run("compress", "--diff", "--threshold", threshold, stdin=text.encode()).text
    product = run("compress", "--threshold", threshold, stdin=text.encode()).text
    if product == text:
        assert diff == ""
        return
    assert diff.startswith("--- a/SKILL.md\n+++ b/SKILL.md\n@@ -")
    assert _apply(diff, text) == product


@pytest.mark.skipif(not shutil.which("patch"), reason="there is no patch command here")
@pytest.mark.parametrize("name", ["SKILL.md", "my skill.md", "スキル.md"])
@every_text
def test_patch_takes_the_diff(text: str, name: str, tmp_path: Path) -> None:
    """`skill-distiller SKILL.md --diff | patch -p1` gives the product, whatever the file is called."""
    file = tmp_path / name
    file.write_bytes(text.encode())
    product = run("compress", file, "--threshold=0.5").stdout
    diff = run("compress", file, "--threshold=0.5", "--diff").stdout
    done = subprocess.run(["patch", "-p1", "--batch"], input=diff, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0 or diff == b"", done.stdout.decode()
    assert file.read_bytes() == product
