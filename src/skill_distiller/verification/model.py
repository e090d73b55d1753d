"""What a verification finds: checks, each with its findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How much a finding weighs: only a failure makes a check fail.

    DECLARED is a loss that the receipt of the run names.
    """

    FAILURE = "failure"
    WARNING = "warning"
    DECLARED = "declared"


class FindingKind(StrEnum):
    """What was found; the value is the word used in reports and JSON."""

    LOST = "lost"
    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    REVERSED = "reversed"
    OTHER_LEVEL = "at another level"
    OTHERWISE_WRITTEN = "written otherwise"
    NOT_IN_CAPITALS = "no longer in capitals"
    NO_FILE = "no such file"
    NO_ANCHOR = "no such anchor"
    OUTSIDE = "outside the skill folder"
    UNCLOSED = "never closed"
    FAULT = "against the format"
    CLIENT_FIELD = "client field"
    TOO_LARGE = "large"
    LONGER = "longer than the original"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found; `text` quotes it, `detail` says what it is (the kind of a fact, a rule).

    `line` counts from 1 in the file it stands in: the candidate's where `in_candidate`, else the
    original's; 0 where it has no place.
    """

    kind: FindingKind
    level: Level
    text: str
    line: int = 0
    detail: str = ""
    in_candidate: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was found that makes it fail."""
        return all(finding.level is not Level.FAILURE for finding in self.findings)

    def count(self, level: Level) -> int:
        """How many findings have a level."""
        return sum(finding.level is level for finding in self.findings)


class Tokens(NamedTuple):
    """Tokens of whole files, frontmatter included."""

    original: int
    candidate: int


@dataclass(frozen=True, slots=True)
class Verification:
    """The results of all checks, in order; `changed` tells whether the texts differ at all."""

    checks: tuple[Check, ...]
    tokens: Tokens
    changed: bool

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def failures(self) -> Iterator[Finding]:
        """The findings that made them fail."""
        return (f for check in self.checks for f in check.findings if f.level is Level.FAILURE)
