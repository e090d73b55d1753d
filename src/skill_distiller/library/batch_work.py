"""What a batch does to one skill: make it smaller or move text out of it, and write the result whole."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, NamedTuple, Protocol

from skill_distiller._version import __version__
from skill_distiller.checks.model import Tokens
from skill_distiller.errors import ProviderError, RefusedError, SkillDistillerError, TargetError, reason_of
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.library.journal import Fingerprint, Outcome, State
from skill_distiller.run.distill import distill
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions, Reduction
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import Backends, Counting, DistillOptions
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE, Skill
from skill_distiller.skill.read import read_folder, read_skill
from skill_distiller.skill.safe_files import read_regular, staged
from skill_distiller.skill.write_folder import MAX_TOTAL_BYTES, write_folder
from skill_distiller.tokens import count_skill, load_counter

REASON_LENGTH: Final = 1_000  # characters, as the others
_LOSS_LENGTH: Final = 80
_NAME_LENGTH: Final = 200
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})  # no other skill can be written either
_UNCHANGED: Final = (NoteKind.ALREADY_MINIMAL, NoteKind.NOT_WORTH_IT, NoteKind.WITHIN_BUDGET, NoteKind.ALL_KEPT)
_BY_HAND: Final = "The result was changed by hand; it is not overwritten (--force)."

Settle = Callable[[Skill, DistillOptions], DistillOptions]


class Made(NamedTuple):
    """An outcome and the folder that came out, of a lone file one without others."""

    outcome: Outcome
    folder: SkillFolder


class Work(Protocol):
    """What is done to every skill."""

    @property
    def key(self) -> str:
        """What results depend on besides the skill itself."""

    @property
    def reads_all(self) -> bool:
        """Whether a result depends on all files of the folder; else on SKILL.md and the names of the others."""

    @property
    def in_process(self) -> bool:
        """Whether it can't leave the process that it was made in."""

    @property
    def counting(self) -> Counting:
        """What tokens are counted in."""

    def make(self, found: FoundSkill, folder: SkillFolder) -> Made:
        """What becomes of a skill; raises RefusedError or TargetError for one that stays as it is."""


@dataclass(frozen=True, slots=True)
class CompressWork:
    """Text that matters least goes. `settle` gives the options for one skill, and may refuse it with RefusedError.

    With `backends`, which `made_with` names together with all else that `settle` knows, the work is done in this
    process; else by the embedded ones, in others.
    """

    reads_all: ClassVar[bool] = False
    options: DistillOptions
    settle: Settle | None = None
    backends: Backends | None = None
    made_with: str = ""

    @property
    def key(self) -> str:
        """What results depend on besides the skill itself."""
        options, counting = self.options, self.options.counting
        aim = [options.mode, options.threshold, options.tokens, options.wording, options.gate]
        return json.dumps([aim, counting.encoding, counting.offline, repr(options.patterns), self.made_with])

    @property
    def in_process(self) -> bool:
        """Sessions with a model stay where they are."""
        return self.backends is not None

    @property
    def counting(self) -> Counting:
        """As the options say."""
        return self.options.counting

    def make(self, found: FoundSkill, folder: SkillFolder) -> Made:
        """The result of a run."""
        skill = folder.skill
        result = distill(skill, self.settle(skill, self.options) if self.settle else self.options, self.backends)
        changed = folder.with_skill(result.distilled) if result.changed else folder
        return Made(_compressed(result, found), changed)


@dataclass(frozen=True, slots=True)
class ReduceWork:
    """Text that is seldom needed moves into references; descriptions stay: what they may lose hangs on other skills."""

    reads_all: ClassVar[bool] = True
    in_process: ClassVar[bool] = False
    options: ReduceOptions

    @property
    def key(self) -> str:
        """What results depend on besides the skill itself."""
        return json.dumps(["reduce", repr(self.options)])

    @property
    def counting(self) -> Counting:
        """As the options say."""
        return self.options.counting

    def make(self, found: FoundSkill, folder: SkillFolder) -> Made:
        """The folder with its new references."""
        if folder.root is None:
            raise RefusedError("A lone file has no folder for references.", f"Put it into one, as {SKILL_FILE}.")
        reduction = reduce_folder(folder, self.options)
        return Made(_reduced(reduction, found), reduction.after)


@dataclass(frozen=True, slots=True)
class Batch:
    """A work that is done to many skills, and the folder of results.

    With `force` results that were changed by hand are overwritten.
    """

    work: Work
    out: Path
    max_bytes: int = MAX_BYTES
    force: bool = False

    @property
    def key(self) -> str:
        """What results depend on besides the skill itself."""
        return json.dumps([__version__, self.work.key, self.max_bytes])

    def __call__(self, task: Task) -> Done | Stop:
        """Work on one skill and write its result, in a worker process."""
        try:
            made = self._make(task)
        except SkillDistillerError as error:
            return Done(failed_outcome(task.found, error), unanswered=isinstance(error, ProviderError))
        try:
            digest = self._write(task, made.folder)
        except (OSError, SkillDistillerError) as error:
            cause = error if isinstance(error, OSError) else error.__context__
            if isinstance(cause, OSError) and cause.errno in _DISK:
                return Stop(f"Can't write to {str(self.out)!r}: {reason_of(cause)}.")
            outcome = failed_outcome(task.found, error)
            return Done(replace(outcome, tokens=made.outcome.tokens, name=made.outcome.name))
        return Done(made.outcome, digest)

    def _make(self, task: Task) -> Made:
        """What becomes of a skill; raises what reading it raises."""
        found = task.found
        folder = found.read(self.max_bytes)
        if task.same:
            return self._take_over(task.same, found, folder)
        try:
            return self.work.make(found, folder)
        except (RefusedError, TargetError) as error:
            counting, skill = self.work.counting, folder.skill
            tokens = count_skill(skill, {}, load_counter(counting.encoding, offline=counting.offline))
            place, path = str(found.place), str(found.file)
            refused = Outcome(place, path, State.REFUSED, skill.name[:_NAME_LENGTH], Tokens(tokens, tokens))
            return Made(replace(refused, reason=_sentence(error)), folder)

    def _take_over(self, same: Outcome, found: FoundSkill, folder: SkillFolder) -> Made:
        """The result for a skill that is the same, with the files of this one."""
        outcome = replace(same, place=str(found.place), path=str(found.file), copy_of=same.place)
        result = self.out / place_of(same)
        if self.work.reads_all:
            if (self.out / found.place).is_relative_to(result.parent):  # a copy inside of its own original
                return self.work.make(found, folder)
            return Made(outcome, found.own(read_folder(result, self.max_bytes)))
        return Made(outcome, folder.with_skill(read_skill(result, self.max_bytes)))

    def _write(self, task: Task, folder: SkillFolder) -> str:
        """Write the result; the SHA-256 of its SKILL.md."""
        content = folder.skill.text.encode("utf-8")
        target = self.out / task.found.place
        self._refuse_changed(task, target, content)
        target.parent.mkdir(parents=True, exist_ok=True)
        if task.found.file.name != SKILL_FILE:
            _write_file(target, content)
        elif task.found.holds_skills:
            _write_beside(folder, target, content)
        elif old := write_folder(folder, target, force=True, quick=True):
            shutil.rmtree(old)
        return hashlib.sha256(content).hexdigest()

    def _refuse_changed(self, task: Task, target: Path, content: bytes) -> None:
        """Raise RefusedError for a result that is neither what this run nor what the journal says was written."""
        file = target / SKILL_FILE if task.found.file.name == SKILL_FILE else target
        if self.force or not file.exists():
            return
        there = read_regular(file, self.max_bytes)
        if there != content and hashlib.sha256(there).hexdigest() != task.written:
            raise RefusedError(_BY_HAND)


class Task(NamedTuple):
    """A skill to work on; `written` is the SHA-256 of the result that may be replaced, "" for none.

    `same` is the outcome for a skill with the same text, whose result is taken; None where it has to be worked out.
    """

    found: FoundSkill
    known_by: Fingerprint
    written: str = ""
    same: Outcome | None = None


class Done(NamedTuple):
    """An outcome, and the SHA-256 of the result's SKILL.md, "" where none was written.

    `unanswered` where it failed because a language model did not answer.
    """

    outcome: Outcome
    result: str = ""
    unanswered: bool = False


class Stop(NamedTuple):
    """Why no skill can be written any more."""

    reason: str


def _compressed(result: Result, found: FoundSkill) -> Outcome:
    before, after = result.tokens
    reason = next((note.kind.value for note in result.notes if note.kind in _UNCHANGED), "")
    return Outcome(
        str(found.place),
        str(found.file),
        State.DONE if result.changed else State.MINIMAL,
        result.original.name[:_NAME_LENGTH],
        Tokens(before, after),
        round(result.functionality.score, 1),  # as the journal keeps it: two runs tell the same
        _largest_loss(result),
        "" if result.changed else reason,
    )


def _reduced(reduction: Reduction, found: FoundSkill) -> Outcome:
    """What moved; nothing is lost, so there is no estimate."""
    before, after = (figures.activation for figures in reduction.figures)
    return Outcome(
        str(found.place),
        str(found.file),
        State.DONE if reduction.split else State.MINIMAL,
        reduction.skill.name[:_NAME_LENGTH],
        Tokens(before, after),
        reason="" if reduction.split else "it was reduced before" if reduction.repeated else "too little would move",
    )


def _largest_loss(result: Result) -> str:
    """The beginning of the dearest piece that went as a whole, with its first line; "" where only words went."""
    changes = [change for section in result.evidence.receipt.sections for change in section.changes]
    gone = [change for change in changes if not change.after.strip()]
    if not gone:
        return ""
    largest = max(gone, key=lambda change: (change.saved, -change.block.index))
    words = " ".join(largest.before.split())
    shown = words if len(words) <= _LOSS_LENGTH else words[: _LOSS_LENGTH - 1].rstrip() + "…"
    return f"line {largest.block.line}: {shown}"


def _sentence(error: Exception) -> str:
    if isinstance(error, SkillDistillerError):
        return f"{error} {error.hint}".strip()[:REASON_LENGTH]
    return f"{reason_of(error)}."[:REASON_LENGTH]


def failed_outcome(found: FoundSkill, error: Exception) -> Outcome:
    """The outcome for a skill that an error ended: refused by a guard, or failed."""
    state = State.REFUSED if isinstance(error, RefusedError) else State.FAILED
    return Outcome(str(found.place), str(found.file), state, reason=_sentence(error))


def place_of(outcome: Outcome) -> PurePosixPath:
    """Where the result for a skill stands below the folder of results, its SKILL.md or lone file."""
    place = PurePosixPath(outcome.place)
    return place / SKILL_FILE if PurePosixPath(outcome.path).name == SKILL_FILE else place


def _write_beside(folder: SkillFolder, target: Path, content: bytes) -> None:
    """Write a skill into a folder that others are written into as well, file by file; links are left out."""
    for file in folder.files:
        if not file.link:
            place = target / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            _write_file(place, file.read_bytes(MAX_TOTAL_BYTES), file.mode)
    target.mkdir(exist_ok=True)
    _write_file(target / SKILL_FILE, content, folder.skill_mode)


def _write_file(file: Path, content: bytes, mode: int | None = None) -> None:
    with staged(file, content, mode, quick=True):
        pass
