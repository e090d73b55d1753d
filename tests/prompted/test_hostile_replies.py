"""Replies that a hostile, hijacked or careless model may give: none reaches a result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from tests.fixture_file import read_cases
from tests.prompted.skill import texts

from skill_distiller.planning.plan import Mode
from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.prompted.short_texts import PromptedOneLiner
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import Backends, DistillOptions, EmbeddedOneLiner
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import count_tokens

_REPLY = re.compile(r"^=> (.+)\n", re.MULTILINE)
_MAY_BE_ACCEPTED = "(!)"
_TAKEN_OFF = "(taken off)"


def _rewrites() -> list[tuple[str, str, str]]:
    """What is wrong, the block, and the reply."""
    found = []
    for case in read_cases("hostile_rewrites.md"):
        _, *parts = _REPLY.split(case.expected)
        for name, reply in zip(parts[::2], parts[1::2], strict=True):
            found.append((f"{case.title}: {name}", case.input, reply.rstrip("\n")))
    return found


REWRITES = _rewrites()


def _with_model(block: str, reply: str, *, accept_unproved: bool) -> Result:
    """A skill of one block, shortened as far as it goes with a model that says the same twice."""
    rewriter = PromptedRewriter(Session(ScriptedProvider([texts(reply)] * 2)), accept_unproved)
    backends = Backends(renderers=(rewriter,))
    return distill(parse_skill(f"# A\n\n{block}"), DistillOptions(threshold=0.0), backends)


def test_there_are_a_hundred() -> None:
    """Each shorter than its block: a longer one would be passed over unread. And forty one-liners."""
    assert len(REWRITES) >= 100
    assert len(ONE_LINERS) >= 40
    assert [name for name, block, reply in REWRITES if count_tokens(reply) >= count_tokens(block)] == []


@pytest.mark.parametrize(
    ("name", "block", "reply"), [pytest.param(*case, id=case[0].replace(" ", "-")) for case in REWRITES]
)
def test_a_hostile_rewriting_is_refused(name: str, block: str, reply: str) -> None:
    """By default, and also where texts are accepted that are not proved, but for what only leaves something out."""
    for accept in (False,) if _MAY_BE_ACCEPTED in name else (False, True):
        result = _with_model(block, reply, accept_unproved=accept)
        assert result.plan.refused == 1
        assert reply not in result.text


def _one_liners() -> Iterator[tuple[str, str, tuple[str, str, str]]]:
    """What is wrong, the skill, and the three lines."""
    for case in read_cases("hostile_one_liners.md"):
        _, *parts = _REPLY.split(case.expected)
        for name, reply in zip(parts[::2], parts[1::2], strict=True):
            trigger, action, result = reply.splitlines()
            yield name, case.input, (trigger, action, result)


ONE_LINERS = list(_one_liners())


@pytest.mark.parametrize(
    ("name", "skill", "lines"), [pytest.param(*case, id=case[0].replace(" ", "-")) for case in ONE_LINERS]
)
def test_a_hostile_one_liner_is_refused(name: str, skill: str, lines: tuple[str, str, str]) -> None:
    """Given twice, the lines of the embedded writer stand; or what is no plain text is taken off before."""
    reply = json.dumps(dict(zip(("trigger", "action", "result"), lines, strict=True)))
    writer = PromptedOneLiner(Session(ScriptedProvider([reply] * 2)), EmbeddedOneLiner())
    options = DistillOptions(mode=Mode.ONELINER)
    result = distill(parse_skill(skill), options, Backends(one_liner=writer))
    assert result.one_liner is not None
    if _TAKEN_OFF in name:
        assert not re.search(r"evil|delete each|[<>\u202e\U000e0000-\U000e007f]", result.text)
    else:
        assert result.one_liner.method.startswith("embedded (no usable answer")
        assert result.text == distill(parse_skill(skill), options).text
