"""How a result went through `--gate`, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from skill_distiller.providers.model import Usage
from skill_distiller.providers.prices import dollars
from skill_distiller.report.text import excerpt, plural, printable
from skill_distiller.run.result import Basis, GateOutcome

_MOST_FAILURES: Final = 10  # criteria that are named
_TEXT: Final = 110  # characters of a criterion
_KEPT: Final = {
    Basis.EVIDENCE: "of the evidence kept",
    Basis.RETENTION: "of the original's score kept",
    Basis.ANSWERS: "answered as by the original",
    Basis.CONCEPTS: "of what was shortened says all",
}


def gate_lines(outcome: GateOutcome) -> Iterator[str]:
    """What gates found round by round, and how it ended; safe to show."""
    for number, told in enumerate(outcome.rounds, 1):
        stay = f", {plural(len(told.pieces), 'piece')} brought back" if told.pieces else ""
        fails = f"fails {plural(len(told.failed), 'criterion', 'criteria')}" if told.failed else "fails nothing"
        at = "" if told.threshold is None else f" at {told.threshold:g}"
        name = told.gate.capitalize()
        yield (f"{name}, try {number}{at}: {told.tokens:,} tokens, {told.kept:.1%} {_KEPT[told.basis]}, {fails}{stay}")
    for criterion in outcome.best.failed[:_MOST_FAILURES]:
        yield f"  fails {printable(criterion.id)}: {excerpt(criterion.text, _TEXT)}"
    if outcome.why:
        yield f"The gate is not passed: {outcome.why}."
    for usage in outcome.asked:
        yield f"The gate asked {printable(usage.provider)}/{printable(usage.model)}: {usage_text(usage)}"


def gate_to_json(outcome: GateOutcome | None) -> dict[str, object] | None:
    """How a result went through the gates, as records have it."""
    if outcome is None:
        return None
    return {
        "name": outcome.name,
        "passed": outcome.passed,
        "why": outcome.why or None,
        "chosen": outcome.chosen,
        "rounds": [
            {
                "gate": told.gate,
                "threshold": told.threshold,
                "tokens": told.tokens,
                "kept": round(told.kept, 4),
                "basis": told.basis.value,
                "failed": [{"id": one.id, "text": one.text} for one in told.failed],
                "pieces": list(told.pieces),
            }
            for told in outcome.rounds
        ],
        "models": [asdict(usage) for usage in outcome.asked],
    }


def usage_text(usage: Usage) -> str:
    """What was asked of a model, in a few words."""
    cached = f", {usage.cached} from the cache" if usage.cached else ""
    cost = f", {dollars(usage.dollars)}" if usage.dollars else ""
    return f"{plural(usage.calls, 'call')}{cached}, {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out{cost}"
