"""What `reduce` makes of the example skills with the recorded replies of a language model, and without one.

`python -m lab.model.reducing [--compact]`. The replies were written by hand, and no server is asked: those in
`examples/replies` are used as far as they answer (they are those of `python -m lab.model`), the others are in
`examples/replies/reduce`. `--prompts DIR` writes the prompts that have no reply, `--record DIR` takes the answers that
stand beside them, `--results DIR` writes the folders.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from lab.common.tables import percent, table
from lab.model.prompts import record_answers, write_prompts
from lab.model.recorded import RecordedProvider
from lab.model.replies import Replies, read_replies
from skill_distiller.disclosure.ledger import make_ledger, restore_folder
from skill_distiller.prompted.reduce_stage import PromptedReducer
from skill_distiller.providers.session import Session
from skill_distiller.routing.oracle import Candidate
from skill_distiller.run.describe_skill import DescriptionOptions, Generate, describe_skill
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import Extras, ReduceOptions, Reduction, Stages
from skill_distiller.skill.read import read_folder
from skill_distiller.skill.write_folder import write_folder
from skill_distiller.tokens import load_counter

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
NAMES: Final = ("changelog-entry", "incident-report", "postgres-migration")


class Measured(NamedTuple):
    """An example without a model, and with the replies that a session asked for."""

    plain: Reduction
    told: Reduction
    session: Session
    provider: RecordedProvider

    @property
    def back(self) -> str:
        """The original, as it comes back from the folder."""
        split = self.told.split
        return restore_folder(split.after, make_ledger(split)).skill.text if split else self.told.skill.text


def replies_of(name: str) -> Path:
    """Where the replies are kept that only `reduce` asks for."""
    return EXAMPLES / "replies" / "reduce" / f"{name}.jsonl"


def measure(name: str, *, compact: bool = False) -> Measured:
    """An example without a model, and with its replies."""
    folder = read_folder(EXAMPLES / name)
    others = [read_folder(EXAMPLES / other).skill for other in NAMES if other != name]
    describe = partial(
        describe_skill,
        library=[Candidate(other.name, other.description) for other in others],
        options=DescriptionOptions(generate=Generate.NEVER),
        counter=load_counter(),
    )
    shared, own = (read_replies(path) for path in (EXAMPLES / "replies" / f"{name}.jsonl", replies_of(name)))
    provider = RecordedProvider(Replies(own.origin, (*own.lines, *shared.lines)))
    session = Session(provider)
    return Measured(
        reduce_folder(folder, stages=Stages(describe)),
        reduce_folder(
            folder,
            ReduceOptions(extras=Extras(compact=compact)),
            stages=Stages(describe, PromptedReducer(session)),
        ),
        session,
        provider,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compact", action="store_true", help="what moves is said in fewer words too")
    parser.add_argument("--prompts", type=Path, help="write the prompts without a reply into this folder")
    parser.add_argument("--record", type=Path, help="record the answers in this folder, and measure nothing")
    parser.add_argument("--results", type=Path, help="write the folders that came out into this one")
    chosen = parser.parse_args(arguments)
    if chosen.record:
        print("\n".join(record_answers(chosen.record, replies_of)))
        return
    found = {name: measure(name, compact=chosen.compact) for name in NAMES}
    print(_report(found))
    for name, own in found.items():
        if own.provider.unanswered:
            sys.stderr.write(f"{name}: {len(own.provider.unanswered)} prompts have no reply: --prompts DIR.\n")
        if chosen.prompts:
            write_prompts(chosen.prompts, name, own.provider.unanswered)
        if chosen.results:
            chosen.results.mkdir(parents=True, exist_ok=True)
            write_folder(own.told.after, str(chosen.results / name), force=True)


def _report(found: dict[str, Measured]) -> str:
    rows, before, plain, told = list[list[str]](), 0, 0, 0
    for name, own in found.items():
        size = own.told.figures[0].activation
        without, with_replies = (one.figures[1].activation for one in (own.plain, own.told))
        rewritten = own.told.found.rewritten
        rows.append(
            [
                name,
                f"{size:,}",
                percent(without / size - 1),
                percent(with_replies / size - 1),
                percent(own.told.figures[1].path / own.told.figures[0].path - 1),
                str(len(rewritten.proof.receipt.changes) if rewritten else 0),
                f"{own.session.usage.calls} of {own.session.expected.calls}",
                "yes" if own.told.proof[0].passed and own.back == own.told.skill.text else "no",
            ]
        )
        before, plain, told = before + size, plain + without, told + with_replies
    head = ["skill", "tokens", "without a model", "with the replies", "per use", "blocks changed", "calls", "proved"]
    total = f"Always loaded, in total: {percent(plain / before - 1)} without, {percent(told / before - 1)} with."
    return f"{table(head, rows)}\n\n{total}"


if __name__ == "__main__":
    main()
