"""What one more run costs the store, by how much it holds: `python -m lab.benchmarks.appends`.

Counted are the bytes that go through `os.read` and `os.write`; times are medians and only good for ratios.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from lab.common.tables import table
from skill_distiller.calibration.outcomes import calibrate
from skill_distiller.calibration.store import CalibrationStore

ENTRY = {
    "skill": "deploy-notes", "mode": "threshold", "threshold": 0.9, "input_tokens": 1800, "output_tokens": 1100,
    "reduction_pct": 39, "sections_total": 14, "sections_kept": 9, "sections_removed": 5,
    "classification_confidence_mean": 0.9, "functionality_score": 90.0, "protected_patterns_found": ["n-count"],
    "protected_patterns_preserved": ["n-count"], "advisory_patterns_found": [], "advisory_patterns_removed": [],
    "expected": {"functionality": 90.0}, "actual": None, "evaluation_method": "embedded", "provider": "embedded",
    "model": None, "analyzer": "embedded rules", "encoding": "cl100k_base", "content_hash": "sha256:" + 64 * "0",
}  # fmt: skip


@dataclass
class Traffic:
    """Bytes read and written."""

    read: int = 0
    written: int = 0


@dataclass
class Costs:
    """What each of a row of appends read and wrote in bytes, and took in seconds."""

    read: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@contextmanager
def counted() -> Iterator[Traffic]:
    """Count what goes through `os.read` and `os.write`."""
    traffic, read, write = Traffic(), os.read, os.write

    def counting_read(descriptor: int, length: int) -> bytes:
        content = read(descriptor, length)
        traffic.read += len(content)
        return content

    def counting_write(descriptor: int, content: bytes | memoryview) -> int:
        length = write(descriptor, content)
        traffic.written += length
        return length

    os.read, os.write = counting_read, counting_write  # type: ignore[assignment]
    try:
        yield traffic
    finally:
        os.read, os.write = read, write


def append(store: CalibrationStore, times: int) -> Costs:
    """Append some runs and say what each one cost."""
    costs = Costs()
    for _ in range(times):
        with counted() as traffic:
            start = time.perf_counter()
            store.append(ENTRY)
            costs.seconds.append(time.perf_counter() - start)
        costs.read.append(traffic.read)
        costs.written.append(traffic.written)
    return costs


def report(folder: Path) -> str:
    """1,000 appends on an empty store, then 1,000 on one that is full, then what an estimate reads."""
    store = CalibrationStore(folder)
    rows = []
    for name in ("0", "1,000"):
        costs = append(store, 1000)
        plain = [i for i, written in enumerate(costs.written) if written < 10_000]
        rows.append(
            [
                name,
                f"{median(costs.read[i] for i in plain):,.0f} / {max(costs.read[i] for i in plain[1:]):,}",
                f"{median(costs.written[i] for i in plain):,.0f} / {max(costs.written[i] for i in plain):,}",
                f"{1000 * median(costs.seconds[i] for i in plain):.2f}",
                str(len(costs.written) - len(plain)),
                f"{max(costs.written):,}" if len(plain) < len(costs.written) else "-",
            ]
        )
    start = time.perf_counter()
    ledger = store.read()
    middle = time.perf_counter()
    calibrate(ledger.entries, "threshold", "embedded")
    end = time.perf_counter()
    head = ["entries before", "bytes read, median / most", "bytes written, median / most", "ms", "rotations"]
    return "\n".join(
        [
            "## 1,000 appends",
            "",
            table([*head, "bytes of one rotation"], rows),
            "",
            f"Reading {len(ledger.entries)} entries for an estimate: {1000 * (middle - start):.1f} ms; "
            f"the estimate itself: {1000 * (end - middle):.1f} ms.",
        ]
    )


def main() -> None:
    """Print the report."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(report(Path(folder)) + "\n")


if __name__ == "__main__":
    main()
