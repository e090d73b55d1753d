"""The commands `exam make`, `run`, `compare` and `convert`: what a smaller skill can still do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.calibration.outcomes import parse_reports
from skill_distiller.cli.input_output import (
    STDIN,
    check_target,
    names_several,
    read_input,
    read_input_folder,
    write_atomically,
    write_json,
    write_stdout,
)
from skill_distiller.cli.learnings import LEARNINGS_DIR, open_store, read_whole
from skill_distiller.cli.library.paths import for_each, path_of
from skill_distiller.cli.options.models import Code, ExamModels, Marking
from skill_distiller.cli.options.option_groups import argument, command_group, expand_groups, option
from skill_distiller.cli.options.show_config import with_settings
from skill_distiller.cli.pass_gates import MADE, SHIPPED, examiner, find_exam
from skill_distiller.errors import BadInputError, RefusedError, UsageError, reason_of
from skill_distiller.exams.baselines import BASELINES, LINGUA, Baseline, baselines_kept
from skill_distiller.exams.evidence import SkillTexts, program_exam
from skill_distiller.exams.exam_files import exam_to_evals, exam_to_json, read_exam
from skill_distiller.exams.model import Exam
from skill_distiller.exams.plugin_evals import plugin_files, read_plugin_evals
from skill_distiller.exams.sandbox import find_sandbox
from skill_distiller.exams.sitting import CONTEXT_TOKENS, NO_SKILL, ORIGINAL, ExamResult
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.prompted.sit_exam import baseline_folder, more_baselines
from skill_distiller.report.calibration_text import feedback_text
from skill_distiller.report.console import ConsoleWatcher, open_console
from skill_distiller.report.exam_report import ExamRecord, exam_lines, exam_result_to_json
from skill_distiller.report.text import plural, printable
from skill_distiller.run.config import load_config
from skill_distiller.run.gates.exam_gate import ExamRun
from skill_distiller.run.run import open_session
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.read import read_folder
from skill_distiller.tokens import DEFAULT_ENCODING, TokenCounter, load_counter

if TYPE_CHECKING:
    from rich.console import Console

    from skill_distiller.prompted.sit_exam import Examiner

exam = command_group("Measure what a smaller skill can still do.")

_ORIGINAL: Final = "The skill as it was: a folder, or a SKILL.md; or a folder of skills."
_LATEST: Final = "latest"
_BASELINES: Final = ", ".join(BASELINES)


@dataclass(frozen=True, slots=True)
class Taking:
    """The exam to take, how tokens are counted, and how the result is printed."""

    exam_file: str = option(
        "",
        "--exam",
        metavar="FILE",
        help=f"The exam: JSON, or a folder of cases. Default: {SHIPPED[0]} of the original, else {MADE}.",
    )
    context: int = option(
        CONTEXT_TOKENS, min=0, metavar="N", help="Load the original with all its references up to so many tokens."
    )
    encoding: str = option(DEFAULT_ENCODING, metavar="NAME", help="The tiktoken encoding to count tokens in.")
    min_kept: float | None = option(
        None, metavar="0-1", help="Exit with 6 where a candidate keeps less: retention with a model, else evidence."
    )
    json_: bool = option(False, "--json", help="Print the record as JSON.")
    verbose: bool = option(False, "--verbose", "-v", help="Print every criterion that was lost, and every mark.")


@exam.command()
@expand_groups
def make(
    ctx: typer.Context,
    paths: list[str] = argument(
        metavar="SKILL...",
        help="A skill folder, or a SKILL.md; - is stdin. Several, or folders of skills: into a folder.",
    ),
    *,
    tasks: int = option(5, min=1, metavar="N", help="How many tasks a model writes."),
    output: str = option("", "--output", "-o", metavar="FILE", help="Write the exam to this file instead of stdout."),
    force: bool = option(False, "--force", help="Overwrite an existing file."),
    code: Code = option(Code.AUTO, help="Whether tasks may be checked by code, where there is a sandbox to try it in."),
    models: ExamModels,
) -> None:
    """Make the exam of a skill. With a model: tasks, and criteria with quotes. Without: its facts and rules."""
    models = with_settings(models, load_config(), ctx)
    if not names_several(paths):
        _make(paths[0], output, models, tasks, code, force=force)
        return

    def make_one(found: FoundSkill) -> None:
        place = Path(output, found.place, "exam.json") if output else None
        try:
            if place:
                place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RefusedError(f"Can't write {str(place)!r}: {reason_of(error)}.", "Name another folder.") from None
        _make(path_of(found), str(place or ""), models, tasks, code, force=force)

    for_each(paths, make_one)


def _make(path: str, output: str, models: ExamModels, tasks: int, code: Code, *, force: bool) -> None:
    folder = read_input_folder(path)
    target = check_target(output, folder.skill.path, folder_given=Path(path).is_dir(), force=force) if output else None
    console = open_console(stderr=True, soft_wrap=True)
    record = exam_to_json(_write_exam(folder, models, tasks, code, console))
    if target:
        write_atomically(target, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
        console.print(f"Written: {printable(str(target))}")
    else:
        write_json(record)


def _write_exam(folder: SkillFolder, models: ExamModels, tasks: int, code: Code, console: Console) -> Exam:
    from skill_distiller.prompted.write_exam import MAX_TASKS, ExamWriter

    if tasks > MAX_TASKS:
        raise UsageError(f"A model is asked for at most {MAX_TASKS} tasks.", "Make several exams.")
    with closing(ConsoleWatcher(console)) as watcher:
        session = open_session(models.options(), watcher)
        if session is None:
            made = program_exam(folder, TrainedAnalyzer().analyze(folder.skill))
            if not made.tasks:
                raise BadInputError("The skill holds no rule, step or fact that an exam could ask for.", "")
            console.print(
                f"By a program, without a model: {len(made.criteria)} criteria, each a quote to look for "
                "in other texts. Its tasks are not for an agent to answer."
            )
            return made
        with closing(session):
            writer = ExamWriter(session, tasks, find_sandbox() if code is Code.AUTO else None)
            session.expect(writer.expected(folder))
            written = writer.write(folder)
    console.print(
        f"{plural(len(written.exam.tasks), 'task')}, {plural(len(written.exam.criteria), 'criterion', 'criteria')} by "
        f"{printable(session.name)}; dropped: {plural(written.quotes_dropped, 'quote')} that the skill does not hold, "
        f"{plural(written.criteria_dropped, 'criterion', 'criteria')}, {plural(written.tasks_dropped, 'task')}, "
        f"{plural(written.checks_dropped, 'check')} by code"
    )
    if written.files_left_out:
        console.print(f"Too long to be asked about: {printable(', '.join(written.files_left_out))}")
    return written.exam


@exam.command("run")
@expand_groups
def run_(
    ctx: typer.Context,
    original: str = argument(metavar="ORIGINAL", help=_ORIGINAL),
    candidate: str = argument(
        metavar="CANDIDATE", help="The smaller skill: a folder, or a SKILL.md; - is stdin. Of a library another one."
    ),
    *,
    taking: Taking,
    models: ExamModels,
    marking: Marking,
    feedback: str = option(
        "", metavar="ID", help="Record the retention as the outcome of this run of compress (c1, or latest)."
    ),
    learnings_dir: str = LEARNINGS_DIR,
) -> None:
    """Take an exam with a skill and with a smaller one. With a model: without a skill too, answered and marked."""
    store, models = open_store(learnings_dir) if feedback else None, with_settings(models, load_config(), ctx)
    if names_several([original]):
        if feedback:
            raise UsageError("--feedback is about one skill.", "Leave it out, or name one skill.")
        _take_many(original, [candidate], taking, partial(_take, asked=(models, marking), baselines=False))
        return
    if store and feedback != _LATEST:
        read_whole(store).find(feedback)  # whether it is there is said before anybody is asked
    asked = models, marking
    result = _take(original, [candidate], taking, asked=asked, baselines=False, outcome=bool(store))
    if store:
        record = {"id": "" if feedback == _LATEST else feedback, "retention": _shares(result)[0], "note": "exam"}
        for entry in store.record(parse_reports(json.dumps(record))):
            typer.echo(feedback_text(entry), err=True)
    _hold(result, taking, 1)


@exam.command()
@expand_groups
def compare(
    ctx: typer.Context,
    original: str = argument(metavar="ORIGINAL", help=_ORIGINAL),
    candidates: list[str] = argument(
        metavar="CANDIDATE...", help="Smaller skills: folders, or files; of a library other ones."
    ),
    *,
    sit: list[str] | None = option(
        None,
        metavar="NAME",
        help=f"Take the exam with a baseline too, at the tokens of the first candidate: {_BASELINES}, {LINGUA}, or "
        "direct (a model is asked to shorten the skill). Can be repeated.",
    ),
    llmlingua: str = option(
        "",
        "--llmlingua",
        metavar="MODEL",
        help="With the baseline LLMLingua-2 too: the folder of a model, or its name on the hub "
        "(pip install 'skill-distiller[llmlingua]').",
    ),
    taking: Taking,
    models: ExamModels,
    marking: Marking,
) -> None:
    """Take an exam with several smaller skills, and with what simple ways leave at the same tokens."""
    asked = with_settings(models, load_config(), ctx), marking
    take = partial(_take, asked=asked, baselines=True, sit=sit or (), lingua=llmlingua)
    if names_several([original]):
        _take_many(original, candidates, taking, take)
    else:
        _hold(take(original, candidates, taking), taking, len(candidates))


def _take_many(original: str, candidates: Sequence[str], taking: Taking, take: Callable[..., ExamResult]) -> None:
    """The same for every skill of a library, with what is at its place in others."""
    if taking.exam_file:
        raise UsageError("--exam is about one skill.", "Leave it out: each skill's own exam is taken, or a program's.")

    def take_one(found: FoundSkill) -> None:
        smaller = [str(Path(candidate, found.place)) for candidate in candidates]
        if gone := next((path for path in smaller if not os.path.lexists(path)), ""):
            raise RefusedError(f"There is no candidate for it: {gone!r}.", "Make it, or take the skill away.")
        _hold(take(path_of(found), smaller, taking), taking, len(smaller))

    for_each([original], take_one)


def _take(
    original: str,
    paths: Sequence[str],
    taking: Taking,
    *,
    asked: tuple[ExamModels, Marking],
    baselines: bool,
    sit: Sequence[str] = (),
    lingua: str = "",
    outcome: bool = False,
) -> ExamResult:
    """Take the exam and print what comes of it; with `outcome` evidence alone is not enough."""
    if taking.min_kept is not None and not 0 <= taking.min_kept <= 1:
        raise UsageError(f"--min-kept={taking.min_kept:g} is not between 0 and 1.", "Use for example 0.9.")
    if [original, *paths].count(STDIN) > 1:
        raise UsageError("Only one of them can be stdin.", "Name files for the others.")
    before = read_input_folder(original)
    candidates = [(name, _candidate(path, before)) for name, path in zip(_names(paths), paths, strict=True)]
    counter = load_counter(taking.encoding, offline=asked[0].offline)
    console = open_console(stderr=True, soft_wrap=True)
    taken = find_exam(taking.exam_file, before, asked[0], console)
    more = more_baselines(sit, lingua, offline=asked[0].offline)
    with examiner(*asked, console, taken) as found:
        if outcome and found is None:
            raise UsageError(
                "--feedback needs an exam that a model sits: evidence is no outcome.",
                "Name a --provider and an --exam.",
            )
        folders = (before, candidates[0][1])
        candidates += [(name, baseline_folder(name, more, folders, counter, found)) for name in sit]
        run = ExamRun(taken, before, counter, found, taking.context)
        run.announce(candidates)
        result = run.take(candidates)
        record = _record(result, before, counter, found, more if baselines else None)
    if taking.json_:
        write_json(exam_result_to_json(record))
    else:
        write_stdout("".join(f"{line}\n" for line in exam_lines(record, verbose=taking.verbose)), safe=True)
    return result


def _hold(result: ExamResult, taking: Taking, candidates: int) -> None:
    """End with 6 where one of the first candidates keeps less than was asked for."""
    if taking.min_kept is not None and min(_shares(result)[:candidates]) < taking.min_kept:
        raise typer.Exit(RefusedError.exit_code)


def _shares(result: ExamResult) -> list[float]:
    """What each candidate kept, 0-1."""
    if result.outcomes:
        return [outcome.summary.mean for outcome in result.outcomes if outcome.summary]
    return [kept.reachable / result.evidence.criteria for kept in result.evidence.candidates]


def _record(
    result: ExamResult,
    original: SkillFolder,
    counter: TokenCounter,
    found: Examiner | None,
    more: Mapping[str, Baseline] | None,
) -> ExamRecord:
    """The record, with the baselines and `more` of them, None for no baselines."""
    texts = SkillTexts(original, counter)
    simple = () if more is None else baselines_kept(result.evidence, texts, more=more)
    sessions = [found.answering, found.judging] if found and result.outcomes else []
    usages = tuple(session.usage for session in dict.fromkeys(sessions))
    return ExamRecord(result, simple, usages, counter.mark)


def _candidate(path: str, original: SkillFolder) -> SkillFolder:
    """A folder brings its own files; a file alone will live where the original does."""
    if path != STDIN and Path(path).is_dir():
        return read_folder(path)
    return original.with_skill(read_input(path))


def _names(paths: Sequence[str]) -> list[str]:
    """A name for each candidate, none twice and none that a condition has."""
    found: list[str] = []
    for path in paths:
        name = Path(path).name or path
        taken = {NO_SKILL, ORIGINAL, *found}
        found.append(next(n for n in (name, path, *(f"{name} ({i})" for i in range(2, 999))) if n not in taken))
    return found


class Form(StrEnum):
    """The forms in which an exam is written."""

    EXAM = "exam"
    EVALS = "evals"
    PLUGIN = "plugin"


@exam.command()
@expand_groups
def convert(
    path: str = argument(metavar="FILE", help="An exam in any form: JSON, or a folder of cases."),
    to: Form = option(
        Form.EXAM, "--to", help="exam: ours. evals: evals.json of the Agent Skills format. plugin: cases."
    ),
    output: str = option("", "--output", "-o", metavar="PATH", help="Where to write it; for cases a new folder."),
    force: bool = option(False, "--force", help="Overwrite an existing file."),
) -> None:
    """Check an exam, and write it in another form."""
    found = read_plugin_evals(path) if Path(path).is_dir() else read_exam(path)
    if to is Form.PLUGIN:
        _write_cases(found, output)
        return
    record = exam_to_evals(found) if to is Form.EVALS else exam_to_json(found)
    if not output:
        write_json(record)
        return
    target = check_target(output, None, folder_given=False, force=force)
    write_atomically(target, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())


def _write_cases(found: Exam, output: str) -> None:
    if not output:
        raise UsageError("Cases are a folder of files.", "Name a new folder: -o evals.")
    root = Path(output)
    try:
        root.mkdir(parents=True)
        for path, text in plugin_files(found).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise RefusedError(f"{output!r} exists.", "Name a new folder with -o.") from None
    except OSError as error:
        raise RefusedError(f"Can't write {output!r}: {reason_of(error)}.", "Name another folder with -o.") from None
    lost = sum(bool(criterion.evidence) for criterion in found.criteria)
    if lost:
        typer.echo(f"Evidence has no place in cases: that of {lost} criteria was left out.", err=True)
