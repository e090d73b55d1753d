"""`compress --gate`: the result that an exam lets pass."""

from __future__ import annotations

from dataclasses import fields

from rich.console import Console

from skill_distiller.cli.exam import examiner, find_exam
from skill_distiller.cli.input_output import STDIN, read_input_folder
from skill_distiller.cli.options.arguments import ExamModels, Marking, ModelOptions, Pieces
from skill_distiller.errors import RefusedError
from skill_distiller.report.exam_report import gate_lines
from skill_distiller.report.text import plural
from skill_distiller.run.exam_gate import choose_by_exam, gate_by_exam
from skill_distiller.run.result import Result
from skill_distiller.run.run import Gate, Run
from skill_distiller.run.take_exam import ExamRun
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill


def pass_exam(
    path: str, skill: Skill, run: Run, pieces: Pieces, models: ModelOptions, console: Console
) -> tuple[Result, list[str]]:
    """The best result by an exam, and lines that say how it went.

    Raises RefusedError where it fails and the run is strict.
    """
    folder = read_input_folder(path).with_skill(skill) if path != STDIN else SkillFolder(None, skill)
    asked = ExamModels(**{member.name: getattr(models, member.name) for member in fields(ExamModels)})
    exam = find_exam(pieces.exam_file, folder, asked, console)
    with examiner(asked, Marking(), console, exam) as found:
        exam_run = ExamRun(exam, folder, run.counter, found)
        exam_run.announce([("result", folder)])
        gated = (gate_by_exam if pieces.gate_by == "exam" else choose_by_exam)(run, exam_run)
    if not gated.passed and run.options.gate is Gate.STRICT and pieces.gate_by == "exam":
        raise RefusedError(
            f"The result fails {plural(len(gated.best.failed), 'criterion', 'criteria')} of the exam (--strict).",
            "Ask for more: a higher --threshold, or the pieces with --keep.",
        )
    return gated.best.result, list(gate_lines(gated))
