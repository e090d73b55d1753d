"""Numbers as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column left, the others right.

    >>> print(table(["a", "b"], [["x", "1"]]))
    | a | b |
    |---|---:|
    | x | 1 |
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    text = [_row(lines[0]), "|" + "|".join(lines[1]) + "|", *(_row(row) for row in rows)]
    return "\n".join(text)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def percent(share: float) -> str:
    """A share (0-1) in percent with one decimal.

    >>> percent(0.0712)
    '7.1 %'
    """
    return f"{100 * share:.1f} %"
