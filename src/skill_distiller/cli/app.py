"""The command line: a table of commands, each loaded when it is run, and one error boundary.

stdout is the product, stderr is the talk.
"""

from __future__ import annotations

import gc
import os
import stat
import sys
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from skill_distiller._version import __version__
from skill_distiller.cli.options.option_groups import (
    COMMAND_LINE_ERRORS,
    Command,
    HelpFormatter,
    in_our_words,
    read_plainly,
    write_examples,
)
from skill_distiller.errors import SkillDistillerError, UsageError


class LazyCommand(NamedTuple):
    """A command by its name, the line of `--help` about it, and the module of `cli` that holds it under its name."""

    name: str
    summary: str
    module: str


COMMANDS: Final = (
    LazyCommand("compress", "Make a skill smaller.", "compress"),
    LazyCommand("reduce", "Move what is seldom needed into references.", "reduce_folder"),
    LazyCommand("verify", "Account for every difference between a skill and a rewrite.", "verify"),
    LazyCommand("description", "Shorten the description that every session pays for.", "description"),
    LazyCommand("batch", "Make many skills smaller, into a folder.", "library.batch"),
    LazyCommand("audit", "Tell what a library of skills costs, and where.", "library.audit"),
    LazyCommand("check", "Hold a library to budgets, for CI.", "library.audit"),
    LazyCommand("report", "Show a library as a page of HTML.", "library.report"),
    LazyCommand("graph", "Show which pieces of a skill need which.", "graph"),
    LazyCommand("exam", "Measure what a smaller skill can still do.", "exam"),
    LazyCommand("restore", "Bring pieces back.", "approval.restore"),
    LazyCommand("undo", "Take back what --apply wrote.", "approval.in_place"),
    LazyCommand("feedback", "Tell how a distilled skill did in use.", "learnings"),
    LazyCommand("soft", "Carry skills as soft tokens (needs the extra [soft]).", "soft.group"),
    LazyCommand("providers", "Show which language models can be used.", "options.show_config"),
    LazyCommand("config", "Show what is set, and where.", "options.show_config"),
    LazyCommand("calibration", "Look at past runs and at how good the estimates are.", "learnings"),
    LazyCommand("completion", "Print a completion script for a shell.", "options.completion"),
)
COMPLETE_VARIABLE: Final = "_SKILL_DISTILLER_COMPLETE"
# Options whose value may be any name, that of a command too.
_NAMED: Final = frozenset(
    "-o --output --model --plan --save-plan --config --learnings-dir --keep --keep-section".split()
)
_ROOT_OPTIONS: Final = frozenset({"--help", "-h", "--version"})


def load_command(command: LazyCommand) -> TyperCommand | TyperGroup:
    """The command in full, its module imported: what is run, and what its own `--help` describes."""
    found = getattr(import_module(f"skill_distiller.cli.{command.module}"), command.name)
    if not isinstance(found, typer.Typer):
        sub_app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        sub_app.command(command.name)(found)
        found = sub_app
    _read_plainly(found)
    loaded: TyperCommand | TyperGroup = get_command(found)  # type: ignore[assignment]
    loaded.name = command.name
    if isinstance(loaded, TyperGroup):
        loaded.format_epilog = partial(_write_examples, command.name)  # type: ignore[method-assign]
    return loaded


def _read_plainly(group: typer.Typer) -> None:
    """Make every command of a group, and of the groups in it, one of ours."""
    for info in group.registered_commands:
        info.cls = Command
    for inner in group.registered_groups:
        if inner.typer_instance:
            _read_plainly(inner.typer_instance)


def _write_examples(name: str, ctx: typer.Context, formatter: HelpFormatter) -> None:
    write_examples((name,), formatter)


class _Commands(TyperGroup):
    """The commands of the table, of which only the one that is run is loaded.

    `skill-distiller PATH` means `skill-distiller compress PATH`, and so it does with options in front.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if ctx.resilient_parsing and not args:  # a shell that completes the first word
            return super().parse_args(ctx, args)
        if not args and _is_piped():
            raise UsageError("There is no command for what stdin brings.", "Write: … | skill-distiller compress")
        if args and args[0] not in self.commands and args[0] not in _ROOT_OPTIONS:
            if not ctx.resilient_parsing:  # a shell that completes is not told what is wrong
                self._refuse_misplaced(args)
            args = ["compress", *args]
        return super().parse_args(ctx, args)

    def get_params(self, ctx: typer.Context) -> list[typer.core.TyperOption]:  # type: ignore[override]
        """The options of the program itself."""
        return read_plainly(super().get_params(ctx))  # type: ignore[arg-type]

    def resolve_command(  # type: ignore[override]
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        loaded = next((load_command(command) for command in COMMANDS if command.name == name), None)
        return name, loaded, rest

    def _refuse_misplaced(self, args: list[str]) -> None:
        """Raise UsageError where a command seems to be meant: behind options, or misspelt."""
        word, known = args[0], sorted(self.commands)
        if Path(word).exists():
            return
        if word == "help":
            about = next((name for name in args[1:] if name in known), "")
            raise UsageError("Help is an option.", " ".join(filter(None, ("Write: skill-distiller", about, "--help"))))
        if word.startswith("-"):
            pairs = pairwise(args)
            command = next((b for a, b in pairs if b in known and a not in _NAMED and not Path(b).exists()), None)
            if command:
                raise UsageError("Options stand behind the command.", f"Write: skill-distiller {command} {word} …")
            return
        from difflib import get_close_matches

        nearest = get_close_matches(word, known, 1, cutoff=0.8)
        if nearest:
            raise UsageError(f"There is neither a command nor a file {word!r}.", f"Did you mean {nearest[0]!r}?")


def _is_piped() -> bool:
    """Whether stdin is a pipe or a file that somebody put there, not a terminal and not nothing."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # there is none, or it is no file of the system
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


app = typer.Typer(
    cls=_Commands,
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
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Make agent skills (SKILL.md) smaller, and show what they still carry.

    `skill-distiller PATH` means `skill-distiller compress PATH`, with options before or behind it.
    """


def _stand_in() -> None:
    """What the list of commands shows in place of one that is not loaded."""


for _command in COMMANDS:
    app.command(_command.name, help=_command.summary)(_stand_in)


def _tell(error: SkillDistillerError) -> None:
    """One sentence on stderr, and what to do about it."""
    from skill_distiller.report.text import printable

    typer.echo(f"Error: {printable(str(error))}", err=True)
    if error.hint:
        typer.echo(f"Hint: {printable(error.hint)}", err=True)


def main() -> None:
    """Run the command line; the one place where errors become messages and exit codes."""
    # One thread for numpy's matrices, which are small: to start a pool takes longer than all that a run multiplies.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    collecting = gc.isenabled()
    # A command makes next to no cycles, and its memory goes with the process: the collector would only walk, again
    # and again, what is imported and the ranks of the tokenizer (a tenth of the time of `compress`).
    gc.disable()
    try:
        if COMPLETE_VARIABLE in os.environ:  # a shell asks
            from typer.completion import completion_init  # type: ignore[attr-defined]

            completion_init()
        sys.exit(app(prog_name="skill-distiller", standalone_mode=False) or 0)
    except SkillDistillerError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except COMMAND_LINE_ERRORS as error:
        told = in_our_words(error)
        if told is None:  # the help of a group, in place of a command of it
            error.show()
        else:
            _tell(told)
        sys.exit(UsageError.exit_code)
    except BrokenPipeError:  # the reader went away (`| head`): nothing to say, and nothing more to flush
        from skill_distiller.cli.input_output import drop_stdout

        drop_stdout()
        sys.exit(1)
    finally:
        # Nor is there anything to find at the end: the interpreter would walk it all once more before it exits.
        gc.freeze()
        if collecting:
            gc.enable()
