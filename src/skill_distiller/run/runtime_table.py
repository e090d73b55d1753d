"""The agents that can be started, from `runtimes.toml` or named by a user, and what they did, from their events."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from string import Template
from typing import Any, Final

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.skill.model import SKILL_FILE

QUERY: Final = "{query}"
_PLACES: Final = ("query", "project", "skills", "skill", "skill_dir")
_PLACE: Final = re.compile(rf"\{{({'|'.join(_PLACES)})\}}")
_SHOWN: Final = 60  # characters of a command
_COMMAND_SKILLS: Final = ".agents/skills"  # most agents look there
# What any program needs of its surroundings; nothing of it is a secret of its user.
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_PLAIN: Final = (
    *("PATH", "PATHEXT", "LANG", "LC_ALL", "TZ", "TERM", "SYSTEMROOT", "COMSPEC", "WINDIR"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
    *(name for proxy in _PROXIES for name in (proxy, proxy.lower())),
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """An agent that can be started: a `row` of `runtimes.toml`, or a `command` of the user's in its place.

    `model` is the one that its user named, "" for its own choice.
    """

    name: str
    row: Mapping[str, Any]
    model: str = ""
    command: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name for people, of a long command the beginning."""
        short = self.name if len(self.name) <= _SHOWN else f"{self.name[: _SHOWN - 1]}…"
        return str(self.row.get("title") or short)

    @property
    def skills(self) -> str:
        """The folder of skills in a project."""
        return str(self.row.get("skills", _COMMAND_SKILLS))

    @property
    def events(self) -> tuple[Event, ...]:
        """What its events mean."""
        return tuple(Event(event) for event in self.row.get("event", ()))

    @property
    def listed_by_events(self) -> bool:
        """Whether each run says which skills there are; else a run of its own does, or nothing."""
        return any(event.gives("listing") for event in self.events)

    @property
    def tried(self) -> tuple[str, date] | None:
        """The release that the table was tried with, and when; None for a command."""
        return (self.row["tried"], self.row["date"]) if self.row else None

    def program(self) -> str:
        """Where its program is. Raises ProviderError where there is none."""
        wanted = self.command[0] if self.command else str(self.row["program"])
        found = shutil.which(wanted)
        if found is None:
            how = f"Install it ({self.row['install']})" if self.row else "Give its whole path"
            raise ProviderError(
                f"The runtime {self.title!r} can't be started: there is no program {wanted[:80]!r} on the PATH.",
                f"{how}, or leave --runtime out.",
            )
        return found

    def arguments(self, what: str, places: Mapping[str, str]) -> list[str]:
        """Its arguments for `ask`, `list` or `version`, with places filled in; none where the table has none."""
        if self.command:
            return [_filled(word, places) for word in self.command[1:]]
        words = list(self.row.get(what, ()))
        if what == "ask" and self.model:
            words += self.row["model"]
        return [Template(word).safe_substitute({**places, "model": self._prefixed}) for word in words]

    def listed(self, text: str, names: Iterable[str], places: Mapping[str, str]) -> frozenset[str]:
        """Those of some skills that stand in what it printed as its list."""
        form = Template(self.row["listed"])
        return frozenset(name for name in names if form.substitute({**places, "skill": name}) in text)

    @property
    def _prefixed(self) -> str:
        return self.model if "/" in self.model else f"{self.row.get('prefix', '')}{self.model}"

    def environment(self, given: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
        """The variables of its process: those that it has to have, and the keys that its user has set.

        A command of the user's gets all that its user has set. Raises ProviderError where no key is set.
        """
        if self.command:
            return dict(given)
        needs = self.row["needs"]
        if not any(given.get(name) for name in needs):
            raise ProviderError(
                f"{self.title} has no key: it runs in a home of its own, where nobody is signed in.",
                f"Set {' or '.join(needs)}.",
            )
        passed = {name: given[name] for name in (*_PLAIN, *needs, *self.row["keys"]) if name in given}
        settings = {name: Template(text).safe_substitute(places) for name, text in self.row["settings"].items()}
        return {**self.row.get("defaults", {}), **passed, **settings}

    def files(self, environment: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
        """Files that have to be there before it runs, by path."""
        known = {**environment, **places, "named": self.model or "default"}
        texts = self.row.get("files", {}).items()
        return {Template(path).substitute(places): Template(text).safe_substitute(known) for path, text in texts}


def _filled(word: str, places: Mapping[str, str]) -> str:
    """A word of a command with its places filled in; what is filled in is not looked through again."""
    return _PLACE.sub(lambda place: places.get(place[1], ""), word)


@lru_cache(maxsize=1)
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files(__package__).joinpath("runtimes.toml").read_text(encoding="utf-8"))


def runtime_names() -> tuple[str, ...]:
    """The names of the agents that are known, in the order of the file."""
    return tuple(_rows())


def find_runtime(name: str, model: str = "") -> Runtime:
    """The agent of a name, or any command, which has to say where the query goes. Raises UsageError for neither."""
    if name in _rows():
        return Runtime(name, _rows()[name], model)
    try:
        words: Sequence[str] = shlex.split(name)
    except ValueError:
        words = ()
    if not any(QUERY in word for word in words[1:]):
        raise UsageError(
            f"There is no runtime {name[:60]!r}.",
            f"Runtimes: {', '.join(_rows())}, or a command with {QUERY} in it, as one word in quotes.",
        )
    if model:
        raise UsageError("--runtime-model is for runtimes with a name.", "Name the model in the command.")
    return Runtime(name, {}, "", tuple(words))


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
