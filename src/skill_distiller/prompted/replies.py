"""Replies of a language model read back: numbers however they were written, and the entries of a list by place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


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


def entries(value: dict[str, object], count: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a reply that name one of `count` places, with the place."""
    for entry in _objects(value):
        place = whole_number(entry.get("index"))
        if place is not None and 0 <= place < count:
            yield place, entry


def _objects(value: dict[str, object]) -> list[dict[str, Any]]:
    """The objects in the first list of a reply that holds any; a reply that is one entry alone is that."""
    for item in value.values():
        if isinstance(item, list) and any(isinstance(entry, dict) for entry in item):
            return [entry for entry in item if isinstance(entry, dict)]
    return [value] if "index" in value else []


def undisputed(answers: Iterable[tuple[int, T]], said: Callable[[T], object]) -> dict[int, T]:
    """The first answer for each place; a place that was given two that said different things has none."""
    first: dict[int, T] = {}
    disputed: set[int] = set()
    for place, answer in answers:
        if said(first.setdefault(place, answer)) != said(answer):
            disputed.add(place)
    return {place: answer for place, answer in first.items() if place not in disputed}
