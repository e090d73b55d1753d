"""Pairs of texts that would make a careless comparison run away."""

from __future__ import annotations

import pytest

from skill_distiller.checks.gate import verify
from skill_distiller.skill.parse import parse_skill

_N = 4000


def _lines(text: str, end: str = "\n\n") -> str:
    return end.join(text.replace("#", str(i)) for i in range(_N)) + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(_lines("never do it a#.", " "), _lines("never do it b#.", " "), id="rules that begin alike"),
        pytest.param(_lines("Do not use tool# now."), _lines("Use tool# now."), id="rules turned round"),
        pytest.param(_lines("CRITICAL thing a# and so on."), _lines("CRITICAL other b# and so on."), id="capitals"),
        pytest.param(_lines("a `x#`", "\n"), "b\n", id="facts of one block"),
        pytest.param("# h\n" * _N, "# h\n" * (_N // 2) + "# x\n# h\n", id="equal headings"),
        pytest.param("x\n", "```\nb\n```\n" * _N + "```\n", id="fences"),
        pytest.param("x\n", "- a\n  ```\n" * _N, id="open fences"),
        pytest.param("x\n", "<" * _N + "<a " * _N + _lines("[a](#b#)", " "), id="anchors and tags"),
        pytest.param("x\n", "<div>\n" + "href= " * _N + "\n" + "[a" * _N + "]: b\n", id="attributes and definitions"),
        pytest.param("x\n", "[a](" + "../" * _N + "b)\n", id="a long way up"),
    ],
)
def test_hostile_pairs_are_compared(before: str, after: str) -> None:
    """What runs away again is seen by a run that does not end."""
    assert verify(parse_skill(before), parse_skill(after), files=False).changed
