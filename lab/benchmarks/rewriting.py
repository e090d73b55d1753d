"""What rewriting saves: skills distilled with replies that were recorded, and without a model.

`python -m lab.benchmarks.rewriting [--replies DIR] [--shared PATH]`; a file `NAME.jsonl` of DIR holds the
replies for the example skill of that name, or for that of the corpus. No server is asked. A text is taken in which
no change of meaning is found, as with --accept-unproved.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.benchmarks.recorded import RecordedProvider, Replies, read_replies
from lab.common.exam import exam_of
from lab.common.shared import MISSING_EXIT_CODE, Shared, shared_parser
from lab.common.tables import percent, table
from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import RENDERINGS, Proof
from skill_distiller.run.backends import Backends
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DEFAULT_THRESHOLD, DistillOptions
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
REPLIES: Final = EXAMPLES / "replies"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One skill at the default threshold: `body` and `bodies` are body tokens of the original and of the results.

    Each pair holds the figure without a model and with the replies. `lost` counts the facts that the
    result no longer holds, `kept` the criteria of its exam whose evidence survives (None without an
    exam), `criteria` how many there are.
    """

    name: str
    body: int
    bodies: tuple[int, int]
    lost: tuple[int, int]
    kept: tuple[int, int] | None
    criteria: int
    rewritten: int
    refused: int
    calls: int

    @property
    def left(self) -> float:
        """Body tokens with the replies over those of the original, 0-1."""
        return self.bodies[1] / self.body


def measure(folder: Path, shared: Shared | None) -> tuple[Rewriting, ...]:
    """Every skill of which the folder has replies."""
    return tuple(_measure(path.stem, read_replies(path), shared) for path in sorted(folder.glob("*.jsonl")))


def _measure(name: str, replies: Replies, shared: Shared | None) -> Rewriting:
    skill = _skill(name, shared)
    session = Session(RecordedProvider(replies))
    options = DistillOptions(threshold=DEFAULT_THRESHOLD)
    rewriter = PromptedRewriter(session, accept_unproved=True)  # what is proved alone saves next to nothing here
    plain, reworded = distill(skill, options), distill(skill, options, Backends(renderers=(rewriter,)))
    count = plain.run.counter.count
    exam = exam_of(shared, name) if shared else None
    return Rewriting(
        name,
        count(skill.body),
        (count(plain.distilled.body), count(reworded.distilled.body)),
        (len(plain.evidence.receipt.lost), len(reworded.evidence.receipt.lost)),
        (exam.kept(plain.text), exam.kept(reworded.text)) if exam else None,
        len(exam.criteria) if exam else 0,
        _reworded(reworded),
        reworded.plan.refused,
        session.usage.calls,
    )


def _skill(name: str, shared: Shared | None) -> Skill:
    if (EXAMPLES / name / SKILL_FILE).is_file() or shared is None:
        return read_skill(EXAMPLES / name)
    return read_skill(shared.corpus / name)


def _reworded(result: Result) -> int:
    return sum(RENDERINGS[decision.rendering.kind].proof is Proof.WORDING for decision in result.plan.decisions)


def report(results: Sequence[Rewriting]) -> str:
    """The study as Markdown."""
    before, after = sum(r.body for r in results), sum(r.bodies[1] for r in results)
    plain = sum(r.bodies[0] for r in results)
    head = ["skill", "body", "left embedded", "left rewritten", "blocks", "refused", "calls", "facts lost", "evidence"]
    return "\n\n".join(
        [
            f"## Rewriting at threshold {DEFAULT_THRESHOLD:g} ({len(results)} skills, recorded replies)",
            f"Of {before:,} body tokens {percent(after / before)} are left, without a model {percent(plain / before)}.",
            table(head, [_row(result) for result in results]),
            "Facts lost and evidence kept: without a model → with the replies. Evidence is looked for by its words: a "
            "faithful text in other words may miss it.",
        ]
    )


def _row(r: Rewriting) -> list[str]:
    evidence = f"{r.kept[0]} → {r.kept[1]} of {r.criteria}" if r.kept else "-"
    return [
        r.name,
        f"{r.body:,}",
        percent(r.bodies[0] / r.body),
        percent(r.left),
        str(r.rewritten),
        str(r.refused),
        str(r.calls),
        f"{r.lost[0]} → {r.lost[1]}",
        evidence,
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--replies", type=Path, default=REPLIES, help="folder of replies (default: examples/replies)")
    chosen = parser.parse_args(arguments)
    results = measure(chosen.replies, Shared(chosen.shared) if chosen.shared.is_dir() else None)
    if not results:
        sys.stderr.write(f"There are no replies in {str(chosen.replies)!r}: point --replies at a folder of them.\n")
        raise SystemExit(MISSING_EXIT_CODE)
    print(report(results))


if __name__ == "__main__":
    main()
