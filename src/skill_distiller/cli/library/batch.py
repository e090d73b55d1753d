"""The command `batch`: many skills made smaller at once, into a folder, with a journal to go on from.

`compress` of several skills is here too: into a folder it is the same, else it is done with each in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import typer

from skill_distiller.cli.approval.self_compression import find_self_compression
from skill_distiller.cli.compress import Request, run_request
from skill_distiller.cli.input_output import STDIN, read_input
from skill_distiller.cli.library.paths import PATHS, Looking, for_each, path_of
from skill_distiller.cli.library.run_batch import Engines, Handling, Library, folder_of_results, run_batch
from skill_distiller.cli.options.arguments import Goal, Pieces, Source, exclude, options_of, with_budget
from skill_distiller.cli.options.models import PROVIDERS, ModelOptions
from skill_distiller.cli.options.option_groups import expand_groups, option
from skill_distiller.cli.options.show_config import with_prices, with_settings
from skill_distiller.cli.reduce_folder import Moving, moving_options
from skill_distiller.errors import BadInputError, RefusedError, UsageError
from skill_distiller.library.batch_work import CompressWork, ReduceWork, Work
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.planning.plan import Mode
from skill_distiller.report.console import ConsoleWatcher
from skill_distiller.run.config import Config, load_config
from skill_distiller.run.moving.reduce_run import ReduceOptions
from skill_distiller.run.run import (
    Counting,
    DistillOptions,
    KeptPieces,
    check_options,
    choose_backends,
    choose_token_scorer,
)
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class BatchModels(ModelOptions):
    """As for one skill, but that no language model is asked unless one is named: there may be thousands of calls."""

    provider: str = option(
        "embedded",
        metavar=PROVIDERS,
        help="Who classifies, rewrites and judges; see compress. With a language model skills are done one by one, in "
        "one session with one limit (--max-calls).",
    )


@expand_groups
def batch(
    context: typer.Context,
    paths: list[str] = PATHS,
    *,
    handling: Handling,
    engines: Engines,
    goal: Goal,
    reduce: bool = option(
        False, "--reduce", panel="Moving", help="Move text into references, as reduce does, in place of dropping it."
    ),
    moving: Moving,
    looking: Looking,
    source: Source,
    models: BatchModels,
) -> None:
    """Make many skills smaller, into a folder.

    Each skill has one outcome: done, already minimal, refused or failed; a bad one stops no other. The folder of
    results holds the whole library, with the originals of skills that did not get smaller, and a journal: a run that
    was stopped, however, goes on where it was.
    """
    exclude(
        ("--json", handling.json_, "--verbose", handling.verbose),
        ("--verbose", handling.verbose, "--quiet", handling.quiet),
    )
    config = load_config(source.config, use=not source.no_config)
    source = with_settings(source, config, context)
    if reduce:
        _refuse_with_reduce(goal, models)
        options = moving_options(moving, goal.threshold, source, offline=models.offline)
        reduce_many(paths, handling, engines, looking, source, options)
        return
    if moving != Moving():
        raise UsageError("--core-tokens and what belongs to it need --reduce.", "Add --reduce.")
    models = with_prices(models, config)
    compress_many(paths, handling, engines, looking, source, with_settings(goal, config, context), models, config)


def _refuse_with_reduce(goal: Goal, models: ModelOptions) -> None:
    """Raise UsageError for options that mean nothing where text only moves."""
    given = (("--mode", goal.mode), ("--tokens", goal.tokens), ("--wording", goal.wording != Goal().wording))
    for name, value in (*given, ("--allow-unverified", goal.allow_unverified)):
        if value:
            raise UsageError(f"{name} has no meaning with --reduce.", "Leave one of the two out.")
    if models.provider != "embedded":
        raise UsageError("No language model takes part with --reduce.", "Leave out --provider or --reduce.")


def reduce_many(
    paths: list[str],
    handling: Handling,
    engines: Engines,
    looking: Looking,
    source: Source,
    options: ReduceOptions,
) -> None:
    """Move text of many skills into references, each into a folder of results; descriptions stay."""
    load_counter(source.encoding, offline=options.counting.offline)
    run_batch(_library(paths, handling, looking, source), ReduceWork(options), handling, engines)


def compress_many(
    paths: list[str],
    handling: Handling,
    engines: Engines,
    looking: Looking,
    source: Source,
    goal: Goal,
    models: ModelOptions,
    config: Config,
) -> None:
    """Make many skills smaller, each into a folder of results, with the settings of a configuration."""
    if engines.cluster is not None and models.provider != "embedded":
        raise UsageError("A language model is asked from this process alone.", "Leave out --engine or --provider.")
    options = replace(options_of(goal), counting=Counting(source.encoding, models.offline), patterns=config.patterns)
    # A budget in percent is one of each skill.
    check_options(replace(options, tokens=options.tokens or 1) if options.mode is Mode.TOKENS else options)
    load_counter(source.encoding, offline=models.offline)
    settled = partial(settle, goal=goal, keep=config.keep, yes=handling.yes)
    made_with = json.dumps([goal.tokens, sorted((name, list(headings)) for name, headings in config.keep.items())])
    library = _library(paths, handling, looking, source)
    work = CompressWork(options, settled, made_with=made_with)
    run_batch(library, partial(_with_model, work, models, library), handling, engines)


def _library(paths: list[str], handling: Handling, looking: Looking, source: Source) -> Library:
    out = folder_of_results(handling.output, paths)
    return Library(paths, looking.search(paths, apart=out), source.max_bytes)


def settle(
    skill: Skill, options: DistillOptions, *, goal: Goal, keep: Mapping[str, tuple[str, ...]], yes: bool
) -> DistillOptions:
    """The options for one skill of many: its budget, the sections that a configuration keeps, the guardrails.

    Raises RefusedError for a skill that makes skills smaller, where nobody approved the result.
    """
    guard = find_self_compression(skill, options, yes=yes, delivers=True)
    if guard and guard.must_ask:
        raise RefusedError("This skill makes skills smaller: a human has to approve the result.", "See --yes.")
    threshold = guard.threshold if guard else options.threshold
    sections = () if options.mode is Mode.ONELINER else keep.get(skill.name, ())
    return with_budget(replace(options, threshold=threshold, keep=KeptPieces(sections=tuple(sections))), goal, skill)


def _with_model(work: CompressWork, models: ModelOptions, library: Library, console: Console, ends: ExitStack) -> Work:
    """The same with the language model that is asked for, in one session for all skills."""
    scorer = choose_token_scorer(models.token_scorer)
    if models.provider == "embedded" and scorer is None:
        return work
    one_liner = work.options.mode is Mode.ONELINER
    watcher = ends.enter_context(closing(ConsoleWatcher(console)))
    chosen = choose_backends(models, _readable(library), watcher, accept_unproved=False, one_liner=one_liner)
    ends.enter_context(closing(chosen))
    asked = [session.provider for session in chosen.sessions]
    made_with = [*((one.name, one.model) for one in asked), models.judging.with_ci] if asked else []
    backends = chosen.backends.with_scorer(scorer)
    named = json.dumps([work.made_with, *made_with, scorer.name if scorer else ""])
    return replace(work, backends=backends, made_with=named)


def _readable(library: Library) -> Iterator[Skill]:
    """The skills that can be read, for what will be asked about them."""
    for found in library.found():
        if isinstance(found, FoundSkill):
            with suppress(BadInputError):
                yield read_skill(found.file, library.max_bytes)


def compress_several(request: Request, paths: list[str]) -> None:
    """The same for several skills: into a folder as `batch` does it, or each in turn where it only shows or applies."""
    pieces, output, models = request.pieces, request.output, request.models
    own = (("--keep", pieces.keep), ("--plan", pieces.plan), ("--save-plan", pieces.save_plan))
    for name, given in (*own, ("--exam", pieces.exam_file)):
        if given:
            raise UsageError(f"{name} is about one skill.", "Leave it out, or name one skill.")
    if not models.takes_what_is_there and models.provider != "embedded":
        raise UsageError("With several skills compress asks no language model.", "See skill-distiller batch.")
    request = replace(request, models=replace(models, provider="embedded"))
    if output.file in ("", STDIN):
        if output.to_stdout and not (output.dry_run or output.diff or output.json_):
            if len(paths) == 1:  # of one folder the sentence names what it holds
                read_input(paths[0])
            raise UsageError(
                "Several skills can't go to stdout as one.",
                "Name a folder: -o OUT. Or look: --dry-run, --diff, --json.",
            )
        above = "Index: " if output.diff and not output.json_ else ""
        for_each(paths, lambda found: run_request(replace(request, path=path_of(found))), above=above)
        return
    if pieces != Pieces() or request.debug_stages or output.only_shows or output.diff:
        raise UsageError("A folder of results leaves no room for options on pieces and stages.", "See batch --help.")
    handling = Handling(
        output.file, force=output.force, yes=output.yes, json_=output.json_, verbose=output.verbose, quiet=output.quiet
    )
    compress_many(paths, handling, Engines(), Looking(), request.source, request.goal, request.models, request.config)
