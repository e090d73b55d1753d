"""The commands `audit` and `check`: what a library costs, and whether it keeps to budgets, baseline and sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import typer

from skill_distiller.cli.input_output import read_side_file, write_atomically, write_json, write_stdout
from skill_distiller.cli.library.paths import JOBS, PATHS, Looking, job_count
from skill_distiller.cli.options.arguments import Source, exclude
from skill_distiller.cli.options.models import PRICE_HELP
from skill_distiller.cli.options.option_groups import expand_groups, option
from skill_distiller.errors import BadInputError, RefusedError, StoppedError, UsageError
from skill_distiller.library.client_fit import WINDOW
from skill_distiller.library.find_skills import Search, find_skills, none_found
from skill_distiller.library.measure import Audit, Measure
from skill_distiller.library.measure import audit as measure_all
from skill_distiller.library.ratchet import (
    RULES,
    Baseline,
    Breach,
    beyond_clients,
    dead_links,
    drifted,
    grown,
    lowered,
    over_budget,
    read_baseline,
)
from skill_distiller.providers.model import read_price
from skill_distiller.report.audit_text import audit_markdown, audit_parts, audit_to_json, print_audit, widened
from skill_distiller.report.console import open_console
from skill_distiller.report.text import plural, printable
from skill_distiller.report.verification import Remark, Severity, github_lines, junit_report, sarif_log
from skill_distiller.run.config import load_config
from skill_distiller.run.run import DEFAULT_THRESHOLD, Counting, DistillOptions, check_options
from skill_distiller.run.settings import Budget, Budgets
from skill_distiller.tokens import load_counter


class AuditFormat(StrEnum):
    """The forms in which an audit is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@expand_groups
def audit(
    paths: list[str] = PATHS,
    *,
    format_: AuditFormat = option(AuditFormat.TEXT, "--format", help="How the audit is printed."),
    json_: bool = option(False, "--json", help="The same as --format json."),
    window: int = option(
        WINDOW, "--window", min=0, metavar="N", help="The client's context window, in tokens; 0: not known."
    ),
    price: str = option("", "--price", metavar="P", help=PRICE_HELP),
    threshold: float = option(
        DEFAULT_THRESHOLD, "--threshold", metavar="0-1", help="The threshold of the predicted saving."
    ),
    no_saving: bool = option(False, "--no-saving", help="Predict no saving, which takes most of the time."),
    jobs: int = JOBS,
    looking: Looking,
    source: Source,
) -> None:
    """Tell what a library of skills costs, and where.

    Three tiers in tokens, what clients take, what compression would save, copies, descriptions that collide, links to
    nothing and files that nothing names. Nothing is changed.
    """
    settings = load_config(source.config, use=not source.no_config)
    options = DistillOptions(threshold, counting=Counting(source.encoding), patterns=settings.patterns)
    check_options(options)
    counter = load_counter(source.encoding)
    sent = read_price(price).sent if price else None
    measure = Measure(None if no_saving else options, source.encoding, max_bytes=source.max_bytes)
    made = audit_of(paths, measure, looking.search(paths), jobs, window)
    if not made.skills and not made.broken:
        raise none_found()
    if json_ or format_ is AuditFormat.JSON:
        write_json(audit_to_json(made, counter, sent))
    elif format_ is AuditFormat.MARKDOWN:
        write_stdout(audit_markdown(audit_parts(made, counter.mark, sent)))
    else:
        console = widened(open_console())
        with console.capture() as captured:
            print_audit(audit_parts(made, counter.mark, sent), console)
        write_stdout(captured.get(), safe=True)
    if made.broken:
        raise typer.Exit(BadInputError.exit_code)


def audit_of(paths: list[str], measure: Measure, search: Search, jobs: int, window: int = WINDOW) -> Audit:
    """The audit of all skills below some paths; on a terminal a bar shows how far it is."""
    found = find_skills(paths, search)
    console = open_console(stderr=True)
    try:
        with console.status("Measuring …") if console.is_terminal else nullcontext() as status:
            for count, item in enumerate(measure_all(found, measure, jobs=job_count(jobs), window=window)):
                if isinstance(item, Audit):
                    return item
                if status:
                    status.update(f"Measuring … {plural(count + 1, 'skill')}")
    except KeyboardInterrupt:
        raise StoppedError("Stopped.", "Nothing was written.") from None
    raise AssertionError("an audit ends with its sum")


_MOST_BYTES: Final = 50_000_000  # of a baseline
_SCHEMA: Final = "skill-distiller/check/1"


class Format(StrEnum):
    """The forms in which breaches are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


@dataclass(frozen=True, slots=True)
class Most:
    """Budgets in tokens, for every skill that the configuration gives no other."""

    listing: int | None = option(
        None, "--max-listing", min=0, metavar="N", help="The most tokens of a skill's name and description."
    )
    body: int | None = option(None, "--max-body", min=0, metavar="N", help="The most tokens of a skill's body.")
    references: int | None = option(
        None, "--max-references", min=0, metavar="N", help="The most tokens of a skill's references."
    )
    all_listings: int | None = option(
        None, "--max-all-listings", min=0, metavar="N", help="The most tokens of all names and descriptions together."
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """What a library is held to besides budgets."""

    baseline: str = option(
        "", "--baseline", metavar="FILE", help="No tier of a skill may have more tokens than this file says."
    )
    update: bool = option(
        False, "--update", help="Write to the baseline what has fallen, and what skills there are; nothing rises."
    )
    distilled: str = option(
        "", "--distilled", metavar="OUT", help="The results of batch in this folder have to be those of the skills."
    )
    client: list[str] | None = option(
        None, "--client", metavar="NAME", help="Hold to what this client takes (see audit). Can be repeated."
    )
    links: bool = option(False, "--links", help="Every link has to lead to a file.")


@expand_groups
def check(
    paths: list[str] = PATHS,
    *,
    most: Most,
    holding: Holding,
    window: int = option(
        WINDOW, "--window", min=0, metavar="N", help="The client's context window, in tokens; 0: not known."
    ),
    format_: Format = option(Format.TEXT, "--format", help="How breaches are printed."),
    json_: bool = option(False, "--json", help="The same as --format json."),
    jobs: int = JOBS,
    looking: Looking,
    source: Source,
) -> None:
    """Hold a library to budgets, for CI.

    The exit code is 6 where a budget is exceeded, a skill has grown over the baseline, a result does not follow its
    source, or a skill can't be read.
    """
    exclude(("--json", json_, "--format", format_ is not Format.TEXT))
    if holding.update and not holding.baseline:
        raise UsageError("--update needs the baseline to write.", "Name it: --baseline FILE.")
    settings = load_config(source.config, use=not source.no_config)
    given = Budget(most.listing, most.body, most.references, most.all_listings)
    budgets = replace(settings.budgets, every=given.or_else(settings.budgets.every))
    baseline = _baseline(holding, source.encoding) if holding.baseline else None
    search = looking.search(paths, Path(holding.distilled).resolve() if holding.distilled else None)
    audit = audit_of(paths, Measure(None, source.encoding, max_bytes=source.max_bytes), search, jobs, window)
    if not audit.skills and not audit.broken:
        raise none_found()
    breaches = list(_breaches(audit, budgets, baseline, holding, paths[0]))
    if holding.distilled:
        breaches += drifted(find_skills(paths, search), Path(holding.distilled))
    if holding.update and baseline:
        write_atomically(Path(holding.baseline), lowered(audit, baseline).text().encode())
        told = {"baseline"}  # it is as it has to be now
        breaches = [breach for breach in breaches if breach.rule not in told]
    _print(breaches, audit, Format.JSON if json_ else format_, load_counter(source.encoding).mark)
    if any(breach.binding for breach in breaches):
        raise typer.Exit(RefusedError.exit_code)


def _baseline(holding: Holding, encoding: str) -> Baseline:
    """The baseline of a file; with --update one that is not there yet is empty."""
    if holding.update and not Path(holding.baseline).exists():
        return Baseline(encoding, {})
    hint = "Write it with --update."
    return read_baseline(read_side_file(holding.baseline, _MOST_BYTES, hint), holding.baseline, encoding)


def _breaches(
    audit: Audit, budgets: Budgets, baseline: Baseline | None, holding: Holding, all_path: str
) -> Iterator[Breach]:
    for broken in audit.broken:
        yield Breach("unreadable", broken.place, broken.path, broken.reason)
    yield from over_budget(audit, budgets, all_path)
    yield from beyond_clients(audit, holding.client or ())
    if holding.links:
        yield from dead_links(audit.skills)
    if baseline:
        yield from grown(audit, baseline, all_path)


def _print(breaches: Sequence[Breach], audit: Audit, form: Format, mark: str) -> None:
    remarks = [
        Remark(
            breach.rule,
            Severity.ERROR if breach.binding else Severity.NOTE,
            f"{breach.place}: {breach.sentence}" if breach.place else breach.sentence,
            ((breach.path, 0),),
        )
        for breach in breaches
    ]
    if form is Format.SARIF:
        write_json(sarif_log(remarks, RULES))
    elif form is Format.JSON:
        rows = [breach._asdict() for breach in breaches]
        passed = not any(breach.binding for breach in breaches)
        write_json({"schema": _SCHEMA, "passed": passed, "tiers": audit.tiers._asdict(), "breaches": rows})
    elif form is Format.GITHUB:
        write_stdout("".join(f"{printable(line)}\n" for line in github_lines(remarks)), safe=True)
    elif form is Format.JUNIT:
        cases = [skill.path for skill in audit.skills]
        write_stdout(junit_report("skill-distiller check", remarks, cases))
    else:
        lines = [f"{'FAILED' if r.severity is Severity.ERROR else 'note'} {r.rule}: {r.message}" for r in remarks]
        failed = sum(breach.binding for breach in breaches)
        figures = (f"{mark}{tokens:,} of {tier}" for tier, tokens in audit.tiers._asdict().items())
        lines.append(f"{plural(len(audit.skills), 'skill')}, tokens: {', '.join(figures)}; {plural(failed, 'failure')}")
        write_stdout("".join(f"{printable(line)}\n" for line in lines), safe=True)
