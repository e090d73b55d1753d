"""What the commands for many skills share: the paths they take, how those are looked through, how many jobs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from skill_distiller.cli.input_output import refuse_odd_path
from skill_distiller.cli.options.option_groups import argument, option
from skill_distiller.library.find_skills import Search

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
