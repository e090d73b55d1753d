"""Distill the whole corpus once and print the peak memory in MB: run in a process of its own by the speed benchmark."""

from __future__ import annotations

import re
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.common.shared import open_shared
from skill_distiller.run.distill import distill
from skill_distiller.skill.read import read_skill


def peak_memory() -> float:
    """The most memory this process ever held, in MB (10^6 bytes).

    Linux hands the parent's peak on to `ru_maxrss` of a new process; `VmHWM` starts afresh, so it
    is read where there is one.
    """
    status = Path("/proc/self/status")
    if status.exists() and (
        found := re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)
    ):
        return int(found.group(1)) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Distill, then print one number."""
    for entry in open_shared(arguments, __doc__ or "").entries():
        distill(read_skill(entry.path))
    print(f"{peak_memory():.1f}")


if __name__ == "__main__":
    main()
