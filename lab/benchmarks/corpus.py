"""The whole corpus: does every skill come through, what is promised kept, and how much smaller is it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from lab.benchmarks.fidelity import Fidelity, check_fidelity
from lab.common.shared import LARGEST, SIZES, Entry, Shared, open_shared
from lab.common.tables import percent, table
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import DEFAULT_THRESHOLD, DistillOptions
from skill_distiller.skill.read import read_skill

THRESHOLDS: Final = (0.95, 0.9, 0.8)
REST: Final = "headings and joints"  # tokens saved outside the blocks
_SHOWN: Final = 5  # names of failures that are printed


@dataclass(frozen=True, slots=True)
class Run:
    """One skill at one threshold, in tokens of the whole file; `by_kind` are tokens saved by rendering."""

    entry: Entry
    threshold: float
    input_tokens: int
    output_tokens: int
    notes: frozenset[NoteKind]
    by_kind: Counter[str]
    fidelity: Fidelity

    @property
    def reduction(self) -> float:
        """1 - output / input tokens, 0-1."""
        return 1 - self.output_tokens / self.input_tokens


@dataclass(frozen=True, slots=True)
class Failure:
    """A skill that ended in an exception or a warning."""

    entry: Entry
    threshold: float
    error: str


@dataclass(frozen=True, slots=True)
class CorpusResult:
    """Every run and every failure."""

    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]


def measure(shared: Shared) -> CorpusResult:
    """Run every skill at every threshold; warnings are errors, and no error stops the benchmark."""
    runs, failures = list[Run](), list[Failure]()
    for entry in shared.entries():
        for threshold in THRESHOLDS:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    runs.append(_run(entry, threshold))
            except Exception as error:  # noqa: BLE001 - a crash is a result here
                failures.append(Failure(entry, threshold, f"{type(error).__name__}: {error}"))
    return CorpusResult(tuple(runs), tuple(failures))


def _run(entry: Entry, threshold: float) -> Run:
    result = distill(read_skill(entry.path), DistillOptions(threshold=threshold))
    return Run(
        entry,
        threshold,
        result.input_tokens,
        result.output_tokens,
        frozenset(note.kind for note in result.notes),
        saved_by_kind(result),
        check_fidelity(result),
    )


def saved_by_kind(result: Result) -> Counter[str]:
    """Tokens saved by each rendering; what the blocks do not explain went with headings and blank lines."""
    saved = Counter[str]()
    for decision in result.plan.decisions:
        if decision.saved:
            saved[decision.rendering.kind.value] += decision.saved
    saved[REST] = result.input_tokens - result.output_tokens - saved.total()
    return saved


def report(result: CorpusResult) -> str:
    """The result as Markdown."""
    skills = len({run.entry.id for run in result.runs} | {failure.entry.id for failure in result.failures})
    return "\n\n".join(
        [
            f"## Corpus ({skills} skills, {len(THRESHOLDS)} thresholds)",
            _failures(result, skills),
            _promises(result.runs),
            "What came of the skills:",
            _outcomes(result.runs),
            "Reduction of the whole file, total / median:",
            _reductions(result.runs),
            "Tokens saved by rendering:",
            _savings(result.runs),
        ]
    )


def _failures(result: CorpusResult, skills: int) -> str:
    failed = len({failure.entry.id for failure in result.failures})
    lines = [f"Without a crash or a warning: **{skills - failed} of {skills}**."]
    lines += [f"- {f.entry.id} at {f.threshold:g}: {f.error}" for f in result.failures[:_SHOWN]]
    return "\n".join(lines)


def _promises(runs: Sequence[Run]) -> str:
    promises: tuple[tuple[str, Callable[[Fidelity], bool]], ...] = (
        ("frontmatter byte-identical", lambda f: f.frontmatter),
        ("every block kept in full byte-identical", lambda f: f.full_blocks),
        ("tokens counted afresh agree and do not grow", lambda f: f.tokens),
        ("no fact lost unsaid", lambda f: not f.unreported),
        ("the receipt is the difference of the inventories", lambda f: f.receipt),
    )
    rows = []
    for name, holds in promises:
        rows.append([name, *(_of(holds(run.fidelity) for run in _at(runs, t)) for t in THRESHOLDS)])
    broken = [
        f"- {run.entry.id} at {run.threshold:g}: {len(run.fidelity.unreported)} facts unsaid "
        f"{list(run.fidelity.unreported[:2])}, {len(run.fidelity.overreported)} said lost that stand "
        f"{list(run.fidelity.overreported[:2])}"
        for run in runs
        if not run.fidelity.receipt
    ]
    return "\n\n".join([table(["promise", *_heads()], rows), *(["\n".join(broken[:_SHOWN])] if broken else [])])


def _outcomes(runs: Sequence[Run]) -> str:
    def fate(run: Run) -> str:
        return next((k.value for k in (NoteKind.ALREADY_MINIMAL, NoteKind.NOT_WORTH_IT) if k in run.notes), "changed")

    fates = ("changed", NoteKind.ALREADY_MINIMAL.value, NoteKind.NOT_WORTH_IT.value)
    return table(
        ["outcome", *_heads()],
        [[name, *(str(sum(fate(run) == name for run in _at(runs, t))) for t in THRESHOLDS)] for name in fates],
    )


def _reductions(runs: Sequence[Run]) -> str:
    languages = [name for name, _ in Counter(run.entry.language for run in runs).most_common()]
    rows = [_reduction_row("all", runs)]
    rows += [_reduction_row(size, [r for r in runs if r.entry.size == size]) for size in (*dict(SIZES), LARGEST)]
    rows += [_reduction_row(name, [r for r in runs if r.entry.language == name]) for name in languages]
    return table(["group", "skills", *_heads()], rows)


def _reduction_row(name: str, runs: Sequence[Run]) -> list[str]:
    cells = []
    for threshold in THRESHOLDS:
        own = _at(runs, threshold)
        before, after = sum(run.input_tokens for run in own), sum(run.output_tokens for run in own)
        middle = median([run.reduction for run in own] or [0.0])
        cells.append(f"{percent(1 - after / before if before else 0.0)} / {percent(middle)}")
    return [name, str(len({run.entry.id for run in runs})), *cells]


def _savings(runs: Sequence[Run]) -> str:
    totals = {threshold: Counter[str]() for threshold in THRESHOLDS}
    for run in runs:
        totals[run.threshold].update(run.by_kind)
    kinds = [kind.value for kind in RenderingKind if kind is not RenderingKind.FULL]
    return table(
        ["rendering", *_heads()],
        [
            [name, *(f"{totals[t][name]:,}" for t in THRESHOLDS)]
            for name in [*kinds, REST]
            if any(totals[t][name] for t in THRESHOLDS)
        ],
    )


def _heads() -> list[str]:
    return [f"at {threshold:g}{' (default)' if threshold == DEFAULT_THRESHOLD else ''}" for threshold in THRESHOLDS]


def _at(runs: Sequence[Run], threshold: float) -> list[Run]:
    return [run for run in runs if run.threshold == threshold]


def _of(held: Iterable[bool]) -> str:
    values = list(held)
    return f"{sum(values)} of {len(values)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure(open_shared(arguments, __doc__ or ""))))


if __name__ == "__main__":
    main()
