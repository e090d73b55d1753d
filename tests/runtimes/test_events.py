"""What real agents printed is read as what they did, and nothing that they print can break or fool the reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.run.runtime_table import Turn, find_runtime, runtime_names

RECORDED = Path(__file__).resolve().parents[1] / "fixtures" / "runtimes"
NAMES = runtime_names()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "item", "part", "message", "content", "name"]) | st.text(), inner)
    ),
    max_leaves=12,
)


def read(name: str, *lines: str) -> Turn:
    """What an agent did by these lines."""
    turn, events = Turn(), find_runtime(name).events
    for line in lines:
        turn.take(events, line)
    return turn


def recorded(name: str, case: str) -> Turn:
    """What it did in a recorded run."""
    return read(name, *(RECORDED / f"{name}-{case}.jsonl").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_skill_that_was_loaded_is_named(name: str) -> None:
    """And so is the reference that was read after it."""
    turn = recorded(name, "loaded")
    assert turn.loaded == ["jwt-auth"]
    assert not turn.error
    if name != "opencode":  # it needs a program for that which was not there
        assert [path.split("/skills/")[-1] for path in turn.read] == ["jwt-auth/references/examples.md"]


@pytest.mark.parametrize("name", NAMES)
def test_a_sibling_in_its_place_is_named(name: str) -> None:
    """It is told which one."""
    assert recorded(name, "sibling").loaded == ["session-auth"]


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_without_a_skill_loads_none(name: str) -> None:
    """And is no failure."""
    turn = recorded(name, "nothing")
    assert (turn.loaded, turn.error) == ([], "")


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_is_an_error_and_not_a_skill_that_was_not_loaded(name: str) -> None:
    """Its reason is the server's."""
    turn = recorded(name, "refused")
    assert turn.loaded == []
    assert "wrong key" in turn.error


@pytest.mark.parametrize("name", NAMES)
def test_the_list_names_both_skills(name: str) -> None:
    """Where no event holds it, it is what the agent prints when it is asked for it."""
    runtime = find_runtime(name)
    names = ("jwt-auth", "session-auth", "my-skill", "auth")
    if runtime.listed_by_events:
        listed = recorded(name, "nothing").listed or frozenset()
    else:
        text = (RECORDED / f"{name}-list.txt").read_text(encoding="utf-8")
        listed = runtime.listed(text, names, {"skills": f"/project/{runtime.skills}"})
    assert listed & set(names) == {"jwt-auth", "session-auth"}


@pytest.mark.parametrize("name", NAMES)
@given(value=JSON, junk=st.text(max_size=40))
def test_whatever_is_printed_is_read(name: str, value: object, junk: str) -> None:
    """What is no event, or an odd one, says nothing, and raises nothing."""
    turn = read(name, json.dumps(value), junk, "[" * 100_000, "{}", "null")
    assert all(isinstance(one, str) for one in (*turn.loaded, *turn.read, turn.model, turn.error))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_model_says_of_an_event_is_no_event(name: str) -> None:
    """A text that quotes one loads nothing."""
    lines = (RECORDED / f"{name}-loaded.jsonl").read_text(encoding="utf-8").splitlines()
    nothing = (RECORDED / f"{name}-nothing.jsonl").read_text(encoding="utf-8").splitlines()
    answer = next(line for line in nothing if "no skill for this" in line)
    quoted = answer.replace("I need no skill for this.", json.dumps("\n".join(lines))[1:-1])
    assert read(name, *nothing, quoted).loaded == []


@pytest.mark.parametrize(
    ("command", "loaded"),
    [
        ("bash -lc 'cat .agents/skills/jwt-auth/SKILL.md'", ["jwt-auth"]),
        ("cd .agents/skills/jwt-auth && sed -n 1,80p SKILL.md", ["jwt-auth"]),
        ("cat a/jwt-auth/SKILL.md b/session-auth/SKILL.md", ["jwt-auth", "session-auth"]),
        ("ls .agents/skills/jwt-auth", []),
        ("cat .agents/skills/*/SKILL.md", []),
        ("echo SKILL.md", []),
    ],
)
def test_a_command_that_reads_a_skill_loads_it(command: str, loaded: list[str]) -> None:
    """Only where it says which one, and only where it was carried out."""
    item = {"type": "command_execution", "command": command, "exit_code": 0}
    assert read("codex", json.dumps({"type": "item.completed", "item": item})).loaded == loaded
    failed = json.dumps({"type": "item.completed", "item": item | {"exit_code": 1}})
    assert read("codex", failed).loaded == []


@pytest.mark.parametrize("name", NAMES)
def test_an_agent_gets_the_keys_that_it_needs_and_no_others(name: str) -> None:
    """Whatever else its user has set stays with them; without any key one sentence says what to set."""
    runtime = find_runtime(name)
    wanted = runtime.row["needs"][0]
    given = {
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "s",
        "GITHUB_TOKEN": "t",
        "NODE_OPTIONS": "--require x",
        wanted: "k",
    }
    found = runtime.environment(given, {"home": "/h", "project": "/p"})
    assert found[wanted] == "k"
    assert not {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "NODE_OPTIONS"} & set(found)
    with pytest.raises(ProviderError, match="has no key"):
        runtime.environment({"PATH": "/bin"}, {})


@pytest.mark.parametrize("name", NAMES)
def test_no_agent_may_run_or_write_anything(name: str) -> None:
    """None is started with an option that lets it do without asking."""
    words = " ".join(find_runtime(name).arguments("ask", {"home": "/h"}))
    assert not any(word in words for word in ("yolo", "dangerously", "bypass", "--auto", "full-access", "auto-edit"))


@pytest.mark.parametrize("command", ["nobody", "agent --ask", "{query}", "agent '{query}", ""])
def test_a_command_says_where_the_request_goes(command: str) -> None:
    """Anything else is a name that nothing has."""
    with pytest.raises(UsageError):
        find_runtime(command)


def test_what_is_filled_into_a_command_is_not_looked_through_again() -> None:
    """A request that names a place stays as it is, and stays one word."""
    runtime = find_runtime("agent --in {skills} -- '{query}'")
    words = runtime.arguments("ask", {"query": "what is {skills}; rm -rf ~", "skills": "/s"})
    assert words == ["--in", "/s", "--", "what is {skills}; rm -rf ~"]
