"""The command `verify`: whether a rewrite still says what its original says."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

import typer

from skill_distiller.analysis.patterns import PatternSet
from skill_distiller.checks.conservation import (
    FOLDER_CHECKS,
    REDUCE_SCHEMA,
    announced_in,
    declared_by_reduce,
    verify_folders,
)
from skill_distiller.checks.gate import CHECKS
from skill_distiller.checks.gate import verify as run_checks
from skill_distiller.checks.model import Declared, Verification, count_tokens, declared_in
from skill_distiller.cli.input_output import STDIN, names_several, read_input, read_side_file, write_json, write_stdout
from skill_distiller.cli.library.paths import for_each, path_of
from skill_distiller.cli.options.arguments import Source, exclude
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.options.show_config import with_settings
from skill_distiller.errors import BadInputError, RefusedError, UsageError
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.report.console import open_console
from skill_distiller.report.json_record import verification_to_json
from skill_distiller.report.text import printable
from skill_distiller.report.verification import (
    github_lines,
    print_verification,
    sarif_log,
    verification_remarks,
    word_diff,
)
from skill_distiller.run.config import load_config
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_folder
from skill_distiller.tokens import TokenCounter, load_counter

_WIDE: Final = 120  # columns where stdout is no terminal
_MOST_BYTES: Final = 20_000_000  # of a receipt, which holds the skill twice


@dataclass(frozen=True, slots=True)
class Allowances:
    """What is no reason to fail a rewrite, and whether the original's own faults of format are one."""

    PANEL: ClassVar[str] = "Aim"
    receipt: str = option(
        "",
        metavar="FILE",
        help="What `compress --json` or `reduce --json` printed: what it names is declared, and passes.",
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

    @property
    def form(self) -> Format:
        """The form that the options mean together."""
        return Format.JSON if self.json_ else Format.DIFF if self.diff else self.format_


@expand_groups
def verify(
    context: typer.Context,
    original: str = argument(metavar="ORIGINAL", help="A SKILL.md, a skill folder, or a folder of them; - is stdin."),
    candidate: str = argument(
        metavar="CANDIDATE", help="The rewrite: of a folder of skills another one, with the same places; - is stdin."
    ),
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
    wanted = _Wanted(allowances, printing, source, load_counter(source.encoding, offline=offline), settings.patterns)
    if not names_several([original]):
        _verify_pair(original, candidate, wanted)
        return
    if printing.form is Format.SARIF or allowances.receipt:
        raise UsageError("--format sarif and --receipt are about one skill.", "Use --format json or github.")
    for_each([original], lambda found: _verify_pair(path_of(found), _rewrite_of(found, candidate), wanted))


class _Wanted(NamedTuple):
    """How a rewrite is looked at, and how what is found is printed."""

    allowances: Allowances
    printing: Printing
    source: Source
    counter: TokenCounter
    patterns: PatternSet


def _rewrite_of(found: FoundSkill, candidate: str) -> str:
    """The rewrite of a skill, at the same place in another library; raises RefusedError where there is none."""
    place = Path(candidate) / found.place
    if not place.exists():
        raise RefusedError(f"There is no rewrite of it: {str(place)!r}.", "Make it, or take the skill away.")
    return str(place)


def _verify_pair(original: str, candidate: str, wanted: _Wanted) -> None:
    """Verify one rewrite; raises Exit with 6 where a check fails."""
    allowances, printing, source, counter, patterns = wanted
    if _is_folder(original) and _is_folder(candidate):
        folders = read_folder(original, source.max_bytes), read_folder(candidate, source.max_bytes)
        found, name = _verify_folders(folders, allowances, counter, patterns), folders[0].skill.name
    else:
        before, after = read_input(original, source.max_bytes), read_input(candidate, source.max_bytes)
        name = before.name
        found = run_checks(
            before,
            after,
            allowed_fields=allowances.allow_field or (),
            declared=_read_receipt(allowances.receipt, before)[0] if allowances.receipt else None,
            strict=allowances.strict,
            # A folder brings its own files; a file alone will live where the original does.
            folder=Path(candidate) if _is_folder(candidate) else None,
            tokens=count_tokens(before, after, counter),
            patterns=patterns,
        )
    if not printing.quiet:
        _print(found, name, (_path(original), _path(candidate)), counter, printing)
    if not found.passed or (allowances.strict and found.unproved):
        raise typer.Exit(RefusedError.exit_code)


def _is_folder(path: str) -> bool:
    return path != STDIN and Path(path).is_dir()


def _verify_folders(
    folders: tuple[SkillFolder, SkillFolder], allowances: Allowances, counter: TokenCounter, patterns: PatternSet
) -> Verification:
    """Whole folders: what moved into new references is found there."""
    before, after = folders
    declared, announced = _read_receipt(allowances.receipt, before.skill) if allowances.receipt else (None, ())
    return verify_folders(
        before,
        after,
        tokens=count_tokens(before.skill, after.skill, counter),
        allowed_fields=allowances.allow_field or (),
        declared=declared,
        strict=allowances.strict,
        patterns=patterns,
        announced=announced,
    )[0]


def _read_receipt(path: str, original: Skill) -> tuple[Declared, Collection[str]]:
    """What a record declares: losses of `compress`, or the pointers and headers that `reduce` wrote."""
    hint = "Give the JSON that `skill-distiller compress --json` or `reduce --json` printed."
    content = read_side_file(path, _MOST_BYTES, hint)
    try:
        record = json.loads(content)
        if isinstance(record, dict) and record.get("schema") == REDUCE_SCHEMA:
            announced = announced_in(record, original)
            return declared_by_reduce(record), announced
        moved = isinstance(record, dict) and record.get("new_files")
        return declared_in(record, original), announced_in(record, original) if moved else ()
    except (ValueError, RecursionError):
        raise BadInputError(f"The receipt {path!r} is not JSON.", hint) from None


def _path(given: str) -> str:
    """The path of the SKILL.md that was given, for whoever shows it."""
    return str(Path(given) / SKILL_FILE) if _is_folder(given) else given


def _print(found: Verification, skill: str, paths: tuple[str, str], counter: TokenCounter, printing: Printing) -> None:
    form = printing.form
    if form is Format.JSON:
        write_json(verification_to_json(found, skill, counter))
    elif form is Format.SARIF:
        questions = {check.name: check.question for check in (*CHECKS, *FOLDER_CHECKS)}
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
