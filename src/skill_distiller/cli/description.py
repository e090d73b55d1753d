"""The command `description`: the text that every session pays for, as short as it still routes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import typer
from rich.console import Console
from rich.text import Text

from skill_distiller.cli.input_output import (
    STDIN,
    check_target,
    names_several,
    read_input,
    read_side_file,
    write_atomically,
    write_json,
    write_stdout,
)
from skill_distiller.cli.library.paths import for_each, path_of
from skill_distiller.cli.options.arguments import exclude
from skill_distiller.cli.options.models import ExamModels, Trying, provider_option
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.options.show_config import with_settings
from skill_distiller.errors import BadInputError, RefusedError, UsageError
from skill_distiller.library.client_fit import Treatment, fit_library
from skill_distiller.library.find_skills import FoundSkill, Search
from skill_distiller.report.console import ConsoleWatcher, open_console
from skill_distiller.report.description_text import (
    description_lines,
    description_to_json,
    listing_lines,
    listing_to_json,
)
from skill_distiller.report.text import printable, unified_diff
from skill_distiller.routing.clients import client_names, find_client
from skill_distiller.routing.oracle import MARGIN_KEPT, Candidate, lexical_router
from skill_distiller.routing.queries import Query, parse_queries
from skill_distiller.run.config import load_config
from skill_distiller.run.confirm_in_agent import Confirmation, Trial, Verdict, confirm
from skill_distiller.run.describe_skill import (
    DEFAULT_SEED,
    DescriptionOptions,
    DescriptionResult,
    Generate,
    Note,
    as_candidate,
    as_neighbor,
    describe_skill,
    read_siblings,
)
from skill_distiller.run.run import open_session
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE, FrontmatterState, Skill
from skill_distiller.tokens import DEFAULT_ENCODING, TokenCounter, load_counter

if TYPE_CHECKING:
    from skill_distiller.providers.session import Session

_MOST_BYTES: Final = 1_000_000  # of a file of queries
_HINT: Final = 'Give a file of strings, or of objects such as {"query": "…", "should_trigger": true}.'
_EVALS: Final = ("evals/evals.json", "evals/trigger-evals.json", "evals/trigger_eval_set.json", "evals/triggers.json")
_REFUSED: Final = 6
_A_CLIENT: Final = "claude-code"  # of an example
_TOO_LARGE: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the description is held against, what stays, and when one is written."""

    PANEL: ClassVar[str] = "Aim"
    library: list[str] | None = option(
        None,
        metavar="DIR",
        help="A folder of skill folders that it is told apart from. Can be repeated. Default: those beside the skill.",
    )
    queries: str = option(
        "",
        metavar="FILE",
        help="Requests of users, as JSON, JSON lines or YAML. Default: evals/*.json of the skill, else its own words.",
    )
    margin: float = option(
        MARGIN_KEPT,
        metavar="0-1",
        help="The share of its lead over other skills that a query keeps on average; less saves more and routes worse.",
    )
    keep_phrase: list[str] | None = option(
        None, "--keep-phrase", metavar="TEXT", help="Keep the clause with this text. Can be repeated."
    )
    generate: Generate = option(
        Generate.AUTO,
        help="Write one from the body: auto where there is none, or a short one that routes nothing; always; never.",
    )
    seed: int = option(DEFAULT_SEED, metavar="N", help="What the split of queries and the order of skills hang on.")


@dataclass(frozen=True, slots=True)
class Handing:
    """Where the result goes, and what is printed beside it or in its place."""

    PANEL: ClassVar[str] = "Output"
    file: str = option("", "--output", "-o", metavar="FILE", help="Write the SKILL.md to this file instead of stdout.")
    force: bool = option(False, "--force", help="Overwrite an existing file (never the input).")
    text: bool = option(False, "--text", help="Print the description alone instead of the SKILL.md.")
    dry_run: bool = option(False, "--dry-run", help="Report only; write nothing.")
    diff: bool = option(False, "--diff", help="Print a unified diff instead of the SKILL.md.")
    json_: bool = option(False, "--json", help="Print the record of the run as JSON instead.")
    verbose: bool = option(False, "--verbose", "-v", help="Report every query and every clause.")
    quiet: bool = option(False, "--quiet", "-q", help="No report; errors only.")
    strict: bool = option(
        False, "--strict", help="Treat as errors: broken frontmatter, nothing that could be measured."
    )

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        forms = (("--text", self.text), ("--diff", self.diff), ("--json", self.json_), ("--dry-run", self.dry_run))
        for place, (name, given) in enumerate(forms):
            exclude(*((name, given, *other) for other in forms[place + 1 :]))
        exclude(("--verbose", self.verbose, "--quiet", self.quiet))


@dataclass(frozen=True, slots=True)
class Counted:
    """How the skill is read, and what its tokens are counted in."""

    PANEL: ClassVar[str] = "Input"
    encoding: str = option(
        DEFAULT_ENCODING, metavar="NAME", help="The tiktoken encoding to count tokens in, or `estimate`."
    )
    max_bytes: int = option(MAX_BYTES, min=1, metavar="N", help="Refuse an input of more bytes.")


@dataclass(frozen=True, slots=True)
class Fitting:
    """The list of a client that a whole library is to fit into."""

    PANEL: ClassVar[str] = "Library"
    fit: bool = option(False, "--fit", help="Fit a whole --library into the list of --client; a table says how.")
    client: str = option("", metavar="|".join(client_names()), help="The client whose list of skills it is; for --fit.")
    window: int | None = option(None, min=1, metavar="N", help="Its context window in tokens. Default: the client's.")
    pinned: list[str] | None = option(
        None, "--pinned", metavar="SKILL", help="The client keeps this description; so do we. Can be repeated."
    )
    name_only: list[str] | None = option(
        None, "--name-only", metavar="SKILL", help="The client lists only this name. Can be repeated."
    )
    manual: list[str] | None = option(
        None, "--manual", metavar="SKILL", help="The client lists this skill not at all. Can be repeated."
    )

    def check(self, path: str, wanted: Wanted) -> None:
        """Raise UsageError for what does not go together."""
        if not self.fit:
            if not path:
                raise UsageError("There is no skill to describe.", "Name a SKILL.md or a skill folder.")
            if self.client or self.window or self.pinned or self.name_only or self.manual:
                raise UsageError("--client and its options need --fit.", "Add --fit and --library DIR.")
            return
        if path or wanted.queries:
            raise UsageError("--fit is about a library, not about one skill.", "Leave PATH and --queries out.")
        if len(wanted.library or ()) != 1 or not self.client:
            raise UsageError("--fit needs one --library and a --client.", f"Clients: {', '.join(client_names())}.")


@dataclass(frozen=True, slots=True)
class Reader(ExamModels):
    """The language model that reads, chooses and writes descriptions, and its limits."""

    PANEL: ClassVar[str] = "Model"
    provider: str = provider_option("Who reads descriptions and writes them. embedded: a router that compares words.")


Neighbors = dict[Candidate, Candidate]  # skills as they were, and as they are now
Made = tuple[DescriptionResult, Confirmation | None, "Session | None"]


@dataclass(frozen=True, slots=True)
class Ways:
    """What a description is made with: a counter, the model that reads, the agent that it is tried in."""

    counter: TokenCounter
    reader: Reader
    trial: Trial | None


@expand_groups
def description(
    context: typer.Context,
    paths: list[str] | None = argument(
        None,
        metavar="PATH...",
        help="A SKILL.md, a skill folder, or - for stdin; none with --fit. Several, folders of skills, patterns need "
        "-o OUT, --dry-run, --diff or --json.",
    ),
    *,
    wanted: Wanted,
    fitting: Fitting,
    handing: Handing,
    counted: Counted,
    trying: Trying,
    reader: Reader,
) -> None:
    """Shorten the description that every session pays for.

    Clauses go while requests still lead to the skill; exclusions and quoted phrases stay. Nothing but the description
    changes. Without a language model a router of words decides, and the report says so.
    """
    handing.check()
    if not 0 <= wanted.margin <= 1:
        raise UsageError("--margin is a share from 0 to 1.", f"The default is {MARGIN_KEPT:g}.")
    paths, reader = paths or [], with_settings(reader, load_config(), context)
    fitting.check(paths[0] if paths else "", wanted)
    exclude(("--fit", fitting.fit, "--runtime", bool(trying.runtime)))
    trial = trying.trial(offline=reader.offline, allow_secrets=reader.allow_secrets)
    ways = Ways(load_counter(counted.encoding, offline=reader.offline), reader, trial)
    if fitting.fit:
        _fit(wanted, fitting, handing, ways.counter)
    elif names_several(paths):
        _describe_many(paths, wanted, handing, counted, ways)
    else:
        _describe_one(paths[0], wanted, handing, counted, ways)


def _describe_many(paths: list[str], wanted: Wanted, handing: Handing, counted: Counted, ways: Ways) -> None:
    """Each skill in turn; the results go into a new folder, each to its place in the library."""
    if handing.text or not (handing.file or handing.dry_run or handing.diff or handing.json_):
        if len(paths) == 1:
            _refuse_folder(paths[0])
        raise UsageError(
            "Several skills can't go to stdout as one.", "Name a folder: -o OUT. Or look: --dry-run, --diff, --json."
        )
    if wanted.queries or handing.file == STDIN:
        raise UsageError("--queries and -o - are about one skill.", "Leave them out.")
    out = Path(handing.file) if handing.file else None
    if out and out.exists() and not (out.is_dir() and handing.force):
        raise RefusedError(f"{str(out)!r} exists.", "Name a new folder with -o, or use --force.")

    done: Neighbors = {}

    def work(found: FoundSkill) -> None:
        file = out / found.place / SKILL_FILE if out and found.file.name == SKILL_FILE else None
        if out and file is None:
            file = out / found.place
        if file and not handing.dry_run:
            file.parent.mkdir(parents=True, exist_ok=True)
        own = replace(handing, file=str(file) if file and not handing.dry_run else "")
        _describe_one(path_of(found), wanted, own, counted, ways, done)

    above = "Index: " if handing.diff else ""
    for_each(paths, work, Search(apart=out.resolve() if out else None), above=above)


def _refuse_folder(path: str) -> None:
    """Raise BadInputError for a folder of skills; the hint names the command for all."""
    try:
        read_input(path)
    except BadInputError as error:
        error.hint = error.hint.replace(f"batch {path}", f"description --fit --client {_A_CLIENT} --library {path}")
        raise


def _describe_one(
    path: str, wanted: Wanted, handing: Handing, counted: Counted, ways: Ways, done: Neighbors | None = None
) -> None:
    """Shorten the description of one skill and hand it out.

    It meets those that are `done` as they are now, may take none of their requests, and joins them.
    """
    skill = read_input(path, counted.max_bytes)
    _check_frontmatter(skill, handing)
    queries = read_requests(wanted.queries, skill)
    library = tuple((done or {}).get(other, other) for other in read_library(wanted.library, skill))
    target = None
    if handing.file not in ("", STDIN):
        folder_given = path != STDIN and Path(path).is_dir()
        target = check_target(handing.file, skill.path, folder_given=folder_given, force=handing.force)
    console = open_console(stderr=True, soft_wrap=True)
    options = DescriptionOptions(wanted.seed, wanted.margin, tuple(wanted.keep_phrase or ()), wanted.generate)
    made = result, confirmation, _ = _describe(skill, library, queries, options, ways, console, quiet=handing.quiet)
    if done is not None:
        done[as_candidate(skill)] = as_neighbor(result)
    obsolete = confirmation is not None and confirmation.verdict is Verdict.OBSOLETE
    if handing.strict and (Note.UNMEASURED in result.notes or obsolete):
        for line in description_lines(result, confirmation):
            console.print(Text(line))
        raise typer.Exit(_REFUSED)
    _hand_out(made, target, handing)
    if not handing.quiet:
        with suppress(BrokenPipeError):
            for line in description_lines(result, confirmation, verbose=handing.verbose):
                console.print(Text(line, style="yellow" if line.startswith("Note: ") else ""))
            if target and not handing.dry_run:
                console.print(f"Written: {printable(str(target))}")


def _fit(wanted: Wanted, fitting: Fitting, handing: Handing, counter: TokenCounter) -> None:
    """Print how a library fits into a list, then write what changes into a new folder where one is named."""
    (folder,) = wanted.library or ("",)
    exclude(("--fit", True, "--text", handing.text), ("--fit", True, "--diff", handing.diff))
    out = Path(handing.file) if handing.file not in ("", STDIN) else None
    if out and (out.exists() or out.resolve().is_relative_to(Path(folder).resolve())):
        raise RefusedError(f"{str(out)!r} exists, or is inside the library.", "Name a new folder with -o.")
    treatment = Treatment(tuple(fitting.pinned or ()), tuple(fitting.name_only or ()), tuple(fitting.manual or ()))
    options = DescriptionOptions(wanted.seed, wanted.margin, tuple(wanted.keep_phrase or ()))
    fitted = fit_library(Path(folder), find_client(fitting.client), fitting.window, treatment, options, counter)
    if handing.json_:
        write_json(listing_to_json(fitted))
    else:
        write_stdout("".join(f"{line}\n" for line in listing_lines(fitted, verbose=handing.verbose)), safe=True)
    for name, skill in fitted.changed().items() if out and not handing.dry_run else ():
        place = out / name / SKILL_FILE if out else Path()
        place.parent.mkdir(parents=True)
        write_atomically(place, skill.text.encode("utf-8"))
    if not fitted.solution.fits:
        raise typer.Exit(_TOO_LARGE)


def _check_frontmatter(skill: Skill, handing: Handing) -> None:
    state = skill.frontmatter.state
    if handing.strict and state not in (FrontmatterState.OK, FrontmatterState.MISSING):
        raise BadInputError(f"The frontmatter can't be changed: it is {state.value}.", "Mend it first.")


def read_requests(file: str, skill: Skill) -> Sequence[Query]:
    """The queries of a file that was named, else those that the skill folder ships, else none."""
    if file:
        return parse_queries(read_side_file(file, _MOST_BYTES, _HINT), skill.name, repr(file))
    found: list[Query] = []
    folder = skill.path.parent if skill.path else None
    for name in _EVALS if folder else ():
        with suppress(BadInputError, UsageError):  # what lies beside a skill need not be ours to read
            found += parse_queries(
                read_side_file(str(folder / name) if folder else "", _MOST_BYTES, _HINT), skill.name, name
            )
    return tuple(dict.fromkeys(found))


def read_library(named: Sequence[str] | None, skill: Skill) -> tuple[Candidate, ...]:
    """The other skills: of the folders that were named, else those beside the skill's own folder."""
    if named:
        folders = [Path(name) for name in named]
    else:
        folders = [skill.path.resolve().parent.parent] if skill.path and skill.path.name == SKILL_FILE else []
    found: list[Candidate] = []
    for folder in folders:
        with nullcontext() if named else suppress(BadInputError):  # nobody asked for the folder beside it
            found += read_siblings(folder)
    return tuple(dict.fromkeys(sibling for sibling in found if sibling.name != skill.name))


def _describe(
    skill: Skill,
    library: tuple[Candidate, ...],
    queries: Sequence[Query],
    options: DescriptionOptions,
    ways: Ways,
    console: Console,
    *,
    quiet: bool,
) -> Made:
    """The result, what an agent made of it, and what a model was asked."""
    with ExitStack() as ends:
        watcher = None if quiet else ends.enter_context(closing(ConsoleWatcher(console)))
        session, model = open_session(ways.reader.options(), watcher), None
        if session:
            from skill_distiller.prompted.describe import PromptedModel

            ends.callback(session.close)
            model = PromptedModel(session, ways.counter, library)
        result = describe_skill(skill, library, options, ways.counter, queries=queries, model=model)
        if not ways.trial:
            return result, None, session
        router = model.router if model else lexical_router([as_candidate(skill), *library])
        tell = None if quiet else lambda line: console.print(Text(line))
        return *confirm(result, ways.trial, router, tell), session


def _hand_out(made: Made, target: Path | None, handing: Handing) -> None:
    """Write the SKILL.md to its file, and to stdout whatever was asked for."""
    result, confirmation, session = made
    if target and not handing.dry_run:
        write_atomically(target, result.skill.text.encode("utf-8"))
    if handing.json_:
        write_json(description_to_json(result, confirmation, session.usage if session else None))
    elif handing.diff:
        write_stdout(unified_diff(result.before, result.skill.text))
    elif handing.text:
        write_stdout(result.described.text + "\n")
    elif not target and not handing.dry_run:
        write_stdout(result.skill.text)
