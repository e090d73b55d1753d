"""Ids of pieces: all different, the same in every run, and untouched by what changes elsewhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.samples import DEPLOY
from tests.fixture_file import parameters
from tests.strategies import sound_skills, texts

from skill_distiller.skill.model import Skill, piece_ids
from skill_distiller.skill.parse import parse_skill

_ID = re.compile(r"[bcdfghjkmnpqrstvwxyz][bcdfghjkmnpqrstvwxyz2-9]{5}(-[1-9]\d*)?")


def _listed(skill: Skill) -> list[str]:
    ids = piece_ids(skill)
    return [piece for piece in (*ids.headings, *ids.blocks) if piece]


def _named(text: str) -> dict[tuple[str, ...], list[str]]:
    """The ids of the pieces that say the same under the same headings."""
    skill = parse_skill(text)
    ids = piece_ids(skill)
    found: dict[tuple[str, ...], list[str]] = {}
    for section in skill.sections:
        path = skill.heading_path(section.index)
        found.setdefault(path, []).append(ids.headings[section.index])
        for block in section.blocks:
            found.setdefault((*path, "", block.text.rstrip("\r\n")), []).append(ids.blocks[block.index])
    return found


@pytest.mark.parametrize(("text", "expected"), parameters("piece_ids.md"))
def test_ids_stay_what_they_are(text: str, expected: str) -> None:
    """Ids stand in receipts and plans that people keep: they are the same in every version."""
    skill = parse_skill(text)
    ids = piece_ids(skill)
    lines = []
    for section in skill.sections:
        lines += [f"{ids.headings[section.index]} {section.heading}"] if section.level else []
        lines += [f"{ids.blocks[block.index]} {block.text.splitlines()[0]}" for block in section.blocks]
    assert "".join(f"{line}\n" for line in lines) == expected


@given(texts)
def test_ids_are_all_different_and_easy_to_type(text: str) -> None:
    """Whatever the text, no two pieces share an id, and only section 0 has none for its heading."""
    skill = parse_skill(text)
    listed = _listed(skill)
    assert len(set(listed)) == len(listed) == len(skill.blocks) + len(skill.sections) - 1
    assert [piece for piece in listed if not _ID.fullmatch(piece)] == []


@given(sound_skills, st.integers(0), st.sampled_from(["A new paragraph.", "## New\n\nWords.", "```\ncode\n```"]))
def test_text_that_is_put_in_elsewhere_changes_no_id(text: str, at: int, new: str) -> None:
    """A piece that says the same under the same headings, and is the only one, keeps its id."""
    parts = text.split("\n\n")
    at = 1 + at % len(parts)
    before, after = _named(text), _named("\n\n".join([*parts[:at], new, *parts[at:]]))
    same = [key for key in before.keys() & after.keys() if len(before[key]) == len(after[key]) == 1]
    assert [key for key in same if before[key] != after[key]] == []


def test_text_put_in_front_moves_lines_and_no_id() -> None:
    """A plain case of it: a new section at the top, another at the end, and the frontmatter rewritten."""
    head, body = DEPLOY.split("# Deploy notes\n", 1)
    more = f"{head.replace('goes out', 'is out')}Words before.\n\n# Deploy notes\n\nNew.\n{body}\n## More\n\nThe end.\n"
    old = _listed(parse_skill(DEPLOY))
    assert len(old) == 16
    assert set(old) < set(_listed(parse_skill(more)))


def test_a_heading_above_is_part_of_it() -> None:
    """The same words under another heading are another piece."""
    first, second = (piece_ids(parse_skill(f"# {name}\n\nRun it.\n")).blocks for name in ("One", "Two"))
    assert first != second


def test_the_end_of_the_file_is_no_part_of_a_piece() -> None:
    """The last block is the same piece with its line end and without, and so when something is added below it."""
    without, with_end, below = (
        piece_ids(parse_skill(f"# A\n\nRun it.{end}")).blocks[0] for end in ("", "\n", "\n\nB\n")
    )
    assert without == with_end == below


def test_long_headings_are_read_once() -> None:
    """Thousands of sections below one heading of a megabyte: its text is not hashed for each of them."""
    skill = parse_skill(f"# {'long ' * 200_000}\n\n" + "## A\n\nb\n\n" * 5_000)
    assert len(set(_listed(skill))) == 10_001


@pytest.mark.corpus
def test_ids_of_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """Of all of them none clashes within its skill, and hardly one needs a number."""
    listed = [_listed(skill) for skill in corpus_skills]
    assert [ids for ids in listed if len(set(ids)) != len(ids)] == []
    numbered = sum("-" in piece for ids in listed for piece in ids)
    assert numbered < 0.1 * sum(map(len, listed))
