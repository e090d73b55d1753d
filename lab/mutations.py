"""What the gate says of skills with one change each: `python -m lab.mutations [FOLDER]`.

A suite is a folder of skills, `NAME.md`, each with its changes in `NAME.toml`. By default the one of the tests.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final

from lab.common.tables import percent, table
from skill_distiller.checks.gate import verify
from skill_distiller.skill.parse import parse_skill

SUITE: Final = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "mutations"


class Outcome(StrEnum):
    """What the gate says of a change: a failure, something to look at, or neither."""

    FAILED = "failed"
    LOOK = "look"
    CERTIFIED = "certified"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of a skill: pairs of a text that stands there once, and what it becomes.

    `same` is True where an agent would do what it did before.
    """

    base: str
    name: str
    kind: str
    same: bool
    edits: tuple[tuple[str, str], ...]

    @property
    def language(self) -> str:
        """The language of the skill, by the first two letters of its name: en where none is named."""
        prefix, dash, _ = self.base.partition("-")
        return prefix if dash and len(prefix) == 2 else "en"

    def apply(self, text: str) -> str:
        """The skill with the change made; raises ValueError where a text of it doesn't stand there once."""
        spans = []
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.base}: {self.name}: {text.count(old)} times: {old!r}")
            spans.append((text.index(old), old, new))
        for start, old, new in sorted(spans, reverse=True):
            text = text[:start] + new + text[start + len(old) :]
        return text


@dataclass(frozen=True, slots=True)
class Judged:
    """A change and what the gate says of it."""

    mutation: Mutation
    outcome: Outcome


def base_skills(suite: Path = SUITE) -> list[Path]:
    """The skills of a suite."""
    return sorted(suite.glob("*.md"))


def read_mutations(base: Path) -> list[Mutation]:
    """The changes of a skill; raises KeyError or ValueError where one is not of the form."""
    changes = tomllib.loads(base.with_suffix(".toml").read_text(encoding="utf-8"))["change"]
    if wrong := {change["meaning"] for change in changes} - {"same", "other"}:
        raise ValueError(f"{base.stem}: not a meaning: {wrong}")
    return [
        Mutation(
            base.stem,
            change["name"],
            change["kind"],
            change["meaning"] == "same",
            tuple((old, new) for old, new in change["edits"]),
        )
        for change in changes
    ]


def judge(base: Path) -> list[Judged]:
    """What the gate says of every change of a skill."""
    text = base.read_text(encoding="utf-8")
    original = parse_skill(text)
    judged = []
    for mutation in read_mutations(base):
        found = verify(original, parse_skill(mutation.apply(text)), files=False)
        outcome = Outcome.FAILED if not found.passed else Outcome.LOOK if found.unproved else Outcome.CERTIFIED
        judged.append(Judged(mutation, outcome))
    return judged


def measure(suite: Path = SUITE) -> list[Judged]:
    """What the gate says of a whole suite."""
    with ProcessPoolExecutor() as pool:
        return list(chain.from_iterable(pool.map(judge, base_skills(suite))))


def share(judged: Iterable[Judged], outcome: Outcome) -> float:
    """The share (0-1) that came out so; 0 of none."""
    outcomes = [one.outcome for one in judged]
    return outcomes.count(outcome) / len(outcomes) if outcomes else 0.0


def report(judged: Sequence[Judged]) -> str:
    """The outcomes by kind and language, then changes of meaning that were certified and harmless ones that failed."""
    lines = ["# Changes of skills, and what the gate says of them"]
    for title, same in (("Changes of meaning", False), ("Harmless changes", True)):
        part = [one for one in judged if one.mutation.same is same]
        for key, key_of in _GROUPINGS.items():
            lines += ["", f"## {title}, by {key}", "", table([key, "changes", *Outcome], _rows(part, key_of))]
        worst = Outcome.FAILED if same else Outcome.CERTIFIED
        lines += ["", f"{title} {worst}: {percent(share(part, worst))} of {len(part)}"]
        lines += [f"- {one.mutation.base}: {one.mutation.kind}: {one.mutation.name}" for one in _with(part, worst)]
    return "\n".join(lines)


_GROUPINGS: Final[dict[str, Callable[[Mutation], str]]] = {
    "kind": lambda mutation: mutation.kind,
    "language": lambda mutation: mutation.language,
}


def _rows(part: Sequence[Judged], key_of: Callable[[Mutation], str]) -> Iterator[list[str]]:
    for key in sorted({key_of(one.mutation) for one in part}):
        yield _row(key, [one for one in part if key_of(one.mutation) == key])
    yield _row("all", part)


def _row(key: str, part: Sequence[Judged]) -> list[str]:
    return [key, str(len(part)), *(percent(share(part, outcome)) for outcome in Outcome)]


def _with(part: Iterable[Judged], outcome: Outcome) -> Iterator[Judged]:
    return (one for one in part if one.outcome is outcome)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="lab.mutations", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SUITE, help="a suite (default: that of the tests)")
    sys.stdout.write(report(measure(parser.parse_args(arguments).folder)) + "\n")


if __name__ == "__main__":
    main()
