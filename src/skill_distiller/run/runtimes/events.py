"""What an agent did, from the events that it prints: which skills it lists and loads, which files it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from skill_distiller.skill.model import SKILL_FILE

_KINDS: Final = ("skill", "file", "command", "listing", "model", "error")
_MOST_NAMES: Final = 5000
_LONGEST: Final = 4096  # characters of a name, a path or a message
_SKILL_PATH: Final = re.compile(rf"(?:^|[/\\])([\w-]+)[/\\]{re.escape(SKILL_FILE)}(?![\w.])")
_IN_FOLDER: Final = re.compile(r"[/\\]skills[/\\]([\w-]+)")
_PATH: Final = re.compile(r"[\w./\\~:-]*[\w-]\.\w+")


@dataclass(frozen=True, slots=True)
class Event:
    """What one kind of event means: an `event` of `runtimes.toml`, which says what each field of the row is."""

    row: Mapping[str, Any]

    def gives(self, kind: str) -> bool:
        """Whether it says something of this kind."""
        return kind in self.row

    def read(self, value: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
        """Kind and value of all that an event of an agent says."""
        each = _at(value, self.row["each"]) if "each" in self.row else value
        for thing in each if isinstance(each, list) else (each,):
            if isinstance(thing, Mapping) and all(_at(thing, key) == told for key, told in self.row["when"].items()):
                for kind in _KINDS:
                    if kind in self.row and (found := _at(thing, self.row[kind])) is not None:
                        yield kind, found


def _at(value: object, place: str) -> object:
    """What stands at a place such as `state.input.name`, None where there is none."""
    for key in place.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


@dataclass(slots=True)
class Turn:
    """What an agent did for one request, as far as its events have told.

    `listed` is None where they name no list; `loaded` holds skills in order, `read` other files that it asked for;
    `error` says why there is no answer.
    """

    listed: frozenset[str] | None = None
    loaded: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    model: str = ""
    error: str = ""

    def take(self, events: Sequence[Event], line: str) -> None:
        """Read one line; what is no event, or one that nothing is known of, says nothing."""
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return
        for event in events if isinstance(value, Mapping) else ():
            for kind, found in event.read(value):
                self._note(kind, found)

    def _note(self, kind: str, found: object) -> None:
        if kind == "listing" and isinstance(found, list):
            self.listed = frozenset(name for name in found[:_MOST_NAMES] if isinstance(name, str))
            return
        if not isinstance(found, str):
            return
        text = found[:_LONGEST]
        if kind == "skill":
            self._load(text)
        elif kind in ("file", "command"):
            self._read(text, command=kind == "command")
        elif kind == "model":
            self.model = text
        elif kind == "error":
            self.error = text or "no reason was given"

    def _load(self, name: str) -> None:
        if name not in self.loaded:
            self.loaded.append(name)

    def _read(self, text: str, *, command: bool) -> None:
        """Skills are loaded by a look at their file too, and where there is no tool for them in no other way."""
        names = _SKILL_PATH.findall(text) or (_IN_FOLDER.findall(text) if command and SKILL_FILE in text else [])
        for name in names:
            self._load(name)
        paths = _PATH.findall(text) if command else [text]
        self.read += [path for path in paths if not path.endswith(SKILL_FILE) and path not in self.read]
