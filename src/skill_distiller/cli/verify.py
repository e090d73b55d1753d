"""The command `verify`: whether a rewrite still says what its original says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final

import typer

from skill_distiller.checks.gate import CHECKS
from skill_distiller.checks.gate import verify as run_checks
from skill_distiller.checks.model import Declared, Verification, count_tokens, declared_in
from skill_distiller.cli.arguments import Source, exclude
from skill_distiller.cli.input_output import STDIN, read_input, read_side_file, write_json, write_stdout
from skill_distiller.cli.option_groups import argument, expand_groups, option
from skill_distiller.cli.show_config import with_settings
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.report.console import open_console
from skill_distiller.report.json_record import verification_to_json
from skill_distiller.report.remarks import github_lines, sarif_log
from skill_distiller.report.text import printable
from skill_distiller.report.verification import print_verification, verification_remarks, word_diff
from skill_distiller.run.config import load_config
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.tokens import TokenCounter, load_counter

_FAILED: Final = 6  # the exit code of what a guard refuses
_WIDE: Final = 120  # columns where stdout is no terminal
_MOST_BYTES: Final = 20_000_000  # of a receipt, which holds the skill twice


@dataclass(frozen=True, slots=True)
class Allowances:
    """What is no reason to fail a rewrite, and whether the original's own faults of format are one."""

    PANEL: ClassVar[str] = "Aim"
    receipt: str = option(
        "", metavar="FILE", help="What `compress --json` printed: losses it names are declared, and pass."
    )
    allow_field: list[str] | None = option(
        None, metavar="NAME", help="Accept this frontmatter field as valid. Can be repeated."
    )
    strict: bool = option(
        False, "--strict", help="What is not proved fails, and faults of the format even if the original has them."
    )


class Format(StrEnum):
    """The forms in which findings are printed."""

    TEXT = "text"
    DIFF = "diff"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Printing:
    """How the findings are printed."""

    PANEL: ClassVar[str] = "Output"
    format_: Format = option(Format.TEXT, "--format", help="How the findings are printed.")
    json_: bool = option(False, "--json", help="The same as --format json.")
    diff: bool = option(False, "--diff", help="The same as --format diff: the words that differ.")
    verbose: bool = option(False, "--verbose", "-v", help="Print every finding, declared ones too.")
    quiet: bool = option(False, "--quiet", "-q", help="Print nothing; the exit code tells.")


@expand_groups
def verify(
    context: typer.Context,
    original: str = argument(metavar="ORIGINAL", help="A SKILL.md or a skill folder; - is stdin."),
    candidate: str = argument(metavar="CANDIDATE", help="The rewrite: a SKILL.md or a skill folder; - is stdin."),
    *,
    allowances: Allowances,
    printing: Printing,
    source: Source,
    offline: bool = option(
        False, "--offline", help="Fetch nothing: an encoding that is not on this machine gives estimated counts."
    ),
) -> None:
    """Account for every difference between a skill and a rewrite.

    The exit code is 6 where a check fails: something that an agent would do is said otherwise, lost or new. What is
    only said in other words is to be looked at, and fails with --strict.
    """
    if original == candidate == STDIN:
        raise UsageError("Only one of the two can be stdin.", "Name a file for the other.")
    quiet = ("--quiet", printing.quiet)
    exclude(
        ("--json", printing.json_, *quiet), ("--verbose", printing.verbose, *quiet), ("--diff", printing.diff, *quiet)
    )
    exclude(("--json", printing.json_, "--diff", printing.diff))
    settings = load_config(source.config, use=not source.no_config)
    source = with_settings(source, settings, context)
    counter = load_counter(source.encoding, offline=offline)
    before, after = read_input(original, source.max_bytes), read_input(candidate, source.max_bytes)
    declared = _read_receipt(allowances.receipt, before) if allowances.receipt else None
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
        _print(found, before.name, (_path(original), _path(candidate)), counter, printing)
    if not found.passed or (allowances.strict and found.unproved):
        raise typer.Exit(_FAILED)


def _read_receipt(path: str, original: Skill) -> Declared:
    hint = "Give the JSON that `skill-distiller compress --json` printed."
    content = read_side_file(path, _MOST_BYTES, hint)
    try:
        return declared_in(json.loads(content), original)
    except (ValueError, RecursionError):
        raise BadInputError(f"The receipt {path!r} is not JSON.", hint) from None


def _path(given: str) -> str:
    """The path of the SKILL.md that was given, for whoever shows it."""
    return str(Path(given) / SKILL_FILE) if given != STDIN and Path(given).is_dir() else given


def _print(found: Verification, skill: str, paths: tuple[str, str], counter: TokenCounter, printing: Printing) -> None:
    form = Format.JSON if printing.json_ else Format.DIFF if printing.diff else printing.format_
    if form is Format.JSON:
        write_json(verification_to_json(found, skill, counter))
    elif form is Format.SARIF:
        questions = {check.name: check.question for check in CHECKS}
        write_json(sarif_log(verification_remarks(found, *paths), questions))
    elif form in (Format.DIFF, Format.GITHUB):
        lines = word_diff(found) if form is Format.DIFF else github_lines(verification_remarks(found, *paths))
        write_stdout("".join(f"{printable(line)}\n" for line in lines), safe=True)
    else:
        console = open_console()
        if not console.is_terminal:
            console.width = _WIDE
        with console.capture() as captured:
            print_verification(found, console, counter.mark, verbose=printing.verbose)
        write_stdout(captured.get(), safe=True)
