"""Groups of options: as many parameters for Typer, one value for the command."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from inspect import Parameter, signature
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from skill_distiller.cli import compress, learnings
from skill_distiller.cli.options import arguments
from skill_distiller.cli.options.option_groups import expand_groups


@dataclass(frozen=True, slots=True)
class Place:
    """A file and how to treat it."""

    file: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")] = ""
    force: Annotated[bool, typer.Option("--force", help="Overwrite.")] = False
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Can be repeated.")] = None


@dataclass(frozen=True, slots=True)
class Size:
    """A number that has no default, and one that the environment may set."""

    width: Annotated[int, typer.Option(min=1, help="Columns.")]
    height: Annotated[int, typer.Option(envvar="PICTURE_HEIGHT", help="Lines.")] = 3


@expand_groups
def draw(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")], *, place: Place, size: Size
) -> None:
    """Draw a picture. In full."""
    source = context.get_parameter_source("height")
    typer.echo(f"{name} {place} {size} {source.name if source else ''}")


def _run(*arguments: str, env: dict[str, str] | None = None) -> str:
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(draw)
    return CliRunner().invoke(app, arguments, env=env).output


def test_every_field_is_a_parameter_in_its_place() -> None:
    """With the field's default; the name, the docstring and the annotations are those that Typer looks at."""
    parameters = signature(draw).parameters
    assert list(parameters) == ["context", "name", "file", "force", "tags", "width", "height"]
    assert list(draw.__annotations__) == list(parameters)
    assert [p.default for p in parameters.values()][2:] == ["", False, None, Parameter.empty, 3]
    assert (draw.__name__, draw.__doc__) == ("draw", "Draw a picture. In full.")


def test_the_command_gets_its_groups_filled() -> None:
    """From options, from the environment and from defaults, and Typer knows which it was."""
    place = "Place(file='a', force=True, tags=['x', 'y'])"
    given = _run("cat", "-o", "a", "--force", "--tag", "x", "--tag=y", "--width=8", "--height=1")
    assert given == f"cat {place} Size(width=8, height=1) COMMANDLINE\n"
    rest = "cat Place(file='', force=False, tags=None)"
    assert _run("cat", "--width=8") == f"{rest} Size(width=8, height=3) DEFAULT\n"
    assert _run("cat", "--width=8", env={"PICTURE_HEIGHT": "5"}) == f"{rest} Size(width=8, height=5) ENVIRONMENT\n"


def test_help_and_errors_are_those_of_the_options() -> None:
    """What a field says is in the help; what it refuses is refused, and what has no default is asked for."""
    text = " ".join(_run("--help").split())
    assert "-o, --output FILE Where to write." in text
    assert "env var: PICTURE_HEIGHT" in text
    assert "Invalid value for '--width'" in _run("cat", "--width=0")
    assert "Missing option '--width'" in _run("cat")


def test_an_option_in_two_groups_is_an_error() -> None:
    """Which of the two it would fill can't be said."""

    def twice(place: Place, other: Place) -> None: ...

    with pytest.raises(ValueError, match="duplicate parameter name"):
        expand_groups(twice)


def test_every_group_is_frozen_and_small() -> None:
    """At most nine options, each named once."""
    values = [value for module in (arguments, compress, learnings) for value in vars(module).values()]
    groups = {value for value in values if isinstance(value, type) and is_dataclass(value)}
    assert len(groups) > 6
    for group in groups:
        assert len(fields(group)) <= 9
        assert group.__dataclass_params__.frozen  # type: ignore[attr-defined]
