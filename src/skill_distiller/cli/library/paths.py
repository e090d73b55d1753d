"""What the commands for many skills share: the paths they take, how those are looked through, how many jobs.

A command that is about one skill takes several of them in turn (`for_each`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from skill_distiller.cli.input_output import one_of_many, refuse_odd_path, write_stdout
from skill_distiller.cli.options.option_groups import argument, option
from skill_distiller.errors import SkillDistillerError, StoppedError
from skill_distiller.library.find_skills import FoundSkill, PassedOver, Search, find_skills, none_found
from skill_distiller.report.console import open_console
from skill_distiller.report.text import plural, printable
from skill_distiller.skill.model import SKILL_FILE

PATHS: Final[list[str]] = argument(
    metavar="PATH...",
    help="Skills, folders of skills of any depth (.claude/skills, a plugin, a marketplace), or patterns such as "
    "'plugins/*/skills'.",
)
JOBS: Final = option(
    0, "--jobs", min=0, metavar="N", help="How many processes work at once. Default: one for each core."
)


@dataclass(frozen=True, slots=True)
class Looking:
    """How the paths are looked through."""

    no_ignore: bool = option(False, "--no-ignore", help="Take skills too that git ignores.")
    follow_links: bool = option(False, "--follow-links", help="Follow links that lead out of the named folders.")

    def search(self, paths: Iterable[str] = (), apart: Path | None = None) -> Search:
        """The same as the search takes it; `apart` is not looked into. Raises BadInputError where a path is none."""
        for path in paths:
            if not os.path.lexists(path.replace("\0", "")):
                refuse_odd_path(path)
        return Search(ignored=self.no_ignore, follow_links=self.follow_links, apart=apart)


_MOST_JOBS: Final = 61  # what Windows takes; more skills at once are no gain on any machine


def job_count(jobs: int) -> int:
    """The number of processes that an option means; more than a machine can have are as many as it can."""
    if jobs:
        return min(jobs, _MOST_JOBS)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def for_each(
    paths: Sequence[str], work: Callable[[FoundSkill], None], search: Search | None = None, *, above: str = ""
) -> None:
    """Do something with every skill below some paths; what goes wrong with one is told, and stops no other.

    JSON is printed a line a skill; with `above` that and the place stand above what else goes to stdout. Raises Exit
    with the code of the first that went wrong, UsageError where there is no skill.
    """
    console = open_console(stderr=True, soft_wrap=True)
    codes: list[int] = []
    count = 0
    for found in find_skills(paths, search):
        if isinstance(found, PassedOver):
            console.print(f"Passed over: {printable(str(found.path))}: {printable(found.reason)}")
            continue
        count += 1
        place = printable(str(found.place))
        console.print(f"── {place}", style="bold", highlight=False)
        if above:
            write_stdout(f"{above}{place}\n")
        with one_of_many(str(found.place)):
            codes += _code(partial(work, found), console)
    if not count:
        raise none_found()
    if codes:
        console.print(f"{plural(count, 'skill')}: {len(codes):,} went wrong")
        raise typer.Exit(codes[0])


def _code(work: Callable[[], None], console: Console) -> list[int]:
    """The exit code of what went wrong, which is told; none where nothing did."""
    try:
        work()
    except StoppedError:
        raise
    except SkillDistillerError as error:
        console.print(f"Error: {printable(str(error))}", style="red", highlight=False)
        if error.hint:
            console.print(f"Hint: {printable(error.hint)}", highlight=False)
        return [error.exit_code]
    except typer.Exit as end:
        return [end.exit_code] if end.exit_code else []
    return []


def path_of(found: FoundSkill) -> str:
    """A found skill as one would name it: its folder, or the lone file."""
    return str(found.file.parent if found.file.name == SKILL_FILE else found.file)
