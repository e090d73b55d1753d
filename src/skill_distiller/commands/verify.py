"""The command `verify`: whether a rewrite still says what its original says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from skill_distiller.commands.options import ConfigFile, NoConfig
from skill_distiller.commands.read_input import MAX_BYTES, STDIN, read_input
from skill_distiller.errors import BadInputError, UsageError

if TYPE_CHECKING:
    from skill_distiller.tokens import TokenCounter
    from skill_distiller.verification import Declared, Verification

_FAILED: Final = 6  # the exit code of what a guard refuses
_WIDE: Final = 120  # columns where stdout is no terminal
_MOST: Final = 20_000_000  # bytes of a receipt, which holds the skill twice


def verify(
    original: Annotated[
        str, typer.Argument(metavar="ORIGINAL", help="A SKILL.md or a skill folder; - is stdin.", show_default=False)
    ],
    candidate: Annotated[
        str, typer.Argument(metavar="CANDIDATE", help="What was made of it; - is stdin.", show_default=False)
    ],
    receipt: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The JSON of `compress --json`: losses that it names are declared, and pass.",
            show_default=False,
        ),
    ] = "",
    allow_field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Take a frontmatter field for valid. Can be repeated.", show_default=False),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Faults of the format fail even where the original has them.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every finding, declared ones too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing: the exit code says it.")] = False,
    encoding: Annotated[str, typer.Option(help="The tiktoken encoding to count in, or `estimate`.")] = "cl100k_base",
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no ranks of an encoding.")] = False,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse a larger input.")] = MAX_BYTES,
    config: ConfigFile = "",
    no_config: NoConfig = False,
) -> None:
    """Check a rewrite of a skill, whoever wrote it: exit code 0 when every check passes, 6 when one fails."""
    _check_options(original, candidate, json_=json_, verbose=verbose, quiet=quiet)
    from skill_distiller import verification
    from skill_distiller.config import load_config
    from skill_distiller.tokens import load_counter

    settings = load_config(config, use=not no_config)
    counter = load_counter(encoding, offline=offline)
    declared = _read_receipt(receipt) if receipt else None
    before, after = read_input(original, max_bytes), read_input(candidate, max_bytes)
    found = verification.verify(
        before,
        after,
        allowed_fields=allow_field or (),
        declared=declared,
        strict=strict,
        # A folder brings its own files; a file alone will live where the original does.
        folder=Path(candidate) if candidate != STDIN and Path(candidate).is_dir() else None,
        counter=counter,
        patterns=settings.patterns,
    )
    if not quiet:
        _print(found, before.name, counter, json_=json_, verbose=verbose)
    if not found.passed:
        raise typer.Exit(_FAILED)


def _check_options(original: str, candidate: str, *, json_: bool, verbose: bool, quiet: bool) -> None:
    if original == candidate == STDIN:
        raise UsageError("Only one of the two can be stdin.", "Name a file for the other.")
    for a, b, both in (("--json", "--quiet", json_ and quiet), ("--verbose", "--quiet", verbose and quiet)):
        if both:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")


def _read_receipt(path: str) -> Declared:
    from skill_distiller.verification import declared_in

    hint = "Give the JSON that `skill-distiller compress --json` printed."
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_MOST + 1)
        if len(content) > _MOST:
            raise BadInputError(f"The receipt {path!r} is larger than {_MOST:,} bytes.", hint)
        return declared_in(json.loads(content))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise BadInputError(f"The receipt {path!r} is not JSON.", hint) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInputError(f"Can't read {path!r}: {reason}.", hint) from None


def _print(found: Verification, name: str, counter: TokenCounter, *, json_: bool, verbose: bool) -> None:
    from skill_distiller.commands.stdout import write_stdout

    if json_:
        from skill_distiller.reporting.verification import verification_record

        record = verification_record(found, name, counter)
        write_stdout(json.dumps(record, indent=2, ensure_ascii=sys.stdout is None or sys.stdout.isatty()) + "\n")
        return
    from rich.console import Console

    from skill_distiller.reporting.verification_table import print_verification

    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(markup=False, highlight=False, emoji=False, color_system=system)
    if not console.is_terminal:
        console.width = _WIDE
    with console.capture() as captured:
        print_verification(found, console, counter.mark, verbose=verbose)
    write_stdout(captured.get(), safe=True)
