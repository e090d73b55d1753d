"""The guardrails of the reference ("Self-Compression"): a distiller is distilled with care, and under a human's eye."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import Console

from skill_distiller.analysis.safeguards import find_self_reference, is_formula
from skill_distiller.errors import RefusedError, StoppedError
from skill_distiller.planning.plan import Mode
from skill_distiller.report.record import Record
from skill_distiller.report.text import printable
from skill_distiller.run.result import Note, NoteKind, Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill

THRESHOLD: Final = 0.95  # what a distiller loses, every skill that it makes loses too
COMPRESSED_FILE: Final = "SKILL.compressed.md"  # beside the file that was read, where no other place is named


@dataclass(frozen=True, slots=True)
class SelfCompression:
    """A run on a skill that makes skills smaller: `where` it says so, and its threshold, which may be above `asked`.

    `must_ask` is True where a human has yet to approve the result.
    """

    where: str
    asked: float
    threshold: float
    must_ask: bool

    def with_notes(self, result: Result) -> Result:
        """The result with the notes about what was done otherwise."""
        notes = [Note(NoteKind.SELF_COMPRESSION, self.where)]
        if self.threshold != self.asked:
            notes.append(Note(NoteKind.THRESHOLD_RAISED, f"{self.asked:g}"))
        return replace(result, notes=(*result.notes, *notes))

    def ask(self, record: Record, target: Path | None, console: Console) -> None:
        """Ask for approval on the terminal, "no" unless told otherwise; raises RefusedError where there is none."""
        place = printable(str(target)) if target else "stdout"
        score = record.result.functionality.score
        console.print(f"{record.counts} tokens, functionality {score:.0f} %. Write this to {place}? [y/N] ", end="")
        try:
            answer = sys.stdin.readline()
        except KeyboardInterrupt:
            raise StoppedError("Stopped.", "Nothing was written.") from None
        if answer.strip().lower() not in ("y", "yes"):
            raise RefusedError("The result was not approved; nothing was written.", "Look at it with --diff.")


def find_self_compression(
    skill: Skill, options: DistillOptions, *, yes: bool, delivers: bool
) -> SelfCompression | None:
    """The guardrails for a skill that makes skills smaller, None for any other skill.

    `yes` is approval in advance; `delivers` is False where no result is handed out. A plan that is
    applied has no threshold to raise. Raises RefusedError for the formula variant, and where approval
    is missing and nobody is there to give it.
    """
    where = find_self_reference(skill)
    if where is None:
        return None
    if is_formula(skill):
        raise RefusedError(
            f"This skill makes skills smaller (its {where} says so) and is written in formulas: nothing can be taken "
            "out of it.",
            "Give the version of it that is written in prose.",
        )
    must_ask = delivers and not yes
    if must_ask and not all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise RefusedError(
            f"This skill makes skills smaller (its {where} says so): a human has to approve the result.",
            "Look at it with --diff or --dry-run, then approve it with --yes.",
        )
    raises = options.mode is Mode.THRESHOLD and not options.plan
    threshold = max(options.threshold, THRESHOLD) if raises else options.threshold
    return SelfCompression(where.value, options.threshold, threshold, must_ask)
