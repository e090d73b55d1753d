"""The report of a one-liner: in counts, since nothing but three lines is left."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from skill_distiller.pipeline import Distillation
from skill_distiller.reporting.printable import printable


def one_liner_lines(distillation: Distillation) -> Iterator[Text]:
    """Who wrote the lines, and how much of the skill they do not say."""
    one_liner = distillation.one_liner
    if one_liner is None:
        return
    lost = len(distillation.receipt.lost)
    yield Text(f"One-liner by: {printable(one_liner.method)}; name, description and body are not in the text")
    if one_liner.left_out:
        phrases = "phrase" if one_liner.left_out == 1 else "phrases"
        yield Text(f"Quoted trigger {phrases} without room: {one_liner.left_out}", style="yellow")
    yield Text(f"Facts no longer in the text: {lost} (each named in --json and with --verbose)", style="yellow")
