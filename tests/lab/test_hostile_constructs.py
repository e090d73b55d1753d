"""The benchmark of hostile constructs: what it repeats, and what it says of it."""

from __future__ import annotations

import cProfile

import pytest
from lab.hostile import ARRANGEMENTS, MODES, MOST_EXPONENT, PLAN, Growth, constructs, measure, report, text_of

from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill


def test_there_are_two_hundred_constructs() -> None:
    """Each with a name of its own, in every arrangement, and as long as it is asked for."""
    found = list(constructs())
    assert len(found) >= 200
    assert len({item.name for item in found}) == len(found)
    assert all(any(item.name.endswith(way) for item in found) for way in ARRANGEMENTS)
    assert all(5000 <= len(text_of(item, 5000)) < 8000 for item in found)


@pytest.mark.parametrize("mode", [*MODES, PLAN])
def test_a_construct_goes_through_every_mode(mode: str) -> None:
    """Doubled at least once, without a crash; what is too quick to tell is doubled again."""
    (construct,) = [item for item in constructs(1) if item.name == "bold and comma in lines"]
    growth = measure(construct, mode, 8000)
    assert len(growth.seconds) >= 2
    assert not growth.failure
    assert growth.chars[1] > 1.8 * growth.chars[0]


def test_what_many_examples_take_to_move_grows_with_their_number() -> None:
    """Counted in calls, which no other load of the machine changes."""
    (construct,) = [item for item in constructs(1) if item.name == "examples"]
    calls = [_calls(parse_skill(text_of(construct, chars)), "reduce") for chars in (12_000, 48_000)]
    assert calls[1] < 4**MOST_EXPONENT * calls[0]


def _calls(skill: Skill, mode: str) -> int:
    """How many functions are called in a mode."""
    profile = cProfile.Profile()
    profile.runcall(MODES[mode], skill)
    return sum(entry.callcount for entry in profile.getstats())


def test_what_grows_too_fast_is_named() -> None:
    """With its exponent; what took next to nothing is not told by its noise."""
    slow = Growth("a", "threshold", (1000, 2000), (0.1, 0.4))
    assert slow.exponent == pytest.approx(2)
    assert "- threshold: a: 2.00 (2,000 characters, 0.40 s)" in report(
        [slow, Growth("b", "threshold", (1, 2), (0.1, 0.2))]
    )
    assert Growth("c", "verify", (1, 2), (0.0001, 0.01)).exponent == 0
