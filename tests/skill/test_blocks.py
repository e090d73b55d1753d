"""Which blocks and headings a body is taken apart into."""

from __future__ import annotations

import pytest
from tests.fixture_file import SKILLS, parameters

from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill


def _outline(skill: Skill) -> str:
    """One line a heading or block: kind, first and last line, the first words."""
    rows = []
    for section in skill.sections:
        if section.level:
            rows.append(f"{'#' * section.level} {section.heading} @{section.line}".replace("  ", " "))
        for block in section.blocks:
            info = f" ({block.info})" if block.info else ""
            rows.append(f"{block.kind}{info} {block.line}-{block.last_line}")
    return "".join(row + "\n" for row in rows)


@pytest.mark.parametrize(("text", "expected"), parameters("blocks.md"))
def test_blocks(text: str, expected: str) -> None:
    """A body falls into the headings and blocks that CommonMark sees in it."""
    assert _outline(parse_skill(text)) == expected


def test_unclosed_fence_is_one_block_to_the_end() -> None:
    """Nothing after an unclosed fence is a heading or a block of its own."""
    skill = read_skill(SKILLS / "unclosed-fence")
    assert [section.heading for section in skill.sections] == ["", "Notes"]
    last = skill.blocks[-1]
    assert last.kind is BlockKind.CODE
    assert last.text.endswith("last line of the code\n")


def test_long_list_is_cut_into_its_items() -> None:
    """A list over the limit gives one block an item, so that items can be judged one by one."""
    items = [b for b in read_skill(SKILLS / "long-list").blocks if b.kind is BlockKind.LIST_ITEM]
    assert len(items) == 12
    assert all(item.text.startswith(f"{i}. ") for i, item in enumerate(items, 1))
    assert all(item.gap == "\n" for item in items)


def test_short_list_is_one_block() -> None:
    """A list within the limit stays whole."""
    assert [block.kind for block in parse_skill("- a\n- b\n\n- c\n").blocks] == [BlockKind.LIST]


def test_heading_path_names_the_headings_above() -> None:
    """A section's path runs from the top down to itself; a skipped level leaves no hole."""
    skill = read_skill(SKILLS / "deep-headings")
    paths = [skill.heading_path(section.index) for section in skill.sections]
    assert paths == [(), ("One",), ("One", "Three"), ("One", "Three", "Six"), ("One", "Two")]


def test_heading_of_two_lines_is_one_label() -> None:
    """A setext heading over two lines has a label on one."""
    assert parse_skill("One\ntwo\n===\n").sections[1].heading == "One two"


def test_gaps_hold_the_blank_lines() -> None:
    """A block's text ends with its own last line; what is blank after it is its gap."""
    block = read_skill(SKILLS / "trailing-space").blocks[-1]
    assert (block.text, block.gap) == ("Done.\n", "   \n\t\n")


def test_last_line_counts_every_line_end() -> None:
    """A block of two lines ends on the second, also where lines end with a carriage return alone."""
    for end in ("\n", "\r\n", "\r"):
        block = parse_skill(f"one{end}two{end}{end}three{end}").blocks[0]
        assert (block.line, block.last_line) == (1, 2)


def test_name_and_description() -> None:
    """The name is the frontmatter's, else the folder's; a missing description is empty."""
    assert read_skill(SKILLS / "plain").name == "plain"
    assert read_skill(SKILLS / "no-frontmatter").name == "no-frontmatter"
    assert parse_skill("text").name == ""
    assert parse_skill("---\nname: 3\ndescription: [a]\n---\n").description == ""
    assert read_skill(SKILLS / "dashes-in-value").description == "a --- b"
