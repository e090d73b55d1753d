"""Taken apart and put together again a skill is the same, byte for byte."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from tests.fixture_file import skill_paths
from tests.strategies import soups, texts

from skill_distiller.skill.model import Skill, render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill


def _check(text: str) -> Skill:
    """Parse a text and check everything that holds for every parsed skill."""
    skill = parse_skill(text)
    assert render_skill(skill) == text
    assert skill.text == text
    assert skill.body == "".join(section.text for section in skill.sections)
    assert skill.frontmatter.raw + skill.body == text
    assert [block.index for block in skill.blocks] == list(range(len(skill.blocks)))
    assert [section.index for section in skill.sections] == list(range(len(skill.sections)))
    assert (skill.sections[0].level, skill.sections[0].heading) == (0, "")
    assert all(1 <= section.level <= 6 and section.heading_source for section in skill.sections[1:])
    assert len(skill.section_of) == len(skill.blocks)
    return skill


def _check_lines(skill: Skill) -> None:
    """Every block's line is where its text stands in the file."""
    text = skill.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for block in skill.blocks:
        assert text[block.line - 1].startswith(block.text.replace("\r", "\n").split("\n")[0])
    assert all(above.line < below.line for above, below in pairwise(skill.blocks))


@given(texts)
@example("")
@example("\ufeff")
@example("\ufeff---\nname: a\n---\n")
@example("---\r\nname: a\r\n---\r\n\r\n# A\r\n")
@example("# A\rtext\r")
@example("a\x0c\n\x0c\n# B")
@example("a\u2028# b\n")
@example("a\x00b")
@example("[a]: b\n[c]: d")
@example("- a\n\n  ```\n  b")
@example("- a\n</x>\n<x>\n- b\n</x>\n<x>\nc\n</x>\n")
@example("!!! note\r\n    a\r\nb\r\n\r\n    c\r\n??? d\r\te")
@example("a\n<!-- b --> c\nd\n<!-- e --> f\n- g\n\n<!-- h\n--> i")
@example("```md\n```a\n```\n# b\n```\nc\n\n```md\r\n```a\r\n```\r\n```")
def test_any_text_comes_back(text: str) -> None:
    """Whatever the text, joining the parts gives it back, and the parts are numbered in order."""
    _check(text)


@given(soups)
def test_blocks_know_their_line(text: str) -> None:
    """A block's `line` counts line feeds, carriage returns and both together, and nothing else."""
    _check_lines(parse_skill(text))


@pytest.mark.parametrize("path", skill_paths(), ids=lambda path: path.parent.name)
def test_miniature_skills_come_back(path: Path) -> None:
    """Every miniature skill, whatever is wrong with it, comes back as its very bytes."""
    skill = read_skill(path)
    assert render_skill(skill).encode() == path.read_bytes()
    _check_lines(_check(skill.text))


@pytest.mark.corpus
def test_real_skills_come_back(corpus_skills: tuple[Skill, ...]) -> None:
    """Every real skill comes back as its very bytes, with every block on its line."""
    assert corpus_skills
    for skill in corpus_skills:
        assert skill.path is not None
        assert render_skill(skill).encode() == skill.path.read_bytes()
        _check_lines(_check(skill.text))
