"""Distill many skills: each in a worker process, written whole, kept in a journal; what is done is not done again."""

from __future__ import annotations

import hashlib
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from skill_distiller.errors import BadInputError, ProviderError, RefusedError
from skill_distiller.library.batch_work import REASON_LENGTH, Batch, Done, Stop, Task, failed_outcome
from skill_distiller.library.find_skills import FoundSkill, PassedOver
from skill_distiller.library.journal import (
    NOTHING,
    Entry,
    Fingerprint,
    Journal,
    Outcome,
    State,
    claim_as_worker,
    fingerprint,
)
from skill_distiller.library.workers import Died, InProcess, RayWorkers, Workers
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.skill.read import walk
from skill_distiller.skill.safe_files import read_regular

MOST_SECONDS: Final = 600.0  # that one skill may take
_MOST_UNANSWERED: Final = 3  # skills: then the model is not there, or a limit is reached


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
                        str(task.found.place), str(task.found.file), State.FAILED, reason=done.reason[:REASON_LENGTH]
                    )
                )
            yield drive.settle(task, done), True
            unanswered = unanswered + 1 if done.unanswered else 0
            if unanswered == _MOST_UNANSWERED:
                raise ProviderError(done.outcome.reason, "Run the same command again: it goes on where it was.")


_Engine = Workers[Task, Done | Stop] | InProcess[Task, Done | Stop] | RayWorkers[Task, Done | Stop]


def _workers(batch: Batch, jobs: int, cluster: str | None, most_seconds: float) -> _Engine:
    if batch.work.in_process:
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
            outcome = failed_outcome(item, error)
            self._journal.append(Entry(outcome, NOTHING))
            yield outcome, True
            return
        entry = self._journal.entry(place) if place in self._journal else None
        if entry and entry.known_by == known_by and self._is_there(item, entry):
            self._first.setdefault(self._text(known_by), place)
            yield entry.outcome, False
            return
        task = Task(item, known_by, entry.result if entry else "")
        text = self._text(known_by)
        if text in self._waiting:
            self._waiting[text].append(task)
        elif text in self._first:
            self.ready.append(self._copy(task))
        else:
            self._waiting[text] = []
            self.ready.append(task)

    def settle(self, task: Task, done: Done) -> Outcome:
        """Keep what came out of a task, and make those ready that waited for it."""
        self._journal.append(Entry(done.outcome, task.known_by, done.result))
        text = self._text(task.known_by)
        waiting = self._waiting.pop(text, [])
        if done.result:
            self._first.setdefault(text, done.outcome.place)
            self.ready.extend(map(self._copy, waiting))
        elif waiting:  # perhaps only this one could not be read or written
            self._waiting[text] = waiting[1:]
            self.ready.append(waiting[0])
        return done.outcome

    def _copy(self, task: Task) -> Task:
        return task._replace(same=self._journal.entry(self._first[self._text(task.known_by)]).outcome)

    def _text(self, known_by: Fingerprint) -> str:
        """What skills that come out the same are known by."""
        return known_by.whole if self._batch.work.reads_all else known_by.text

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
        if hashlib.sha256(content).hexdigest() != entry.result:
            return False
        return item.file.name != SKILL_FILE or _holds_files_of(target, item)


def _holds_files_of(target: Path, item: FoundSkill) -> bool:
    """Whether a result has all files of its skill, each as long: nothing waited for the disk when they were written."""
    for path, status in walk(item.file.parent):
        if item.owns(path) and str(path) != SKILL_FILE and stat.S_ISREG(status.st_mode):
            try:
                if (target / path).lstat().st_size != status.st_size:
                    return False
            except OSError:
                return False
    return True
