"""An exam: tasks for an agent that has a skill, and criteria that its answers are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import regex

Fields = Mapping[str, object]
BY_PROGRAM: Final = "program"  # who made an exam whose tasks are not there to be answered
_MAX_SECONDS: Final = 2.0  # that an expression of an exam may take; a slow one is no reason to wait for ever
_FLAGS: Final = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL}


class CheckType(StrEnum):
    """What decides a criterion besides a judge; the value is the word used in files.

    CODE has to run, RUNTIME is about what an agent did (tools, files) and can't be told from its answer.
    """

    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    REGEX = "regex"
    NOT_REGEX = "not_regex"
    CODE = "code"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class Check:
    """What decides a criterion by program: a text to look for, an expression, or code; `extra` keeps other fields."""

    type: CheckType
    value: str
    flags: str = ""
    extra: Fields = field(default_factory=dict)

    def decide(self, answer: str) -> bool:
        """Whether an answer meets it. Raises TimeoutError for an expression that takes too long."""
        if self.type in (CheckType.CONTAINS, CheckType.NOT_CONTAINS):
            found = self.value.casefold() in answer.casefold()
        else:
            found = self.compiled().search(answer, timeout=_MAX_SECONDS) is not None
        return found is (self.type in (CheckType.CONTAINS, CheckType.REGEX))

    def compiled(self) -> regex.Pattern[str]:
        """The expression; raises regex.error for what is none."""
        flags = 0
        for letter in self.flags:
            flags |= _FLAGS.get(letter, 0)
        return regex.compile(self.value, flags)


@dataclass(frozen=True, slots=True)
class Criterion:
    """Something that holds of a good answer because the skill says so.

    `evidence` are quotes of the skill that carry it, white space collapsed. Where there is no `check`, a judge decides.
    """

    id: str
    text: str
    evidence: tuple[str, ...] = ()
    check: Check | None = None
    extra: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A request as a user would make it.

    `kind` says what it is about (procedure, constraint, format, edge), `needs` whether the SKILL.md is enough ("core")
    or a file beside it has to be read ("reference"); "" where that is not known. `expected` describes a good answer,
    `files` are names of files that come with the request.
    """

    id: str
    prompt: str
    criteria: tuple[Criterion, ...]
    kind: str = ""
    needs: str = ""
    expected: str = ""
    files: tuple[str, ...] = ()
    extra: Fields = field(default_factory=dict)

    @property
    def asked(self) -> tuple[Criterion, ...]:
        """The criteria; without any, one that asks for what was expected."""
        if self.criteria or not self.expected:
            return self.criteria
        return (Criterion(f"{self.id}.expected", self.expected),)


@dataclass(frozen=True, slots=True)
class Exam:
    """The tasks of one skill; `made_by` is "program", the name of a model, or "" for people."""

    skill: str
    tasks: tuple[Task, ...]
    made_by: str = ""
    extra: Fields = field(default_factory=dict)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria, in order."""
        return tuple(criterion for task in self.tasks for criterion in task.criteria)

    @property
    def answerable(self) -> bool:
        """Whether its tasks are requests that an agent can answer."""
        return self.made_by != BY_PROGRAM
