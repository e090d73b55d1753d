"""Many skills in words: the outcomes of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skill_distiller.library.batch_outcomes import Outcome, State, Tally
from skill_distiller.report.text import excerpt, plural, printable

_STYLES: Final = {State.DONE: "green", State.MINIMAL: "", State.REFUSED: "yellow", State.FAILED: "red"}
_NAMES_SHOWN: Final = 10
_WIDE: Final = 140  # columns
_FIGURES: Final = 54  # columns that those of numbers take at most, with what parts them
_LEAST: Final = 12  # columns of text; where there is room for less, the loss is left out


def widened(console: Console) -> Console:
    """The console, wide enough for tables where it is no terminal."""
    if not console.is_terminal:
        console.width = _WIDE
    return console


def outcome_line(outcome: Outcome) -> Text:
    """One outcome on one line, safe to show."""
    before, after = outcome.tokens
    figures = f": {before:,} → {after:,} tokens" if before else ""
    reason = f" ({printable(outcome.reason)})" if outcome.reason else ""
    return Text.assemble((outcome.state.value, _STYLES[outcome.state]), f" {printable(outcome.place)}{figures}{reason}")


def print_batch(tally: Tally, gone: Sequence[str], mark: str, console: Console) -> None:
    """Print the skills that saved most, those that failed with the sentence why, and what all come to.

    `gone` are places with results of earlier runs that have no skill any more, `mark` stands before estimated counts.
    """
    if tally.largest:
        console.print(_largest(tally.largest, mark, console.width - _FIGURES))
    if (rest := tally.total - len(tally.largest) - len(tally.failed)) > 0:
        console.print(f"and {rest:,} more (--verbose or --json)")
    for outcome in tally.failed:
        console.print(outcome_line(outcome))
    states = ", ".join(f"{tally.states[state]:,} {state.value}" for state in State if tally.states[state])
    console.print(Text(f"{plural(tally.total, 'skill')}: {states}"))
    saved = share(tally.before - tally.after, tally.before)
    console.print(f"Tokens: {mark}{tally.before:,} → {mark}{tally.after:,} ({saved} saved)")
    for count, what in (
        (tally.copies, "with the text of another one: worked on once"),
        (tally.earlier, "of an earlier run: nothing to do"),
        (tally.passed_over, "passed over, named above"),
    ):
        if count:
            console.print(f"{count:,} {what}")
    if gone:
        names = ", ".join(printable(place) for place in gone[:_NAMES_SHOWN])
        more = ", …" if len(gone) > _NAMES_SHOWN else ""
        console.print(f"{plural(len(gone), 'result')} of earlier runs without a skill any more: {names}{more}")


def _largest(largest: Sequence[Outcome], mark: str, room: int) -> Table:
    """The table of the skills that saved most, with so many columns of a terminal for its two texts."""
    losses = room >= 2 * _LEAST
    # A table that is too wide takes from all columns alike, and those of numbers would be gone first.
    most = max(_LEAST, room // (1 + losses))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Skill", overflow="ellipsis", no_wrap=True, max_width=most)
    for name in ("Before", "After", "Saved", "Estimate"):
        table.add_column(name, justify="right", no_wrap=True)
    if losses:
        table.add_column("Largest loss", overflow="ellipsis", no_wrap=True, max_width=most)
    for outcome in largest:
        before, after = outcome.tokens
        score = "" if outcome.score is None else f"{outcome.score:.0f} %"
        figures = (f"{mark}{before:,}", f"{mark}{after:,}", share(outcome.saved, before), score)
        loss = [Text(excerpt(outcome.loss))] if losses else []
        table.add_row(Text(printable(outcome.place)), *figures, *loss)
    return table


def share(part: int, whole: int) -> str:
    """A part of a whole in percent, `0 %` of nothing."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else "0 %"
