"""Read fixture files: cases of a title, an input and what is expected, parted by lines of one dot.

    title of the case
    .
    input
    .
    expected
    .

Lines between cases that are blank are skipped; input and expected keep their line ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark.structures import ParameterSet

FIXTURES = Path(__file__).resolve().parent / "fixtures"
SKILLS = Path(__file__).resolve().parent / "skills"


class Case(NamedTuple):
    """One case of a fixture file; `line` is where its title stands."""

    line: int
    title: str
    input: str
    expected: str


def read_cases(name: str) -> list[Case]:
    """The cases of a fixture file under `tests/fixtures`."""
    lines = (FIXTURES / name).read_text(encoding="utf-8").split("\n")
    dots = [i for i, line in enumerate(lines) if line == "."]
    if len(dots) % 3:
        raise ValueError(f"{name}: {len(dots)} lines of one dot; each case has three")
    cases = []
    for first, second, third in zip(dots[::3], dots[1::3], dots[2::3], strict=True):
        title = lines[first - 1].strip()
        if not title:
            raise ValueError(f"{name}:{first + 1}: a case without a title")
        cases.append(Case(first, title, _text(lines[first + 1 : second]), _text(lines[second + 1 : third])))
    return cases


def _text(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


def parameters(name: str) -> list[ParameterSet]:
    """The cases of a fixture file as parameters `text, expected`, each named by its line and title."""
    return [pytest.param(c.input, c.expected, id=f"{c.line}-{c.title.replace(' ', '-')}") for c in read_cases(name)]


def skill_paths() -> list[Path]:
    """The miniature skills that can be read, one fault each."""
    return sorted(SKILLS.glob("*/SKILL.md"))
