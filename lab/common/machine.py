"""Where and when a report was made."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from skill_distiller._version import __version__


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, the day (UTC) and the version of the tool."""

    cpu: str
    cores: int
    python: str
    system: str
    date: str
    version: str


def this_machine() -> Machine:
    """The machine the benchmark runs on, now."""
    return Machine(
        _cpu_model(),
        os.cpu_count() or 1,
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{platform.system()} {platform.machine()}",
        datetime.now(UTC).date().isoformat(),
        __version__,
    )


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
