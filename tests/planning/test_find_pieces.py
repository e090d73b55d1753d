"""Blocks named by ids and by headings."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.strategies import soups

from skill_distiller.errors import UsageError
from skill_distiller.planning.saved_plan import find_pieces
from skill_distiller.skill.model import piece_ids
from skill_distiller.skill.parse import parse_skill

SKILL = parse_skill("""Before.

# Usage

Block one.

## Examples: the `--fast` *way*

Block two.

### More

Block three.

## Rules

Block four.

# Server

## Examples: the `--fast` *way*

Block five.

# A > B

Block six.

# Empty
""")


@given(soups)
def test_every_id_finds_its_piece(text: str) -> None:
    """Each block by its id, alone; a heading's id stands for everything below it."""
    skill = parse_skill(text)
    ids = piece_ids(skill)
    for block in skill.blocks:
        assert find_pieces(skill, [ids.blocks[block.index]]) == {block.index}
    for section in skill.sections[1:]:
        found = find_pieces(skill, [ids.headings[section.index]])
        assert {block.index for block in section.blocks} <= found
        assert found == find_pieces(skill, ids=(), headings=()) | found


@pytest.mark.parametrize(
    ("asked", "blocks"),
    [
        ("Usage", {1, 2, 3, 4}),
        ("usage", {1, 2, 3, 4}),
        ("  # USAGE ", {1, 2, 3, 4}),
        ("More", {3}),
        ("### More", {3}),
        ("Rules", {4}),
        ("Examples:  the --fast way", {2, 3, 5}),
        ("## examples: the `--fast` *way*", {2, 3, 5}),
        ("Usage > Examples: the --fast way", {2, 3}),
        ("# Server > ## Examples: the --fast way", {5}),
        ("usage>more", {3}),
        ("Usage > Examples: the --fast way > More", {3}),
        ("A > B", {6}),
        ("Empty", set()),
    ],
)
def test_sections_by_their_headings(asked: str, blocks: set[int]) -> None:
    """In any case, with blanks and marks as they come, with the level or the way to it where one is given."""
    assert find_pieces(SKILL, headings=[asked]) == blocks


def test_several_are_taken_together() -> None:
    """Ids and headings add up; brackets and capitals of an id do not matter."""
    one = piece_ids(SKILL).blocks[1]
    assert find_pieces(SKILL, [f"[{one.upper()}]"], ["More", "Rules"]) == {1, 3, 4}


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("Rule", "The nearest: Rules, More."),
        ("## More", "The nearest: More."),
        ("Server > Mores", "The nearest: More, Rules."),
        ("Server > Rules", "The nearest: Rules."),
        ("zzz", "The headings are those of the file."),
        ("", "The headings are those of the file."),
        (">", "The headings are those of the file."),
    ],
)
def test_a_heading_that_is_not_there(asked: str, nearest: str) -> None:
    """The error names what comes closest."""
    with pytest.raises(UsageError, match=r"^There is no section '.*' in this skill\.$") as error:
        find_pieces(SKILL, headings=[asked])
    assert error.value.hint == nearest


def test_an_id_that_is_not_there() -> None:
    """So does that of an id with a slip."""
    piece = piece_ids(SKILL).blocks[2]
    with pytest.raises(UsageError) as error:
        find_pieces(SKILL, [f"{piece[:-1]}a"])
    assert str(error.value) == f"There is no piece '{piece[:-1]}a' in this skill."
    assert piece in error.value.hint
    with pytest.raises(UsageError) as error:
        find_pieces(SKILL, ["0"])
    assert error.value.hint == "The receipt names every id with --verbose."


@pytest.mark.parametrize("asked", ["long " * 200_000, "> " * 500_000, "#" * 1_000_000], ids=["long", "path", "marks"])
def test_names_of_any_length(asked: str) -> None:
    """A name of a megabyte is an error like any other, and is not printed whole."""
    with pytest.raises(UsageError) as error:
        find_pieces(SKILL, headings=[asked])
    assert len(str(error.value)) < 200
