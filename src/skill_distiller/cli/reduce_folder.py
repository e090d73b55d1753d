"""The command `reduce`: whole skill folders in and out. The way back is in `approval/restore.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

import typer
from rich.console import Console

from skill_distiller.cli.description import read_library, read_requests
from skill_distiller.cli.input_output import (
    STDIN,
    check_target,
    names_several,
    read_input_folder,
    write_json,
    write_stdout,
)
from skill_distiller.cli.library.paths import Looking, for_each, path_of
from skill_distiller.cli.options.arguments import (
    EXAM,
    EXAM_FILE,
    GATE_OF_REDUCE,
    Source,
    check_gates,
    exclude,
    read_threshold,
)
from skill_distiller.cli.options.models import ExamModels, Marking, provider_option
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.options.show_config import with_settings
from skill_distiller.disclosure.ledger import make_ledger, write_ledger
from skill_distiller.disclosure.model import DEFAULT_LOAD_RATE
from skill_distiller.errors import RefusedError, UsageError, reason_of
from skill_distiller.report.console import ConsoleWatcher, open_console
from skill_distiller.report.record import gate_lines
from skill_distiller.report.reduction import folder_diff, print_reduction, reduction_to_json
from skill_distiller.report.text import printable
from skill_distiller.run.config import load_config
from skill_distiller.run.describe_skill import DescriptionOptions, DescriptionResult, Generate, describe_skill
from skill_distiller.run.gates.exam_gate import Reducing
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import DEFAULT_SHARE, Extras, ReduceOptions, Reduction, Stages
from skill_distiller.run.result import GateOutcome
from skill_distiller.run.run import Backends, Counting, KeptPieces, open_session
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.safe_files import staged
from skill_distiller.skill.write_folder import write_folder
from skill_distiller.tokens import load_counter

_NOWHERE: Final = "Name a folder: -o OUT. Or look first: --dry-run, --diff or --json."


@dataclass(frozen=True, slots=True)
class Moving:
    """How much moves, whatever the skill."""

    PANEL: ClassVar[str] = "Moving"
    core_tokens: int | None = option(
        None, "--core-tokens", metavar="N", help="The most tokens of SKILL.md, frontmatter included."
    )
    load_rate: float = option(
        DEFAULT_LOAD_RATE, "--load-rate", metavar="0-1", help="How often a new reference is taken to be read per use."
    )
    annotate: bool = option(
        False, "--annotate", help="Name references that SKILL.md leads nowhere to in a section at its end."
    )
    pin: bool = option(
        False, "--pin", help="Say rules behind the first 5,000 tokens near the top too, in at most 50 tokens."
    )
    again: bool = option(False, "--again", help="Also reduce a folder that was reduced before.")


@dataclass(frozen=True, slots=True)
class Staying:
    """What stays as it is, and whether what the skill lacks is an error."""

    PANEL: ClassVar[str] = "Moving"
    threshold: str = option(
        "", metavar="0-1", help=f"The least share of what matters that stays in SKILL.md. Default: {DEFAULT_SHARE:g}."
    )
    keep: list[str] | None = option(
        None, "--keep", metavar="ID", help="Keep a piece where it is, by its id in the receipt. Can be repeated."
    )
    keep_section: list[str] | None = option(
        None, "--keep-section", metavar="HEADING", help="Keep a section, with those below it. Can be repeated."
    )
    compact: bool = option(
        False, "--compact", help="Say what moves in fewer words too, one example of several alike. Takes a model."
    )
    strict: bool = option(False, "--strict", help="Treat as errors: no frontmatter, no trigger section.")


def moving_options(moving: Moving, threshold: str, source: Source, *, offline: bool) -> ReduceOptions:
    """What the options mean for a run; raises UsageError where they make no sense."""
    exclude(("--core-tokens", moving.core_tokens is not None, "--threshold", bool(threshold)))
    settings = load_config(source.config, use=not source.no_config)
    options = ReduceOptions(
        read_threshold(threshold) if threshold else DEFAULT_SHARE,
        moving.core_tokens,
        moving.load_rate,
        counting=Counting(source.encoding, offline),
        patterns=settings.patterns,
        again=moving.again,
        extras=Extras(moving.annotate, moving.pin),
    )
    options.check()
    return options


@dataclass(frozen=True, slots=True)
class Describing:
    """Whether the description is shortened first, and what it is told apart by."""

    PANEL: ClassVar[str] = "Description"
    no_description: bool = option(False, "--no-description", help="Leave the description as it is.")
    library: list[str] | None = option(
        None, metavar="DIR", help="Skills that it is told apart from. Can be repeated. Default: those beside the skill."
    )
    queries: str = option(
        "", metavar="FILE", help="Requests of users that have to lead to the skill still; as for `description`."
    )

    def check(self) -> None:
        """Raise UsageError for options that have no meaning together."""
        exclude(
            ("--no-description", self.no_description, "--library", bool(self.library)),
            ("--no-description", self.no_description, "--queries", bool(self.queries)),
        )


@dataclass(frozen=True, slots=True)
class Gating:
    """The gate that the result has to pass, and its exam."""

    gates: list[str] | None = GATE_OF_REDUCE
    exam_file: str = EXAM_FILE

    def check(self) -> None:
        """Raise UsageError for a gate that has no meaning here."""
        check_gates(self.gates or (), self.exam_file, allowed=(EXAM,))


@dataclass(frozen=True, slots=True)
class Models(ExamModels):
    """The language model that reads, sorts and rewrites the skill and writes pointers, or answers an exam."""

    PANEL: ClassVar[str] = "Model"
    provider: str = provider_option(
        "Who says what stays in fewer words, sorts and writes pointers; with --gate who answers the exam. "
        "embedded: nobody."
    )


@dataclass(frozen=True, slots=True)
class FolderOutput:
    """Where the folder goes, and what is printed beside it or in its place."""

    folder: str = option("", "--output", "-o", metavar="OUT", help="Write the folder here; DIR is never touched.")
    force: bool = option(
        False, "--force", help="Also where OUT exists: what is there is moved aside, nothing is deleted."
    )
    save_plan: str = option(
        "",
        "--save-plan",
        metavar="FILE",
        help="Save where every piece went; `restore OUT --all --plan=FILE` undoes it.",
    )
    dry_run: bool = option(False, "--dry-run", help="Report only; write nothing.")
    diff: bool = option(False, "--diff", help="Print a unified diff over all files.")
    json_: bool = option(False, "--json", help="Print the record of the run as JSON instead of the report.")
    verbose: bool = option(False, "--verbose", "-v", help="Also report where each piece went, and why others stay.")
    quiet: bool = option(False, "--quiet", "-q", help="No report; errors only.")

    def check(self) -> None:
        """Raise UsageError for options that exclude each other, and where there is nothing to do."""
        exclude(("--json", self.json_, "--diff", self.diff), ("--verbose", self.verbose, "--quiet", self.quiet))
        if not self.folder and not (self.dry_run or self.diff or self.json_):
            raise UsageError("There is no place to write the folder to.", _NOWHERE)
        if self.folder == STDIN:
            raise UsageError("A folder can't be written to stdout.", _NOWHERE)


@expand_groups
def reduce(
    context: typer.Context,
    paths: list[str] = argument(
        metavar="DIR...",
        help="A skill folder, its SKILL.md, or - for a SKILL.md on stdin; or several, folders of skills, patterns.",
    ),
    *,
    moving: Moving,
    staying: Staying,
    describing: Describing,
    output: FolderOutput,
    source: Source,
    gating: Gating,
    models: Models,
    marking: Marking,
) -> None:
    """Move what is seldom needed into references.

    A whole folder is written: a smaller SKILL.md, new files in references/ with what left it, word for word, and every
    other file as it is. Nothing is dropped, and a program proves it before anything is written.
    """
    output.check()
    describing.check()
    gating.check()
    exclude(("--gate", bool(gating.gates), "--compact", staying.compact))  # no model rewrites what a gate tries
    models = with_settings(models, load_config(source.config, use=not source.no_config), context)
    options = moving_options(moving, staying.threshold, source, offline=models.offline)
    kept = KeptPieces(tuple(staying.keep or ()), tuple(staying.keep_section or ()))
    extras = options.extras._replace(compact=staying.compact)
    options = replace(options, keep=kept, strict=staying.strict, extras=extras)
    request = _Request(options, describing, output, gating, (models, marking), source.max_bytes)
    if not names_several(paths):
        _reduce(paths[0], request)
    elif output.folder and not (output.dry_run or output.diff):
        of_one = (kept, staying.strict, staying.compact, output.save_plan, describing.library, describing.queries)
        if any(of_one) or gating != Gating():
            raise UsageError("With several skills no option is about one: pieces, plan, gate, library.", "See --help.")
        from skill_distiller.cli.library.batch import reduce_many
        from skill_distiller.cli.library.run_batch import Engines, Handling

        handling = Handling(
            output.folder, force=output.force, json_=output.json_, verbose=output.verbose, quiet=output.quiet
        )
        reduce_many(paths, handling, Engines(), Looking(), source, options)
    else:
        shown = replace(request, output=replace(output, folder="", dry_run=True, save_plan=""))
        above = "Index: " if output.diff else ""
        for_each(paths, lambda found: _reduce(path_of(found), shown), above=above)


@dataclass(frozen=True, slots=True)
class _Request:
    """All that is asked for of each skill."""

    options: ReduceOptions
    describing: Describing
    output: FolderOutput
    gating: Gating
    asked: tuple[ExamModels, Marking]
    max_bytes: int


def _reduce(path: str, request: _Request) -> None:
    """Reduce one skill, write it and report."""
    options, output, gating = request.options, request.output, request.gating
    folder = read_input_folder(path, request.max_bytes)
    plan = _plan_file(output, folder) if output.save_plan else None
    describe = _describer(folder, request.describing, options)
    console = open_console(stderr=True, soft_wrap=True)
    if gating.gates:
        reduction, gate = _gated(Reducing(folder, options, Backends(), describe), gating, request.asked, console)
    else:
        reduction, gate = _reduced(folder, options, describe, request.asked, None if output.quiet else console), None
    aside = _write(reduction, output, plan)
    if output.json_:
        write_json(reduction_to_json(reduction, gate))
    elif output.diff:
        write_stdout(folder_diff(reduction))
    if output.quiet:
        return
    if not output.json_:
        print_reduction(reduction, console, verbose=output.verbose)
    if gate:
        console.print("\n".join(gate_lines(gate)), markup=False, highlight=False)
    if aside:
        console.print(f"The folder that was there is now {printable(str(aside))}")
    if output.folder and not output.dry_run:
        console.print(f"Written: {printable(output.folder)}" + (f" and {printable(str(plan))}" if plan else ""))


def _describer(
    folder: SkillFolder, describing: Describing, options: ReduceOptions
) -> Callable[[Skill], DescriptionResult] | None:
    """What shortens the description; None where it is to stay."""
    skill = folder.skill
    if describing.no_description or not skill.description:
        return None
    return partial(
        describe_skill,
        library=read_library(describing.library, skill),
        options=DescriptionOptions(generate=Generate.NEVER),
        counter=load_counter(options.counting.encoding, offline=options.counting.offline),
        queries=read_requests(describing.queries, skill),
    )


def _reduced(
    folder: SkillFolder,
    options: ReduceOptions,
    describe: Callable[[Skill], DescriptionResult] | None,
    asked: tuple[ExamModels, Marking],
    console: Console | None,
) -> Reduction:
    """The folder with a language model, where there is one, and without."""
    with ExitStack() as ends:
        watcher = ends.enter_context(closing(ConsoleWatcher(console))) if console else None
        models, marking = asked
        session = open_session(models.options(), watcher)
        if session is None:
            return reduce_folder(folder, options, stages=Stages(describe))
        from skill_distiller.prompted.reduce_stage import PromptedReducer

        ends.callback(session.close)
        judging = None
        if marking.judge_provider or marking.judge_model:
            judging = open_session(models.options(marking.judge_provider, marking.judge_model), watcher)
        if judging:
            ends.callback(judging.close)
        return reduce_folder(folder, options, stages=Stages(describe, PromptedReducer(session, judging)))


def _gated(
    maker: Reducing,
    gating: Gating,
    asked: tuple[ExamModels, Marking],
    console: Console,
) -> tuple[Reduction, GateOutcome]:
    """What the gates let pass, with how it went; raises RefusedError for what they don't where the run is strict."""
    from skill_distiller.cli.pass_gates import Passing, pass_gates

    counting = maker.options.counting
    counter = load_counter(counting.encoding, offline=counting.offline)
    passing = Passing(gating.gates or (), gating.exam_file, *asked, counter, console, maker.options.strict)
    gated = pass_gates(maker, passing)
    return gated.best.product, gated.outcome


def _plan_file(output: FolderOutput, folder: SkillFolder) -> Path:
    """The file of the plan; raises where it can't be written, or would be part of a skill."""
    target = check_target(output.save_plan, folder.skill.path, folder_given=folder.root is not None, force=output.force)
    if output.folder and target.resolve().is_relative_to(Path(output.folder).resolve()):
        raise UsageError(f"{output.save_plan!r} is inside of {output.folder!r}.", "Save the plan beside the folder.")
    return target


def _write(reduction: Reduction, output: FolderOutput, plan: Path | None) -> Path | None:
    """Write the folder, with its plan or not at all; the path of what it replaced, None for nothing."""
    if output.dry_run or not (output.folder or plan):
        return None
    ledger = write_ledger(make_ledger(reduction.split)).encode() if reduction.split and plan else b""
    if plan and not reduction.split:
        raise RefusedError("Nothing changed, so there is no plan to save.", "Leave --save-plan out.")
    try:
        with staged(plan, ledger) if plan else nullcontext():
            return write_folder(reduction.after, output.folder, force=output.force) if output.folder else None
    except OSError as error:
        raise RefusedError(f"Can't write {output.save_plan!r}: {reason_of(error)}.", "Name another file.") from None
