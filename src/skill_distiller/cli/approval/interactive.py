"""`compress --interactive`: one question for each piece that would go, the largest first."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from rich.console import Console
from rich.text import Text

from skill_distiller.disclosure.passages import POINTER_TOKENS
from skill_distiller.errors import StoppedError, TargetError, UsageError
from skill_distiller.planning.required import bring_back
from skill_distiller.report.losses import Loss, find_losses, loss_head
from skill_distiller.report.record import make_record
from skill_distiller.report.text import plural, printable_lines
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import Backends
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill

_SHOWN: Final = 15  # lines of a piece that are shown; the rest with its context
_AROUND: Final = 4  # lines of context on each side
_QUESTION: Final = "Drop it? [d]rop (Enter), [k]eep, {}show [c]ontext, [s]top asking: "
_MOVE: Final = "[m]ove to a reference, "
_ANSWERS: Final = {"": "d", "d": "d", "drop": "d", "y": "d", "yes": "d", "k": "k", "keep": "k", "n": "k", "no": "k"} | {
    "m": "m", "move": "m", "c": "c", "context": "c", "s": "s", "stop": "s", "q": "s", "quit": "s"
}  # fmt: skip
_ODD: Final = re.compile(r"[^\w.-]+")


def plan_name(skill: Skill) -> str:
    """The file in the working folder that the decisions are saved to where no other is named."""
    return f"{_ODD.sub('-', skill.name).strip('-.')[:60] or 'SKILL'}.plan.yaml"


class Answers(NamedTuple):
    """The pieces that somebody wants to keep in SKILL.md, and to move into a reference."""

    kept: tuple[Loss, ...] = ()
    moved: tuple[Loss, ...] = ()

    @property
    def blocks(self) -> frozenset[int]:
        """The blocks of all of them."""
        return frozenset(block.index for loss in (*self.kept, *self.moved) for block in loss.blocks)


def with_answers(result: Result, backends: Backends, console: Console, folder: SkillFolder | None = None) -> Result:
    """The result with the pieces that somebody wants to keep; a budget is raised by what they take.

    Where the run writes a whole folder, which is given then, pieces can move into references of it too.
    """
    options, answers = result.run.options, ask(result, console, can_move=folder is not None)
    if not answers.kept and not answers.moved:
        return result
    keep, (kept, moved) = options.keep, (tuple(piece for loss in of for piece in loss.pieces) for of in answers)
    options = replace(options, keep=replace(keep, ids=(*keep.ids, *kept), moved=(*keep.moved, *moved)))
    given = folder or result.original
    try:
        made = distill(given, options, backends)
    except TargetError as error:
        console.print(f"For what you keep the budget is raised to {error.smallest} tokens.")
        made = distill(given, replace(options, tokens=error.smallest), backends)
    over = made.output_tokens - (made.run.options.tokens or made.output_tokens)
    if over > 0:
        console.print(f"The pointers to what moved are beyond the budget: {plural(over, 'token')} more than that.")
    return made


def ask(result: Result, console: Console, *, can_move: bool) -> Answers:
    """What shall become of each piece that would go: asked on stderr, answered on stdin, whose end ends it.

    What comes back with a piece that is kept is not asked about. Raises StoppedError on Ctrl-C.
    """
    losses, record, counter = find_losses(result), make_record(result), result.run.counter
    answers, plan = Answers(), result.plan
    for number, loss in enumerate(losses, 1):
        if loss.blocks and all(plan.decisions[b.index].rendering.kind is RenderingKind.FULL for b in loss.blocks):
            continue
        console.print(Text(f"\n{number} of {len(losses)}  {loss_head(loss, record)}", style="bold"))
        for line in _lines(loss.text, _SHOWN):
            console.print(Text(f"    {line}"))
        answer = _ask(loss, result.original, console, first=number == 1, no_move=_why_not_moved(loss, can_move))
        if answer == "s":
            break
        if answer in ("k", "m"):
            field = "kept" if answer == "k" else "moved"
            answers = answers._replace(**{field: (*getattr(answers, field), loss)})
            plan = bring_back(result.original, result.plan, answers.blocks, counter)
    if losses:
        moved = f" Moved: {plural(len(answers.moved), 'piece')}." if answers.moved else ""
        console.print(f"\nKept: {plural(len(answers.kept), 'piece')}.{moved}")
    return answers


def _why_not_moved(loss: Loss, can_move: bool) -> str:
    """Why a piece can't move into a reference, as a sentence; "" for one that can."""
    if not can_move:
        return "A piece moves into a file of its own: give the skill's folder, and one to write, with a slash: -o OUT/"
    if loss.parts or not loss.blocks:
        return "Only whole pieces can move."
    return "The pointer to it would take as much as it does." if loss.tokens <= POINTER_TOKENS else ""


def _ask(loss: Loss, skill: Skill, console: Console, *, first: bool, no_move: str) -> str:
    """One of d, k, m and s; at the end of stdin the last. Raises UsageError where there is no answer even to the first.

    `no_move` says why the piece can't move, "" where it can.
    """
    while True:
        console.print(_QUESTION.format("" if no_move else _MOVE), end="")
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
        elif answer == "m" and no_move:
            console.print(no_move)
        elif answer:
            return answer
        else:
            console.print("Answer d, k, c or s." if no_move else "Answer d, k, m, c or s.")


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
