"""The command `report`: a library as one page of HTML, each skill side by side with its results."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from rich.console import Console

from skill_distiller.cli.input_output import read_side_file, write_atomically
from skill_distiller.cli.library.paths import JOBS, Looking, job_count
from skill_distiller.cli.options.arguments import Source
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.errors import RefusedError, StoppedError, UsageError
from skill_distiller.library.find_skills import FoundSkill, PassedOver, find_skills, none_found
from skill_distiller.library.measure import Broken
from skill_distiller.library.workers import work_on
from skill_distiller.report.console import open_console
from skill_distiller.report.library_page import library_page
from skill_distiller.report.portrait import THRESHOLDS, Portrait, Portray, RecordedRun, portraits_of_runs, read_records
from skill_distiller.report.text import plural, printable
from skill_distiller.run.config import load_config
from skill_distiller.run.run import DEFAULT_THRESHOLD, Counting, DistillOptions, check_options
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.tokens import TokenCounter, load_counter

_MOST_BYTES: Final = 500_000_000  # of a file of records


@expand_groups
def report(
    paths: list[str] = argument(
        metavar="PATH...",
        help="Skills, folders of skills of any depth, or patterns; or records of runs (*.json, *.jsonl), as compress "
        "--json prints them: nothing is run again for those.",
    ),
    *,
    output: str = option("", "--output", "-o", metavar="FILE", help="The page to write, for example report.html."),
    force: bool = option(False, "--force", help="Overwrite an existing file."),
    threshold: float = option(
        DEFAULT_THRESHOLD, "--threshold", metavar="0-1", help="The threshold that the page begins with."
    ),
    jobs: int = JOBS,
    looking: Looking,
    source: Source,
) -> None:
    """Show a library as a page of HTML.

    A table of all skills, and each one side by side with its results along the frontier. The page holds all it needs.
    """
    if not output:
        raise UsageError("report needs a file to write.", "Name one: -o report.html.")
    settings = load_config(source.config, use=not source.no_config)
    options = DistillOptions(threshold, counting=Counting(source.encoding), patterns=settings.patterns)
    check_options(options)
    counter = load_counter(source.encoding)
    target = _target(output, force=force)
    records = [path for path in paths if _is_record(path)]
    skills = [path for path in paths if path not in records]
    portraits, broken = _recorded(records, counter)
    console = open_console(stderr=True, soft_wrap=True)
    thresholds = tuple(sorted({*THRESHOLDS, threshold}, reverse=True))
    work = Portray(options, source.max_bytes, thresholds)
    if skills:
        found = (skill for skill in find_skills(skills, looking.search(skills)) if not isinstance(skill, PassedOver))
        _portray(found, work, job_count(jobs), (portraits, broken), console)
    if not portraits and not broken:
        raise none_found()
    portraits.sort(key=lambda portrait: portrait.place)
    page = library_page(portraits, sorted(broken), threshold, counter.mark)
    write_atomically(target, page.encode("utf-8", "replace"))
    for item in broken:
        console.print(f"Can't be read: {printable(item.place)}: {printable(item.reason)}")
    console.print(f"Written: {printable(str(target))} ({plural(len(portraits), 'skill')})")


def _is_record(path: str) -> bool:
    """Whether a path leads to records of runs, by its name."""
    return Path(path).suffix.lower() in (".json", ".jsonl") and not Path(path).is_dir()


def _recorded(paths: list[str], counter: TokenCounter) -> tuple[list[Portrait], list[Broken]]:
    """The skills of records; what of them can't be shown."""
    runs: list[RecordedRun] = []
    broken: list[Broken] = []
    for path in paths:
        text = read_side_file(path, _MOST_BYTES, "Give what `skill-distiller compress --json` printed.")
        for item in read_records(text, repr(path)):
            if isinstance(item, RecordedRun):
                runs.append(item)
            else:
                broken.append(item)
    return portraits_of_runs(runs, counter), broken


def _portray(
    found: Iterable[FoundSkill], work: Portray, jobs: int, into: tuple[list[Portrait], list[Broken]], console: Console
) -> None:
    """Portray skills in worker processes; on a terminal one sees how far it is."""
    portraits, broken = into
    try:
        with console.status("Reading …") if console.is_terminal else nullcontext() as status:
            for skill, done in work_on(found, work, jobs, preload="skill_distiller.report.portrait"):
                if isinstance(done, Portrait):
                    portraits.append(done)
                else:
                    broken.append(done if isinstance(done, Broken) else _died(skill, done.reason))
                if status:
                    status.update(f"Reading … {len(portraits):,} skills")
    except KeyboardInterrupt:
        raise StoppedError("Stopped.", "Nothing was written.") from None


def _died(skill: FoundSkill, reason: str) -> Broken:
    return Broken(str(skill.place), str(skill.file), reason)


def _target(name: str, *, force: bool) -> Path:
    target = Path(name)
    if target.is_dir() or not target.parent.is_dir():
        raise UsageError(f"Can't write to {name!r}.", "Name a file in a folder that exists.")
    if target.exists() and not target.is_file():
        raise RefusedError(f"{name!r} is not a regular file.", "Name another file with -o.")
    if target.exists() and (target.name == SKILL_FILE or not force):
        raise RefusedError(f"{name!r} exists.", "Use --force to overwrite it, or name another file with -o.")
    return target
