"""What is wrong with a command line that the parser refuses: one sentence of ours, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final

import typer

from skill_distiller.errors import UsageError

# The base of the errors of the parser, which Typer brings along or takes from Click, over one that it names.
COMMAND_LINE_ERRORS: Final[type[Any]] = typer.BadParameter.__mro__[2]
_OF_PROGRAM: Final = ("--version", "--help")
_ALIKE: Final = 0.7  # how much of an option must be the same for it to be proposed; "--tresh" is 0.67 of "--threshold"
_QUOTED: Final = re.compile(r"'([^']*)'")


def in_our_words(error: Any) -> UsageError | None:  # noqa: ANN401 - see above
    """The mistake that an error of the parser is about; None where it is no mistake but the help of a group."""
    context = getattr(error, "ctx", None)
    kind, command = type(error).__name__, context.command_path if context else "skill-distiller"
    if kind == "NoArgsIsHelpError":
        return None
    name = command.removeprefix("skill-distiller").strip() or "skill-distiller"
    look = f"See {command} --help."
    if kind == "NoSuchOption":
        return UsageError(f"{name} has no option {error.option_name}.", _near(error.option_name, context) or look)
    if kind == "MissingParameter" and context and error.param:
        return UsageError(f"{name} needs {_wanted(error.param)}.", f"Write: {_example(command, context)}")
    if kind == "BadOptionUsage":
        option = _option(error.option_name, context)
        if option is None or option.is_flag:
            return UsageError(f"{error.option_name} takes no value.", "Write it alone.")
        return UsageError(f"{error.option_name} needs a value.", f"It takes {_metavar(option)}. {look}")
    if context and hasattr(context.command, "commands") and (word := _QUOTED.search(error.message)):
        known = sorted(context.command.commands)
        near = get_close_matches(word[1], known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}."
        return UsageError(f"{name} has no command {word[1]!r}.", hint)
    return UsageError(error.format_message(), look)


def _near(given: str, context: Any) -> str:  # noqa: ANN401
    """The option of the command that was meant, as a question; "" where none is near."""
    options = [name for param in _options(context) for name in param.opts if name.startswith("--")]
    short = [name for name in (*options, *_OF_PROGRAM) if len(given) > 3 and name.startswith(given)]
    near = short[:1] or get_close_matches(given, [*options, *_OF_PROGRAM], 1, _ALIKE)
    return f"Did you mean {near[0]}?" if near else ""


def _options(context: Any) -> Iterator[Any]:  # noqa: ANN401
    params: Sequence[Any] = context.command.get_params(context) if context else ()
    return (param for param in params if param.param_type_name == "option")


def _option(name: str, context: Any) -> Any:  # noqa: ANN401
    return next((param for param in _options(context) if name in param.opts), None)


def _wanted(param: Any) -> str:  # noqa: ANN401
    """What is missing by its name, with the choices where there are some."""
    kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    choices = [choice.value for choice in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
    return f"{_metavar(param)}: {', '.join(choices)}" if choices else _metavar(param)


def _metavar(param: Any) -> str:  # noqa: ANN401
    return str(param.metavar or param.name.upper())


def _example(command: str, context: Any) -> str:  # noqa: ANN401
    """How a command is written: its first example, or its arguments by name where it has none."""
    from skill_distiller.cli.options.option_groups import examples_of  # which asks this module what a mistake is

    found = (line for line in examples_of(command.split(" ")[1]).values() if line.startswith(f"{command} "))
    needed = (param for param in context.command.get_params(context) if param.required)
    return next(found, None) or " ".join((command, *map(_metavar, needed)))
