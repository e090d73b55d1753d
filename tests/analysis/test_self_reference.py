"""Which skills make skills smaller, and which only sound like it."""

from __future__ import annotations

import pytest
from tests.fixture_file import parameters

from skill_distiller.analysis.safeguards import FORMULA_DENSITY, find_self_reference, is_formula, symbol_density
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill

_NAMES = (
    "skill-distiller", "Skill Distiller (Compressed)", "skill-compressor", "skill_reducer", "SkillReducer",
    "agent-skill-distiller", "my-skill-condenser", "skill-minifier", "compress-skill", "distill-skills",
    "skill-compression", "SKILL.md-compressor",
)  # fmt: skip
_OTHER_NAMES = (
    "skill-creator", "skill-optimizer", "image-compressor", "pdf-compressor-skill", "log-reducer-skill",
    "upskill-reducer", "compress-images", "skills-overview", "distillery", "skill", "compress", "",
    "reduce-skill-gaps-report",
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), parameters("self_reference.md"))
def test_where_a_skill_says_so(text: str, expected: str) -> None:
    """The first place where it does, or `none`."""
    assert f"{find_self_reference(parse_skill(text)) or 'none'}\n" == expected


@pytest.mark.parametrize("name", _NAMES)
def test_names_of_distillers(name: str) -> None:
    """However they are spelled."""
    assert find_self_reference(parse_skill(f"---\nname: {name}\ndescription: Use it.\n---\n\nRun.\n")) == "name"


@pytest.mark.parametrize("name", _OTHER_NAMES)
def test_names_of_others(name: str) -> None:
    """What compresses something else, or does something else with skills."""
    text = f"---\nname: {name!r}\ndescription: Use it.\n---\n\nRun.\n"
    assert find_self_reference(parse_skill(text)) is None


@pytest.mark.corpus
def test_no_skill_of_the_corpus_is_taken_for_one(corpus_skills: tuple[Skill, ...]) -> None:
    """None of the 320 makes skills smaller and none is written in formulas; 12 speak of compressing something."""
    assert [skill.name for skill in corpus_skills if find_self_reference(skill)] == []
    assert max(symbol_density(skill.body) for skill in corpus_skills) < FORMULA_DENSITY / 2


_FORMULA = "# Skill distiller\n\n```\n∀s ∈ S: I(s) ≥ θ ∨ s ∈ P ⇒ keep\nn < min ⇒ summarize → n\n```\n"
_PROSE = (
    "# Skill distiller\n\nRead the skill, weigh each of its sections, and leave out those that matter least → a smaller"
    " skill.\n\n| Symbol | Meaning |\n|---|---|\n| `∀` | for all |\n| `⇒` | implies, therefore, and so it follows |\n"
)


def test_formulas_are_told_from_prose() -> None:
    """By the share of symbols among symbols and words; a skill that explains a few symbols is prose."""
    assert is_formula(parse_skill(_FORMULA))
    assert not is_formula(parse_skill(_PROSE))
    assert not is_formula(parse_skill("---\nname: a\n---\n"))


@pytest.mark.parametrize(
    ("text", "density"), [("", 0), ("run it", 0), ("run → it → now", 0.4), ("∀ ⇒", 1), ("a → 1", 1)]
)
def test_symbol_density(text: str, density: float) -> None:
    """Symbols to symbols and words; a single letter is no word."""
    assert symbol_density(text) == pytest.approx(density)
