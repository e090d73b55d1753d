"""What was measured with a language model, as Markdown; and how many pairs of model texts are read rightly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab.common.tables import percent, table
from lab.model.bench import Measured
from skill_distiller.meaning.accounting.account import account
from skill_distiller.run.run import DEFAULT_THRESHOLD

_BY_HAND: Final = (
    "The replies were written by hand by Claude, which read each prompt as a model would; no server was asked, and no "
    "figure says what another model makes of the same prompts."
)
_LEGEND: Final = (
    "Lost: criteria whose evidence is no longer found by its words (a faithful text in other words may miss it), whose "
    "sentences the comparison of meaning finds lost, and that a reader of this very result found lost. Announced are "
    "the calls of an ordinary run, without one to mend texts."
)
_SHOWN: Final = 70  # characters of a text
PAIRS: Final = Path(__file__).resolve().parents[2] / "tests/fixtures/model_texts"


def report(results: Sequence[Measured], *, by_hand: bool) -> str:
    """The bench: the figures of each skill, then what was dropped and what was refused."""
    before, after = sum(r.before for r in results), sum(r.after for r in results)
    plain = sum(r.plain for r in results)
    source = "replies written by hand" if by_hand else results[0].result.functionality.method
    head = ["skill", "body", "left", "without a model", "lost: evidence", "meaning", "reader", "calls", "announced"]
    head += ["score", "dropped", "refused"]
    return "\n\n".join(
        [
            f"## With a language model at threshold {DEFAULT_THRESHOLD:g} ({len(results)} skills, {source})",
            f"Of {before:,} body tokens {percent(after / before)} are left, without a model {percent(plain / before)}.",
            *([_BY_HAND] if by_hand else []),
            table(head, [_row(result) for result in results]),
            _LEGEND,
            *(_details(result) for result in results),
        ]
    )


def _row(r: Measured) -> list[str]:
    reader = f"{len(r.verdict.lost)}" if r.verdict else "not read"
    criteria = f" of {r.lost.criteria}" if r.lost.criteria else ""
    return [
        r.name,
        f"{r.before:,}",
        percent(r.left),
        percent(r.plain / r.before),
        f"{len(r.lost.by_evidence)}{criteria}",
        str(len(r.lost.by_meaning)),
        reader,
        str(r.calls.sent),
        str(r.calls.announced),
        f"{r.result.functionality.score:.1f}",
        str(len(r.dropped)),
        str(len(r.result.plan.refusals)),
    ]


def _details(r: Measured) -> str:
    lines = [f"### {r.name}"]
    for kind, lost in (("evidence", r.lost.by_evidence), ("meaning", r.lost.by_meaning)):
        lines += [f"- lost by {kind}: {', '.join(lost)}"] if lost else []
    if r.verdict:
        ships = "would ship it" if r.verdict.ships else "would not ship it"
        found = ", ".join(r.verdict.lost) or "nothing"
        lines.append(f"- reader ({r.verdict.reader}): lost {found}; {ships}. {r.verdict.notes}".rstrip())
    lines += [f"- dropped ({d.reason}): {_shown(r.result.original.blocks[d.block].text)}" for d in r.dropped]
    lines += [
        f"- refused{', the good part kept' if one.partly else ''}: {'; '.join(one.faults)} in: {_shown(one.after)}"
        for one in r.result.plan.refusals
    ]
    return "\n".join(lines)


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"


def pairs_report() -> str:
    """What becomes of the pairs, of those that the check was made on (the first two of each) and of those kept back.

    Asked about is what the judge has to answer for before it is taken.
    """
    rows = []
    for name in sorted(path.stem for path in PAIRS.glob("*.md")):
        pairs = _pairs(PAIRS / f"{name}.md")
        found = [account(before, after) for before, after in pairs]
        refused = sum(any(not fault.doubt for fault in faults) for faults in found)
        passed = sum(not faults for faults in found)
        wrong = refused if name.startswith("faithful") else passed
        numbers = (len(pairs), refused, len(pairs) - refused - passed, passed)
        rows.append([name, *map(str, numbers), percent(wrong / len(pairs))])
    return table(["pairs", "number", "refused", "asked about", "passed unsaid", "wrong"], rows)


def _pairs(path: Path) -> list[tuple[str, str]]:
    """Original and new text of each case of a fixture file."""
    parts = path.read_text(encoding="utf-8").split("\n.\n")
    return list(zip((f"{part}\n" for part in parts[1::3]), (f"{part}\n" for part in parts[2::3]), strict=False))
