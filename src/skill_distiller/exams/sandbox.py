"""A place for code that a model or a stranger wrote: no network, no files of the user, and an end to everything."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

SECONDS: Final = 8.0  # of wall clock, after which everything in it is killed
_CPU_SECONDS: Final = 5
_MEMORY: Final = 1 << 30  # bytes of address space of a process, and of memory of all together
_FILE: Final = 1 << 20  # bytes of one file, the output among them
_DISK: Final = 16 << 20  # bytes of all files, which are in memory
_OPEN_FILES: Final = 64
_PROCESSES: Final = 32
_OUTPUT: Final = 4000  # characters that are kept
_PATIENCE: Final = 5.0  # seconds that the end of what was killed is waited for
_TICK: Final = 0.05  # seconds between two looks at how many processes there are
_FENCE: Final = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)\n?```", re.DOTALL)
_PSS: Final = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin")
_STARTED: Final = "started"
_RUNNER: Final = """\
import resource as _r, sys as _s
for _name, _most in (("CPU", {cpu}), ("AS", {memory}), ("FSIZE", {file}), ("NOFILE", {open}), ("CORE", 0)):
    _r.setrlimit(getattr(_r, "RLIMIT_" + _name), (_most, _most))
_s.stdout.write("{started}\\n"); _s.stdout.flush()
for _file in ("answer.py", "check.py"):
    with open("/code/" + _file, encoding="utf-8") as _stream:
        exec(compile(_stream.read(), _file, "exec"), globals())
_s.stdout.write("\\n{token}"); _s.stdout.flush()
"""


class CodeResult(NamedTuple):
    """How code ended: whether the check passed, the end of its output, the seconds it took, and why it was killed.

    `started` is False where the sandbox itself failed, which says nothing of the code.
    """

    passed: bool
    started: bool
    output: str
    seconds: float
    killed: str = ""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Runs Python where it reaches nothing, by a program that sees to it; all together it may take so many `seconds`.

    Inside there are an interpreter and libraries to read, and 16 MB in memory to write; no network, no environment, no
    capability. There may be 32 processes, with 1 GB of memory together and 5 seconds of CPU each.
    """

    program: str
    seconds: float = SECONDS

    def run(self, answer: str, check: str = "", files: Mapping[str, bytes] | None = None) -> CodeResult:
        """Run code and then what checks it, in one namespace, with files beside them; it passes if both come to an end.

        The names of files are plain names. Raises nothing for anything that the code does.
        """
        token = secrets.token_hex(16)
        limits = {"cpu": _CPU_SECONDS, "memory": _MEMORY, "file": _FILE, "open": _OPEN_FILES}
        runner = _RUNNER.format(**limits, started=_STARTED, token=token)
        with tempfile.TemporaryDirectory(prefix="skill-distiller-") as folder:
            place = Path(folder, "code")
            place.mkdir()
            for name, text in (("answer.py", answer), ("check.py", check), ("run.py", runner)):
                (place / name).write_text(text, encoding="utf-8", errors="replace")
            for name, content in (files or {}).items():
                (place / Path(name).name).write_bytes(content)
            start = time.monotonic()
            output = Path(folder, "output")
            name = f"skill-distiller-{token}"
            with output.open("wb") as stream:
                killed = self._wait(self.command(place, name), stream.fileno(), output, name)
            said = output.read_bytes()[: _FILE + 1].decode("utf-8", "replace")
        seconds = time.monotonic() - start
        passed = not killed and said.endswith(token)
        shown = said.removeprefix(f"{_STARTED}\n").removesuffix(f"\n{token}")[-_OUTPUT:]
        return CodeResult(passed, said.startswith(_STARTED), shown, seconds, killed)

    def command(self, code: Path, name: str) -> list[str]:
        """What is run: the code of a folder, in a sandbox of this name."""
        raise NotImplementedError

    def _start(self, command: Sequence[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={},
            start_new_session=True,
            close_fds=True,
            preexec_fn=_limit_files,
        )

    def _end(self, process: subprocess.Popen[bytes], name: str) -> None:
        _end(process)

    def _wait(self, command: Sequence[str], output: int, written: Path, name: str) -> str:
        """Why the command was killed, "" where it ended by itself."""
        process = self._start(command, output)
        ends = time.monotonic() + self.seconds
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK)
                    return ""
                if time.monotonic() > ends:
                    return f"it took more than {self.seconds:g} seconds"
                below = _descendants(process.pid)
                if len(below) > _PROCESSES:
                    return f"it started more than {_PROCESSES} processes"
                # Of shares the kernel takes its time to tell: a bomb of processes would have grown by then.
                if sum(map(_resident, below)) > _MEMORY and sum(map(_memory_of, below)) > _MEMORY:
                    return f"it took more than {_MEMORY >> 30} GB of memory"
                if written.stat().st_size > _FILE:
                    return f"it wrote more than {_FILE:,} bytes"
        finally:
            self._end(process, name)


class Bubblewrap(Sandbox):
    """The sandbox of the program bubblewrap: namespaces of its own, with the interpreter of this process."""

    __slots__ = ()

    def command(self, code: Path, name: str) -> list[str]:
        """What is run: the code of a folder; the name is not needed."""
        prefix = Path(sys.base_prefix).resolve()  # of the interpreter itself, not of a virtual environment
        python = prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        seen = [path for path in _SYSTEM if Path(path).is_dir() and not Path(path).is_symlink()]
        links = [(str(Path(path).readlink()), path) for path in _SYSTEM if Path(path).is_symlink()]
        binds = [word for path in seen for word in ("--ro-bind", path, path)]
        binds += [word for target, path in links for word in ("--symlink", target, path)]
        if not any(prefix.is_relative_to(path) for path in seen):
            binds += ["--ro-bind", str(prefix), str(prefix)]
        return [
            self.program,
            *("--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"),
            *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox"),
            *binds,
            *("--proc", "/proc", "--dev", "/dev", "--size", str(_DISK), "--tmpfs", "/tmp"),
            *("--size", str(_DISK), "--tmpfs", "/work", "--ro-bind", str(code), "/code", "--chdir", "/work"),
            *("--setenv", "HOME", "/work", "--setenv", "LANG", "C.UTF-8"),
            *("--remount-ro", "/"),
            *(str(python), "-I", "-B", "/code/run.py"),
        ]


_MOST_OF_USER: Final = 1024  # processes of all containers together: engines raise it else, which not every host allows
_CLIENT: Final = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONFIG", "CONTAINER_HOST")


@dataclass(frozen=True, slots=True)
class Container(Sandbox):
    """The same in a container of docker or podman, made of an image that is on this machine; none is ever fetched.

    The image needs a `python3`. Its limits hold for all processes together where cgroups are at hand.
    """

    image: str = ""

    def command(self, code: Path, name: str) -> list[str]:
        """What is run: the code of a folder, in a container of this name, which is gone when it ends."""
        limits = {"cpu": _CPU_SECONDS, "fsize": _FILE, "nofile": _OPEN_FILES, "nproc": _MOST_OF_USER, "core": 0}
        room = f"rw,noexec,nosuid,nodev,size={_DISK},mode=1777"
        return [
            *(self.program, "run", "--rm", f"--name={name}", "--pull=never", "--log-driver=none"),
            *("--network=none", "--ipc=private", "--hostname=sandbox", "--read-only", "--user=65534:65534"),
            *("--cap-drop=ALL", "--security-opt=no-new-privileges", f"--pids-limit={_PROCESSES}"),
            *(f"--memory={_MEMORY}", f"--memory-swap={_MEMORY}"),
            *(f"--ulimit={limit}={most}:{most}" for limit, most in limits.items()),
            *(f"--tmpfs=/tmp:{room}", f"--tmpfs=/work:{room}", f"--volume={code}:/code:ro", "--workdir=/work"),
            *("--env=HOME=/work", "--env=LANG=C.UTF-8", "--entrypoint=python3"),
            *(self.image, "-I", "-B", "/code/run.py"),
        ]

    def _start(self, command: Sequence[str], output: int) -> subprocess.Popen[bytes]:
        # Nothing of this goes inside: the engine's own program needs it to find the engine.
        own = {name: os.environ[name] for name in _CLIENT if name in os.environ}
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=own, start_new_session=True
        )

    def _end(self, process: subprocess.Popen[bytes], name: str) -> None:
        running = process.poll() is None
        _end(process)
        if running:  # its end is not that of the container
            for word in (["kill"], ["rm", "--force"]):  # killed first: to remove it takes the time of a polite end
                with suppress(OSError, subprocess.TimeoutExpired):
                    subprocess.run([self.program, *word, name], capture_output=True, timeout=_PATIENCE, check=False)


def _limit_files() -> None:
    """No more output than is read, and no core, also of bubblewrap itself."""
    import resource  # there is none on Windows, nor a sandbox

    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE, _FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _descendants(pid: int) -> list[int]:
    """The processes that descend from one, the nearest first; of very many a few more than are allowed."""
    found = [pid]
    for parent in found:
        if len(found) > 2 * _PROCESSES:
            break
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, tasks.read_text().split())
    return found[1:]


def _resident(pid: int) -> int:
    """The bytes of memory that a process can reach at once, shared with others or not; 0 where nobody says."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _memory_of(pid: int) -> int:
    """The bytes of memory that a process takes, of what it shares with others its share; 0 where nobody says."""
    with suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return 1024 * int(found[1]) if found else 0
    return 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a sandbox, and wait until nothing of it is left: the first process of a namespace takes the others along."""
    below = _descendants(process.pid) if process.poll() is None else []
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()
    ends = time.monotonic() + _PATIENCE
    while below and time.monotonic() < ends:
        below = [pid for pid in below if _is_alive(pid)]
        time.sleep(_TICK / 5)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


IMAGE_VARIABLE: Final = "SKILL_DISTILLER_SANDBOX_IMAGE"
_IMAGE: Final = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def sandboxes(environment: Mapping[str, str]) -> Iterator[Sandbox]:
    """What there may be here, the best first: bubblewrap, then containers, of the image that the environment names."""
    path = environment.get("PATH", "")
    if program := shutil.which("bwrap", path=path):
        yield Bubblewrap(program)
    for engine in ("podman", "docker"):
        if program := shutil.which(engine, path=path):
            yield Container(program, 2 * SECONDS, environment.get(IMAGE_VARIABLE) or _IMAGE)


@lru_cache(maxsize=1)
def find_sandbox() -> Sandbox | None:
    """The sandbox of this machine, tried out once; None where there is none that works."""
    if os.name != "posix":
        return None
    return next((found for found in sandboxes(os.environ) if found.run("x = 1", "assert x == 1").passed), None)


def code_in(answer: str) -> str:
    """The last Python of an answer in a fence, "" for none."""
    found = _FENCE.findall(answer)
    return found[-1] if found else ""
