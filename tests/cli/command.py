"""Run the command as a user would, and keep exit code, stdout and stderr apart.

`run` stays in this process (quick); `run_process` starts one of its own, for what only that can
show: real streams, closed pipes, what gets imported.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from skill_distiller.cli.app import main

# What would change the colors or the encoding of the output, whoever runs the tests.
_OUTSIDE = ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE", "PYTHONWARNINGS")
PATIENCE = 300  # seconds; nothing here takes more than a few, but a busy machine may make minutes of them


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended: its exit code, the bytes on stdout and the text on stderr."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """stdout as text, line ends untouched."""
        return self.stdout.decode("utf-8")


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """Run `skill-distiller` with these arguments in this process; stdin, stdout and stderr are no terminals."""
    stdout, stderr = io.BytesIO(), io.BytesIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.TextIOWrapper(stdout, "utf-8", write_through=True)),
        redirect_stderr(io.TextIOWrapper(stderr, "utf-8", write_through=True)),
    ):
        for name in _OUTSIDE:
            patch.delenv(name, raising=False)
        patch.setattr(sys, "argv", ["skill-distiller", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        exit_code = _exit_code()
        sys.stdout.flush()
        sys.stderr.flush()
        return Result(exit_code, stdout.getvalue(), stderr.getvalue().decode("utf-8"))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0


def environment(**added: str) -> dict[str, str]:
    """The environment of this process without what would color the output, plus the given variables."""
    return {**{k: v for k, v in os.environ.items() if k not in _OUTSIDE}, "PYTHONUTF8": "1", **added}


def run_process(
    *arguments: str | Path,
    stdin: bytes = b"",
    program: tuple[str, ...] = ("-m", "skill_distiller"),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Result:
    """Run the command, or another Python `program`, in a process of its own."""
    done = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=dict(env or environment()),
        cwd=cwd,
        timeout=PATIENCE,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))


def drain(master: int) -> bytes:
    """All that is still to come from a terminal, by the descriptor of its near end, which is closed then."""
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # Linux: the far end is closed
            chunk = b""
        if not chunk:
            os.close(master)
            return shown
        shown += chunk
