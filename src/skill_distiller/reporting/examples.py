"""The lines of the report about examples that were written in short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from skill_distiller.renderings.examples import ExampleSelection, SelectionMode
from skill_distiller.reporting.plural import plural
from skill_distiller.reporting.printable import excerpt

_NAME_LENGTH: Final = 40  # characters of an example's name that are shown


def examples_line(examples: ExampleSelection) -> str:
    """What became of a set, in the words of the reference: `Examples: 5 → 2 full + 3 one-liners (coverage: 0.95)`."""
    if examples.mode is SelectionMode.ABSTRACTIVE and not examples.selected:
        made = f"{examples.lines} (abstractive, coverage: {examples.coverage:.2f})"
        return f"Examples: {examples.total} → {made}"
    lines = plural(examples.lines, "one-liner")
    return f"Examples: {examples.total} → {len(examples.selected)} full + {lines} (coverage: {examples.coverage:.2f})"


def example_analysis(selections: Iterable[ExampleSelection]) -> Iterator[Text]:
    """The analysis of each set, as in the reference. Names are made safe to show."""
    for examples in selections:
        yield Text("\nRECOMP example analysis:", style="bold")
        yield Text(f"Original examples: {examples.total}")
        yield Text(f"Full (selected): {_listed(examples, examples.selected)}")
        yield Text(f"One-liners: {_listed(examples, examples.one_liners)}")
        yield Text(f"Coverage: {examples.coverage:.2f} (full + one-liners)")
        yield Text(f"Mode: {examples.mode.value}")


def _listed(examples: ExampleSelection, indices: tuple[int, ...]) -> str:
    names = [excerpt(examples.names[i], _NAME_LENGTH) for i in indices if examples.names[i]]
    return f"{list(indices)} ({', '.join(names)})" if names else f"{list(indices)}"
