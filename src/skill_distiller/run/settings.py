"""The settings of a configuration file: what they may be, and what a file that came with a folder may not set."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.errors import UsageError
from skill_distiller.rewriting.model import Wording
from skill_distiller.tokens import DEFAULT_ENCODING, ESTIMATE

KEEP_SECTIONS: Final = "keep-sections"  # the table of headings by name of their skill
PRICES: Final = "prices"  # the table of what models cost, by their names
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)\s*%")
_MOST_HEADINGS: Final = 500
_MOST_CHARACTERS: Final = 500


class Settings(NamedTuple):
    """What a file sets, as texts by key; headings to keep, by name of the skill; prices, by name of the model.

    `refused` gives for each key that is not followed why.
    """

    values: Mapping[str, str] = {}
    keep: Mapping[str, tuple[str, ...]] = {}
    prices: Mapping[str, str] = {}
    refused: Mapping[str, str] = {}


NO_SETTINGS: Final = Settings()


def _threshold(value: object) -> str:
    """The threshold as a number between 0 and 1."""
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        value = float(match[1]) / 100
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError('is no threshold; write for example 0.9, or "90%"')
    return f"{value:g}"


def _wording(value: object) -> str:
    if value not in tuple(Wording):
        raise ValueError(f"is no wording; it can be {', '.join(Wording)}")
    return str(value)


def _provider(value: object) -> str:
    from skill_distiller.providers.detect import CHOICES, OFFERED

    if value not in CHOICES:
        raise ValueError(f"is no provider; it can be {', '.join(OFFERED)}")
    return str(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable() or len(value) > _MOST_CHARACTERS:
        raise ValueError("is not a text of one line")
    return value


READERS: Final[Mapping[str, Callable[[object], str]]] = {
    "threshold": _threshold,
    "wording": _wording,
    "provider": _provider,
    "encoding": _text,
    "learnings": _text,
}


def read_settings(table: Mapping[str, object], file: Path, *, trusted: bool) -> Settings:
    """The settings of a table, other keys passed over; paths are those seen from the file.

    A file that is not `trusted` came with a folder and may be anybody's: it can't send anything out nor write anywhere.
    Raises UsageError, which names the file and the key, for what can't be used.
    """
    values: dict[str, str] = {}
    for key, read in READERS.items():
        if key in table:
            try:
                values[key] = read(table[key])
            except ValueError as error:
                raise UsageError(f"{str(file)!r}: {key} {error}.", "Put it right, or leave it out.") from None
    refused = {} if trusted else {key: why for key, may, why in _LIMITS if key in values and not may(values[key])}
    values = {key: value for key, value in values.items() if key not in refused}
    if (learnings := values.get("learnings", "off")) != "off":
        values["learnings"] = str(file.parent / Path(learnings).expanduser())
    prices = _prices(table.get(PRICES, {}), file)
    if prices and not trusted:
        prices, refused = {}, {**refused, PRICES: "it could make a budget worth nothing"}
    return Settings(values, _keep(table.get(KEEP_SECTIONS, {}), file), prices, refused)


_LIMITS: Final[tuple[tuple[str, Callable[[str], bool], str], ...]] = (
    ("provider", lambda value: value == "embedded", "it could send the text somewhere"),
    ("encoding", lambda value: value in (DEFAULT_ENCODING, ESTIMATE), "it could fetch something"),
    ("learnings", lambda value: value == "off", "it could write somewhere"),
)


def _prices(table: object, file: Path) -> dict[str, str]:
    """The prices of models; raises UsageError for what is none."""
    if not table:
        return {}
    from skill_distiller.providers.prices import read_price

    found = {name: str(value) for name, value in (table if isinstance(table, dict) else {"": ""}).items()}
    try:
        for value in found.values():
            read_price(value)
    except UsageError as error:
        raise UsageError(
            f"{str(file)!r}: {PRICES} is not a table of prices by model.",
            f'Write [{PRICES}], below: "my-model" = "0.75/4.5".',
        ) from error
    return found


def _keep(table: object, file: Path) -> dict[str, tuple[str, ...]]:
    keep: dict[str, tuple[str, ...]] = {}
    for name, value in (table if isinstance(table, dict) else {"": table}).items():
        headings = [value] if isinstance(value, str) else value
        if not name or not isinstance(headings, list) or not all(isinstance(one, str) and one for one in headings):
            raise UsageError(
                f"{str(file)!r}: {KEEP_SECTIONS} is not a table of headings by skill.",
                f'Write [{KEEP_SECTIONS}], below it: my-skill = ["Examples", "Usage > Flags"].',
            )
        keep[name] = tuple(headings)
    if sum(map(len, keep.values())) > _MOST_HEADINGS:
        raise UsageError(f"{str(file)!r}: {KEEP_SECTIONS} has too many headings.", f"Keep to {_MOST_HEADINGS} in all.")
    return keep
