"""Exams on the command line: which is taken and who is asked, and the results of `--gate` that they let pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console

from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.cli.input_output import STDIN, read_input_folder
from skill_distiller.cli.options.arguments import ADAPTIVE, EXAM, FAITHFULNESS, Pieces
from skill_distiller.cli.options.models import Code, ExamModels, Marking, ModelOptions
from skill_distiller.errors import BadInputError, RefusedError, UsageError
from skill_distiller.exams.evidence import program_exam
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.exams.model import BY_PROGRAM, CheckType, Exam
from skill_distiller.exams.plugin_evals import read_plugin_evals
from skill_distiller.exams.sandbox import find_sandbox
from skill_distiller.prompted.sit_exam import Examiner
from skill_distiller.providers.detect import find_provider
from skill_distiller.report.console import ConsoleWatcher
from skill_distiller.report.record import gate_lines
from skill_distiller.report.text import plural, printable
from skill_distiller.run.gates.adaptive_gate import announce, choose_by_exam
from skill_distiller.run.gates.bring_back import FolderGate, Gated, Maker, feed_back
from skill_distiller.run.gates.exam_gate import Distilling, ExamGate, ExamRun
from skill_distiller.run.gates.faithfulness_gate import FaithfulnessGate
from skill_distiller.run.result import Result
from skill_distiller.run.run import Gate, Run, open_session
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter

_KINDS: Final = 4  # of content that one look at what was shortened asks about, about
T = TypeVar("T")
SHIPPED: Final = ("evals/evals.json", "evals/exam.json")  # that a skill folder may bring
MADE: Final = "the evidence exam that a program makes of the original"


@dataclass(frozen=True, slots=True)
class Passing:
    """What gates need: their names, the file of the exam, the models, who marks, what counts tokens, the terminal."""

    names: Sequence[str]
    exam_file: str
    models: ExamModels
    marking: Marking
    counter: TokenCounter
    console: Console
    strict: bool = False


@contextmanager
def examiner(
    models: ExamModels, marking: Marking, console: Console, taken: Exam, *, anyway: bool = False
) -> Iterator[Examiner | None]:
    """Who asks the models of the options; None where no model is there, or the exam is not to be answered.

    With `anyway` models are asked for something else too.
    """
    with_code = any(criterion.check and criterion.check.type is CheckType.CODE for criterion in taken.criteria)
    with ExitStack() as ends:
        answering = None
        if taken.answerable or anyway:
            answering = open_session(models.options(), ends.enter_context(closing(ConsoleWatcher(console))))
        if answering is None:
            yield None
            return
        ends.enter_context(closing(answering))
        judging = answering
        if options := marking.judge(models):
            judge = open_session(options, ends.enter_context(closing(ConsoleWatcher(console))))
            if judge is None:
                raise UsageError("The judge has to be a model.", "Name one with --judge-provider and --judge-model.")
            judging = ends.enter_context(closing(judge))
        sandbox = find_sandbox() if marking.code is Code.AUTO and with_code else None
        yield Examiner(answering, judging, sandbox)


def find_exam(path: str, original: SkillFolder, models: ExamModels, console: Console) -> Exam:
    """The exam that was named, that the original brings, or that a program makes of it.

    One that the original brings is passed over where it can't be read, or quotes nothing and there is no model.
    """
    if path:
        return read_plugin_evals(path) if Path(path).is_dir() else read_exam(path)
    shipped = next((original.root / name for name in SHIPPED if original.root and original.file(name)), None)
    if shipped:
        try:
            found = read_exam(shipped)
        except BadInputError as error:
            console.print(f"{printable(str(error))} It is passed over.")
        else:
            quotes = any(criterion.evidence for criterion in found.criteria)
            if quotes or find_provider(models.provider, models.model, offline=models.offline):
                console.print(f"The exam is {printable(str(shipped))}.")
                return found
            console.print(f"{printable(str(shipped))} quotes nothing of the skill: without a model it is passed over.")
    console.print(f"The exam is {MADE}; another one can be named with --exam.")
    return program_exam(original, TrainedAnalyzer().analyze(original.skill))


def exam_models(options: ModelOptions) -> ExamModels:
    """The models of a run as those of an exam."""
    return ExamModels(**{member.name: getattr(options, member.name) for member in fields(ExamModels)})


def pass_gates(maker: Maker[T], passing: Passing) -> Gated[T]:
    """What the gates let pass, or the best of what they don't; raises RefusedError for the latter with `strict`."""
    exam, with_exam = _exam_for(maker.original, passing)
    asks = FAITHFULNESS in passing.names
    with examiner(passing.models, passing.marking, passing.console, exam, anyway=asks) as found:
        exam_run = ExamRun(exam, maker.original, passing.counter, found)
        gates = list[FolderGate]()
        if asks:
            gates.append(_faithfulness(maker.original, found))
        if with_exam:
            exam_run.announce([("result", maker.original)])
            gates.append(ExamGate(exam_run))
        gated = _with_usage(feed_back(maker, gates), found)
    if passing.strict and not gated.passed:
        failed = plural(len(gated.outcome.best.failed), "criterion", "criteria")
        raise RefusedError(
            f"The result fails {failed} of the gate (--strict).",
            "Leave more room (--threshold, --tokens; reduce: --core-tokens), or name what stays with --keep.",
        )
    return gated


def distill_gated(
    run: Run, skill: Skill, path: str, pieces: Pieces, models: ModelOptions, console: Console, *, quiet: bool
) -> Result:
    """The result of `compress` that the gates of its options let pass, with how it went; told on the terminal too."""
    names, strict = tuple(dict.fromkeys(pieces.gates or ())), run.options.gate is Gate.STRICT
    folder = SkillFolder(None, skill) if path == STDIN else read_input_folder(path).with_skill(skill)
    marking = Marking(models.judging.judge_provider, models.judging.judge_model)
    passing = Passing(names, pieces.exam_file, exam_models(models), marking, run.counter, console, strict)
    maker = Distilling(run, folder)
    gated = choose_adaptively(maker, passing) if names == (ADAPTIVE,) else pass_gates(maker, passing)
    if not quiet:
        console.print("\n".join(gate_lines(gated.outcome)), markup=False, highlight=False)
    result = gated.best.product
    return replace(result, evidence=replace(result.evidence, gate=gated.outcome))


def choose_adaptively(maker: Distilling, passing: Passing) -> Gated[Result]:
    """The smallest result that answers enough of an exam, else the original."""
    exam, _ = _exam_for(maker.original, passing)
    with examiner(passing.models, passing.marking, passing.console, exam, anyway=True) as found:
        exam_run = ExamRun(exam, maker.original, passing.counter, found)
        announce(exam_run)
        return _with_usage(choose_by_exam(maker.run, exam_run), found)


def _exam_for(original: SkillFolder, passing: Passing) -> tuple[Exam, bool]:
    """The exam, and whether a gate takes it."""
    if not {EXAM, ADAPTIVE} & set(passing.names):
        return Exam(original.skill.name, (), BY_PROGRAM), False
    return find_exam(passing.exam_file, original, passing.models, passing.console), True


def _faithfulness(original: SkillFolder, found: Examiner | None) -> FaithfulnessGate:
    if found is None:
        return FaithfulnessGate(original)
    from skill_distiller.prompted.judge import ConceptReader

    reader = ConceptReader(found.judging)
    found.judging.expect(reader.expected(_KINDS, original.skill.text))
    return FaithfulnessGate(original, reader)


def _with_usage(gated: Gated[T], found: Examiner | None) -> Gated[T]:
    """What came of gates, with what was asked of whom (the judge last)."""
    sessions = dict.fromkeys([found.answering, found.judging]) if found else {}
    asked = tuple(session.usage for session in sessions if session.usage.calls or session.usage.cached)
    return replace(gated, outcome=replace(gated.outcome, asked=asked))
