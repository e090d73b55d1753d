"""`skill-distiller soft compress`, `exam` and `verify`: artifacts made, examined, made again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.cli.input_output import read_input, read_side_file, write_json, write_stdout
from skill_distiller.cli.options.option_groups import expand_groups, option
from skill_distiller.cli.soft.make_data import session_with
from skill_distiller.cli.soft.use_skills import ARTIFACT, JSON, SCHEMA, SKILL, Models
from skill_distiller.errors import RefusedError, UsageError
from skill_distiller.exams.sitting import DEFAULT_QUESTIONS, DEFAULT_THRESHOLD
from skill_distiller.report.text import printable
from skill_distiller.run.run import ProviderOptions

if TYPE_CHECKING:
    from skill_distiller.skill.model import Skill
    from skill_distiller.soft.artifact import SoftArtifact
    from skill_distiller.soft.checkpoint import Networks
    from skill_distiller.soft.examination import HeldExam

SUFFIX: Final = ".soft"  # of an artifact beside the folder of its skill
_MAX_QUESTIONS: Final = 1_000_000  # bytes of a file of questions


@expand_groups
def compress(
    models: Models,
    path: str = SKILL,
    output: str = option("", "-o", "--output", metavar="DIR", help=f"Write here. Default: the skill's folder{SUFFIX}."),
    force: bool = option(False, "--force", help="Replace an artifact that is there."),
    json_: bool = JSON,
) -> None:
    """Make the soft tokens of a skill: one forward of the compressor."""
    skill = read_input(path)
    place = Path(path)
    folder = Path(output) if output else _beside(place)
    if not folder.parent.is_dir():
        raise UsageError(f"The folder {str(folder.parent)!r} does not exist.", "Create it, or name another with -o.")
    if folder.exists() and not force and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise RefusedError(f"{str(folder)!r} exists.", "Use --force to replace an artifact, or name another with -o.")
    checkpoint, networks = models.open()
    from skill_distiller.soft.artifact import write_artifact

    artifact = write_artifact(folder, skill, networks, checkpoint, force=force)
    if json_:
        write_json(artifact_record(artifact))
    else:
        write_stdout(f"{folder}\n")
        sizes = ", ".join(map(str, artifact.resolutions))
        typer.echo(f"{artifact.skill.body_tokens} tokens of text as {sizes} soft tokens.", err=True)


def _beside(place: Path) -> Path:
    folder = place.resolve() if place.is_dir() else place.resolve().parent
    return folder.with_name(folder.name + SUFFIX)


def artifact_record(artifact: SoftArtifact) -> dict[str, object]:
    """The record of an artifact."""
    return {
        "schema": SCHEMA.format("artifact"),
        "folder": str(artifact.folder),
        **{key: artifact.manifest[key] for key in ("skill", "compressor", "target", "resolutions", "selected")},
    }


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of an exam, who writes and judges them, and what has to be reached."""

    questions: int = option(DEFAULT_QUESTIONS, "--questions", min=1, help="How many questions.")
    threshold: float = option(DEFAULT_THRESHOLD, "--threshold", metavar="0-1", help="The share to be answered alike.")
    questions_file: str = option(
        "", "--questions-file", metavar="FILE", help="Ask these instead: one a line, or the tasks of an exam."
    )
    examiner: str = option("self", "--examiner", metavar="self|PROVIDER", help="Who writes questions and judges.")
    examiner_model: str = option("", "--examiner-model", metavar="MODEL", help="The model of that provider.")
    answer_tokens: int = option(512, "--answer-tokens", min=1, help="How long an answer may get.")


@expand_groups
def exam(models: Models, asking: Asking, artifact: str = ARTIFACT, path: str = SKILL, json_: bool = JSON) -> None:
    """Let the target sit an exam with text and soft tokens, and keep in the artifact which is enough."""
    skill = read_input(path)
    checkpoint, networks = models.open()
    from skill_distiller.soft.artifact import open_artifact, write_selection

    opened = open_artifact(Path(artifact))
    opened.check_target(checkpoint)
    opened.check_skill(skill)
    held = _hold(asking, skill, opened, networks, models.offline)
    written = write_selection(opened, held.selected, held.lines())
    if json_:
        write_json({**artifact_record(written), "schema": SCHEMA.format("exam")})
        return
    chosen = held.selected
    shares = ", ".join(f"{count} of {chosen.asked} at {size}" for size, count in chosen.accepted.items())
    how = f"{chosen.resolution} soft tokens" if chosen.resolution else "text"
    write_stdout(f"{how}: {chosen.reason}{f' ({shares})' if shares else ''}\n")


def _hold(asking: Asking, skill: Skill, artifact: SoftArtifact, networks: Networks, offline: bool) -> HeldExam:
    from skill_distiller.providers.session import Session
    from skill_distiller.soft.examination import ExamOptions, LocalExaminee, TargetProvider, hold_exam, read_questions

    if not 0 < asking.threshold <= 1:
        raise UsageError(f"--threshold={asking.threshold:g} is no share.", "Give one above 0, up to 1.")
    given: tuple[str, ...] = ()
    if asking.questions_file:
        given = read_questions(read_side_file(asking.questions_file, _MAX_QUESTIONS, "Name a file of questions."))
    options = ExamOptions(asking.questions, asking.threshold, given)
    if asking.examiner == "self":
        session = Session(TargetProvider(networks.target, artifact.target[:12]))
    else:
        session = session_with(ProviderOptions(asking.examiner, asking.examiner_model, offline=offline))
        session.admit(skill.text)
    examinee = LocalExaminee(networks.target, artifact, skill.body, asking.answer_tokens)
    try:
        return hold_exam(skill.body, artifact.skill.body_tokens, artifact.resolutions, examinee, session, options)
    finally:
        session.close()


@expand_groups
def verify(models: Models, artifact: str = ARTIFACT, path: str = SKILL, json_: bool = JSON) -> None:
    """Make the soft tokens of a skill again, and compare them with those of an artifact."""
    skill = read_input(path)
    checkpoint, networks = models.open()
    from skill_distiller.soft.artifact import open_artifact, verify_artifact

    found = verify_artifact(open_artifact(Path(artifact)), skill, networks, checkpoint)
    if json_:
        record = {"verified": found.ok, "equal": found.equal, "difference": found.difference}
        write_json({"schema": SCHEMA.format("verify"), **record})
    elif found.ok:
        write_stdout("the same\n" if found.equal else f"the same but for rounding ({found.difference:.2g})\n")
    if not found.ok:
        raise RefusedError(
            f"{printable(artifact)!r} does not hold the soft tokens of this skill.", "Make it again; trust neither."
        )
