"""Every skill in every mode: no crash, never over a budget, and the gate on each result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from lab.common.shared import Entry, Shared, open_shared
from lab.common.tables import percent, table
from skill_distiller.analysis.reading import Analysis, Analyzer
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.errors import TargetError
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.run import Backends, DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

THRESHOLDS: Final = (0.95, 0.9, 0.8, 0.5)
BUDGETS: Final = (2000, 1000, 500, 300)
_LINES: Final = ("TRIGGER: ", "ACTION: ", "RESULT: ")
_SHOWN: Final = 5  # failures that are printed


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run: `reduction` 0-1, whether the target could not be met, and what went wrong ("" for nothing)."""

    mode: str
    skill: str
    reduction: float = 0.0
    impossible: bool = False
    changed: bool = False
    fault: str = ""


class _Once:
    """An analyzer that looks at a skill once, whatever is asked of it afterwards."""

    name = "embedded model"

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._last: Analysis | None = None

    def analyze(self, skill: Skill) -> Analysis:
        """The analysis of the skill."""
        if self._last is None or self._last.skill is not skill:
            self._last = self._analyzer.analyze(skill)
        return self._last


def measure(shared: Shared) -> tuple[Outcome, ...]:
    """Run every skill in every mode; warnings are errors, and no error stops the benchmark."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return tuple(outcome for entry in shared.entries() for outcome in run_all(entry))


def run_all(entry: Entry) -> tuple[Outcome, ...]:
    """Every mode of one skill."""
    return tuple(_outcomes(entry))


def _outcomes(entry: Entry) -> Iterator[Outcome]:
    skill = read_skill(entry.path)
    backends = Backends(analyzer=_Once(TrainedAnalyzer()))
    runs = {f"threshold {t:g}": DistillOptions(threshold=t) for t in THRESHOLDS}
    runs |= {f"{n} tokens": DistillOptions(mode=Mode.TOKENS, tokens=n) for n in BUDGETS}
    runs["oneliner"] = DistillOptions(mode=Mode.ONELINER)
    for name, options in runs.items():
        outcome = Outcome(name, entry.id)
        try:
            yield _run(outcome, skill, options, backends)
        except TargetError:
            yield replace(outcome, impossible=True)
        except Exception as error:  # noqa: BLE001  a crash is what is looked for
            yield replace(outcome, fault=f"{type(error).__name__}: {error}")


def _run(outcome: Outcome, skill: Skill, options: DistillOptions, backends: Backends) -> Outcome:
    result = distill(skill, options, backends)
    tokens = load_counter().count(result.text)
    fault = ""
    if tokens != result.output_tokens:
        fault = f"{tokens} tokens, not {result.output_tokens}"
    elif options.tokens is not None and tokens > options.tokens:
        fault = f"{tokens} tokens"
    elif options.mode is Mode.ONELINER:
        lines = result.text.splitlines()
        fits = len(lines) == len(_LINES) and all(map(str.startswith, lines, _LINES))
        fault = "" if fits else "not three lines"
    elif result.evidence.verification is None or not result.evidence.verification.passed:
        fault = "fails its verification"
    return replace(outcome, reduction=result.reduction, changed=result.changed, fault=fault)


def report(outcomes: Sequence[Outcome]) -> str:
    """The study as Markdown."""
    modes = dict.fromkeys(outcome.mode for outcome in outcomes)
    faults = [outcome for outcome in outcomes if outcome.fault]
    rows = [_row(mode, [outcome for outcome in outcomes if outcome.mode == mode]) for mode in modes]
    lines = [
        f"## Every mode ({len(outcomes)} runs)",
        "",
        f"Without a fault: {len(outcomes) - len(faults)} of {len(outcomes)}. A fault is a crash or warning, a count "
        "that is wrong or over the budget, a one-liner that is not three lines, or a result that fails its "
        "verification (losses that its receipt names are declared).",
        "",
        table(["mode", "results", "changed", "target impossible", "faults", "median reduction"], rows),
    ]
    lines += [f"\n- {fault.skill}, {fault.mode}: {fault.fault}" for fault in faults[:_SHOWN]]
    return "\n".join(lines)


def _row(mode: str, outcomes: Sequence[Outcome]) -> list[str]:
    done = [outcome for outcome in outcomes if not (outcome.impossible or outcome.fault)]
    return [
        mode,
        str(len(done)),
        str(sum(outcome.changed for outcome in done)),
        str(sum(outcome.impossible for outcome in outcomes)),
        str(sum(bool(outcome.fault) for outcome in outcomes)),
        percent(median(outcome.reduction for outcome in done)) if done else "-",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure(open_shared(arguments, __doc__ or ""))))


if __name__ == "__main__":
    main()
