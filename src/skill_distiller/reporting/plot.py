"""Expected against actual functionality, as a picture or as a few lines of text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from skill_distiller.calibration import Estimate
from skill_distiller.calibration.interval import Pair
from skill_distiller.errors import UsageError

_WIDTH, _HEIGHT = 51, 16  # characters of the text plot
_LEAST_SPAN: Final = 10.0  # points on each axis


def text_plot(pairs: Sequence[Pair]) -> list[str]:
    """A small scatter plot: `o` an outcome, digits several, `.` where actual and expected would agree."""
    low, high = _span(pairs)
    grid = [[" "] * _WIDTH for _ in range(_HEIGHT)]
    for column in range(_WIDTH):
        grid[_row(low + (high - low) * column / (_WIDTH - 1), low, high)][column] = "."
    counts: dict[tuple[int, int], int] = {}
    for expected, actual in pairs:
        place = (_row(actual, low, high), round((expected - low) / (high - low) * (_WIDTH - 1)))
        counts[place] = counts.get(place, 0) + 1
    for (row, column), count in counts.items():
        grid[row][column] = "o" if count == 1 else str(count) if count < 10 else "+"
    lines = [f"{high - (high - low) * i / (_HEIGHT - 1):5.0f} |{''.join(row)}".rstrip() for i, row in enumerate(grid)]
    lines.append(f"      +{'-' * _WIDTH}")
    lines.append(f"       {low:<{_WIDTH - 4}.0f}{high:>4.0f}")
    return ["actual %", *lines, f"       {'expected %':^{_WIDTH}}".rstrip()]


def _span(pairs: Sequence[Pair]) -> tuple[float, float]:
    values = [value for pair in pairs for value in pair]
    low, high = min(values), max(values)
    middle, half = (low + high) / 2, max(_LEAST_SPAN, high - low) / 2
    return max(0.0, middle - half), min(100.0, middle + half)


def _row(value: float, low: float, high: float) -> int:
    return _HEIGHT - 1 - round((value - low) / (high - low) * (_HEIGHT - 1))


def draw_plot(pairs: Sequence[Pair], estimate: Estimate, title: str, form: str) -> bytes:
    """The same as a picture, `svg` or `png`, with the fitted correction and, where there is one, the interval.

    Raises UsageError where matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(
            "A picture needs matplotlib, which is not installed.",
            "Run `pip install 'skill-distiller[plot]'`, or leave -o out for a plot in the terminal.",
        ) from None
    low, high = _span(pairs)
    # Text of a file is never markup, and equal data give equal bytes.
    with rc_context({"text.parse_math": False, "text.usetex": False, "svg.hashsalt": "skill-distiller"}):
        figure = Figure(figsize=(6, 6), layout="constrained")
        axes = figure.add_subplot()
        values = [low + (high - low) * i / 100 for i in range(101)]
        corrected = [estimate.corrected(value) for value in values]
        axes.plot(values, values, color="0.6", linestyle=":", label="actual = expected")
        axes.plot(values, corrected, color="tab:blue", label=f"fitted correction ({estimate.bias:+.1f} points)")
        bounds = [interval for value in values if (interval := estimate.interval(value))]
        if bounds:
            lows, highs = ([bound[side] for bound in bounds] for side in (0, 1))
            axes.fill_between(values, lows, highs, color="tab:blue", alpha=0.12, label="90 % prediction interval")
        expected, actual = ([pair[side] for pair in pairs] for side in (0, 1))
        axes.scatter(expected, actual, color="tab:orange", s=22, alpha=0.8, label="reported outcomes")
        axes.set(xlabel="expected functionality (%)", ylabel="actual functionality (%)", title=title)
        axes.legend(loc="best", fontsize="small")
        picture = io.BytesIO()
        figure.savefig(picture, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return picture.getvalue()
