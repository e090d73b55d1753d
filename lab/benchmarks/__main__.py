"""Run every benchmark and print one report: `python -m lab.benchmarks [--shared PATH]`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from lab.benchmarks import appends, calls, corpus, coverage, evidence, house, modes, speed
from lab.common.machine import Machine, this_machine
from lab.common.shared import Shared, open_shared


def heading(machine: Machine, shared: Shared) -> str:
    """What the figures below it stand on."""
    return "\n".join(
        [
            "# Benchmarks of skill-distiller",
            "",
            f"- tool: skill-distiller {machine.version}, embedded analyzer, tokens in cl100k_base",
            f"- date: {machine.date}",
            f"- machine: {machine.cpu}, {machine.cores} cores, {machine.system}, {machine.python}",
            f"- corpus: {len(shared.entries())} real skills, `{shared.corpus.name}/`, SHA-256 {shared.fingerprint()}…",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything, speed first while the process is fresh, then print the report."""
    shared = open_shared(arguments, __doc__ or "")
    timings = speed.measure(shared)
    parts = [
        heading(this_machine(), shared),
        evidence.report(evidence.measure(shared)),
        corpus.report(corpus.measure(shared)),
        modes.report(modes.measure(shared)),
        calls.report(calls.measure(shared)),
        speed.report(timings),
        coverage.report(coverage.measure()),
        house.report(house.measure()),
    ]
    with tempfile.TemporaryDirectory() as folder:
        parts.append(appends.report(Path(folder)))
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()
