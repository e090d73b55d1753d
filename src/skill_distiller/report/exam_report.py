"""An exam as text and as JSON: what was kept, by condition and baseline, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from skill_distiller.exams.baselines import BaselineKept
from skill_distiller.exams.evidence import EvidenceKept, EvidenceTable
from skill_distiller.exams.model import BY_PROGRAM
from skill_distiller.exams.sitting import (
    LEAST_FOR_A_TEST,
    NO_SCIPY,
    NO_SKILL,
    ORIGINAL,
    ExamResult,
    Mark,
    Outcome,
    Sitting,
    has_scipy,
)
from skill_distiller.providers.model import Usage
from skill_distiller.report.json_record import Json, members
from skill_distiller.report.record import usage_text
from skill_distiller.report.text import excerpt, plural, printable

RESULT_SCHEMA: Final = "skill-distiller/exam-result/1"
_MOST_SHOWN: Final = 10  # lost criteria of one candidate, without --verbose
_NAME: Final = 28  # characters of a candidate's name that the table shows
_TEXT: Final = 110  # characters of a criterion


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """A result with what else is told of it: baselines, and what was asked of whom (the judge last)."""

    result: ExamResult
    baselines: tuple[BaselineKept, ...] = ()
    usages: tuple[Usage, ...] = ()
    mark: str = ""  # in front of token counts that are estimates


def exam_lines(record: ExamRecord, *, verbose: bool = False) -> Iterator[str]:
    """The report of an exam, line by line; safe to show."""
    result = record.result
    yield _head(result.evidence)
    if result.evidence.criteria:
        yield ""
        yield from _evidence_table(record)
        for kept in result.evidence.candidates:
            yield from _lost_lines(kept, verbose=verbose)
    if result.outcomes:
        yield ""
        yield from _outcome_lines(record, verbose=verbose)
    else:
        yield ""
        yield "Evidence is what the texts still say; no agent was asked what it can do with them."
    for why, count in result.excluded.items():
        yield f"{_criteria(count)} not decided: {why}."


def _head(table: EvidenceTable) -> str:
    exam = table.exam
    by = {"": "people", BY_PROGRAM: "a program"}.get(exam.made_by, exam.made_by)
    parts = [f"Exam by {printable(by)}: {plural(len(exam.tasks), 'task')}, {_criteria(len(exam.criteria))}"]
    if table.without:
        parts.append(f"{table.without} without evidence")
    if table.foreign:
        parts.append(f"{len(table.foreign)} whose evidence the original does not hold")
    return "; ".join(parts)


def _criteria(count: int) -> str:
    return plural(count, "criterion", "criteria")


def _evidence_table(record: ExamRecord) -> Iterator[str]:
    table, mark = record.result.evidence, record.mark
    head = ("", "tokens", "in core", "with files", "to load")
    rows = [_evidence_row(table.original, table.criteria, mark)]
    for kept in table.candidates:
        rows.append(_evidence_row(kept, table.criteria, mark))
        for base in record.baselines:
            if base.candidate == kept.name:
                shares = [_share(base.in_core, table.criteria), _share(base.reachable, table.criteria)]
                rows.append((f"  {base.name}", f"{mark}{base.tokens:,.0f}", *shares, ""))
    yield "Evidence kept, and the tokens that have to be loaded for a criterion (mean):"
    yield from _table([head, *rows])


def _evidence_row(kept: EvidenceKept, criteria: int, mark: str) -> tuple[str, ...]:
    return (
        excerpt(kept.name, _NAME),
        f"{mark}{kept.core_tokens:,}",
        _share(kept.in_core, criteria),
        _share(kept.reachable, criteria),
        f"{mark}{kept.load_tokens:,.0f}",
    )


def _share(count: float, of: int) -> str:
    return f"{count:.1f} ({count / of:.0%})" if count % 1 else f"{count:.0f} ({count / of:.0%})"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def _lost_lines(kept: EvidenceKept, *, verbose: bool) -> Iterator[str]:
    if not kept.lost:
        return
    yield ""
    yield f"Evidence lost in {printable(kept.name)}: {len(kept.lost)}"
    shown = kept.lost if verbose else kept.lost[:_MOST_SHOWN]
    for lost in shown:
        yield f"  {printable(lost.criterion.id)}: {excerpt(lost.criterion.text, _TEXT)}"
        if verbose:
            yield from (f"    gone: {excerpt(quote, _TEXT)}" for quote in lost.gone)
    if len(shown) < len(kept.lost):
        yield f"  and {len(kept.lost) - len(shown)} more (--verbose)"


def _outcome_lines(record: ExamRecord, *, verbose: bool) -> Iterator[str]:
    result = record.result
    yield from _models(record.usages)
    names = [NO_SKILL, ORIGINAL, *(outcome.name for outcome in result.outcomes)]
    head = ("", "score", "retention", "95 %", "calls", "tokens", "files read")
    yield from _table([head, *(_condition_row(result, name, record.mark) for name in names)])
    for outcome in result.outcomes:
        yield ""
        yield from _outcome_text(outcome)
        for task in outcome.missing:
            why = next((s.fault for s in result.sittings if s.task == task and s.fault), "")
            yield f"  no score for {printable(task)}: {excerpt(why, _TEXT)}"
        for criterion in result.failed(outcome.name):
            yield f"  fails {printable(criterion.id)}: {excerpt(criterion.text, _TEXT)}"
    unsupported = sum(mark.unsupported for sitting in result.sittings for mark in sitting.marks)
    if unsupported:
        times = plural(unsupported, "time")
        yield f"The judge said yes {times} and quoted nothing that the answer holds: counted as no."
    if verbose:
        for sitting in result.sittings:
            yield from _sitting_lines(sitting)
    if not has_scipy():
        yield NO_SCIPY


def _models(usages: Sequence[Usage]) -> Iterator[str]:
    for usage, does in zip(usages, ("Answers by", "Marks by"), strict=False):
        yield f"{does} {printable(usage.provider)}/{printable(usage.model)}: {usage_text(usage)}"
    if len(usages) == 1:
        yield "The same model answers and marks: it may like its own answers."


def _condition_row(result: ExamResult, name: str, mark: str) -> tuple[str, ...]:
    own = [sitting for sitting in result.sittings if sitting.condition == name]
    scores = [sitting.score for sitting in own if sitting.score is not None]
    score = f"{sum(scores) / len(scores):.3f}" if scores else "-"
    kept, interval = "", ""
    if len(result.outcomes) == 1 and name in result.outcomes[0].scores:
        score = f"{result.outcomes[0].scores[name]:.3f}"  # over the tasks that have a score under every condition
    for outcome in result.outcomes:
        if outcome.name == name and outcome.summary:
            kept = f"{outcome.summary.mean:.3f}"
            if outcome.summary.interval:
                interval = "{:.2f}-{:.2f}".format(*outcome.summary.interval)
            score = f"{outcome.scores[name]:.3f}"
    reads = sum(len(sitting.reads) for sitting in own)
    tokens = sum(sitting.input_tokens for sitting in own)
    calls = sum(sitting.calls for sitting in own)
    return excerpt(name, _NAME), score, kept, interval, str(calls), f"{mark}{tokens:,}", str(reads)


def _outcome_text(outcome: Outcome) -> Iterator[str]:
    summary = outcome.summary
    if summary is None:
        return
    name, paired = printable(outcome.name), summary.paired
    passed = "passes" if summary.passed else "does not pass"
    yield (
        f"{name} {passed}: {summary.mean:.1%} of the original's score is kept over {plural(summary.tasks, 'task')} "
        f"({paired.better} better, {paired.worse} worse, {paired.ties} alike)"
    )
    if summary.challenging is not None:
        yield f"  without tasks that no skill is needed for: {summary.challenging:.1%}"
    if paired.wilcoxon is not None and paired.sign is not None:
        d = "" if paired.d is None else f", Cohen's d {paired.d:+.2f}"
        yield f"  Wilcoxon p = {paired.wilcoxon:.3f}, sign test (better) p = {paired.sign:.3f}{d}"
    elif summary.tasks < LEAST_FOR_A_TEST:
        yield f"  {plural(summary.tasks, 'task')}: too few for a test"


def _sitting_lines(sitting: Sitting) -> Iterator[str]:
    score = "-" if sitting.score is None else f"{sitting.score:.2f}"
    read = f", read {', '.join(map(printable, sitting.reads))}" if sitting.reads else ""
    yield ""
    yield f"{printable(sitting.task)}, {printable(sitting.condition)}: {score}{read}"
    if sitting.error:
        yield f"  {printable(sitting.error)}"
    for mark in sitting.marks:
        yield f"  {_WORDS[mark.met]} {printable(mark.criterion.id)}: {_decided_by(mark)}"


_WORDS: Final = {True: "met", False: "not met", None: "undecided"}


def _decided_by(mark: Mark) -> str:
    if mark.why:
        return excerpt(mark.why, _TEXT)
    quote = f"«{excerpt(mark.quote, _TEXT)}»" if mark.quote else excerpt(mark.criterion.text, _TEXT)
    return f"{quote} (a quote that is not in the answer)" if mark.unsupported else quote


def exam_result_to_json(record: ExamRecord) -> Json:
    """The record of an exam, `retention` (0-1) in it where models sat it and there is one candidate."""
    result = record.result
    only = result.outcomes[0].summary if len(result.outcomes) == 1 else None
    return {
        "schema": RESULT_SCHEMA,
        "exam": _exam_to_json(result),
        **({"retention": only.mean} if only else {}),
        "evidence": [_kept_to_json(kept) for kept in (result.evidence.original, *result.evidence.candidates)],
        "baselines": [{**base._asdict(), "shares": list(base.shares)} for base in record.baselines],
        "outcomes": [_outcome_to_json(outcome) for outcome in result.outcomes],
        "sittings": [_sitting_to_json(sitting) for sitting in result.sittings],
        "models": [asdict(usage) for usage in record.usages],
        "tokens_exact": not record.mark,
        "statistics": has_scipy(),
    }


def _exam_to_json(result: ExamResult) -> Json:
    exam = result.exam
    return {
        **members(exam, "skill", "made_by"),
        "tasks": len(exam.tasks),
        "criteria": len(exam.criteria),
        "counted": result.evidence.criteria,
        "without_evidence": result.evidence.without,
        "not_in_original": [kept.criterion.id for kept in result.evidence.foreign],
        "not_decided": dict(result.excluded),
    }


def _kept_to_json(kept: EvidenceKept) -> Json:
    return {
        **members(kept, "name", "core_tokens", "in_core", "reachable"),
        "load_tokens": round(kept.load_tokens, 1),
        "criteria": [
            {
                "task": one.task,
                "id": one.criterion.id,
                **members(one, "place", "gone"),
                "load": [str(path) for path in one.load],
            }
            for one in kept.kept
        ],
    }


def _outcome_to_json(outcome: Outcome) -> Json:
    summary = outcome.summary
    return {
        "name": outcome.name,
        "scores": dict(outcome.scores),
        **members(outcome, "tasks", "missing"),
        "summary": asdict(summary) if summary else None,
    }


def _sitting_to_json(sitting: Sitting) -> Json:
    return {
        **members(sitting, "condition", "task", "score", "answer", "reads", "calls", "input_tokens", "error"),
        "marks": [
            {"id": mark.criterion.id, **members(mark, "met", "quote", "unsupported", "why")} for mark in sitting.marks
        ],
    }
