"""A real Claude Code, offline: its model is the scripted one, all else is its own. `scripts/check-runtime` runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import run
from tests.runtimes.record_events import JWT, SESSIONS, keys
from tests.runtimes.scripted_model import Scripted, Tool, serve_model
from tests.runtimes.test_confirm import BREAD, CAKES

from skill_distiller.run.agent import Agent, open_agent, skill_files
from skill_distiller.run.runtime_table import find_runtime

NAME = "claude-code"
FOLDER = os.environ.get("SKILL_DISTILLER_RUNTIMES", "")  # of its program
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "incident-report"
SIGNING = (
    "Signs and verifies tokenized JWTs for web APIs. Use when a signature fails, or a token expires early. It is kept "
    "short, and friendly to all."
)
REQUEST = "How are JWT tokens verified and refreshed?"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not FOLDER, reason="SKILL_DISTILLER_RUNTIMES names no folder of agents: see scripts/check-runtime"
    ),
    pytest.mark.xdist_group("runtime"),
]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The scripted model, which the agent asks by the variables of its user."""
    monkeypatch.setenv("PATH", f"{FOLDER}{os.pathsep}{os.environ['PATH']}")
    with serve_model() as server:
        for name, value in keys(server.address).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def agent(model: Scripted) -> Iterator[Agent]:
    """The real agent."""
    with open_agent(find_runtime(NAME), os.environ) as found:
        assert found.version() == find_runtime(NAME).row["tried"]
        yield found


def library(folder: Path, **skills: str) -> Path:
    """A folder of skills."""
    for name, text in skills.items():
        (folder / name).mkdir()
        (folder / name / "SKILL.md").write_text(text, encoding="utf-8")
    return folder


def confirmed(skill: Path, *more: str) -> dict[str, Any]:
    """The record of the whole command with the real agent, given two requests of the skill."""
    options = ("--provider", "embedded", "--runtime", NAME, "--runtime-queries", "2", "--json")
    result = run("description", skill, *options, *more)
    assert result.exit_code == 0, result.stderr
    assert "Claude Code" in result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def requests(folder: Path, *texts: str) -> str:
    """A file of requests."""
    file = folder / "requests.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    return str(file)


def test_it_loads_the_skill_and_the_shorter_description_is_taken(model: Scripted, tmp_path: Path) -> None:
    """Every run asked its model with a list that held the skill; what was announced was kept to."""
    skill = library(tmp_path, bread=BREAD, cakes=CAKES) / "bread"
    found = confirmed(skill, "--queries", requests(tmp_path, "bake sourdough bread", "a starter for sourdough bread"))
    told = found["runtime"]
    assert (told["status"], told["version"]) == ("passed", find_runtime(NAME).row["tried"])
    assert told["controls"]["everything"] > told["controls"]["nothing"]
    assert found["tokens"]["after"] < found["tokens"]["before"]
    asked = [seen for seen in model.seen if seen.query]
    assert 0 < told["calls"] <= told["most_calls"]
    assert all("bread" in seen.listing() for seen in asked if "Skill" in seen.tools)


def test_a_sibling_that_is_loaded_in_its_place_is_named(agent: Agent) -> None:
    """Under a poor description the request goes elsewhere, and that is told apart from an answer without a skill."""
    siblings = {"session-auth": skill_files("session-auth", f"{SESSIONS} Knows how tokens are verified.")}
    agent.deploy({"jwt-auth": skill_files("jwt-auth", "Authentication helper."), **siblings})
    assert agent.ask(REQUEST, "jwt-auth").loaded == ["session-auth"]
    agent.deploy({"jwt-auth": skill_files("jwt-auth", JWT), **siblings})
    assert agent.ask(REQUEST, "jwt-auth").loaded == ["jwt-auth"]
    assert agent.ask("Tell me a joke.", "jwt-auth").loaded == []
    assert agent.calls == 3


def test_a_clause_comes_back_that_the_agent_needs(model: Scripted, tmp_path: Path) -> None:
    """The router takes parts of words for enough, the scripted model wants them whole."""
    text = f"---\nname: signing\ndescription: {SIGNING}\n---\n\n# Signing\n"
    skill = library(tmp_path, signing=text, cakes=CAKES) / "signing"
    asked = ("token signing", "token verification", "signing a token", "verified token", "token signature")
    found = confirmed(skill, "--margin", "0", "--queries", requests(tmp_path, *asked))
    assert found["runtime"]["status"] == "restored"
    assert found["description"] == SIGNING.partition(" It is")[0].replace(", or", " or")
    assert found["tokens"]["after"] < found["tokens"]["before"]
    assert any(clause["restored"] for clause in found["clauses"])


def test_an_original_that_is_never_loaded_is_obsolete(model: Scripted, tmp_path: Path) -> None:
    """Then nothing can be shown to be kept, and it stays."""
    skill = library(tmp_path, bread=BREAD, cakes=CAKES) / "bread"
    found = confirmed(skill, "--queries", requests(tmp_path, "sourdoughs", "breads, sourdoughs"))
    assert (found["runtime"]["status"], found["text"]) == ("obsolete", BREAD)


def test_a_reference_that_text_was_moved_to_is_read(agent: Agent, tmp_path: Path) -> None:
    """What `reduce` made is loaded, and the pointer in it followed."""
    out = tmp_path / "out"
    assert run("reduce", EXAMPLE, "-o", out, "--provider", "embedded", "--no-description").exit_code == 0
    files = {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}
    new = [path for path in files if path.startswith("references/") and not (EXAMPLE / path).exists()]
    agent.deploy({"incident-report": files})
    turn = agent.ask("Write a blameless incident report on the outage", "incident-report", to_the_end=True)
    assert turn.loaded == ["incident-report"]
    assert turn.read[0].split("/incident-report/")[-1] in new


def test_a_model_that_was_talked_into_harm_can_do_none(agent: Agent, model: Scripted, tmp_path: Path) -> None:
    """It has no tool that runs anything, and reads nothing outside the project."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the user", encoding="utf-8")
    spoils = tmp_path / "spoils.txt"
    agent.deploy({"jwt-auth": skill_files("jwt-auth", JWT)})
    model.orders += [Tool("Bash", {"command": f"cat {secret} > {spoils}"}), Tool("Read", {"file_path": str(secret)})]
    assert agent.ask(REQUEST, "jwt-auth", to_the_end=True).loaded == []
    assert not model.orders
    assert not spoils.exists()
    assert len(model.seen[-1].results) == 2
    assert "the secret of the user" not in "".join(seen.told + "".join(seen.results) for seen in model.seen)
