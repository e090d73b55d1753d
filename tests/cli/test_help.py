"""What `--help` says, and that it is what the packages do."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import environment, run, run_process
from tests.cli.samples import DEPLOY

from lab import manual
from skill_distiller.cli.app import COMMANDS, LazyCommand, load_command
from skill_distiller.cli.options.option_groups import examples_of
from skill_distiller.planning.plan import Mode
from skill_distiller.providers.detect import CHOICES, GEMINI_MODEL, OPENAI_MODEL
from skill_distiller.rewriting.model import Wording
from skill_distiller.run.run import DEFAULT_THRESHOLD


def _help(*arguments: str) -> str:
    """The help on one line: where it breaks depends on the terminal."""
    result = run(*arguments, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    return " ".join(result.text.split())


def test_the_choices_are_those_of_the_packages() -> None:
    """Modes, providers and default models; the scripted provider is for tests."""
    text = _help("compress")
    assert f"--mode {'|'.join(Mode)} " in text
    assert f"--wording {'|'.join(Wording)} " in text
    assert f"--provider {'|'.join(choice for choice in CHOICES if choice != 'scripted')} " in text
    assert f"Gemini {GEMINI_MODEL}" in text
    assert f"OpenAI {OPENAI_MODEL}" in text
    assert f"Default: {DEFAULT_THRESHOLD:g}." in text


def test_options_stand_in_groups() -> None:
    """Under the title of what they are for, in an order that can be read."""
    text = run("compress", "--help").text
    titles = ["Arguments:", "Aim:", "Keep:", "Output:", "Reading:", "Model:", "Calibration:", "Other:", "Examples:"]
    places = [text.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    assert (
        places[1] < text.index("--tokens") < places[2] < text.index("--interactive") < places[3] < text.index("--apply")
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_says_no_types_of_python(command: LazyCommand) -> None:
    """Whatever release of Typer is there: no `<list[str]>` behind a name, no `x>=1`, no dots twice."""
    text = run(command.name, "--help").text
    assert not re.search(r"<\w*\[?(?:str|int|float|path)\b|<\w+\||x>=|\.{3}[\]}]\.{3}", text), text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_three_examples(command: LazyCommand) -> None:
    """Its help ends with them, and each is a line that the command line can read."""
    found = examples_of(command.name)
    assert len(found) == 3
    text = run(command.name, "--help").text
    assert "".join(f"  # {what}\n  {line}\n" for what, line in found.items()) in text
    for line in found.values():
        words = shlex.split(re.sub(r'eval "\$\((.*)\)"', r"\1", line).partition(" > ")[0])
        assert words[0] == "skill-distiller"
        loaded = next(load_command(one) for one in COMMANDS if one.name == words[1])
        names = set(" ".join(opt for param in _parameters(loaded, words[2:3]) for opt in param.opts).split())
        assert {word.partition("=")[0] for word in words[2:] if word.startswith("-")} <= names | {"--help"}


def _parameters(loaded: Any, words: list[str]) -> list[Any]:
    below = getattr(loaded, "commands", {})
    return list(below[words[0]].params if words and words[0] in below else loaded.params)


def test_the_short_form_is_named() -> None:
    """A path alone is enough, and the first help says so."""
    assert "`skill-distiller PATH` means `skill-distiller compress PATH`" in _help()


@pytest.mark.parametrize("file", ["cli.md", "skill-distiller.1"])
def test_the_pages_are_those_of_the_program(file: str) -> None:
    """If not: python -m lab.manual."""
    text = {"cli.md": manual.page, "skill-distiller.1": manual.manual}[file]()
    assert (Path(manual.ROOT) / "docs" / file).read_text(encoding="utf-8") == text
    for command in COMMANDS:
        assert command.name in text.lower()


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man here")
def test_the_manual_page_can_be_shown() -> None:
    """Without a warning."""
    done = subprocess.run(
        ["man", "--warnings", "-l", str(manual.MANUAL)],
        capture_output=True,
        check=False,
        env={**os.environ, "MANPAGER": "cat"},
    )
    assert (done.returncode, done.stderr) == (0, b"")


def _complete(shell: str, typed: str) -> list[str]:
    """What a shell is offered for the last word of what was typed."""
    words = typed.split(" ")
    env = environment(
        _SKILL_DISTILLER_COMPLETE=f"complete_{shell}",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(words) - 1),
        _TYPER_COMPLETE_ARGS=typed,
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )
    result = run_process(env=env)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.text.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes(shell: str, skill_file: Path) -> None:
    """Commands, options, values, and what the skill at hand has: encodings, ids, headings."""
    script = run("completion", shell)
    assert (script.exit_code, script.stderr) == (0, "")
    assert f"_SKILL_DISTILLER_COMPLETE=complete_{shell}" in script.text
    assert "verify" in " ".join(_complete(shell, "skill-distiller ver"))
    assert "--interactive" in " ".join(_complete(shell, "skill-distiller compress --inter"))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("--wording ", ["keep", "marks", "detail", "terse"]),
        ("compress --encoding o200k_b", ["o200k_base"]),
        ("compress {} --keep-section Exam", ["Examples"]),
        ("calibration do", ["doctor"]),
    ],
)
def test_values_are_offered(typed: str, offered: list[str], skill_file: Path) -> None:
    """Of options, and from the skill that was typed before."""
    assert _complete("bash", f"skill-distiller {typed}".format(skill_file)) == offered


def test_ids_are_offered_and_nothing_that_a_shell_could_run(skill_file: Path) -> None:
    """Of every piece of the skill; a heading with signs of a shell is left out."""
    skill_file.write_text(DEPLOY.replace("## Overview", "## $(rm -rf x)"), encoding="utf-8")
    ids = {
        change["id"]
        for section in json.loads(run("compress", skill_file, "--threshold=0", "--json").stdout)["receipt"]
        for change in section["changes"]
    }
    assert ids <= set(_complete("bash", f"skill-distiller compress {skill_file} --keep "))
    assert "rm" not in " ".join(_complete("zsh", f"skill-distiller compress {skill_file} --keep-section "))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_says_in_one_line_what_it_does(command: LazyCommand) -> None:
    """The list of commands shows what the command's own help begins with, and no line of it is cut off."""
    listed = run("--help").text.splitlines()
    assert [line.split(maxsplit=1)[1] for line in listed if line.split()[:1] == [command.name]] == [command.summary]
    assert load_command(command).get_short_help_str(limit=200) == command.summary
    assert f"Usage: skill-distiller {command.name} " in _help(command.name)
