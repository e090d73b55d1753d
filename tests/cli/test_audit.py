"""The command `audit`: what a library costs, and what is wrong in it."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import run
from tests.cli.samples import HOSTILE, MARKUP
from tests.library.batches import contents, make_library

from skill_distiller.cli.library.paths import job_count
from skill_distiller.routing.clients import load_clients, load_limits
from skill_distiller.tokens import count_tokens


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Five skills."""
    return make_library(tmp_path / "skills")


def _audit(library: Path, *options: str) -> Any:
    result = run("audit", library, "--jobs=1", "--json", *options)
    assert result.stderr == ""
    return json.loads(result.stdout)


def _skill(folder: Path, name: str, description: str, body: str = "# It\n\nRun `make`.\n") -> Path:
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_bytes(f"---\nname: {name}\ndescription: {description}\n---\n\n{body}".encode())
    return folder


def test_tiers_and_saving(library: Path) -> None:
    """Tokens of each tier, and the saving that `compress` would have; nothing is written."""
    before = contents(library)
    record = _audit(library, "--threshold=0.8")
    assert contents(library) == before
    skills = {skill["place"]: skill for skill in record["skills"]}
    deploy = skills["deploy-1"]
    text = (library / "deploy-1" / "SKILL.md").read_text()
    assert deploy["tokens"] == count_tokens(text)
    assert deploy["references"] == count_tokens("More of 1.\n")
    made = run("compress", library / "deploy-1", "--threshold=0.8", "-q").text
    assert deploy["predicted_tokens"] == count_tokens(made)
    assert skills["build"]["predicted_tokens"] == skills["build"]["tokens"]
    tiers = record["tiers"]
    assert isinstance(tiers, dict)
    assert tiers["body"] == sum(skill["body"] for skill in skills.values())
    without = _audit(library, "--no-saving")["skills"]
    assert {skill["predicted_tokens"] for skill in without} == {None}


def test_names_copies_and_collisions(library: Path) -> None:
    """Two skills of one name, one text twice, two descriptions that say the same."""
    shutil.copytree(library / "deploy-0", library / "x" / "copy")
    _skill(library / "y" / "build", "build", "Turns invoices into a spreadsheet for the tax office. Use for invoices.")
    _skill(library / "z", "z", "Turns invoices into spreadsheets for the tax office. Use for invoices and bills.")
    record = _audit(library, "--no-saving")
    assert record["copies"] == [["deploy-0", "x/copy"]]
    names = {item["name"]: item["places"] for item in record["names"]}
    assert names == {"build": ["build", "y/build"], "deploy-0": ["deploy-0", "x/copy"]}
    collisions = [item["places"] for item in record["collisions"]]
    assert ["y/build", "z"] in collisions
    assert ["deploy-0", "x/copy"] not in collisions
    repeated = record["repeated"]
    assert isinstance(repeated, dict)
    assert repeated["blocks"] > 0


def test_links_and_files(tmp_path: Path) -> None:
    """Links to nothing, with file and line; files that nothing names. Neighbors, folders and modules are named."""
    library = tmp_path / "skills"
    body = "# It\n\nRead [more](references/more.md), [gone](gone.md), [next](../b/SKILL.md), [far](../c/SKILL.md).\n"
    folder = _skill(library / "a", "a", "Use when a.", body + "\nRun all in `scripts/`, and `helper.py`.\n")
    _skill(library / "b", "b", "Use when b.")
    for name in ("references/more.md", "references/lost.md", "scripts/one.py", "lib/used.py", "lib/unused.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"import used\n" if name.startswith("scripts") else b"x\n")
    (folder / "LICENSE.txt").write_bytes(b"MIT\n")
    record = _audit(library, "--no-saving")
    (skill, _) = record["skills"]
    assert skill["dead_links"] == ["SKILL.md:8 gone.md", "SKILL.md:8 ../c/SKILL.md"]
    assert skill["orphans"] == ["lib/unused.py", "references/lost.md"]


def test_what_clients_take(tmp_path: Path) -> None:
    """Each row counts in its unit; a listing counts all entries, and the window says how much fits."""
    library = tmp_path / "skills"
    for number in range(12):
        _skill(library / f"s{number:02}", f"s{number:02}", f"Use when {number}. " + "x" * 880)
    _skill(library / "t", "t", "y" * 1030)
    _skill(library / "u", "u", "z" * 1600, "# It\n\n" + "word " * 5200 + "\n")
    record = _audit(library, "--no-saving")
    limits: dict[Any, Any] = {(row["client"], row["on"], row["unit"]): row for row in record["limits"]}

    def beyond(*key: Any) -> Any:
        return [item["place"] for item in limits[key]["beyond"]]

    assert beyond("Agent Skills", "description", "characters") == ["t", "u"]
    assert beyond("Claude Code", "entry", "characters") == ["u"]
    assert beyond("Claude Code", "body", "tokens") == ["u"]
    claude = limits["Claude Code", "listing", "characters"]
    assert claude["most"] == 8000
    assert beyond("Claude Code", "listing", "characters") == ["s08", "s09", "s10", "s11", "t", "u"]
    assert limits["Codex", "listing", "bytes"]["most"] == 16_000
    wide = _audit(library, "--no-saving", "--window=1000000")["limits"]
    assert [row["beyond"] for row in wide if row["client"] == "Claude Code" and row["on"] == "listing"] == [[]]
    unknown = _audit(library, "--no-saving", "--window=0")["limits"]
    assert [row["most"] for row in unknown if (row["client"], row["on"]) == ("Codex", "listing")] == [8000]
    openclaw = limits["OpenClaw", "listing", "characters"]
    assert openclaw["most"] == 18_000
    # Its formula is 195 + 97 + name + description + location (43 + name) for each; descriptions are cut at 1,024.
    names = sum(len(f"s{number:02}") for number in range(12)) + 2
    assert openclaw["used"] - claude["used"] == 195 + (140 - 5) * 14 + names - (1030 - 1024) - (1536 - 1024)
    bodies = limits["Claude Code", "bodies", "tokens"]
    assert (bodies["most"], bodies["beyond"]) == (25_000, [])
    assert 5_000 < bodies["used"] < 5_500  # of the long one only what comes back


def test_every_row_has_a_source_and_a_date() -> None:
    """And counts something that is measured."""
    for limit in load_limits():
        assert limit.unit in ("characters", "bytes", "tokens", "lines")
        assert limit.on in ("name", "description", "entry", "body", "bodies")
        assert limit.most > 0
    sources = [(limit.source, limit.date) for limit in load_limits()]
    for source, looked_at in [*sources, *((client.source, client.date) for client in load_clients())]:
        assert source.startswith("https://")
        assert isinstance(looked_at, date)


def test_text_markdown_and_price(library: Path) -> None:
    """The same tables; a price counts the listing of all and a mean body."""
    text = run("audit", library, "--jobs=1", "--price=3").text
    assert "What it costs" in text
    assert "What clients take" in text
    assert "1,000 times" in text
    markdown = run("audit", library, "--jobs=1", "--format=markdown").text
    assert markdown.startswith("# Audit\n\n## What it costs\n\n| Tier | Paid | Tokens of all | A skill (mean) |\n|")
    tables = re.findall(r"(?m)(?:^\|.*\n)+", markdown)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_hostile_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    """Neither escapes nor markup of a skill, in any form."""
    library = tmp_path / "skills"
    for name, text in (("a", HOSTILE), ("b", HOSTILE), ("c", MARKUP), ("d", MARKUP)):
        (library / name).mkdir(parents=True)
        (library / name / "SKILL.md").write_bytes(
            text.replace("name: ", "name: '<script>|` ").replace("\nd", "'\nd", 1).encode()
        )
    for form in ("text", "markdown", "json"):
        result = run("audit", library, "--jobs=1", "--no-saving", f"--format={form}")
        assert result.exit_code == 0, result.stderr
        assert b"\x1b" not in result.stdout
        assert "\u202e" not in result.text
    assert "<script>" not in run("audit", library, "--jobs=1", "--no-saving", "--format=markdown").text


def test_broken_skills_and_no_skills(library: Path, tmp_path: Path) -> None:
    """What can't be read is told, the rest is measured, the exit code is 3; without any skill it is an error."""
    (library / "empty").mkdir()
    (library / "empty" / "SKILL.md").write_bytes(b"")
    result = run("audit", library, "--jobs=1", "--no-saving", "--json")
    record = json.loads(result.stdout)
    assert result.exit_code == 3
    assert [broken["place"] for broken in record["broken"]] == ["empty"]
    assert len(record["skills"]) == 5
    (tmp_path / "none").mkdir()
    for arguments, code in ((["none"], 2), (["missing"], 3), (["none", "--threshold=3"], 2)):
        failed = run("audit", *(tmp_path / word if word[0] != "-" else word for word in arguments))
        assert (failed.exit_code, failed.stdout) == (code, b"")
        assert failed.stderr.startswith("Error: ")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A folder whose name is not UTF-8, a name of many characters: every command gets through, and shows it safely."""
    library = tmp_path / "skills"
    odd = Path(os.fsdecode(os.fsencode(library) + b"/\xff\x1b[31m"))
    _skill(odd, "odd", "Use when odd.")
    _skill(library / "long", "long " * 30_000, "Use when long.")
    for command in (
        ("audit", "--no-saving", "--json"),
        ("audit", "--no-saving", "--format=markdown"),
        ("audit", "--no-saving"),
        ("check", "--max-body=1", "--format=sarif"),
        ("check", "--max-body=1", "--format=junit"),
        ("check", "--max-body=1", "--format=github"),
        ("check", "--baseline", tmp_path / "base.json", "--update"),
        ("batch", "-o", tmp_path / "out", "--json"),
        ("batch", "-o", tmp_path / "out", "--json"),
        ("report", "-o", tmp_path / "report.html"),
    ):
        result = run(command[0], library, "--jobs=1", *command[1:])
        assert result.exit_code in (0, 6), result.stderr
        assert b"\x1b" not in result.stdout
        assert "\x1b" not in result.stderr
        assert len(result.stdout) < 200_000
    assert (tmp_path / "out" / odd.name / "SKILL.md").exists()


def test_more_jobs_than_a_machine_can_have() -> None:
    """A number of processes that no pool can be made of is cut to one that can be had."""
    assert job_count(10**30) <= 64
    assert job_count(3) == 3
