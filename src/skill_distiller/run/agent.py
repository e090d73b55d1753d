"""A real agent in a temporary project with a home of its own: what it lists, and what it does for a request."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import platformdirs

from skill_distiller.errors import ProviderError, reason_of
from skill_distiller.providers.secret_scan import redact
from skill_distiller.run.runtime_table import Runtime, Turn
from skill_distiller.skill.model import SKILL_FILE

SECONDS: Final = 300.0  # that one run may take
_MOST_OUTPUT: Final = 32 << 20  # bytes of the events of one run
_PATIENCE: Final = 10.0  # seconds that the end of what was killed is waited for
_LINE: Final = 1 << 20  # bytes of one event; what is longer is read in parts, and is none
_SHOWN: Final = 300  # characters of what an agent said of a failure
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME: Final = 64
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+[\w.-]*")
_MENTION: Final = re.compile(r"([@$])(?=\S)")  # agents read files, or load skills, that are named so
_ORDER: Final = re.compile(r"\A[-/!#\s]+")  # an option, a command of the agent, of the shell, a note
_BREAKS: Final = re.compile(r"[\u0085\u2028\u2029]")
_NOT_TRIGGERED: Final = 1  # what a command of the user's ends with; 0 where the skill was loaded


def is_deployable(name: str) -> bool:
    """Whether all agents take a skill of this name: lowercase letters, digits and single hyphens."""
    return len(name) <= _LONGEST_NAME and bool(_NAME.fullmatch(name))


def as_request(text: str) -> str:
    """A request as plain words: nothing in it is an option or an order to an agent, nor names a file to send."""
    return _MENTION.sub(r"\1 ", _ORDER.sub("", " ".join(text.replace("\0", "").split())))


def skill_text(name: str, description: str) -> str:
    """A SKILL.md that has a name and a description, and nothing to follow.

    Whatever else stands in a frontmatter may grant rights or run commands, and what it says is no part of
    the question whether it is loaded.
    """
    told = json.dumps(_BREAKS.sub(" ", description), ensure_ascii=False)
    return f"---\nname: {name}\ndescription: {told}\n---\n\n# {name}\n\nAnswer in one short sentence.\n"


class Agent:
    """A runtime in a project of its own. `calls` counts its runs that ask a model.

    The project is a repository without a commit, the home is empty but for the settings of the runtime; both
    are gone when the block of `open_agent` ends.
    """

    def __init__(self, runtime: Runtime, place: Path, home: Path, given: Mapping[str, str], seconds: float) -> None:
        self.runtime, self.calls, self._place, self._seconds = runtime, 0, place, seconds
        self._project = place / "project"
        self._program = runtime.program()
        self._places = {"home": str(home), "project": str(self._project), "skills": str(self._skills)}
        homes = {"HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(place / "tmp")}
        homes |= {f"XDG_{kind}_HOME": str(home / f".{kind.lower()}") for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        self._environment = runtime.environment(given, self._places) | homes
        for folder in (place / "tmp", home, self._project / ".git" / "objects", self._project / ".git" / "refs"):
            folder.mkdir(parents=True)
        (self._project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        for path, text in runtime.files(self._environment, self._places).items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")

    @property
    def _skills(self) -> Path:
        return self._project.joinpath(*self.runtime.skills.split("/"))

    def version(self) -> str:
        """The release of its program, "" where it does not say."""
        told = self._output("version") if self.runtime.row else ""
        found = _VERSION.search(told)
        return found[0] if found else ""

    def deploy(self, skills: Mapping[str, Mapping[str, bytes]]) -> None:
        """Put these skills in place of all that were there: for each name its files, by relative path.

        Raises ProviderError where the runtime, asked for its list, does not name all of them.
        """
        shutil.rmtree(self._skills, ignore_errors=True)
        for name, files in skills.items():
            for path, content in files.items():
                target = self._skills / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        if self.runtime.row.get("list"):
            self._check_listed(skills, self.runtime.listed(self._output("list"), skills, self._places))

    def _check_listed(self, names: Iterable[str], listed: Collection[str]) -> None:
        """Raise ProviderError for a skill that is not in the list: that it is not loaded would mean nothing."""
        missing = [name for name in names if name not in listed]
        if missing:
            raise ProviderError(
                f"{self.runtime.title} does not list the skill {missing[0]!r}, so nothing can be measured.",
                "See by hand which skills it lists, or leave --runtime out.",
            )

    def ask(self, request: str, skill: str, *, to_the_end: bool = False) -> Turn:
        """What it does for a request, until it loads this skill, or to the end.

        Raises ProviderError where it fails, takes too long, or lists skills without this one.
        """
        self.calls += 1
        places = self._places | {"query": as_request(request), "skill": skill, "skill_dir": str(self._skills / skill)}
        turn, events, said = Turn(), self.runtime.events, 0
        with self._started("ask", places) as run:
            for line in run.lines():
                said += len(line)
                turn.take(events, line.decode("utf-8", "replace"))
                if said > _MOST_OUTPUT or (skill in turn.loaded and not to_the_end):
                    break
            else:
                self._check_end(run, turn, skill)
        if turn.listed is not None:
            self._check_listed([skill], turn.listed)
        return turn

    def _check_end(self, run: _Run, turn: Turn, skill: str) -> None:
        """Take a run that came to its end: a command says by its exit code, an agent by its events."""
        code = run.code()
        if self.runtime.command:
            if code not in (0, _NOT_TRIGGERED):
                raise self._failed(f"exit code {code}, where 0 is loaded and {_NOT_TRIGGERED} is not", run.complaint())
            turn.loaded += [skill] if code == 0 else []
        elif not turn.loaded and (turn.error or code):
            raise self._failed(turn.error or f"exit code {code}", "" if turn.error else run.complaint())
        elif self.runtime.listed_by_events and turn.listed is None:
            raise self._failed("it printed no events", run.complaint())

    def _output(self, what: str) -> str:
        with self._started(what, self._places) as run:
            text = b"".join(run.lines())[:_MOST_OUTPUT].decode("utf-8", "replace")
            if code := run.code():
                raise self._failed(f"exit code {code}", run.complaint())
        return text

    @contextmanager
    def _started(self, what: str, places: Mapping[str, str]) -> Iterator[_Run]:
        command = [self._program, *self.runtime.arguments(what, places)]
        complaints = self._place / "complaints"
        asked = places.get("query", "") if what == "ask" else ""
        try:
            with complaints.open("wb") as stream:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stream,
                    env=self._environment,
                    cwd=self._project,
                    start_new_session=True,
                )
        except OSError as error:
            raise self._failed(reason_of(error), "") from None
        run = _Run(process, complaints, self._seconds)
        try:
            run.tell(asked)
            yield run
        finally:
            run.end()
        if run.late:
            raise self._failed(f"it took more than {self._seconds:g} seconds", "")

    def _failed(self, why: str, complaint: str) -> ProviderError:
        more = f": {complaint}" if complaint else ""
        text = " ".join(redact(f"{why}{more}").split())[:_SHOWN]
        return ProviderError(
            f"The runtime {self.runtime.title} failed: {text}.".replace("..", "."),
            "See that it works by hand with the same variables, or leave --runtime out.",
        )


class _Run:
    """A process with a time limit, whose whole group is killed at the end."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: Path, seconds: float) -> None:
        self._process, self._complaints = process, complaints
        self._ends = time.monotonic() + seconds
        self._read: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.late = False
        assert process.stdout
        threading.Thread(target=_copy, args=(process.stdout, self._read), daemon=True).start()

    def tell(self, text: str) -> None:
        """Write to its input, and close that; one that reads none may have ended already."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.write(text.encode("utf-8", "replace"))
            self._process.stdin.close()

    def lines(self) -> Iterator[bytes]:
        """What it prints, until it ends or is late."""
        while True:
            try:
                line = self._read.get(timeout=max(0.0, self._ends - time.monotonic()))
            except queue.Empty:
                self.late = True
                return
            if not line:
                return
            yield line

    def code(self) -> int:
        """What it ended with; 0 where it has closed its output and not ended in time."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(max(0.1, self._ends - time.monotonic()))
        self.late = True
        return 0

    def complaint(self) -> str:
        """The end of what it wrote to stderr."""
        lines = self._complaints.read_bytes()[-8 * _SHOWN :].decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def end(self) -> None:
        """Kill it with all that it started, and wait for it."""
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        assert self._process.stdout
        with suppress(OSError):
            self._process.stdout.close()


def _copy(stream: IO[bytes], into: queue.SimpleQueue[bytes]) -> None:
    with suppress(OSError, ValueError):  # it was closed
        while line := stream.readline(_LINE):
            into.put(line)
    into.put(b"")


@contextmanager
def open_agent(runtime: Runtime, given: Mapping[str, str], seconds: float = SECONDS) -> Iterator[Agent]:
    """An agent with the variables that its user has set; its project and home are gone after the block."""
    base = None
    if runtime.row.get("cached"):
        base = Path(platformdirs.user_cache_dir("skill-distiller", appauthor=False)) / "runtimes"
        base.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="skill-distiller-"))
    home = Path(tempfile.mkdtemp(prefix="home-", dir=base)) if base else place / "home"
    try:
        yield Agent(
            runtime, place.resolve(), home.resolve() / "user" if base else place.resolve() / "home", given, seconds
        )
    finally:
        for folder in (place, home):
            shutil.rmtree(folder, ignore_errors=True)


def skill_files(name: str, description: str) -> dict[str, bytes]:
    """The one file of a skill whose description is tried."""
    return {SKILL_FILE: skill_text(name, description).encode("utf-8", "replace")}
