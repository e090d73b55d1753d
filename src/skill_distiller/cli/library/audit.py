"""The command `audit`: what a library of skills costs and where, before anything is changed."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum

import typer

from skill_distiller.cli.input_output import write_json, write_stdout
from skill_distiller.cli.library.paths import JOBS, PATHS, Looking, job_count
from skill_distiller.cli.options.arguments import Source
from skill_distiller.cli.options.models import PRICE_HELP
from skill_distiller.cli.options.option_groups import expand_groups, option
from skill_distiller.errors import BadInputError, StoppedError
from skill_distiller.library.client_limits import WINDOW
from skill_distiller.library.find_skills import Search, find_skills, none_found
from skill_distiller.library.measure import Audit, Measure
from skill_distiller.library.measure import audit as measure_all
from skill_distiller.providers.prices import read_price
from skill_distiller.report.console import open_console
from skill_distiller.report.library.audit_text import audit_markdown, audit_parts, audit_to_json, print_audit, widened
from skill_distiller.report.text import plural
from skill_distiller.run.config import load_config
from skill_distiller.run.run import DEFAULT_THRESHOLD, Counting, DistillOptions, check_options
from skill_distiller.tokens import load_counter


class Format(StrEnum):
    """The forms in which an audit is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@expand_groups
def audit(
    paths: list[str] = PATHS,
    *,
    format_: Format = option(Format.TEXT, "--format", help="How the audit is printed."),
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
    if json_ or format_ is Format.JSON:
        write_json(audit_to_json(made, counter, sent))
    elif format_ is Format.MARKDOWN:
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
