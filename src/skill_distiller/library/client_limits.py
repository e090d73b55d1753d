"""What clients take of skills, from the rows of `clients.toml`, and how a skill or a library stands against it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from skill_distiller.skill.model import Skill, count_line_ends
from skill_distiller.tokens import TokenCounter

LISTING: Final = "listing"
WINDOW: Final = 200_000  # tokens of the context window where nothing else is said


@dataclass(frozen=True, slots=True)
class Limit:
    """A row of `clients.toml`, which says what each field means; `most` is 0 where only the size is known."""

    client: str
    on: str
    unit: str
    then: str
    source: str
    date: date
    most: int = 0
    window: float = 0.0
    overhead: tuple[int, int] = (0, 0)

    def most_for(self, window: int) -> int:
        """The limit for a context window of so many tokens, 0 for one that is not known."""
        return int(self.window * window) if self.window and window else self.most


class Sizes(NamedTuple):
    """How large what a client counts of a skill is: by what is counted and in which unit."""

    by_part: Mapping[str, Mapping[str, int]]

    def of(self, limit: Limit) -> int:
        """What a limit counts; of a listing the entry of this one skill."""
        return self.by_part[limit.on][limit.unit]


class Stand(NamedTuple):
    """How skills stand against a limit: `used` of `most`, and who is beyond it, with how much each takes.

    Of a listing `used` is all together, and beyond are those that no longer fit, counted in the order of the skills: a
    client that knows which skills are used least takes others. Else `used` is the largest. `most` is 0 for no limit.
    """

    limit: Limit
    used: int
    most: int
    beyond: tuple[tuple[str, int], ...]


@lru_cache(maxsize=1)
def load_limits() -> tuple[Limit, ...]:
    """All rows, in the order of the file."""
    text = (files(__package__) / "clients.toml").read_text(encoding="utf-8")
    return tuple(
        Limit(**{k: v for k, v in row.items() if k not in ("head", "each")}, overhead=_overhead(row))
        for row in tomllib.loads(text)["limit"]
    )


def _overhead(row: Mapping[str, int]) -> tuple[int, int]:
    return row.get("head", 0), row.get("each", 0)


def listing_entry(skill: Skill) -> str:
    """What a session pays for a skill that is only listed: its name and its description."""
    return f"- {skill.name}: {_described(skill)}"


def _described(skill: Skill) -> str:
    use = skill.frontmatter.fields.get("when_to_use")
    return f"{skill.description} {use.strip()}" if isinstance(use, str) and use.strip() else skill.description


def sizes_of(skill: Skill, counter: TokenCounter) -> Sizes:
    """The sizes of all that the rows count."""
    parts = {"name": skill.name, "description": skill.description, "entry": _described(skill), "body": skill.body}
    parts[LISTING] = f"{listing_entry(skill)}\n"
    return Sizes({part: _measure(text, counter) for part, text in parts.items()})


def _measure(text: str, counter: TokenCounter) -> Mapping[str, int]:
    return {
        "characters": len(text),
        "bytes": len(text.encode("utf-8", "replace")),
        "tokens": counter.count(text),
        "lines": count_line_ends(text) + bool(text and not text.endswith("\n")),
    }


def stand_of(limit: Limit, sizes: Iterable[tuple[str, Sizes]], window: int) -> Stand:
    """How skills, each a place and its sizes, stand against one limit."""
    most = limit.most_for(window)
    if limit.on != LISTING:
        taken = [(place, size.of(limit)) for place, size in sizes]
        beyond = tuple((place, size) for place, size in taken if size > most)
        return Stand(limit, max((size for _, size in taken), default=0), most, beyond)
    used, (_, each), late = limit.overhead[0], limit.overhead, []
    for place, size in sizes:
        used += size.of(limit) + each
        if most and used > most:
            late.append((place, size.of(limit) + each))
    return Stand(limit, used, most, tuple(late))
