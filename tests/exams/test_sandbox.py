"""Code of strangers gets nowhere. Skipped where there is no sandbox that works."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from skill_distiller.exams.sandbox import Bubblewrap, Container, Sandbox, code_in, find_sandbox, sandboxes

pytestmark = pytest.mark.xdist_group("sandbox")  # what is left of one is looked for among all processes

needed = pytest.mark.skipif(find_sandbox() is None, reason="there is no sandbox that works here")
SECRET = "the secret of the parent"


@lru_cache(maxsize=1)
def _working() -> dict[type, Sandbox]:
    """The sandboxes that work here, one of a kind."""
    found = [one for one in sandboxes(os.environ) if one.run("x = 1", "assert x == 1").passed]
    return {type(one): one for one in reversed(found)}


@pytest.fixture(name="sandbox", params=[Bubblewrap, Container])
def _sandbox(request: pytest.FixtureRequest) -> Sandbox:
    if request.param not in _working():
        pytest.skip("there is none of this kind that works here")
    found = _working()[request.param]
    return (
        replace(found, seconds=3.0) if isinstance(found, Bubblewrap) else found
    )  # a container takes its time to start


@needed
def test_code_that_does_what_its_check_asks_passes(sandbox: Sandbox) -> None:
    """And its output is kept."""
    done = sandbox.run("def double(x):\n    return 2 * x\nprint('hello')", "assert double(2) == 4")
    assert (done.passed, done.started, done.killed) == (True, True, "")
    assert done.output.strip() == "hello"


@needed
@pytest.mark.parametrize(
    "answer",
    [
        "def double(x):\n    return x",
        "",
        "raise SystemExit(0)",
        "import os; os._exit(0)",
        "def double(",
        "import os; os.kill(os.getpid(), 9)",
        "import builtins; print('started'); exit()",
    ],
)
def test_code_that_does_not_fails(sandbox: Sandbox, answer: str) -> None:
    """A wrong answer, none, one that leaves before it is checked."""
    done = sandbox.run(answer, "assert double(2) == 4")
    assert done.started
    assert not done.passed


@needed
@pytest.mark.parametrize(
    "attack",
    [
        "open('/etc/shadow').read()",
        "open('/etc/passwd').read()",
        "import os; os.listdir('{home}')",
        "open('/usr/owned', 'w')",
        "open('/code/check.py', 'w')",
        "open('/owned', 'w')",
        "import socket; socket.create_connection(('1.1.1.1', 53), 1)",
        "import socket; socket.create_connection(('127.0.0.1', {port}), 1)",
        "import socket; socket.getaddrinfo('example.org', 80)",
        "import os; os.kill({pid}, 15)",
        "import os; assert 'PYTEST' in ' '.join(os.environ)",
        "import os; os.mknod('/work/device', 0o600 | 0o020000, os.makedev(1, 1))",
        "import os; os.setuid(0)",
        "import os; os.chroot('/work')",
        "import ctypes; assert ctypes.CDLL(None).mount(b'none', b'/work', b'tmpfs', 0, None) == 0",
        "x = bytearray(3 << 30)",
        "f = open('/work/big', 'wb'); f.write(bytes(5 << 20)); f.close(); assert False",
        "for n in range(100):\n    open(f'/work/{{n}}', 'wb').write(bytes(1 << 19))",
        "import os\nassert len([p for p in os.listdir('/proc') if p.isdigit()]) > 9",
        "open('/proc/1/environ').read().index('{secret}')",
    ],
)
def test_an_attack_gets_nowhere(sandbox: Sandbox, attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with an error inside; nothing outside has changed."""
    if isinstance(sandbox, Container) and "/etc/passwd" in attack:
        pytest.skip("the image has one of its own")
    monkeypatch.setenv("A_SECRET", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server:
        facts = {"home": tmp_path, "port": server.getsockname()[1], "pid": os.getpid(), "secret": SECRET}
        done = sandbox.run(attack.format(**facts))
        assert done.started
        assert not done.passed
    assert not Path("/usr/owned").exists()


@pytest.fixture(name="before")
def _before() -> Iterator[float]:
    start = time.monotonic()
    yield start
    assert time.monotonic() - start < 30


@needed
@pytest.mark.parametrize(
    ("endless", "why"),
    [
        ("while True: pass", "seconds"),
        ("import time; time.sleep(1000)", "seconds"),
        ("import os\nwhile True: os.fork()", "processes"),
        ("import os, time\nfor n in range(40): os.fork() or time.sleep(1000)\ntime.sleep(1000)", ""),
        ("import signal, time\nfor s in (2, 15, 1): signal.signal(s, signal.SIG_IGN)\ntime.sleep(1000)", "seconds"),
        ("import os\nif os.fork() == 0:\n    os.setsid()\n    __import__('time').sleep(1000)\nos.wait()", "seconds"),
    ],
)
def test_everything_has_an_end(sandbox: Sandbox, before: float, endless: str, why: str) -> None:
    """By the clock or the number of processes; nothing of it is left."""
    done = replace(sandbox, seconds=sandbox.seconds / 2).run(endless)
    assert not done.passed
    assert why in done.killed or isinstance(sandbox, Container)  # where no more processes can be started
    while (
        _left() and time.monotonic() - before < 20
    ):  # the kernel takes a killed tree down after the call has come back
        time.sleep(0.05)
    assert not _left()


def _left() -> list[Path]:
    """The processes of sandboxes that are alive, but for those of tests that run beside this one."""
    found = [p.parent for p in Path("/proc").glob("[0-9]*/cmdline") if b"/code/run.py" in _read(p)]
    return [process for process in found if os.getppid() not in (above := _above(process)) or os.getpid() in above]


def _above(process: Path) -> set[int]:
    """The numbers of what a process was started by, up to the first of all."""
    above = set[int]()
    while (parent := re.search(rb"^PPid:\s+(\d+)$", _read(process / "status"), re.MULTILINE)) and int(parent[1]):
        above.add(int(parent[1]))
        process = Path("/proc") / parent[1].decode()
    return above


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@needed
def test_memory_is_that_of_all_processes(sandbox: Sandbox) -> None:
    """Each has less than one may have; together they would take what the machine has. What they share counts once."""
    fork = (
        "import os, time\n{}for n in range(4):\n    if not os.fork():\n        {}time.sleep(1)\n        os._exit(0)\n"
    )
    take, wait = "x = b'x' * (400 << 20)\n", "for n in range(4): os.wait()"
    done = replace(sandbox, seconds=20.0).run(fork.format("", take + " " * 8) + wait)
    assert not done.passed or isinstance(sandbox, Container)  # its limit ends a process, where there are cgroups
    assert "memory" in done.killed or isinstance(sandbox, Container)
    assert replace(sandbox, seconds=20.0).run(fork.format(take, "") + wait).passed


@needed
def test_endless_output_is_cut(sandbox: Sandbox) -> None:
    """A megabyte on disk at the most, the end of it kept."""
    done = sandbox.run("while True: print('x' * 1000)")
    assert not done.passed
    assert len(done.output) <= 4000


def test_the_last_fence_of_an_answer_is_its_code() -> None:
    """With or without the name of the language."""
    assert code_in("Try:\n```python\nx = 1\n```\nor\n```py\nx = 2\n```\n") == "x = 2"
    assert code_in("```\nx = 3\n```") == "x = 3"
    assert code_in("No code.") == ""


@pytest.mark.parametrize("engine", ["podman", "docker"])
@pytest.mark.parametrize(
    "limit",
    [
        "--rm",
        "--name=box",
        "--pull=never",  # nothing is fetched
        "--network=none",
        "--read-only",
        "--user=65534:65534",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--pids-limit=32",
        "--memory=1073741824",
        "--memory-swap=1073741824",
        "--ulimit=cpu=5:5",
        "--ulimit=fsize=1048576:1048576",
        "--ulimit=nofile=64:64",
        "--ulimit=core=0:0",
        "--tmpfs=/work:rw,noexec,nosuid,nodev,size=16777216,mode=1777",
        "--volume=/somewhere/code:/code:ro",
        "--entrypoint=python3",
    ],
)
def test_what_a_container_is_run_with(engine: str, limit: str) -> None:
    """Each limit is an option of the engine, in front of the image; the environment is that of the image alone."""
    command = Container(engine, image="my-image").command(Path("/somewhere/code"), "box")
    before, after = command[: command.index("my-image")], command[command.index("my-image") + 1 :]
    assert before[:2] == [engine, "run"]
    assert limit in before
    assert after == ["-I", "-B", "/code/run.py"]
    assert [word for word in before if word.startswith("--env")] == ["--env=HOME=/work", "--env=LANG=C.UTF-8"]


def test_a_container_stands_in_where_bubblewrap_is_missing(tmp_path: Path) -> None:
    """Then podman, then docker; the image may be named."""
    for name in ("docker", "podman", "bwrap"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    found = list(sandboxes({"PATH": str(tmp_path), "SKILL_DISTILLER_SANDBOX_IMAGE": "mine"}))
    assert [Path(one.program).name for one in found] == ["bwrap", "podman", "docker"]
    assert [one.image for one in found if isinstance(one, Container)] == ["mine", "mine"]
    assert not any(one.run("x = 1").started for one in found)
    assert list(sandboxes({"PATH": str(tmp_path / "empty")})) == []
