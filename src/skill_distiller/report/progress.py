"""What is told while a run goes: the calls to a model, and the stages as lines of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console

from skill_distiller.analysis.model import Analysis, Verdict
from skill_distiller.checks.functionality import Functionality
from skill_distiller.checks.model import Verification
from skill_distiller.language.facts import block_facts
from skill_distiller.planning.frontier import Frontier
from skill_distiller.planning.plan import Decision, Plan
from skill_distiller.providers.model import Expected, Provider, Watcher
from skill_distiller.report.json_record import Json, checks_to_json, members
from skill_distiller.report.text import plural, printable
from skill_distiller.rewriting.ladder import Ladder
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.skill.model import Block, Skill

if TYPE_CHECKING:
    from rich.progress import Progress


class ConsoleWatcher(Watcher):
    """One line before the first call, then on a terminal a bar; `close` takes the bar away."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None

    def begin(self, provider: Provider, expected: Expected) -> None:
        """Say how many calls, about how many tokens, and to which host."""
        calls = plural(expected.calls, "call")
        where = f"{provider.name}/{provider.model} at {provider.address or 'this process'}"
        self._console.print(printable(f"Asking {where}: about {calls} and {expected.tokens:,} tokens."))
        if self._console.is_terminal:
            self._bar = _calls_bar(self._console)
            self._bar.start()
            self._bar.add_task("", total=expected.calls)

    def progress(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()


def _calls_bar(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # for runs with a model alone

    columns = (TextColumn("Asking"), BarColumn(), MofNCompleteColumn(), TextColumn("calls"))
    return Progress(*columns, console=console, transient=True)


def stage_line(stage: str, value: object) -> str:
    """One line of ASCII JSON: `{"stage": …, …}`."""
    return json.dumps({"stage": stage, **_describe(value)})


def _describe(value: object) -> Json:
    match value:
        case Skill():
            blocks = [members(block, "index", "kind", "line") for block in value.blocks]
            return {"frontmatter": value.frontmatter.state, "sections": len(value.sections), "blocks": blocks}
        case Analysis():
            judged = enumerate(zip(value.verdicts, value.skill.blocks, strict=True))
            return {"analyzer": value.analyzer, "verdicts": [_verdict(i, *pair) for i, pair in judged]}
        case Frontier():
            return {"points": [{"tokens": t, "worth": round(w, 5)} for t, w in value.points]}
        case OneLiner():
            shares = {str(block): round(share, 3) for block, share in value.shares.items()}
            return {**members(value, "lines", "method", phrases_left_out="left_out"), "shares": shares}
        case Plan():
            return {"refused": value.refused, "decisions": [_decision(decision) for decision in value.decisions]}
        case Functionality():
            return {"score": round(value.score, 2), **members(value, "method", "protected_lost")}
        case Verification() | None:
            return {"verification": checks_to_json(value)}
        case tuple():
            return {"ladders": [_ladder(item) for item in value if isinstance(item, Ladder)]}
        case _:
            raise TypeError(f"no description for {type(value).__name__}")


def _verdict(index: int, verdict: Verdict, block: Block) -> Json:
    return {
        "block": index,
        "type": verdict.type,
        "importance": round(verdict.importance, 3),
        "confidence": round(verdict.confidence, 3),
        "protected": sorted(verdict.protected),
        "advisory": sorted(verdict.advisory),
        "facts": len(block_facts(block)),
    }


def _decision(decision: Decision) -> Json:
    rendering = decision.rendering.kind
    return {"block": decision.block, "rendering": rendering, "saved": decision.saved, "reason": decision.reason}


def _ladder(ladder: Ladder) -> Json:
    rungs = [members(rung, "kind", "tokens", "share") for rung in ladder.rungs]
    return {"block": ladder.block.index, "rungs": rungs, "refused": ladder.refused}
