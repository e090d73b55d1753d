"""The command `verify`: whether a rewrite still says what its original says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import typer

from skill_distiller.checks.gate import verify as run_checks
from skill_distiller.checks.model import Declared, Verification, count_tokens, declared_in
from skill_distiller.cli.arguments import Source, exclude
from skill_distiller.cli.input_output import STDIN, read_input, read_side_file, write_json, write_stdout
from skill_distiller.cli.option_groups import argument, expand_groups, option
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.report.console import open_console
from skill_distiller.report.json_record import verification_to_json
from skill_distiller.report.verification import print_verification
from skill_distiller.run.config import load_config
from skill_distiller.tokens import TokenCounter, load_counter

_FAILED: Final = 6  # the exit code of what a guard refuses
_WIDE: Final = 120  # columns where stdout is no terminal
_MOST_BYTES: Final = 20_000_000  # of a receipt, which holds the skill twice


@expand_groups
def verify(
    original: str = argument(metavar="ORIGINAL", help="A SKILL.md or a skill folder; - is stdin."),
    candidate: str = argument(metavar="CANDIDATE", help="The rewrite: a SKILL.md or a skill folder; - is stdin."),
    *,
    receipt: str = option(
        "", metavar="FILE", help="What `compress --json` printed: losses it names are declared, and pass."
    ),
    allow_field: list[str] | None = option(
        None, metavar="NAME", help="Accept this frontmatter field as valid. Can be repeated."
    ),
    strict: bool = option(False, "--strict", help="Faults of the format fail even if the original has them."),
    json_: bool = option(False, "--json", help="Print the findings as JSON."),
    verbose: bool = option(False, "--verbose", "-v", help="Print every finding, declared ones too."),
    quiet: bool = option(False, "--quiet", "-q", help="Print nothing; the exit code tells."),
    source: Source,
    offline: bool = option(
        False, "--offline", help="Fetch nothing: an encoding that is not on this machine gives estimated counts."
    ),
) -> None:
    """Check a rewrite of a skill, whoever wrote it. The exit code is 0 if every check passes, 6 if one fails."""
    if original == candidate == STDIN:
        raise UsageError("Only one of the two can be stdin.", "Name a file for the other.")
    exclude(("--json", json_, "--quiet", quiet), ("--verbose", verbose, "--quiet", quiet))
    settings = load_config(source.config, use=not source.no_config)
    counter = load_counter(source.encoding, offline=offline)
    declared = _read_receipt(receipt) if receipt else None
    before, after = read_input(original, source.max_bytes), read_input(candidate, source.max_bytes)
    found = run_checks(
        before,
        after,
        allowed_fields=allow_field or (),
        declared=declared,
        strict=strict,
        # A folder brings its own files; a file alone will live where the original does.
        folder=Path(candidate) if candidate != STDIN and Path(candidate).is_dir() else None,
        tokens=count_tokens(before, after, counter),
        patterns=settings.patterns,
    )
    if json_:
        write_json(verification_to_json(found, before.name, counter))
    elif not quiet:
        _print(found, counter, verbose=verbose)
    if not found.passed:
        raise typer.Exit(_FAILED)


def _read_receipt(path: str) -> Declared:
    hint = "Give the JSON that `skill-distiller compress --json` printed."
    content = read_side_file(path, _MOST_BYTES, hint)
    try:
        return declared_in(json.loads(content))
    except (ValueError, RecursionError):
        raise BadInputError(f"The receipt {path!r} is not JSON.", hint) from None


def _print(found: Verification, counter: TokenCounter, *, verbose: bool) -> None:
    console = open_console()
    if not console.is_terminal:
        console.width = _WIDE
    with console.capture() as captured:
        print_verification(found, console, counter.mark, verbose=verbose)
    write_stdout(captured.get(), safe=True)
