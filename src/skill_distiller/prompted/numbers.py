"""Numbers as models write them: checked, never trusted."""

from __future__ import annotations

import math


def whole_number(value: object) -> int | None:
    """A whole number, or its digits as text; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    return None


def number_within(value: object, most: float) -> float | None:
    """A number from 0 to `most`, or such a number as text, with or without a percent sign; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
    if not isinstance(value, int | float) or not 0 <= value <= most or not math.isfinite(value):
        return None
    return float(value)


def share(value: object) -> float | None:
    """A share from 0 to 1; 10 to 100 are percent; None for all else (a 3 may be 3 of 5, of 10 or of 100)."""
    number = number_within(value, 100)
    if number is None or 1 < number < 10:
        return None
    return number if number <= 1 else number / 100
