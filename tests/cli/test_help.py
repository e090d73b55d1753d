"""What `--help` says, and that it is what the packages do: they are not loaded for it."""

from __future__ import annotations

import inspect

import pytest
from tests.cli.command import run

from skill_distiller.cli import arguments as aim
from skill_distiller.cli import input_output as read_input
from skill_distiller.cli.compress import compress
from skill_distiller.planning.plan import Mode
from skill_distiller.providers.detect import CHOICES, DEFAULT_TIMEOUT, GEMINI_MODEL, OPENAI_MODEL
from skill_distiller.run.backends import choose_token_scorer
from skill_distiller.run.run import DEFAULT_THRESHOLD
from skill_distiller.skill.model import MAX_BYTES

COMMANDS = ("compress", "feedback", "providers", "verify", "restore", "calibration")


def _help(*arguments: str) -> str:
    """The help on one line: where it breaks depends on the terminal."""
    result = run(*arguments, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    return " ".join(result.text.split())


def test_the_defaults_are_those_of_the_packages() -> None:
    """They stand in the commands again, so that `--help` is quick; they may not drift apart."""
    assert aim.DEFAULT_THRESHOLD == DEFAULT_THRESHOLD
    assert tuple(Mode) == aim.MODES
    assert read_input.MAX_BYTES == MAX_BYTES
    options = inspect.signature(compress).parameters
    assert options["timeout"].default == DEFAULT_TIMEOUT
    assert choose_token_scorer(options["token_scorer"].default) is None


def test_the_choices_are_those_of_the_packages() -> None:
    """Modes, providers and default models; the scripted provider is for tests."""
    text = _help("compress")
    assert f"--mode {'|'.join(Mode)} " in text
    assert f"--provider {'|'.join(choice for choice in CHOICES if choice != 'scripted')} " in text
    assert f"Gemini {GEMINI_MODEL}" in text
    assert f"OpenAI {OPENAI_MODEL}" in text
    assert f"Default: {DEFAULT_THRESHOLD:g}." in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_in_one_line_what_it_does(command: str) -> None:
    """No line of the list of commands is cut off."""
    lines = [line.split() for line in run("--help").text.splitlines()]
    line = next(line for line in lines if line[:1] == [command])
    assert line[-1].endswith(".")
    assert not line[-1].endswith("...")
