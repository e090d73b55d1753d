"""The shortened parser against the whole one."""

from __future__ import annotations

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.strategies import soups

from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_blocks

WHOLE = MarkdownIt("commonmark").enable("table")


def _seen(tokens: list[Token]) -> list[tuple[object, ...]]:
    return [(t.type, t.tag, t.nesting, t.level, t.map, t.content, t.info) for t in tokens if t.level < 2]


def _check(text: str) -> None:
    assert _seen(parse_blocks(text)) == _seen(WHOLE.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\r\nb\rc\n\x00",
        "- a\n\n  > b\n  > - c\n\n1) d\n",
        "    # code\n\n\t- code\n",
        "[a]: b\n[c]\n\nd\n===\n",
        "a | b\n-|-\n`c` | d\n***\n<b>\n\n~~~x\n",
    ],
)
def test_same_tokens(text: str) -> None:
    """Levels 0 and 1 are those of the whole parser."""
    _check(text)


@given(soups)
def test_same_tokens_of_any_markdown(text: str) -> None:
    """Whatever the text."""
    _check(text)


@pytest.mark.corpus
def test_same_tokens_of_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """And for real skills: one of every eight."""
    for skill in corpus_skills[::8]:
        _check(skill.body)
