"""One command of the tool in a process of its own, and what it took of the processor and of memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from lab.benchmarks.peak import peak_memory
from skill_distiller.cli.app import main


class Taken(NamedTuple):
    """CPU seconds, MB at the most, the exit code, and what was said on stderr; seconds are -1 after a time-out."""

    seconds: float
    megabytes: float
    code: int
    said: str


def run_command(arguments: Sequence[str], most_seconds: float) -> Taken:
    """Run `skill-distiller` with arguments, for at most so many seconds."""
    line = [sys.executable, "-m", __name__, *arguments]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=most_seconds, check=False)
    except subprocess.TimeoutExpired:
        return Taken(-1.0, 0.0, -1, "")
    said, _, figures = done.stderr.rstrip("\n").rpartition("\n")
    seconds, megabytes = json.loads(figures)
    return Taken(seconds, megabytes, done.returncode, said)


if __name__ == "__main__":
    try:
        main()
    finally:
        print(json.dumps([time.process_time(), peak_memory()]), file=sys.stderr)
