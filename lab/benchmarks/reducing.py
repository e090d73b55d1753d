"""What `reduce` makes of the example skills with the recorded replies of a language model, and without one.

`python -m lab.benchmarks.reducing`. The replies are in `examples/replies`, with their origin: classes (by how blocks
begin), signposts (by heading) and texts of blocks (by what these say) in `reduce/NAME.json`. No server is asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from lab.common.tables import percent, table
from skill_distiller.disclosure.ledger import make_ledger, restore_folder
from skill_distiller.prompted.reduce_stage import MOST_CALLS, PromptedReducer
from skill_distiller.providers.model import Completion, Request
from skill_distiller.providers.session import Session
from skill_distiller.routing.oracle import Candidate
from skill_distiller.run.describe_skill import DescriptionOptions, Generate, describe_skill
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import Reduction, Stages
from skill_distiller.skill.read import read_folder
from skill_distiller.tokens import estimate_tokens, load_counter

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
NAMES: Final = ("changelog-entry", "incident-report", "postgres-migration")
_CORE: Final = "core_rule"


@dataclass(eq=False)
class RecordedReducer:
    """Answers the prompts of `reduce` from recorded replies; what there is no reply for gets the careful answer."""

    replies: dict[str, Any]
    name: str = "recorded"
    model: str = "by hand"
    address: str = ""
    parallel: int = 1
    asked: list[str] = field(default_factory=list)

    def complete(self, request: Request) -> Completion:
        """The reply to one prompt."""
        name = request.prompt_version.partition("/")[0]
        self.asked.append(name)
        pieces = [self._reply(name, *piece) for piece in _pieces(request)]
        rows = [{"index": place, **row} for place, row in enumerate(pieces) if row]
        answer = json.dumps({{"content": "blocks", "tighten": "texts", "shortened": "pairs"}.get(name, name): rows})
        return Completion(answer, self.model, estimate_tokens(request.prompt), estimate_tokens(answer))

    def _reply(self, name: str, head: str, text: str) -> dict[str, Any]:
        heading = head.rpartition(" > ")[2].rpartition(" | ")[2]
        if name == "content":
            named = (own for own, starts in self.replies["classes"].items() if text.startswith(tuple(starts)))
            return {"class": next(named, _CORE), "confidence": 0.9}
        if name == "tighten":
            return {"text": self.replies["texts"].get(text, "")}
        if name == "signposts":
            found = self.replies["signposts"].get(heading)
            return {"when": found[0], "topics": found[1]} if found else {}
        return {"missing": []}

    def close(self) -> None:
        """There is nothing to give back."""


def _pieces(request: Request) -> list[tuple[str, str]]:
    """The head line and the text of every piece that a prompt asks about."""
    data = request.prompt.partition(f"{request.boundary} begin")[2].partition(f"{request.boundary} end")[0]
    parts = re.split(rf"^{re.escape(request.boundary)} \w+ \d+(?: \| )?", data, flags=re.MULTILINE)[1:]
    return [(head, text.strip()) for head, _, text in (part.partition("\n") for part in parts)]


def measure(name: str) -> tuple[Reduction, Reduction, RecordedReducer]:
    """An example without a model, and with its replies."""
    folder, counter = read_folder(EXAMPLES / name), load_counter()
    others = [read_folder(EXAMPLES / other).skill for other in NAMES if other != name]
    describe = partial(
        describe_skill,
        library=[Candidate(other.name, other.description) for other in others],
        options=DescriptionOptions(generate=Generate.NEVER),
        counter=counter,
    )
    provider = RecordedReducer(
        json.loads((EXAMPLES / "replies" / "reduce" / f"{name}.json").read_text(encoding="utf-8")),
    )
    model = PromptedReducer(Session(provider), counter)
    return (
        reduce_folder(folder, stages=Stages(describe)),
        reduce_folder(folder, stages=Stages(describe, model)),
        provider,
    )


def main() -> None:
    """Measure and print."""
    rows, before, plain, told = [], 0, 0, 0
    for name in NAMES:
        without, reduction, provider = measure(name)
        split, size = reduction.split, reduction.figures[0].activation
        back = restore_folder(split.after, make_ledger(split)).skill.text if split else reduction.skill.text
        rows.append(
            [
                name,
                f"{size:,}",
                percent(without.figures[1].activation / size - 1),
                percent(reduction.figures[1].activation / size - 1),
                str(len(reduction.found.reworded)),
                f"{len(provider.asked)} of {MOST_CALLS}",
                "yes" if reduction.proof[0].passed and back == reduction.skill.text else "no",
            ]
        )
        before, plain, told = (
            before + size,
            plain + without.figures[1].activation,
            told + reduction.figures[1].activation,
        )
    head = [
        "skill",
        "tokens",
        "without a model",
        "with the replies",
        "blocks in fewer words",
        "calls",
        "proved, undone",
    ]
    print(table(head, rows))
    print(f"\nAlways loaded, in total: {percent(plain / before - 1)} without, {percent(told / before - 1)} with.")


if __name__ == "__main__":
    main()
