"""`compress --interactive`: one question for each piece that would go, the largest first."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rich.console import Console
from rich.text import Text

from skill_distiller.errors import StoppedError, TargetError, UsageError
from skill_distiller.planning.required import bring_back
from skill_distiller.report.losses import Loss, find_losses, loss_head
from skill_distiller.report.record import make_record
from skill_distiller.report.text import plural, printable_lines
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.backends import Backends
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.skill.model import Skill

_SHOWN: Final = 15  # lines of a piece that are shown; the rest with its context
_AROUND: Final = 4  # lines of context on each side
_QUESTION: Final = "Drop it? [d]rop (Enter), [k]eep, show [c]ontext, [s]top asking: "
_ANSWERS: Final = {"": "d", "d": "d", "drop": "d", "y": "d", "yes": "d", "k": "k", "keep": "k", "n": "k", "no": "k"} | {
    "c": "c", "context": "c", "s": "s", "stop": "s", "q": "s", "quit": "s"
}  # fmt: skip
_ODD: Final = re.compile(r"[^\w.-]+")


def plan_name(skill: Skill) -> str:
    """The file in the working folder that the decisions are saved to where no other is named."""
    return f"{_ODD.sub('-', skill.name).strip('-.')[:60] or 'SKILL'}.plan.yaml"


def with_answers(result: Result, backends: Backends, console: Console) -> Result:
    """The result with the pieces that somebody wants to keep; a budget is raised by what they take."""
    options, ids = result.run.options, ask_what_to_keep(result, console)
    if not ids:
        return result
    options = replace(options, keep=replace(options.keep, ids=(*options.keep.ids, *ids)))
    try:
        return distill(result.original, options, backends)
    except TargetError as error:
        console.print(f"For what you keep the budget is raised to {error.smallest} tokens.")
        return distill(result.original, replace(options, tokens=error.smallest), backends)


def ask_what_to_keep(result: Result, console: Console) -> tuple[str, ...]:
    """The ids of the pieces that somebody wants to keep: asked on stderr, answered on stdin, whose end ends it.

    What comes back with a piece that is kept is not asked about. Raises StoppedError on Ctrl-C.
    """
    losses, record, counter = find_losses(result), make_record(result), result.run.counter
    kept, plan = list[Loss](), result.plan
    for number, loss in enumerate(losses, 1):
        if loss.blocks and all(plan.decisions[b.index].rendering.kind is RenderingKind.FULL for b in loss.blocks):
            continue
        console.print(Text(f"\n{number} of {len(losses)}  {loss_head(loss, record)}", style="bold"))
        for line in _lines(loss.text, _SHOWN):
            console.print(Text(f"    {line}"))
        answer = _ask(loss, result.original, console, first=number == 1)
        if answer == "s":
            break
        if answer == "k":
            kept.append(loss)
            blocks = {block.index for one in kept for block in one.blocks}
            plan = bring_back(result.original, result.plan, blocks, counter)
    if losses:
        console.print(f"\nKept: {plural(len(kept), 'piece')}.")
    return tuple(piece for loss in kept for piece in loss.pieces)


def _ask(loss: Loss, skill: Skill, console: Console, *, first: bool) -> str:
    """One of d, k and s; at the end of stdin the last. Raises UsageError where there is no answer even to the first."""
    while True:
        console.print(_QUESTION, end="")
        try:
            given = sys.stdin.readline()
        except KeyboardInterrupt:
            raise StoppedError("Stopped.", "Nothing was written.") from None
        if not given:
            console.print()
            if first:
                raise UsageError("--interactive asks, and nobody answers.", "Run it in a terminal, or write a plan.")
            return "s"
        answer = _ANSWERS.get(given.strip().lower(), "")
        if answer == "c":
            for line in _context(loss, skill):
                console.print(Text(line))
        elif answer:
            return answer
        else:
            console.print("Answer d, k, c or s.")


def _context(loss: Loss, skill: Skill) -> Iterator[str]:
    """The piece, whole, among the lines around it, each with its number; a bar marks what would go."""
    first, last = loss.lines
    lines = printable_lines(skill.text).splitlines()
    for number in range(max(1, first - _AROUND), min(len(lines), last + _AROUND) + 1):
        yield f"  {number:>5} {'|' if first <= number <= last else ' '} {lines[number - 1]}"


def _lines(text: str, most: int) -> Iterator[str]:
    lines = printable_lines(text.strip("\r\n")).splitlines()
    yield from lines[:most]
    if len(lines) > most:
        yield f"… {plural(len(lines) - most, 'more line')}"
