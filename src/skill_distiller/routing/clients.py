"""What clients take of skills, from the rows of `clients.toml`: limits on one skill, and how all are listed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from skill_distiller.errors import UsageError


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on one skill, as `clients.toml` says what each field means."""

    client: str
    on: str
    unit: str
    most: int
    then: str
    source: str
    date: date
    each: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """How a client lists skills: a `listing` of `clients.toml`, which says what each field of the row means."""

    name: str
    row: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.row["client"])

    @property
    def source(self) -> str:
        """Where its listing is told of, and with which release it was measured."""
        measured = self.row.get("measured")
        return f"{self.row['source']}, measured with {measured}" if measured else str(self.row["source"])

    @property
    def date(self) -> date:
        """When that was looked at."""
        found: date = self.row["date"]
        return found

    @property
    def unit(self) -> str:
        """What its lengths are counted in: characters or bytes."""
        return str(self.row["unit"])

    @property
    def by_folder(self) -> bool:
        """Whether a skill is listed under the name of its folder, whatever its frontmatter says."""
        return bool(self.row.get("by_folder"))

    @property
    def fixed(self) -> int:
        """What an empty list takes."""
        return int(self.row["fixed"])

    def limit(self, window: int | None) -> int | None:
        """What a list may take, for a context window in tokens or the client's own; None for any length."""
        window = window or self.row.get("window")
        if window and "per_token" in self.row:
            return int(window * self.row["per_token"])
        return self.row.get("limit")

    def size(self, name: str, description: str) -> int:
        """What one skill takes in the list, its description cut where the client cuts it."""
        shown = description[: self.row["longest"]]
        described = self._length(shown) + self.row["description"] if shown else 0
        return int(self.row["entry"] + self.row["names"] * self._length(name) + described)

    def _length(self, text: str) -> int:
        return len(text.encode("utf-8", "replace")) if self.unit == "bytes" else len(text)


@lru_cache(maxsize=1)
def _rows() -> Mapping[str, list[dict[str, Any]]]:
    return tomllib.loads(files(__package__).joinpath("clients.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def load_limits() -> tuple[Limit, ...]:
    """The limits on one skill, in the order of the file."""
    return tuple(Limit(**row) for row in _rows()["limit"])


@lru_cache(maxsize=1)
def load_clients() -> tuple[Client, ...]:
    """The clients whose lists are known, in the order of the file."""
    return tuple(Client(row["name"], row) for row in _rows()["listing"])


def client_names() -> tuple[str, ...]:
    """The names of the clients whose lists are known."""
    return tuple(client.name for client in load_clients())


def find_client(name: str) -> Client:
    """A client by its name or title. Raises UsageError for one that is not known."""
    for client in load_clients():
        if name == client.name or name.casefold() == client.title.casefold():
            return client
    raise UsageError(f"There is no client {name[:60]!r}.", f"Clients: {', '.join(client_names())}.")
