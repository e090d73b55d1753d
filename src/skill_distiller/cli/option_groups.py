"""Option groups: a dataclass whose fields are options, as one parameter of a command function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import get_type_hints


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command function that takes the options of its groups one by one, as Typer wants them.

    Every parameter of `command` that is annotated with a dataclass is a group. In its place the result
    has one parameter a field, with the annotation and the default of the field; called with values for
    them, it fills the dataclasses and hands them to `command`. All parameters are passed by keyword.
    Raises ValueError where an option comes twice.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Greeting:
    ...     name: str = "you"
    ...     loud: bool = False
    >>> @expand_groups
    ... def greet(times: int, greeting: Greeting) -> None:
    ...     print(times, greeting)
    >>> list(signature(greet).parameters)
    ['times', 'name', 'loud']
    >>> greet(times=2, loud=True)
    2 Greeting(name='you', loud=True)
    """
    annotations = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        annotation = annotations[name]
        if is_dataclass(annotation) and isinstance(annotation, type):
            groups[name] = annotation
            parameters += _parameters(annotation)
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=annotation))

    @wraps(command)
    def expanded(**given: object) -> None:
        filled = {name: _fill(group, given) for name, group in groups.items()}
        command(**filled, **given)

    expanded.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded


def _parameters(group: type) -> Iterator[Parameter]:
    annotations = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotations[field.name])


def _fill(group: type, given: dict[str, object]) -> object:
    """The group with its values taken out of what was given."""
    return group(**{field.name: given.pop(field.name) for field in fields(group) if field.name in given})
