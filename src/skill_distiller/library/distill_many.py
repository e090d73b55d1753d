"""Distill many skills: each in a worker process, written whole, kept in a journal; what is done is not done again."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple, Protocol

from skill_distiller._version import __version__
from skill_distiller.checks.model import Tokens
from skill_distiller.errors import (
    BadInputError,
    ProviderError,
    RefusedError,
    SkillDistillerError,
    TargetError,
    reason_of,
)
from skill_distiller.library.batch_outcomes import Outcome, State
from skill_distiller.library.find_skills import SKILL_HOMES, FoundSkill, PassedOver
from skill_distiller.library.journal import NOTHING, Entry, Fingerprint, Journal, claim_as_worker, fingerprint
from skill_distiller.library.ray_engine import RayWorkers
from skill_distiller.library.workers import Died, InProcess, Workers
from skill_distiller.run.backends import Backends
from skill_distiller.run.distill import distill
from skill_distiller.run.notes import NoteKind
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_folder, read_skill
from skill_distiller.skill.safe_files import read_regular, staged
from skill_distiller.skill.write_folder import write_folder
from skill_distiller.tokens import count_skill, load_counter

MOST_SECONDS: Final = 600.0  # that one skill may take
_LOSS_LENGTH: Final = 80  # characters, as the others
_NAME_LENGTH: Final = 200
_REASON_LENGTH: Final = 1_000
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})  # no other skill can be written either
_UNCHANGED: Final = (NoteKind.ALREADY_MINIMAL, NoteKind.NOT_WORTH_IT, NoteKind.WITHIN_BUDGET, NoteKind.ALL_KEPT)
_MOST_UNANSWERED: Final = 3  # skills: then the model is not there, or a limit is reached
_BY_HAND: Final = "The result was changed by hand; it is not overwritten (--force)."


class Guarded(Protocol):
    """What a guard decided for a skill: the threshold it is worked on with."""

    @property
    def threshold(self) -> float:
        """The share of the functionality to keep, 0-1."""

    @property
    def must_ask(self) -> bool:
        """Whether a human has yet to approve."""


Guard = Callable[[Skill, DistillOptions], "Guarded | None"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is done to every skill: the options of a run, the folder of results, and who may raise the threshold.

    `guard` gives None for a skill like any other, and raises RefusedError for one that is left alone. With `force`
    results that were changed by hand are overwritten. With `backends`, which `made_with` names, the work is done in
    this process; else by the embedded ones, in others.
    """

    options: DistillOptions
    out: Path
    guard: Guard | None = None
    max_bytes: int = MAX_BYTES
    force: bool = False
    backends: Backends | None = None
    made_with: str = ""

    @property
    def key(self) -> str:
        """What results depend on besides the skill itself."""
        options, counting = self.options, self.options.counting
        aim = [options.mode, options.threshold, options.tokens, options.wording, options.gate]
        reading = [counting.encoding, counting.offline, repr(options.patterns), self.max_bytes]
        return json.dumps([__version__, aim, reading, self.made_with])

    def __call__(self, task: Task) -> Done | Stop:
        """Work on one skill and write its result, in a worker process."""
        try:
            outcome, text = self._work(task)
        except SkillDistillerError as error:
            return Done(_failed(task.found, error), unanswered=isinstance(error, ProviderError))
        try:
            digest = self._write(task, text)
        except (OSError, SkillDistillerError) as error:
            cause = error if isinstance(error, OSError) else error.__context__
            if isinstance(cause, OSError) and cause.errno in _DISK:
                return Stop(f"Can't write to {str(self.out)!r}: {reason_of(cause)}.")
            return Done(replace(_failed(task.found, error), tokens=outcome.tokens, name=outcome.name))
        return Done(outcome, digest)

    def _work(self, task: Task) -> tuple[Outcome, str]:
        """The outcome for a skill and the text of its result; raises what reading it raises."""
        found = task.found
        skill = read_skill(found.file, self.max_bytes)
        if task.same:
            text = read_skill(self.out / place_of(task.same), self.max_bytes).text
            same = replace(task.same, place=str(found.place), path=str(found.file), copy_of=task.same.place)
            return same, text
        try:
            result = distill(skill, self._options(skill), self.backends)
        except (RefusedError, TargetError) as error:
            counter = load_counter(self.options.counting.encoding, offline=self.options.counting.offline)
            tokens = count_skill(skill, {}, counter)
            refused = Outcome(
                str(found.place), str(found.file), State.REFUSED, skill.name[:_NAME_LENGTH], Tokens(tokens, tokens)
            )
            return replace(refused, reason=_sentence(error)), skill.text
        return _outcome_of(result, found), result.text

    def _options(self, skill: Skill) -> DistillOptions:
        guarded = self.guard(skill, self.options) if self.guard else None
        if guarded and guarded.must_ask:
            raise RefusedError("This skill makes skills smaller: a human has to approve the result.", "See --yes.")
        return replace(self.options, threshold=guarded.threshold) if guarded else self.options

    def _write(self, task: Task, text: str) -> str:
        """Write the result, with the files beside it; the SHA-256 of its SKILL.md."""
        content = text.encode("utf-8")
        target = self.out / task.found.place
        self._refuse_changed(task, target, content)
        target.parent.mkdir(parents=True, exist_ok=True)
        if task.found.file.name != SKILL_FILE:
            _write_file(target, content)
        else:
            folder = read_folder(task.found.file.parent, self.max_bytes).with_skill(parse_skill(text))
            if task.found.holds_skills:
                _write_beside(_without_skills(folder), target, content)
            elif old := write_folder(folder, target, force=True):
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


def _outcome_of(result: Result, found: FoundSkill) -> Outcome:
    before, after = result.tokens
    reason = next((note.kind.value for note in result.notes if note.kind in _UNCHANGED), "")
    return Outcome(
        str(found.place),
        str(found.file),
        State.DONE if result.changed else State.MINIMAL,
        result.original.name[:_NAME_LENGTH],
        Tokens(before, after),
        result.functionality.score,
        _largest_loss(result),
        "" if result.changed else reason,
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
        return f"{error} {error.hint}".strip()[:_REASON_LENGTH]
    return f"{reason_of(error)}."[:_REASON_LENGTH]


def _failed(found: FoundSkill, error: Exception) -> Outcome:
    state = State.REFUSED if isinstance(error, RefusedError) else State.FAILED
    return Outcome(str(found.place), str(found.file), state, reason=_sentence(error))


def _without_skills(folder: SkillFolder) -> SkillFolder:
    """A skill folder without the skills inside it, which are results of their own."""
    return replace(
        folder,
        files=tuple(file for file in folder.files if file.path.parts[0] not in SKILL_HOMES),
        empty_folders=tuple(empty for empty in folder.empty_folders if empty.parts[0] not in SKILL_HOMES),
    )


def _write_beside(folder: SkillFolder, target: Path, content: bytes) -> None:
    """Write a skill into a folder that others are written into as well, file by file; links are left out."""
    for file in folder.files:
        if not file.link:
            place = target / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            _write_file(place, file.read_bytes(1 << 30), file.mode)
    target.mkdir(exist_ok=True)
    _write_file(target / SKILL_FILE, content, folder.skill_mode)


def _write_file(file: Path, content: bytes, mode: int | None = None) -> None:
    with staged(file, content, mode):
        pass


def distill_many(
    found: Iterable[FoundSkill | PassedOver],
    batch: Batch,
    journal: Journal,
    *,
    jobs: int,
    cluster: str | None = None,
    most_seconds: float = MOST_SECONDS,
    on_defect: Callable[[str], None] = lambda trace: None,
) -> Iterator[tuple[Outcome, bool] | PassedOver]:
    """The outcome for each skill as it is known, with whether it was worked on now; what is passed over as it comes.

    Results go to the folder of the batch, whose `journal` is open. Skills with the same text are worked on once. With
    `cluster` the work is done by Ray, at that address; "" starts one here. `on_defect` is told of a worker that broke
    down, with the traceback where there is one.

    Raises RefusedError where the disk takes no more, ProviderError where a language model does not answer for several
    skills one after the other.
    """
    drive = _Drive(batch, journal)
    workers = _workers(batch, jobs, cluster, most_seconds)
    unanswered = 0
    source = iter(found)
    more = True
    with workers.running():
        while True:
            # Some tasks lie ready, so that no worker waits for the next skill to be looked at.
            while more and (workers.has_room or len(drive.ready) < jobs):
                item = next(source, None)
                more = item is not None
                yield from drive.look_at(item) if item is not None else ()
                drive.hand_out(workers)
            drive.hand_out(workers)
            if not workers.are_busy:
                break
            task, done = workers.wait()
            if isinstance(done, Stop):
                raise RefusedError(done.reason, "Make room, then run the same command again: it goes on.")
            if isinstance(done, Died):
                on_defect(done.trace)
                done = Done(
                    Outcome(
                        str(task.found.place), str(task.found.file), State.FAILED, reason=done.reason[:_REASON_LENGTH]
                    )
                )
            yield drive.settle(task, done), True
            unanswered = unanswered + 1 if done.unanswered else 0
            if unanswered == _MOST_UNANSWERED:
                raise ProviderError(done.outcome.reason, "Run the same command again: it goes on where it was.")


_Engine = Workers[Task, Done | Stop] | InProcess[Task, Done | Stop] | RayWorkers[Task, Done | Stop]


def _workers(batch: Batch, jobs: int, cluster: str | None, most_seconds: float) -> _Engine:
    if batch.backends:
        return InProcess(batch)
    if cluster is not None:
        return RayWorkers(batch, jobs, cluster)
    return Workers(batch, jobs, prepare=_Claim(batch.out), preload=__name__, most_seconds=most_seconds)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a worker holds while it lives."""

    out: Path

    def __call__(self) -> int | None:
        return claim_as_worker(self.out)


class _Drive:
    """What a batch has settled so far: which texts are worked out, and who waits for one that is in work."""

    def __init__(self, batch: Batch, journal: Journal) -> None:
        self.ready = deque[Task]()
        self._batch, self._journal = batch, journal
        self._key = batch.key
        self._first: dict[str, str] = {}  # by text: the place of the skill that was worked on
        self._waiting: dict[str, list[Task]] = {}

    def hand_out(self, workers: _Engine) -> None:
        """Give tasks that are ready to workers that are free."""
        while self.ready and workers.has_room:
            workers.submit(self.ready.popleft())

    def look_at(self, item: FoundSkill | PassedOver) -> Iterator[tuple[Outcome, bool] | PassedOver]:
        """What is known of a skill at once; else a task is made ready, or waits for one with the same text."""
        if isinstance(item, PassedOver):
            yield item
            return
        place = str(item.place)
        try:
            known_by = fingerprint(item, self._key)
        except (OSError, ValueError, BadInputError) as error:
            outcome = _failed(item, error)
            self._journal.append(Entry(outcome, NOTHING))
            yield outcome, True
            return
        entry = self._journal.entry(place) if place in self._journal else None
        if entry and entry.known_by == known_by and self._is_there(item, entry):
            self._first.setdefault(known_by.text, place)
            yield entry.outcome, False
            return
        task = Task(item, known_by, entry.result if entry else "")
        if known_by.text in self._waiting:
            self._waiting[known_by.text].append(task)
        elif known_by.text in self._first:
            self.ready.append(self._copy(task))
        else:
            self._waiting[known_by.text] = []
            self.ready.append(task)

    def settle(self, task: Task, done: Done) -> Outcome:
        """Keep what came out of a task, and make those ready that waited for it."""
        self._journal.append(Entry(done.outcome, task.known_by, done.result))
        text = task.known_by.text
        waiting = self._waiting.pop(text, [])
        if done.result:
            self._first.setdefault(text, done.outcome.place)
            self.ready.extend(map(self._copy, waiting))
        elif waiting:  # perhaps only this one could not be read or written
            self._waiting[text] = waiting[1:]
            self.ready.append(waiting[0])
        return done.outcome

    def _copy(self, task: Task) -> Task:
        return task._replace(same=self._journal.entry(self._first[task.known_by.text]).outcome)

    def _is_there(self, item: FoundSkill, entry: Entry) -> bool:
        """Whether what the journal says of a skill still stands: a result that nobody changed, or a refusal."""
        if entry.outcome.state is State.FAILED:
            return False
        target = self._batch.out / item.place
        file = target / SKILL_FILE if item.file.name == SKILL_FILE else target
        try:
            content = read_regular(file, self._batch.max_bytes)
        except (OSError, ValueError):
            return not entry.result and entry.outcome.state is State.REFUSED
        return hashlib.sha256(content).hexdigest() == entry.result


def place_of(outcome: Outcome) -> PurePosixPath:
    """Where the result for a skill stands below the folder of results, its SKILL.md or lone file."""
    place = PurePosixPath(outcome.place)
    return place / SKILL_FILE if PurePosixPath(outcome.path).name == SKILL_FILE else place
