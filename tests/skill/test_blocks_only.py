"""The blocks of a text against those of the whole parser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.strategies import soups

from skill_distiller.skill.blocks import find_blocks
from skill_distiller.skill.model import Skill

WHOLE = MarkdownIt("commonmark").enable("table")
Seen = tuple[int, int, bool, int, str, tuple[int, ...]]


def _whole(text: str) -> Iterator[Seen]:
    tokens = WHOLE.parse(text)
    for number, token in enumerate(tokens):
        if token.level or not token.map or token.nesting < 0:
            continue
        start, end = token.map
        is_heading = token.type == "heading_open"
        label = " ".join(tokens[number + 1].content.split()) if is_heading else token.info.strip()
        items = (t.map[0] for t in tokens if t.type == "list_item_open" and t.level == 1 and t.map)
        inside = tuple(item for item in items if start <= item < end) if "list_open" in token.type else ()
        yield start, end, "list_open" in token.type, int(token.tag[1]) if is_heading else 0, label, inside


def _check(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def trimmed(end: int) -> int:  # blank lines may be of a block or not
        while end and not lines[end - 1].strip(" \t"):
            end -= 1
        return end

    found = [
        (start, trimmed(end), bool(items), level, label, items)
        for start, end, _, level, label, items in find_blocks(text)
    ]
    assert found == [(start, trimmed(end), *rest) for start, end, *rest in _whole(text)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\r\nb\rc\n\x00",
        "- a\n\n  > b\n  > - c\n\n1) d\n",
        "    # code\n\n\t- code\n",
        "[a]: b\n[c]\n\nd\n===\n",
        "a | b\n-|-\n`c` | d\n***\n<b>\n\n~~~x\n",
        "- a\n- - -\n",
        "- a\n\n- ---\n\n* b\n",
        "1. a\n\n  b\n",
        "| a | b |\n|---|---|\n| c |\n\n| a |\n|---|---|\n",
        "# a | b\n|-|-|\n",
        "- a | b\n  |---|---|\n",
        "``` a | b\n|-|-|\n```\n",
        "```a\nb\n ```` \nc",
        "a\n1. b\n2. c\n   - d\n\n   e\n\n\n10. f\n   g\n",
    ],
)
def test_same_blocks(text: str) -> None:
    """Their lines, levels, labels and items are those of the whole parser."""
    _check(text)


@given(soups)
def test_same_blocks_of_any_markdown(text: str) -> None:
    """Whatever the text."""
    _check(text)


_BEGINNINGS = (
    *(
        "",
        " ",
        "  ",
        "   ",
        "    ",
        "\t",
        "      ",
        "- ",
        "* ",
        "+ ",
        "-",
        "*",
        "**",
        "_",
        "--",
        "---",
        "***",
        "- - ",
        "1. ",
    ),
    *(
        "1) ",
        "2. ",
        "10. ",
        "> ",
        ">",
        "# ",
        "#",
        "## ",
        "```",
        "````",
        "```sh",
        "~~~",
        "| ",
        "|---|",
        "|-|-|",
        "---|---",
    ),
    *(
        "<div>",
        "<!--",
        "-->",
        "</div>",
        "[a]: b",
        "[a](b)",
        "[",
        "`",
        "`a`",
        "===",
        "=",
        "--x",
        "-\t",
        "\x0c",
        "\u00a0",
        "12",
    ),
)
_ENDINGS = ("", "a", "a b", " ", "|", " |", "a | b |", "#", "```", "x\\|", ":", ".", "- ", "c\u2028d")
_LINES = st.builds("{}{}{}{}".format, *[st.sampled_from(_BEGINNINGS)] * 3, st.sampled_from(_ENDINGS))
_CALM_LINES = st.builds("{}{}{}".format, *[st.sampled_from(_BEGINNINGS)] * 2, st.sampled_from(_ENDINGS))
_TEXTS = st.builds(
    lambda lines, end: "\n".join(lines) + end,
    st.lists(st.one_of(st.just(""), _CALM_LINES, _LINES), max_size=9),
    st.sampled_from(("", "\n", "\n\n", "\n  ")),
)


@given(_TEXTS)
def test_same_blocks_of_odd_lines(text: str) -> None:
    """And whatever lines follow each other."""
    _check(text)


@pytest.mark.corpus
def test_same_blocks_of_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """And for real skills: one of every eight."""
    for skill in corpus_skills[::8]:
        _check(skill.body)


def test_the_items_of_a_long_list() -> None:
    """Each item is found at its own line, further lines and blank ones between them counted in."""
    text = "".join(f"- item {n}\n  more\n\n" for n in range(3000))
    (block,) = find_blocks(text)
    assert block.items == tuple(range(0, 9000, 3))
