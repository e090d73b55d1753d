"""A description is taken where an agent loads the skill as before; else clauses come back, or the original stays."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.cli.command import PATIENCE, Result, run

from skill_distiller.errors import ProviderError
from skill_distiller.run.agent import as_request, is_deployable, open_agent, skill_files, skill_text
from skill_distiller.run.runtime_table import find_runtime

BREAD = """---
name: bread
description: "Bakes sourdough bread from a starter. Use this skill when the user wants to bake loaves, shape buns, feed a starter, score crusts, or plan a bakery week. It comes with friendly notes on patience. Do not use for cakes, tarts, or sweets."
license: MIT
---

# Bread

## Feed the starter of the bread

Feed the starter with flour and water each morning.

## Shape buns

Shape the buns with wet hands.

## Score the crust of sourdough

Score the crust of the bread with a blade before it goes into the oven.
"""  # noqa: E501
CAKES = "---\nname: cakes\ndescription: Makes layer cakes with cream. Use for birthdays, and tarts.\n---\n\n# Cakes\n"
SCHEMA = json.loads(
    resources.files("skill_distiller.report").joinpath("description.schema.json").read_text(encoding="utf-8")
)
TOY = Path(__file__).with_name("toy_agent.py")


@pytest.fixture
def bread(tmp_path: Path) -> Path:
    """A skill folder with another beside it."""
    for name, text in (("bread", BREAD), ("cakes", CAKES)):
        (tmp_path / "lib" / name).mkdir(parents=True)
        (tmp_path / "lib" / name / "SKILL.md").write_text(text, encoding="utf-8")
    return tmp_path / "lib" / "bread"


def command(rule: str) -> str:
    """The toy agent with a rule."""
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(TOY))} {rule} {{skills}} {{skill}} {{query}}"


def describe(skill: Path, rule: str, *more: str) -> Result:
    """The command, with the toy agent to confirm."""
    return run("description", skill, "--provider", "embedded", "--runtime", command(rule), *more)


def record(skill: Path, rule: str, *more: str) -> dict[str, Any]:
    """Its record, which its schema takes."""
    result = describe(skill, rule, "--json", *more)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    Draft202012Validator(SCHEMA).validate(found)
    told = found["runtime"]
    assert 0 < told["calls"] <= told["most_calls"]
    assert f"at most {told['most_calls']} runs" in result.stderr
    return found


def test_a_description_under_which_the_agent_loads_the_skill_as_before_is_taken(bread: Path) -> None:
    """What it was asked, and what the controls said, is in the record."""
    queries = bread.parent / "queries.json"
    queries.write_text('["bake sourdough bread", "sourdough bread from a starter", "my sourdough bread is flat"]')
    found = record(bread, "words", "--queries", str(queries))
    told = found["runtime"]
    assert told["status"] == "passed"
    assert found["tokens"]["after"] < found["tokens"]["before"]
    assert told["controls"] == {"nothing": 0, "everything": 2, "asked": 2}
    assert any(query["positive"] and query["before"] and query["after"] for query in told["queries"])
    assert any(not query["positive"] for query in told["queries"])


def test_without_an_agent_the_record_says_so(bread: Path) -> None:
    """Nothing is claimed of one."""
    found = json.loads(run("description", bread, "--provider", "embedded", "--json").stdout)
    assert found["runtime"] is None


def test_clauses_come_back_until_the_agent_loads_it_again(bread: Path) -> None:
    """The result holds what the agent needs, is shorter than the original, and says what came back."""
    plain = json.loads(run("description", bread, "--provider", "embedded", "--json").stdout)
    gone = [clause["text"] for clause in plain["clauses"] if not clause["kept"]]
    outcomes = {}
    for text in gone:
        found = record(bread, f"needs:{text.split()[-1]}")
        outcomes[text] = found["runtime"]["status"]
        if outcomes[text] == "restored":
            assert text.split()[-1] in found["description"]
            assert found["status"] == "restored"
            assert any(clause["restored"] for clause in found["clauses"])
            assert found["tokens"]["after"] < found["tokens"]["before"]
        else:
            assert (found["status"], found["text"]) == ("original", BREAD)
    assert {"restored", "original"} <= set(outcomes.values())


def test_a_description_that_takes_the_requests_of_others_is_not_taken(bread: Path) -> None:
    """Both ways are looked at: what it loses, and what it takes."""
    found = record(bread, "greedy:patience", "--verbose")
    assert found["runtime"]["status"] in ("restored", "original")
    assert "patience" in found["description"]


def test_an_original_that_is_never_loaded_stays(bread: Path) -> None:
    """Nothing can be shown to be kept; with --strict that is an error."""
    found = record(bread, "needs:nowhere")
    assert (found["runtime"]["status"], found["text"]) == ("obsolete", BREAD)
    strict = describe(bread, "needs:nowhere", "--strict")
    assert (strict.exit_code, strict.stdout) == (6, b"")


@pytest.mark.parametrize(
    ("rule", "status", "verdict"), [("words", "generated", "passed"), ("needs:x", "missing", "original")]
)
def test_a_description_that_was_written_is_taken_where_it_is_loaded(
    bread: Path, rule: str, status: str, verdict: str
) -> None:
    """Before it there was none, so no agent could list the skill."""
    file = bread / "SKILL.md"
    bare = "".join(line for line in BREAD.splitlines(keepends=True) if not line.startswith("description"))
    file.write_text(bare, encoding="utf-8")
    found = record(bread, rule)
    assert (found["status"], found["runtime"]["status"]) == (status, verdict)
    assert (found["text"] == bare) is (verdict == "original")
    assert not any(query["before"] for query in found["runtime"]["queries"])


@pytest.mark.parametrize("rule", ["always", "never"])
def test_an_agent_that_does_not_look_at_descriptions_measures_nothing(bread: Path, rule: str) -> None:
    """The controls can't be told apart, so nothing is said."""
    result = describe(bread, rule)
    assert (result.exit_code, result.stdout) == (4, b"")
    assert "The measurement is void" in result.stderr


def test_an_agent_that_fails_is_no_agent_that_does_not_load(bread: Path) -> None:
    """Any other exit code is an error, and nothing is written."""
    target = bread.parent / "out.md"
    result = describe(bread, "code:7", "-o", str(target))
    assert (result.exit_code, result.stdout) == (4, b"")
    assert "exit code 7" in result.stderr
    assert not target.exists()


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini", "opencode", "nobody-has-this {query}"])
def test_an_agent_that_is_not_installed_is_one_sentence(
    bread: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is missing and how to get it."""
    monkeypatch.setenv("PATH", str(bread))
    result = run("description", bread, "--provider", "embedded", "--runtime", name)
    assert (result.exit_code, result.stdout) == (4, b"")
    assert "there is no program" in result.stderr
    assert "leave --runtime out" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--runtime", "nobody"),
        ("--runtime-model", "x"),
        ("--runtime", "agent {query}", "--runtime-model", "x"),
        ("--runtime", "codex", "--offline"),
    ],
)
def test_options_that_make_no_sense(bread: Path, options: tuple[str, ...]) -> None:
    """They are refused before anything starts."""
    result = run("description", bread, "--provider", "embedded", *options)
    assert (result.exit_code, result.stdout) == (2, b"")


def test_a_secret_is_not_sent(bread: Path) -> None:
    """Names, descriptions and requests are looked through first."""
    file = bread / "SKILL.md"
    key = "AKIA" + "Q3EGRZ7LMWXY5TUB"
    file.write_text(BREAD.replace("from a starter.", f"from a starter with {key}."), encoding="utf-8")
    result = describe(bread, "words")
    assert (result.exit_code, result.stdout) == (6, b"")
    assert key not in result.stderr
    assert describe(bread, "words", "--allow-secrets").exit_code == 0


def test_a_name_that_no_agent_takes_is_bad_input(bread: Path) -> None:
    """It would become a folder."""
    (bread / "SKILL.md").write_text(BREAD.replace("name: bread", "name: ../../bread"), encoding="utf-8")
    result = describe(bread, "words")
    assert (result.exit_code, result.stdout) == (3, b"")


def test_a_project_and_a_home_of_its_own(tmp_path: Path) -> None:
    """The agent sees neither the user's folder nor home, and both are gone afterwards."""
    told = tmp_path / "told.json"
    script = tmp_path / "look.py"
    script.write_text(
        "import json, os, pathlib, sys\n"
        "told = [os.getcwd(), os.environ['HOME'], os.environ['TMPDIR'], pathlib.Path('.git/HEAD').is_file()]\n"
        "pathlib.Path(sys.argv[1]).write_text(json.dumps(told))\n"
    )
    words = [sys.executable, str(script), str(told), "{query}"]
    with open_agent(find_runtime(shlex.join(words)), os.environ) as agent:
        agent.deploy({"bread": skill_files("bread", "Bakes.")})
        assert agent.ask("Bake!", "bread").loaded == ["bread"]
    *places, repository = json.loads(told.read_text())
    assert repository
    assert os.environ["HOME"] not in places
    assert not any(Path(place).exists() for place in places)


def test_an_agent_that_does_not_end_is_an_error(tmp_path: Path) -> None:
    """It says nothing of whether the skill would have been loaded."""
    script = tmp_path / "hang.sh"
    script.write_text("sleep 600\n")
    with (
        open_agent(find_runtime(f"sh {script} {{query}}"), os.environ, seconds=0.5) as agent,
        pytest.raises(ProviderError, match=r"more than 0\.5 seconds"),
    ):
        agent.ask("Bake!", "bread")


def test_a_run_ends_when_the_skill_is_loaded_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its children too: what it would have done after that, it does not."""
    note, program = tmp_path / "pid", tmp_path / "bin" / "claude"
    program.parent.mkdir()
    recorded = Path(__file__).resolve().parents[1] / "fixtures" / "runtimes" / "claude-code-loaded.jsonl"
    program.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > '{note}'\ncat '{recorded}'\nwait\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "made-up")
    with open_agent(find_runtime("claude-code"), os.environ) as agent:
        turn = agent.ask("How are tokens verified?", "jwt-auth")
    assert (turn.loaded, turn.read) == (["jwt-auth"], [])
    ends = time.monotonic() + PATIENCE
    while _is_alive(int(note.read_text())) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not _is_alive(int(note.read_text()))


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that was killed may wait for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_skill_that_is_not_in_the_list_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it is not loaded would say nothing of its description."""
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    recorded = Path(__file__).resolve().parents[1] / "fixtures" / "runtimes" / "claude-code-nothing.jsonl"
    program.write_text(f"#!/bin/sh\ncat '{recorded}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "made-up")
    with open_agent(find_runtime("claude-code"), os.environ) as agent:
        assert agent.ask("Tell me a joke.", "jwt-auth").loaded == []
        with pytest.raises(ProviderError, match="does not list the skill 'bread'"):
            agent.ask("Tell me a joke.", "bread")


@given(st.text(max_size=60))
def test_a_request_is_no_option_and_no_order(text: str) -> None:
    """Nor does it name files that the agent would send."""
    request = as_request(text)
    assert not request.startswith(("-", "/", "!", "#"))
    assert "@/" not in request
    assert as_request(request) == request


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("--dangerously-skip-permissions", "dangerously-skip-permissions"),
        ("/init now", "init now"),
        ("!rm -rf ~", "rm -rf ~"),
        ("read @/etc/passwd", "read @ /etc/passwd"),
        ("$jwt-auth", "$ jwt-auth"),
    ],
)
def test_hostile_requests(text: str, request_: str) -> None:
    """A heading of a skill may be anything."""
    assert as_request(text) == request_


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
def test_only_name_and_description_are_deployed(description: str) -> None:
    """Whatever a description holds, it makes no other field, and nothing that the skill says goes along."""
    parts = skill_text("bread", description).split("---\n")
    if any(
        ord(c) < 32 or 0x7E < ord(c) < 0xA0 or ord(c) in (0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF) for c in description
    ):
        return  # what YAML has no room for, or reads as another character
    fields = yaml.safe_load(parts[1]) if len(parts) == 3 else yaml.safe_load("---\n".join(parts[1:-1]))
    assert fields == {"name": "bread", "description": description}


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a--b", "-a", "a_b", "ä", "a" * 65, "a\n"])
def test_odd_names_are_not_deployed(name: str) -> None:
    """They would be folders."""
    assert not is_deployable(name)
