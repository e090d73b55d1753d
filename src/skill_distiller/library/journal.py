"""The journal of a batch: what became of each skill, a line of JSON in the folder of results; a killed run goes on."""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple

from skill_distiller.checks.model import Tokens
from skill_distiller.errors import RefusedError, UsageError, reason_of
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE
from skill_distiller.skill.read import walk
from skill_distiller.skill.safe_files import NEW_SUFFIX, chunks_below, lock, lock_shared, read_regular, staged
from skill_distiller.skill.write_folder import OLD_SUFFIX

JOURNAL_FILE: Final = ".skill-distiller-batch.jsonl"
_AT_WORK: Final = ".skill-distiller-batch.lock"  # held by the workers of a run, each for itself
_LONGEST_LINE: Final = 100_000  # bytes
_PATIENCE_SECONDS: Final = 120  # for workers of a run that was killed to end their last skill


class Fingerprint(NamedTuple):
    """What a skill is known by: `source` for all that is in its folder, `whole` for that worked on with some options.

    `text` is for the same SKILL.md beside files of the same names, with the same options.
    """

    text: str
    whole: str
    source: str


NOTHING: Final = Fingerprint("", "", "")


def fingerprint(found: FoundSkill, options: str) -> Fingerprint:
    """The hashes of a skill, by content, names and the right to be run: what a copy or a checkout keeps.

    Raises BadInputError or OSError for what can't be read.
    """
    own = read_regular(found.file, MAX_BYTES)
    text = hashlib.sha256(f"{SCHEMA}\0{options}\0".encode() + own)
    source = hashlib.sha256(own)
    if found.file.name == SKILL_FILE:
        root = found.file.parent
        for path, status in sorted(walk(root)):
            if not found.owns(path):
                continue
            name = f"\0{path}".encode("utf-8", "surrogateescape")
            text.update(name)
            source.update(name + f"\0{stat.S_IFMT(status.st_mode)}{status.st_mode & stat.S_IXUSR}\0".encode())
            if stat.S_ISLNK(status.st_mode):
                source.update(os.fsencode(os.readlink(root / path)))  # noqa: PTH115 - Path would clean the text up
            elif stat.S_ISREG(status.st_mode):
                for chunk in chunks_below(root, path):
                    source.update(chunk)
    whole = hashlib.sha256(text.digest() + source.digest())
    return Fingerprint(text.hexdigest(), whole.hexdigest(), source.hexdigest())


class Entry(NamedTuple):
    """A line of the journal: an outcome, what the skill was known by then, and the SHA-256 of the result's SKILL.md."""

    outcome: Outcome
    known_by: Fingerprint
    result: str = ""


class Journal:
    """The journal in a folder of results, and the claim on that folder: one run at a time works in it.

    In memory is only where each line begins. Its file is sorted by place once a run is at its end. `touched` are the
    places that this run has added or asked for.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.touched: set[str] = set()
        self._lines: dict[str, int] = {}
        self._stream: BinaryIO | None = None

    def __contains__(self, place: str) -> bool:
        return place in self._lines

    def places(self) -> Iterator[str]:
        """The places of all that it holds, in order."""
        return iter(sorted(self._lines))

    def entry(self, place: str) -> Entry:
        """What it says of a place; raises KeyError where that is nothing."""
        assert self._stream is not None
        self.touched.add(place)
        self._stream.seek(self._lines[place])
        entry = _entry(self._stream.readline(_LONGEST_LINE))
        if entry is None:
            raise KeyError(place)
        return entry

    def append(self, entry: Entry) -> None:
        """Add a line; raises RefusedError where the disk does not take it."""
        assert self._stream is not None
        line = json.dumps({**outcome_to_json(entry.outcome), **entry.known_by._asdict(), "result": entry.result})
        try:
            offset = self._stream.seek(0, os.SEEK_END)
            self._stream.write(line.encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise _unwritable(self.out, error) from None
        self._lines[entry.outcome.place] = offset
        self.touched.add(entry.outcome.place)

    def close(self) -> None:
        """Sort the lines by place, each place once, and leave nothing else: the same skills give the same bytes."""
        assert self._stream is not None
        lines = []
        for place in self.places():
            self._stream.seek(self._lines[place])
            lines.append(self._stream.readline())
        try:
            with staged(self.out / JOURNAL_FILE, b"".join(lines)):
                pass
        except OSError as error:
            raise _unwritable(self.out, error) from None

    @contextmanager
    def opened(self) -> Iterator[Journal]:
        """The journal, read and ready for more; raises RefusedError where another run works in its folder.

        What a killed run left half written is removed first.
        """
        try:
            self.out.mkdir(exist_ok=True)
            held = lock(self.out)
        except BlockingIOError:
            raise RefusedError(
                f"Another run works in {str(self.out)!r}.", "Wait for its end, or name another folder with -o."
            ) from None
        except FileNotFoundError:
            raise UsageError(
                f"The folder {str(self.out.parent)!r} does not exist.", "Create it, or name another folder with -o."
            ) from None
        except OSError as error:
            raise _unwritable(self.out, error) from None
        try:
            file = self.out / JOURNAL_FILE
            if os.path.lexists(file) and not stat.S_ISREG(file.lstat().st_mode):
                raise RefusedError(f"{str(file)!r} is no regular file.", "Remove it, or name another folder with -o.")
            if not file.exists() and any(self.out.iterdir()):
                raise RefusedError(
                    f"{str(self.out)!r} holds files, and none of a batch.",
                    "Name a folder that is new or empty with -o.",
                )
            if file.exists():
                _wait_for_workers(self.out)
                _remove_leftovers(self.out)
            with os.fdopen(_open_regular(file), "a+b") as stream:
                self._stream = stream
                self._read()
                yield self
        except OSError as error:
            raise _unwritable(self.out, error) from None
        finally:
            self._stream = None
            if held is not None:
                os.close(held)

    def _read(self) -> None:
        """Where each line begins, the last of a place; what a crash left of a line is cut off."""
        assert self._stream is not None
        self._stream.seek(0)
        offset = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                self._stream.truncate(offset)
                break
            entry = _entry(line)
            if entry:
                self._lines[entry.outcome.place] = offset
            offset += len(line)


def _open_regular(file: Path) -> int:
    """A descriptor of a file, made where there is none: what is written never goes through a link."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o666)


def read_journal(out: Path) -> dict[str, Entry]:
    """All that the journal of a folder of results says, by place; empty where there is none."""
    try:
        with (out / JOURNAL_FILE).open("rb") as stream:
            entries = [entry for line in stream if (entry := _entry(line))]
    except OSError:
        return {}
    return {entry.outcome.place: entry for entry in entries}


def _entry(line: bytes) -> Entry | None:
    """The entry of a line, None where it is none."""
    try:
        values = json.loads(line) if len(line) <= _LONGEST_LINE else None
        if not isinstance(values, dict):
            return None
        known_by = Fingerprint(*(str(values.get(key, "")) for key in Fingerprint._fields))
        entry = Entry(outcome_from_json(values), known_by, str(values.get("result", "")))
    except (ValueError, RecursionError):
        return None
    place = PurePosixPath(entry.outcome.place)
    return None if place.is_absolute() or ".." in place.parts else entry


def _unwritable(out: Path, error: OSError) -> RefusedError:
    hint = "Make room, then run the same command again: it goes on where it stopped."
    return RefusedError(f"Can't write to {str(out)!r}: {reason_of(error)}.", hint)


def claim_as_worker(out: Path) -> int | None:
    """The claim of a worker on a folder of results, for as long as it lives: a later run waits for it."""
    file = out / _AT_WORK
    with suppress(OSError):
        if not os.path.lexists(file):
            file.touch()
        return lock_shared(file)
    return None


def _wait_for_workers(out: Path) -> None:
    """Wait for workers whose run was killed; each ends with the skill that it is at."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            held = lock(out / _AT_WORK)
        except FileNotFoundError:
            return
        except BlockingIOError:
            time.sleep(0.05)
            continue
        if held is not None:
            os.close(held)
        return
    raise RefusedError(f"Another run still works in {str(out)!r}.", "Wait for its end, or name another folder with -o.")


def _remove_leftovers(out: Path) -> None:
    """Remove what runs that were killed left beside their targets: folders and files of our names."""
    for folder, folders, files in os.walk(out):
        for name in [*folders]:
            if name.startswith(".") and name.endswith((NEW_SUFFIX, OLD_SUFFIX)):
                shutil.rmtree(Path(folder) / name, ignore_errors=True)
                folders.remove(name)
        for name in files:
            if name.startswith(".") and name.endswith(NEW_SUFFIX):
                (Path(folder) / name).unlink(missing_ok=True)


SCHEMA: Final = "skill-distiller/batch/1"
_UNKNOWN: Final = Tokens(0, 0)


class State(StrEnum):
    """How a skill came out.

    DONE: it is smaller. MINIMAL: nothing worth it can go, and it is as it was. REFUSED: a guard refused the result, and
    it is as it was. FAILED: it can't be read, or the work on it broke down; there is no result.
    """

    DONE = "done"
    MINIMAL = "already minimal"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one skill: its place in the library, the file it was read from, and how it came out.

    `tokens` are those of the whole file before and after, 0 where it could not be read. `score` is the estimate of the
    functionality kept, 0-100 with one decimal. `loss` is the beginning of the largest piece that went, and `reason` a
    sentence; "" where there is none. `copy_of` is the place of a skill with the same text, which was worked on instead.
    """

    place: str
    path: str
    state: State
    name: str = ""
    tokens: Tokens = _UNKNOWN
    score: float | None = None
    loss: str = ""
    reason: str = ""
    copy_of: str = ""

    @property
    def saved(self) -> int:
        """Tokens that the result has less than the original."""
        return self.tokens.original - self.tokens.candidate


def outcome_to_json(outcome: Outcome) -> dict[str, object]:
    """The outcome as plain data, as `batch --json` prints it and the journal keeps it."""
    return {
        "place": outcome.place,
        "path": outcome.path,
        "name": outcome.name,
        "state": outcome.state.value,
        "input_tokens": outcome.tokens.original,
        "output_tokens": outcome.tokens.candidate,
        "functionality": outcome.score,
        "largest_loss": outcome.loss,
        "reason": outcome.reason,
        "copy_of": outcome.copy_of,
    }


def outcome_from_json(values: Mapping[str, object]) -> Outcome:
    """The outcome of what `outcome_to_json` made; raises ValueError for anything else."""
    texts = [values.get(key) for key in ("place", "path", "name", "largest_loss", "reason", "copy_of")]
    counts = [values.get(key) for key in ("input_tokens", "output_tokens")]
    score = values.get("functionality")
    if not all(isinstance(text, str) for text in texts) or not all(type(count) is int for count in counts):
        raise ValueError("no outcome of a batch")
    if score is not None and not isinstance(score, int | float):
        raise ValueError("no outcome of a batch")
    place, path, name, loss, reason, copy_of = map(str, texts)
    before, after = (count for count in counts if isinstance(count, int))
    state = State(str(values.get("state")))
    return Outcome(place, path, state, name, Tokens(before, after), score, loss, reason, copy_of)


@dataclass(slots=True)
class Tally:
    """What many outcomes come to, taken one by one: memory does not grow with their number.

    `largest` are the ones that saved most, `failed` the first that failed or were refused, at most `shown` of each.
    """

    shown: int = 10
    states: Counter[State] = field(default_factory=Counter)
    before: int = 0
    after: int = 0
    copies: int = 0
    earlier: int = 0
    passed_over: int = 0
    failed: list[Outcome] = field(default_factory=list)
    _heap: list[tuple[int, str, Outcome]] = field(default_factory=list)

    def add(self, outcome: Outcome, *, worked: bool = True) -> None:
        """Count an outcome; one that was not `worked` on now is of an earlier run."""
        self.states[outcome.state] += 1
        self.before += outcome.tokens.original
        self.after += outcome.tokens.candidate
        self.copies += bool(outcome.copy_of)
        self.earlier += not worked
        if outcome.state in (State.FAILED, State.REFUSED):
            if len(self.failed) < self.shown:
                self.failed.append(outcome)
            return
        heapq.heappush(self._heap, (outcome.saved, outcome.place, outcome))
        if len(self._heap) > self.shown:
            heapq.heappop(self._heap)

    @property
    def total(self) -> int:
        """How many skills there were."""
        return self.states.total()

    @property
    def largest(self) -> list[Outcome]:
        """The outcomes that saved most, the most first."""
        return [outcome for *_, outcome in sorted(self._heap, key=lambda row: (-row[0], row[1]))]
