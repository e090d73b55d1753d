"""The command `verify`."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.cli.command import environment, run, run_process
from tests.cli.samples import DEPLOY, HOSTILE, MARKUP

from skill_distiller.checks.conservation import FOLDER_CHECKS
from skill_distiller.checks.gate import CHECKS

_SCHEMA = json.loads(
    resources.files("skill_distiller.report").joinpath("verify.schema.json").read_text(encoding="utf-8")
)
_NAMES = [check.name for check in CHECKS]
_BROKEN = DEPLOY.replace("Do not ship after 16:00 unless the duty officer agrees.", "Ship after 16:00.")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A rewrite that turned a rule round."""
    file = tmp_path / "broken.md"
    file.write_bytes(_BROKEN.encode())
    return file


def test_a_skill_against_itself(skill_file: Path) -> None:
    """Every check passes: exit code 0, the table on stdout and nothing on stderr."""
    result = run("verify", skill_file, skill_file)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.text.splitlines()
    assert [line.split()[:2] for line in lines if line.strip()][2 : 2 + len(_NAMES)] == [
        [name, "passed"] for name in _NAMES
    ]
    assert lines[-1] == f"Verified: {', '.join(_NAMES)}: {len(_NAMES)} checks passed"


def test_a_rule_turned_round(skill_file: Path, broken: Path) -> None:
    """Exit code 6; the table names the check, the line and the sentence."""
    result = run("verify", skill_file, broken)
    assert (result.exit_code, result.stderr) == (6, "")
    lines = result.text.splitlines()
    (row,) = [number for number, line in enumerate(lines) if line.split()[:2] == ["meaning", "FAILED"]]
    assert "27 (original)" in lines[row]
    assert "reversed negation: [-Do not-] ship after 16:00" in lines[row]
    assert any(line.split()[:3] == ["27", "now:", "Ship"] for line in lines[row:])
    assert lines[-1].startswith("Verification FAILED: meaning (reversed negation: ")
    (accounted,) = [line for line in lines if line.startswith("Accounted for: ")]
    assert accounted.endswith(" identical, 1 contradicted")


@pytest.mark.parametrize("text", [DEPLOY, _BROKEN])
def test_quiet_says_it_by_the_exit_code(text: str, skill_file: Path) -> None:
    """Nothing on either stream."""
    result = run("verify", skill_file, "-", "--quiet", stdin=text.encode())
    assert (result.exit_code, result.stdout, result.stderr) == (0 if text == DEPLOY else 6, b"", "")


@pytest.mark.parametrize("text", [DEPLOY, _BROKEN, HOSTILE, MARKUP, "Run it.\n"])
def test_json(text: str, skill_file: Path) -> None:
    """One valid record; its verdict is that of the exit code."""
    Draft202012Validator.check_schema(_SCHEMA)
    result = run("verify", skill_file, "-", "--json", stdin=text.encode())
    record = json.loads(result.stdout)
    Draft202012Validator(_SCHEMA).validate(record)
    assert record["passed"] == (result.exit_code == 0) == (text == DEPLOY)
    assert [check["name"] for check in record["checks"]] == _NAMES
    assert record["skill"] == "deploy-notes"
    assert record["changed"] == (text != DEPLOY)


def test_a_file_a_folder_or_stdin(skill_folder: Path, skill_file: Path) -> None:
    """However the two are given, the findings are the same."""
    results = [
        run("verify", skill_folder, skill_file, "--json"),
        run("verify", skill_file, skill_folder, "--json"),
        run("verify", skill_folder, "-", "--json", stdin=DEPLOY.encode()),
    ]
    assert {result.stdout for result in results} == {results[0].stdout}
    assert run("verify", "-", skill_file, stdin=DEPLOY.encode()).exit_code == 0


def test_the_receipt_of_a_run(skill_file: Path, tmp_path: Path) -> None:
    """What `compress --json` made passes with that record, and fails without it."""
    candidate, receipt = tmp_path / "small.md", tmp_path / "run.json"
    made = run("compress", skill_file, "--threshold=0.3", "--json", "-o", candidate)
    receipt.write_bytes(made.stdout)
    assert run("verify", skill_file, candidate, "--quiet").exit_code == 6
    result = run("verify", skill_file, candidate, "--receipt", receipt)
    assert result.exit_code == 0
    assert "declared by the receipt" in result.text
    shown = run("verify", skill_file, candidate, "--receipt", receipt, "--verbose").text
    assert "(declared)" in shown
    candidate.write_bytes(candidate.read_bytes().replace(b"`make ship --env=prod`", b"it"))
    assert run("verify", skill_file, candidate, "--receipt", receipt, "--quiet").exit_code == 6


def test_the_receipt_of_another_skill(skill_file: Path, tmp_path: Path) -> None:
    """Exit code 3 and a sentence that says so, whatever the rewrite is: it declares nothing of this skill."""
    receipt, other = tmp_path / "run.json", tmp_path / "other.md"
    receipt.write_bytes(run("compress", skill_file, "--threshold=0.3", "--json").stdout)
    other.write_bytes(DEPLOY.replace("make ship", "make sail").encode())
    result = run("verify", other, other, "--receipt", receipt)
    assert (result.exit_code, result.stdout) == (3, b"")
    assert "another skill, or of another version of it" in result.stderr
    assert "compress --json" in result.stderr


_LOOK = DEPLOY.replace("and people forgot what had", "and people often forgot what had")


def test_what_is_only_to_be_looked_at(skill_file: Path) -> None:
    """It passes, and says that it is not proved; with --strict it fails."""
    assert _LOOK != DEPLOY
    result = run("verify", skill_file, "-", stdin=_LOOK.encode())
    assert result.exit_code == 0
    assert result.text.splitlines()[-1].startswith("Passed, but not proved: 1 difference to look at (")
    assert run("verify", skill_file, "-", "--strict", stdin=_LOOK.encode()).exit_code == 6
    assert run("verify", skill_file, skill_file, "--strict").exit_code == 0


@pytest.mark.parametrize("text", [DEPLOY, _BROKEN, _LOOK, HOSTILE, MARKUP])
@pytest.mark.parametrize("form", ["text", "diff", "json", "sarif", "github"])
def test_the_exit_code_is_that_of_every_form(form: str, text: str, skill_file: Path) -> None:
    """And nothing of a hostile text gets through as it is."""
    result = run("verify", skill_file, "-", f"--format={form}", stdin=text.encode())
    assert (result.exit_code, result.stderr) == (0 if text in (DEPLOY, _LOOK) else 6, "")
    assert b"\x1b" not in result.stdout


def test_sarif(skill_folder: Path, broken: Path) -> None:
    """SARIF 2.1.0: one run, a rule for each check, results with a level and places in both files."""
    shown = run("verify", skill_folder, broken, "--format=sarif")
    log = json.loads(shown.stdout)
    assert log["version"] == "2.1.0"
    (sarif_run,) = log["runs"]
    assert [rule["id"] for rule in sarif_run["tool"]["driver"]["rules"]] == [
        *_NAMES,
        *(check.name for check in FOLDER_CHECKS),
    ]
    (result,) = [found for found in sarif_run["results"] if found["level"] == "error"]
    assert result["ruleId"] == "meaning"
    assert "Do not ship after 16:00" in result["message"]["text"]
    places = [location["physicalLocation"] for location in result["locations"]]
    assert [place["artifactLocation"]["uri"] for place in places] == [str(broken), str(skill_folder / "SKILL.md")]
    assert [place["region"]["startLine"] for place in places] == [27, 27]


def test_sarif_levels(skill_file: Path, tmp_path: Path) -> None:
    """To be looked at: a warning; an advice: a note; declared: none. What has no line has no region."""
    text = _LOOK.replace("Deploys used", "Our own deploys used")
    log = json.loads(run("verify", skill_file, "-", "--format=sarif", stdin=text.encode()).stdout)
    results = log["runs"][0]["results"]
    assert {result["level"] for result in results} == {"warning", "note"}
    (size,) = [result for result in results if result["ruleId"] == "size"]
    assert all("region" not in location["physicalLocation"] for location in size["locations"])
    candidate, receipt = tmp_path / "small.md", tmp_path / "run.json"
    receipt.write_bytes(run("compress", skill_file, "--threshold=0.3", "--json", "-o", candidate).stdout)
    log = json.loads(run("verify", skill_file, candidate, "--receipt", receipt, "--format=sarif").stdout)
    assert {result["level"] for result in log["runs"][0]["results"]} == {"none"}


def test_github_annotations(skill_file: Path, tmp_path: Path) -> None:
    """A workflow command a finding: a file name, a title and a message can't end theirs early."""
    odd = tmp_path / "50%, a:b.md"
    odd.write_bytes(DEPLOY.replace("Do not ship after 16:00 unless", "Ship 100% after 16:00::x unless").encode())
    result = run("verify", skill_file, odd, "--format=github")
    line = next(line for line in result.text.splitlines() if line.startswith("::error "))
    properties, message = line.removeprefix("::error ").split("::", 1)
    fields = dict(field.split("=", 1) for field in properties.split(","))
    assert set(fields) == {"file", "line", "title"}
    assert fields["file"].endswith("50%25%2C a%3Ab.md")
    assert fields["line"] == "27"
    assert fields["title"].startswith("meaning%3A ")
    assert "Ship 100%25 after" in message
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in result.text.splitlines())


def test_diff_of_words(skill_file: Path, broken: Path) -> None:
    """A head line, then the words on both sides, marked as `git diff --word-diff` does; --diff is short for it."""
    result = run("verify", skill_file, broken, "--format=diff")
    head, old, new = result.text.splitlines()
    assert head == "@@ -27 +27 @@ meaning: failure: reversed negation"
    assert old.startswith("-[-Do not-] ship after 16:00 [-unless the duty officer agrees-]")
    assert new.startswith("+Ship after 16:00.")
    assert run("verify", skill_file, broken, "--diff").stdout == result.stdout
    assert run("verify", skill_file, skill_file, "--diff").stdout == b""


def test_client_fields(skill_file: Path) -> None:
    """A warning by default, nothing where it is allowed, a failure under --strict."""
    text = DEPLOY.replace("name: deploy-notes", "name: deploy-notes\nuser-invocable: true")
    skill_file.write_bytes(text.encode())

    def levels(*options: str) -> list[str]:
        record = json.loads(run("verify", skill_file, skill_file, "--json", *options).stdout)
        return [item["level"] for check in record["checks"] for item in check["findings"]]

    assert levels() == ["warning"]
    assert levels("--allow-field=user-invocable") == []
    assert levels("--allow-field=model") == ["warning"]
    assert levels("--strict") == ["failure"]
    assert levels("--strict", "--allow-field=user-invocable") == []


def test_the_name_is_that_of_the_original_folder(skill_folder: Path, tmp_path: Path) -> None:
    """A candidate elsewhere will live there; a folder of another name has that fault already."""
    moved = tmp_path / "elsewhere"
    shutil.copytree(skill_folder, moved)
    assert "not the name of the folder" not in run("verify", skill_folder, moved).text
    result = run("verify", moved, skill_folder)
    assert result.exit_code == 0
    assert "(already so in the original): name: not the name of the folder" in result.text


def test_a_candidate_folder_brings_its_own_files(skill_folder: Path, tmp_path: Path) -> None:
    """A folder is looked at as it is; a file alone will live beside the original's files."""
    (skill_folder / "more.md").write_bytes(b"More.\n")
    with (skill_folder / "SKILL.md").open("ab") as file:
        file.write(b"\nRead [more](more.md).\n")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(skill_folder / "SKILL.md", other)
    assert run("verify", skill_folder, other / "SKILL.md", "--quiet").exit_code == 0
    result = run("verify", skill_folder, other)
    assert result.exit_code == 6
    assert "no such file: more.md" in result.text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-", "-"], 2),
        (["SKILL.md"], 2),
        (["SKILL.md", "SKILL.md", "--json", "--quiet"], 2),
        (["SKILL.md", "SKILL.md", "--verbose", "--quiet"], 2),
        (["SKILL.md", "SKILL.md", "--encoding=none"], 2),
        (["SKILL.md", "missing.md"], 3),
        (["missing.md", "SKILL.md"], 3),
        (["empty.md", "SKILL.md"], 3),
        (["SKILL.md", "binary.md"], 3),
        (["SKILL.md", "SKILL.md", "--max-bytes=10"], 3),
        (["SKILL.md", "SKILL.md", "--receipt=missing.json"], 3),
        (["SKILL.md", "SKILL.md", "--receipt=SKILL.md"], 3),
        (["SKILL.md", "SKILL.md", "--receipt=list.json"], 3),
    ],
)
def test_bad_input(arguments: list[str], code: int, skill_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence on stderr with what to do, nothing on stdout."""
    (skill_folder / "empty.md").write_bytes(b"")
    (skill_folder / "binary.md").write_bytes(b"\xff\xfe\x00")
    (skill_folder / "list.json").write_bytes(b"[]")
    monkeypatch.chdir(skill_folder)
    result = run("verify", *arguments, stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (code, b"")
    assert "Traceback" not in result.stderr
    assert result.stderr


def test_hostile_text_does_not_reach_the_terminal(skill_file: Path, tmp_path: Path) -> None:
    """Escape sequences of either text are shown as codes, markup as it stands."""
    hostile = tmp_path / "hostile.md"
    hostile.write_bytes((HOSTILE + "\n## [bold]it[/bold] :smile:\n").encode())
    for pair in ((skill_file, hostile), (hostile, skill_file)):
        text = run("verify", *pair, "--verbose").text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\\x1b" in text
        assert "[bold]it[/bold] :smile:" in text


def test_colors_on_a_terminal_only(skill_file: Path) -> None:
    """A pipe gets plain text; FORCE_COLOR brings the colors, NO_COLOR takes them off."""
    plain = run("verify", skill_file, skill_file)
    colored = run_process("verify", skill_file, skill_file, env=environment(FORCE_COLOR="1"))
    without = run_process("verify", skill_file, skill_file, env=environment(FORCE_COLOR="1", NO_COLOR="1"))
    assert b"\x1b" not in plain.stdout
    assert b"\x1b[32m" in colored.stdout
    assert b"\x1b" not in without.stdout
