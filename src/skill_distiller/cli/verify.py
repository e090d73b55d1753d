"""The command `verify`: whether a rewrite still says what its original says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from skill_distiller.checks.gate import verify as run_checks
from skill_distiller.checks.model import Declared, Verification, count_tokens, declared_in
from skill_distiller.cli.arguments import Source, exclude
from skill_distiller.cli.input_output import STDIN, read_input, write_json, write_stdout
from skill_distiller.cli.option_groups import expand_groups
from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.report.console import open_console
from skill_distiller.report.json_record import verification_to_json
from skill_distiller.report.verification import print_verification
from skill_distiller.run.config import load_config
from skill_distiller.skill.safe_files import read_regular
from skill_distiller.tokens import TokenCounter, load_counter

_FAILED: Final = 6  # the exit code of what a guard refuses
_WIDE: Final = 120  # columns where stdout is no terminal
_MOST_BYTES: Final = 20_000_000  # of a receipt, which holds the skill twice


@dataclass(frozen=True, slots=True)
class Allowances:
    """What is no reason to fail a rewrite, and whether the original's own faults of format are one."""

    receipt: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="What `compress --json` printed: losses it names are declared, and pass.",
            show_default=False,
        ),
    ] = ""
    allow_field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Accept this frontmatter field as valid. Can be repeated.", show_default=False
        ),
    ] = None
    strict: Annotated[
        bool, typer.Option("--strict", help="Faults of the format fail even if the original has them.")
    ] = False


@dataclass(frozen=True, slots=True)
class Printing:
    """How the findings are printed."""

    json_: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every finding, declared ones too.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing; the exit code tells.")] = False


@expand_groups
def verify(
    original: Annotated[
        str, typer.Argument(metavar="ORIGINAL", help="A SKILL.md or a skill folder; - is stdin.", show_default=False)
    ],
    candidate: Annotated[
        str,
        typer.Argument(
            metavar="CANDIDATE", help="The rewrite: a SKILL.md or a skill folder; - is stdin.", show_default=False
        ),
    ],
    *,
    allowances: Allowances,
    printing: Printing,
    source: Source,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Fetch nothing: an encoding that is not on this machine gives estimated counts."
        ),
    ] = False,
) -> None:
    """Check a rewrite of a skill, whoever wrote it. The exit code is 0 if every check passes, 6 if one fails."""
    if original == candidate == STDIN:
        raise UsageError("Only one of the two can be stdin.", "Name a file for the other.")
    quiet = ("--quiet", printing.quiet)
    exclude(("--json", printing.json_, *quiet), ("--verbose", printing.verbose, *quiet))
    settings = load_config(source.config, use=not source.no_config)
    counter = load_counter(source.encoding, offline=offline)
    declared = _read_receipt(allowances.receipt) if allowances.receipt else None
    before, after = read_input(original, source.max_bytes), read_input(candidate, source.max_bytes)
    found = run_checks(
        before,
        after,
        allowed_fields=allowances.allow_field or (),
        declared=declared,
        strict=allowances.strict,
        # A folder brings its own files; a file alone will live where the original does.
        folder=Path(candidate) if candidate != STDIN and Path(candidate).is_dir() else None,
        tokens=count_tokens(before, after, counter),
        patterns=settings.patterns,
    )
    if not printing.quiet:
        _print(found, before.name, counter, printing)
    if not found.passed:
        raise typer.Exit(_FAILED)


def _read_receipt(path: str) -> Declared:
    hint = "Give the JSON that `skill-distiller compress --json` printed."
    try:
        content = read_regular(Path(path), _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise BadInputError(f"The receipt {path!r} is larger than {_MOST_BYTES:,} bytes.", hint)
        return declared_in(json.loads(content))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise BadInputError(f"The receipt {path!r} is not JSON.", hint) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise BadInputError(f"Can't read {path!r}: {reason_of(error)}.", hint) from None


def _print(found: Verification, name: str, counter: TokenCounter, printing: Printing) -> None:
    if printing.json_:
        write_json(verification_to_json(found, name, counter))
        return
    console = open_console()
    if not console.is_terminal:
        console.width = _WIDE
    with console.capture() as captured:
        print_verification(found, console, counter.mark, verbose=printing.verbose)
    write_stdout(captured.get(), safe=True)
