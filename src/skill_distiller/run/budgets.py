"""What a skill may cost: the budgets of a configuration file, for all skills and for some by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Final, Protocol

from skill_distiller.errors import UsageError

BUDGETS: Final = "budgets"
_SKILLS: Final = "skills"


class Place(Protocol):
    """A place in a configuration file, for messages and for tables below it (see `run.config.Keys`)."""

    def below(self, key: str) -> Place:
        """The place of a key here."""

    def check(self, table: Mapping[str, object], known: tuple[str, ...]) -> None:
        """Raise UsageError for a key that is not known."""

    def table(self, table: Mapping[str, object], key: str) -> dict[str, object]:
        """The table under a key; raises UsageError for anything else."""


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


def read_budgets(table: Mapping[str, object], keys: Place) -> Budgets:
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


def _budget(table: Mapping[str, object], keys: Place) -> Budget:
    values = {}
    for key, value in table.items():
        if type(value) is not int or value < 0:
            raise UsageError(f"{keys.below(key)} is no number of tokens.", f"Write for example {key} = 5000.")
        values[_KEYS[key]] = value
    return Budget(**values)
