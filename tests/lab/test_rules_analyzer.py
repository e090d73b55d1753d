"""The verdicts of the embedded analyzer."""

from __future__ import annotations

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import SKILLS, parameters
from tests.strategies import texts

from skill_distiller.analysis.reading import PROTECTED_IMPORTANCE, REQUIRED_TYPES, Analysis, SectionType
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill


def analyze(text: str) -> Analysis:
    """The rules' analysis of a text."""
    return RulesAnalyzer().analyze(parse_skill(text))


def _check(analysis: Analysis) -> None:
    """Everything that holds for every analysis by rules."""
    assert len(analysis.verdicts) == len(analysis.skill.blocks)
    for verdict in analysis.verdicts:
        assert 0 <= verdict.importance <= 1
        assert 0 < verdict.confidence <= 1
        assert not verdict.protected or verdict.importance >= PROTECTED_IMPORTANCE
        must = verdict.type in REQUIRED_TYPES or bool(verdict.protected) or verdict.hard_rule
        assert verdict.protected_by_kind is must
    assert 0 <= analysis.confidence <= 1


@pytest.mark.parametrize(("text", "expected"), parameters("section_types.md"))
def test_types(text: str, expected: str) -> None:
    """Each block gets the type that its heading, kind and words speak for; one line a block."""
    assert "".join(f"{verdict.type}\n" for verdict in analyze(text).verdicts) == expected


def test_every_type_has_a_case() -> None:
    """The fixture file shows each of the nine types."""
    shown = {row for case in parameters("section_types.md") for row in str(case.values[1]).split()}
    assert shown == {kind.value for kind in SectionType}


def test_protected_patterns_raise_importance() -> None:
    """A block with a protected pattern is required and at least as important as the reference demands."""
    for verdict in RulesAnalyzer().analyze(read_skill(SKILLS / "protected-patterns")).verdicts:
        assert verdict.protected
        assert verdict.importance >= PROTECTED_IMPORTANCE
        assert verdict.protected_by_kind


def test_hard_rules_are_required() -> None:
    """A rule in capitals is required whatever else its block is; the same words in lower case are not."""
    loud, quiet = (analyze(f"# A\n\n## Background\n\n{text}\n").verdicts[0] for text in ("It MUST be so.", "It is so."))
    assert loud.hard_rule
    assert loud.protected_by_kind
    assert not quiet.protected_by_kind


def test_code_lays_down_no_hard_rules() -> None:
    """SQL's NOT NULL is no rule for the agent."""
    assert not analyze("# A\n\n```sql\nname TEXT NOT NULL\n```\n").verdicts[0].hard_rule


def test_analysis_is_the_same_every_time() -> None:
    """Two runs over one skill give equal verdicts."""
    skill = read_skill(SKILLS / "plain")
    assert RulesAnalyzer().analyze(skill).verdicts == RulesAnalyzer().analyze(skill).verdicts


def test_analysis_needs_a_verdict_for_each_block() -> None:
    """An analyzer that forgets a block is found out at once."""
    with pytest.raises(ValueError, match="0 verdicts for 1 blocks"):
        Analysis(parse_skill("text"), (), "forgetful")


def test_confidence_of_nothing() -> None:
    """A skill without blocks has an analysis without confidence."""
    assert analyze("# A\n").confidence == 0


@given(texts)
def test_any_text_is_analyzed(text: str) -> None:
    """Every text gets verdicts within their ranges."""
    _check(analyze(text))


@pytest.mark.corpus
def test_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """So does every block of every real skill."""
    for skill in corpus_skills:
        _check(RulesAnalyzer().analyze(skill))
