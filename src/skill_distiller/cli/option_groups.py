"""Option groups: a dataclass whose fields are options, as one parameter of a command function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Final, TypeVar, get_type_hints

import typer

T = TypeVar("T")
_FOR_TYPER: Final = "typer"  # the key of what a field says to Typer


def option(
    default: T,
    *names: str,
    help: str,
    metavar: str | None = None,
    min: float | None = None,
    envvar: str | None = None,
    show_default: bool | None = None,
) -> T:
    """A field of a group, or a parameter of a command, that is an option of these names.

    Its help shows a default that says something (not "", False or None) unless told otherwise.
    """
    shown = bool(default) if show_default is None else show_default
    told = typer.Option(*names, help=help, metavar=metavar, min=min, envvar=envvar, show_default=shown)
    return field(default=default, metadata={_FOR_TYPER: told})


def argument(default: T = MISSING, *, help: str, metavar: str) -> T:  # type: ignore[assignment]
    """The same for an argument, which has to be given where it has no default. Its help shows none."""
    told = typer.Argument(help=help, metavar=metavar, show_default=False)
    return field(default=default, metadata={_FOR_TYPER: told})


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command function that takes the options of its groups one by one, as Typer wants them.

    Every parameter of `command` that is annotated with a dataclass is a group. In its place the result
    has one parameter a field; called with values for them, it fills the dataclasses and hands them to
    `command`. All parameters are passed by keyword. Raises ValueError where an option comes twice.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Greeting:
    ...     name: str = "you"
    ...     loud: bool = option(False, help="In capitals.")
    >>> @expand_groups
    ... def greet(greeting: Greeting, times: int = option(1, help="How often.")) -> None:
    ...     print(times, greeting)
    >>> list(signature(greet).parameters)
    ['name', 'loud', 'times']
    >>> greet(times=2, loud=True)
    2 Greeting(name='you', loud=True)
    """
    annotations = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        group = annotations[name]
        if is_dataclass(group) and isinstance(group, type):
            groups[name] = group
            of_fields = get_type_hints(group, include_extras=True)
            parameters += [_parameter(member.name, of_fields[member.name], member) for member in fields(group)]
        else:
            parameters.append(_parameter(name, group, parameter.default))

    @wraps(command)
    def expanded(**given: object) -> None:
        filled = {name: _fill(group, given) for name, group in groups.items()}
        command(**filled, **given)

    expanded.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded


def _parameter(name: str, annotation: object, default: object) -> Parameter:
    """The parameter that Typer sees; of a field, with its default and what it says to Typer."""
    if isinstance(default, Field):
        if _FOR_TYPER in default.metadata:
            annotation = Annotated[annotation, default.metadata[_FOR_TYPER]]
        default = Parameter.empty if default.default is MISSING else default.default
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _fill(group: type, given: dict[str, object]) -> object:
    """The group with its values taken out of what was given."""
    return group(**{member.name: given.pop(member.name) for member in fields(group) if member.name in given})
