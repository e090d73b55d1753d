"""The command line: options named once, one error boundary. stdout is the product, stderr is the talk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from skill_distiller._version import __version__
from skill_distiller.cli.compress import compress
from skill_distiller.cli.feedback import calibration, feedback
from skill_distiller.cli.input_output import drop_stdout
from skill_distiller.cli.list_providers import providers
from skill_distiller.cli.restore import restore
from skill_distiller.cli.verify import verify
from skill_distiller.errors import SkillDistillerError, UsageError

_ROOT_OPTIONS: Final = frozenset({"--help", "-h", "--version"})
_LATER_COMMANDS: Final = frozenset({"reduce", "evaluate"})


class _Commands(TyperGroup):
    """`skill-distiller PATH` means `skill-distiller compress PATH`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] in _LATER_COMMANDS - set(self.commands) and not Path(args[0]).exists():
            commands = ", ".join(sorted(self.commands))
            raise UsageError(f"Command {args[0]!r} is not in this version.", f"Commands of this version: {commands}.")
        if args and args[0] not in self.commands and args[0] not in _ROOT_OPTIONS:
            self._refuse_typo(args[0])
            args = ["compress", *args]
        return super().parse_args(ctx, args)

    def _refuse_typo(self, word: str) -> None:
        """Raise UsageError for what is no file and all but the name of a command."""
        from difflib import get_close_matches

        nearest = get_close_matches(word, self.commands, 1, cutoff=0.8)
        if nearest and not Path(word).exists():
            raise UsageError(f"There is neither a command nor a file {word!r}.", f"Did you mean {nearest[0]!r}?")


app = typer.Typer(
    cls=_Commands,
    help="Make agent skills (SKILL.md) smaller, and show what they still carry.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"skill-distiller {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Make agent skills (SKILL.md) smaller, and show what they still carry."""


app.command()(compress)
app.command()(verify)
app.command()(restore)
app.command()(feedback)
app.command()(providers)
app.add_typer(calibration, name="calibration")


def main() -> None:
    """Run the command line; the one place where errors become messages and exit codes."""
    try:
        app(prog_name="skill-distiller")
    except SkillDistillerError as error:
        from skill_distiller.report.text import printable

        typer.echo(f"Error: {printable(str(error))}", err=True)
        if error.hint:
            typer.echo(f"Hint: {printable(error.hint)}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader went away (`| head`): nothing to say, and nothing more to flush
        drop_stdout()
        sys.exit(1)
