"""The settings of a configuration file, budgets too: what they may be, and what a file that came along may not set."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
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
    from skill_distiller.providers.model import read_price

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


_SHOWN: Final = 80  # characters of a key in a message


@dataclass(frozen=True, slots=True)
class Keys:
    """A place in a file: `path` are the keys down to it, joined by dots, "" for the top."""

    file: str
    path: str = ""

    def below(self, key: str) -> Keys:
        """The place of a key here."""
        return Keys(self.file, f"{self.path}.{key[:_SHOWN]}" if self.path else key[:_SHOWN])

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.file!r}: {self.path}" if self.path else repr(self.file)

    def check(self, table: Mapping[str, object], known: Sequence[str]) -> None:
        """Raise UsageError for a key that is not known, with the one that was probably meant."""
        for key in table:
            if key not in known:
                near = get_close_matches(key[:_SHOWN], known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
                raise UsageError(f"{self}: there is no key {key[:_SHOWN]!r}.", hint)

    def table(self, table: Mapping[str, object], key: str) -> dict[str, object]:
        """The table under a key, empty where there is none; raises UsageError for anything else."""
        value, place = table.get(key, {}), self.below(key)
        if not isinstance(value, dict):
            raise UsageError(f"{place} is not a table.", f"Write [{place.path}], with its keys below.")
        return value


BUDGETS: Final = "budgets"
_SKILLS: Final = "skills"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most tokens of each tier of one skill, and of the listing of all; None for no limit."""

    listing: int | None = None
    body: int | None = None
    references: int | None = None
    all_listings: int | None = None

    def or_else(self, other: Budget) -> Budget:
        """This budget, and the other one where this says nothing."""
        own = {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}
        return replace(other, **own)


NO_BUDGET: Final = Budget()
_KEYS: Final = {f"max-{field.name.replace('_', '-')}": field.name for field in fields(Budget)}


@dataclass(frozen=True, slots=True)
class Budgets:
    """A budget for every skill, and others for those whose name or place fits a pattern; of several the last counts."""

    every: Budget = NO_BUDGET
    by_pattern: tuple[tuple[str, Budget], ...] = ()

    def of(self, name: str, place: str) -> Budget:
        """The budget of one skill."""
        found = self.every
        for pattern, budget in self.by_pattern:
            if fnmatchcase(name, pattern) or fnmatchcase(place, pattern):
                found = budget.or_else(found)
        return found


NO_BUDGETS: Final = Budgets()


def read_budgets(table: Mapping[str, object], keys: Keys) -> Budgets:
    """The budgets of the table `budgets`; raises UsageError for what is none."""
    keys.check(table, (*_KEYS, _SKILLS))
    named, place = keys.table(table, _SKILLS), keys.below(_SKILLS)
    every = _budget({key: value for key, value in table.items() if key != _SKILLS}, keys)
    own_keys = tuple(key for key, name in _KEYS.items() if name != "all_listings")
    by_pattern = []
    for pattern in named:
        own = place.table(named, pattern)
        place.below(pattern).check(own, own_keys)
        by_pattern.append((pattern, _budget(own, place.below(pattern))))
    return Budgets(every, tuple(by_pattern))


def _budget(table: Mapping[str, object], keys: Keys) -> Budget:
    values = {}
    for key, value in table.items():
        if type(value) is not int or value < 0:
            raise UsageError(f"{keys.below(key)} is no number of tokens.", f"Write for example {key} = 5000.")
        values[_KEYS[key]] = value
    return Budget(**values)
