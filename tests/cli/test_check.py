"""The command `check`: budgets, a baseline from which tokens only fall, results that follow their sources."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from tests.cli.command import run
from tests.cli.samples import DEPLOY
from tests.library.batches import contents, make_library

from skill_distiller.run.config import read_config

ROOT = Path(__file__).resolve().parents[2]

_MORE = "\nOne more sentence of some length stands here, and it makes the body of the skill longer than it was.\n"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five skills, in a folder from which they are checked."""
    monkeypatch.chdir(tmp_path)
    return make_library(tmp_path / "skills")


def _check(*options: str | Path) -> tuple[int, list[dict[str, Any]]]:
    result = run("check", "skills", "--jobs=1", "--json", *options)
    assert result.stderr == ""
    record = json.loads(result.stdout)
    assert record["passed"] == (result.exit_code == 0)
    return result.exit_code, record["breaches"]


def test_budgets_of_each_tier(library: Path) -> None:
    """A tier above its budget fails, by how much; nothing fails without a budget."""
    assert _check() == (0, [])
    assert _check("--max-body=1000", "--max-listing=60", "--max-references=10") == (0, [])
    code, breaches = _check("--max-body=100")
    assert code == 6
    assert [breach["place"] for breach in breaches] == ["deploy-0", "deploy-1", "deploy-2", "deploy-3"]
    assert "more than its budget of 100" in breaches[0]["sentence"]
    beyond = _check("--max-references=1")[1]
    assert len(beyond) == 4
    assert re.match(r"The references have \d tokens, \d more than their budget of 1\.$", beyond[0]["sentence"])
    assert len(_check("--max-listing=1")[1]) == 5
    assert [breach["rule"] for breach in _check("--max-all-listings=50")[1]] == ["all-listings"]


def test_budgets_of_the_configuration(library: Path) -> None:
    """For every skill, and for some by pattern, of which the last counts; options stand above those for every skill."""
    Path(".skill-distiller.toml").write_text(
        '[budgets]\nmax-body = 100\n[budgets.skills."deploy-*"]\nmax-body = 1000\n'
        "[budgets.skills.deploy-2]\nmax-body = 50\nmax-references = 0\n"
    )
    code, breaches = _check()
    assert (code, [(b["place"], b["rule"]) for b in breaches]) == (6, [("deploy-2", "budget"), ("deploy-2", "budget")])
    assert len(_check("--max-body=1")[1]) == 3
    assert _check("--no-config") == (0, [])


@pytest.mark.parametrize(
    "table",
    ["max-body = -1", 'max-body = "5"', "max-body = true", "max = 5", "skills = 5", "skills.a.max-all-listings = 5"],
)
def test_bad_budgets(table: str, library: Path) -> None:
    """File and key are named."""
    Path(".skill-distiller.toml").write_text(f"[budgets]\n{table}\n")
    result = run("check", "skills")
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "budgets" in result.stderr


def test_tokens_only_fall(library: Path) -> None:
    """What grew fails and is not raised by --update; what fell, is new or gone is told, and written by --update."""
    assert _check("--baseline=base.json", "--update") == (0, [])
    first = Path("base.json").read_bytes()
    assert _check("--baseline=base.json") == (0, [])
    skill = library / "deploy-1" / "SKILL.md"
    text = skill.read_text()
    skill.write_text(text + _MORE)
    (library / "build").rename(library / "make")
    code, breaches = _check("--baseline=base.json")
    assert code == 6
    assert {(breach["place"], breach["rule"], breach["binding"]) for breach in breaches} == {
        ("deploy-1", "ratchet", True),
        ("make", "baseline", False),
        ("build", "baseline", False),
    }
    assert Path("base.json").read_bytes() == first
    code, breaches = _check("--baseline=base.json", "--update")
    assert (code, [breach["rule"] for breach in breaches]) == (6, ["ratchet"])
    before, after = json.loads(first)["skills"], json.loads(Path("base.json").read_bytes())["skills"]
    assert after["deploy-1"] == before["deploy-1"]
    assert after.keys() - before.keys() == {"make"}
    skill.write_text(text.replace(", with their time and with their patience", ""))
    assert _check("--baseline=base.json", "--update") == (0, [])
    assert json.loads(Path("base.json").read_bytes())["skills"]["deploy-1"]["body"] < before["deploy-1"]["body"]
    skill.write_text(text)
    assert _check("--baseline=base.json")[0] == 6


def test_results_follow_their_sources(library: Path) -> None:
    """A source that changed, a result changed by hand or gone, a skill without a result, a result without a skill."""
    run("batch", "skills", "-o", "out", "--jobs=1", "-q")
    assert _check("--distilled=out") == (0, [])
    (library / "deploy-0" / "references" / "more.md").write_bytes(b"Changed.\n")
    Path("out/deploy-1/SKILL.md").write_bytes(b"By hand.\n")
    Path("out/deploy-2/SKILL.md").unlink()
    (library / "build").rename(library / "make")
    code, breaches = _check("--distilled=out")
    assert code == 6
    assert {breach["place"]: breach["binding"] for breach in breaches} == {
        "deploy-0": True,
        "deploy-1": True,
        "deploy-2": True,
        "make": True,
        "build": False,
    }
    run("batch", "skills", "-o", "out", "--jobs=1", "-q", "--force")
    assert _check("--distilled=out")[0] == 0


def test_clients_links_and_what_can_not_be_read(library: Path) -> None:
    """Each is a rule of its own."""
    skill = library / "deploy-1" / "SKILL.md"
    text = skill.read_text().replace("Write the notes", "Write the " + "long " * 250 + "notes")
    skill.write_text(text + "\nRead [it](gone.md).\n")
    (library / "empty").mkdir()
    (library / "empty" / "SKILL.md").write_bytes(b"")
    assert [breach["rule"] for breach in _check()[1]] == ["unreadable"]
    rules = [breach["rule"] for breach in _check("--links", "--client=kiro", "--client=Agent Skills")[1]]
    assert sorted(rules) == ["client", "client", "links", "unreadable"]


def test_the_forms_of_other_programs(library: Path) -> None:
    """SARIF, annotations and JUnit say the same, with the files as paths; a name can't end an attribute."""
    odd = library / 'a"<&>, b'
    odd.mkdir()
    (odd / "SKILL.md").write_bytes(DEPLOY.encode())
    sarif = json.loads(run("check", "skills", "--max-body=100", "--format=sarif").stdout)
    (ran,) = sarif["runs"]
    assert {result["ruleId"] for result in ran["results"]} == {"budget"}
    assert len(ran["results"]) == 5
    lines = run("check", "skills", "--max-body=100", "--format=github").text.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("::error file=skills/") for line in lines)
    report = ElementTree.fromstring(run("check", "skills", "--max-body=100", "--format=junit").text)
    assert (report.attrib["tests"], report.attrib["failures"]) == ("6", "5")
    assert str(odd.relative_to(library.parent) / "SKILL.md") in {case.attrib["name"] for case in report}
    text = run("check", "skills", "--max-body=100")
    assert text.exit_code == 6
    assert text.text.splitlines()[-1].endswith("5 failures")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing"], 3),
        (["skills", "--update"], 2),
        (["skills", "--baseline=missing.json"], 3),
        (["skills", "--baseline=bad.json"], 3),
        (["skills", "--baseline=list.json"], 3),
        (["skills", "--baseline=other.json"], 2),
        (["skills", "--client=nobody"], 2),
        (["skills", "--distilled=missing"], 3),
        (["skills", "--json", "--format=sarif"], 2),
    ],
)
def test_bad_requests(arguments: list[str], code: int, library: Path) -> None:
    """One sentence on stderr, nothing on stdout, nothing changed on disk."""
    head = '{"schema": "skill-distiller/baseline/1", '
    for name, text in (
        ("bad.json", head + '"encoding": "cl100k_base", "skills": {"a": {"listing": -1}}}'),
        ("list.json", "[" * 10),
        ("other.json", head + '"encoding": "estimate", "skills": {}}'),
    ):
        Path(name).write_text(text)
    before = contents(library.parent)
    result = run("check", *arguments)
    assert (result.exit_code, result.stdout) == (code, b"")
    assert result.stderr.startswith("Error: ")
    assert contents(library.parent) == before


def test_the_hook_and_the_action(tmp_path: Path) -> None:
    """Both run the command that is there, with options that it has; the budgets of the document are budgets."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"] == "skill-distiller check"
    assert hook["always_run"]  # whatever was changed: references are a tier, and links lead to what may be deleted
    assert "files" not in hook
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    script = action["runs"]["steps"][-1]["run"]
    assert "skill-distiller check" in script
    assert "${{" not in script
    (example,) = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs" / "library.md").read_text("utf-8"), re.M | re.S)
    (tmp_path / ".skill-distiller.toml").write_text(example)
    budgets = read_config(tmp_path / ".skill-distiller.toml").budgets
    assert budgets.of("legacy-x", "y").body == 9000
    assert budgets.of("x", "y").body == 5000
    assert budgets.of("x", "legacy-z").listing == 100
