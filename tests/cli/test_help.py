"""What `--help` says, and that it is what the packages do."""

from __future__ import annotations

import pytest
from tests.cli.command import run

from skill_distiller.cli.app import COMMANDS, LazyCommand, load_command
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


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_says_in_one_line_what_it_does(command: LazyCommand) -> None:
    """The list of commands shows what the command's own help begins with, and no line of it is cut off."""
    listed = run("--help").text.splitlines()
    assert [line.split(maxsplit=1)[1] for line in listed if line.split()[:1] == [command.name]] == [command.summary]
    assert load_command(command).get_short_help_str(limit=200) == command.summary
    assert f"Usage: skill-distiller {command.name} " in _help(command.name)
