"""The form of replies: an object, or a list of objects that name what they are about by its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from skill_distiller.prompted.numbers import whole_number
from skill_distiller.providers.model import Schema

T = TypeVar("T")


def object_schema(properties: Mapping[str, object]) -> Schema:
    """The JSON Schema of an object with these properties, each of them required."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def list_schema(name: str, count: int, properties: Mapping[str, object]) -> Schema:
    """The JSON Schema of a reply about `count` things: under `name` an object for each, by its `index` from 0 on."""
    index = {"type": "integer", "minimum": 0, "maximum": count - 1}
    entry = object_schema({"index": index, **properties})
    return object_schema({name: {"type": "array", "minItems": count, "maxItems": count, "items": entry}})


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
