"""The command `verify`: whether a rewrite still says what its original says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.cli.arguments import ConfigFile, Encoding, MaxBytes, NoConfig, exclude
from skill_distiller.cli.input_output import MAX_BYTES, STDIN, read_input, write_json, write_stdout
from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.report.console import open_console
from skill_distiller.tokens import DEFAULT_ENCODING

if TYPE_CHECKING:
    from skill_distiller.checks.model import Declared, Verification
    from skill_distiller.tokens import TokenCounter

_FAILED: Final = 6  # the exit code of what a guard refuses
_WIDE: Final = 120  # columns where stdout is no terminal
_MOST: Final = 20_000_000  # bytes of a receipt, which holds the skill twice


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
    receipt: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="What `compress --json` printed: losses it names are declared, and pass.",
            show_default=False,
        ),
    ] = "",
    allow_field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Accept this frontmatter field as valid. Can be repeated.", show_default=False
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Faults of the format fail even if the original has them.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every finding, declared ones too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing; the exit code tells.")] = False,
    encoding: Encoding = DEFAULT_ENCODING,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Fetch nothing: an encoding that is not on this machine gives estimated counts."
        ),
    ] = False,
    max_bytes: MaxBytes = MAX_BYTES,
    config: ConfigFile = "",
    no_config: NoConfig = False,
) -> None:
    """Check a rewrite of a skill, whoever wrote it. The exit code is 0 if every check passes, 6 if one fails."""
    if original == candidate == STDIN:
        raise UsageError("Only one of the two can be stdin.", "Name a file for the other.")
    exclude(("--json", json_, "--quiet", quiet), ("--verbose", verbose, "--quiet", quiet))
    from skill_distiller.checks.gate import verify as run_checks
    from skill_distiller.run.config import load_config
    from skill_distiller.tokens import load_counter

    settings = load_config(config, use=not no_config)
    counter = load_counter(encoding, offline=offline)
    declared = _read_receipt(receipt) if receipt else None
    before, after = read_input(original, max_bytes), read_input(candidate, max_bytes)
    found = run_checks(
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


def _read_receipt(path: str) -> Declared:
    import json

    from skill_distiller.checks.model import declared_in

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
        raise BadInputError(f"Can't read {path!r}: {reason_of(error)}.", hint) from None


def _print(found: Verification, name: str, counter: TokenCounter, *, json_: bool, verbose: bool) -> None:
    if json_:
        from skill_distiller.report.json_record import verification_to_json

        write_json(verification_to_json(found, name, counter))
        return
    from skill_distiller.report.verification import print_verification

    console = open_console()
    if not console.is_terminal:
        console.width = _WIDE
    with console.capture() as captured:
        print_verification(found, console, counter.mark, verbose=verbose)
    write_stdout(captured.get(), safe=True)
