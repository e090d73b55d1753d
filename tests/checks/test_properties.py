"""What holds for every skill."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import skill_paths
from tests.strategies import sound_skills, texts

from skill_distiller.analysis.safeguards import safeguards
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Level
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill

_THRESHOLDS = (0.95, 0.9, 0.8, 0.5)


def _without(skill: Skill, index: int) -> Skill:
    """The skill parsed again from its text without one block."""
    sections = (replace(s, blocks=tuple(b for b in s.blocks if b.index != index)) for s in skill.sections)
    return parse_skill(skill.frontmatter.raw + "".join(section.text for section in sections))


@given(texts)
def test_a_skill_verifies_against_itself(text: str) -> None:
    """Whatever it is, nothing in it is lost, new or changed; faults it has are warnings."""
    skill = parse_skill(text)
    found = verify(skill, parse_skill(text), files=False)
    assert found.passed
    assert not found.changed
    assert all(not check.findings for check in found.checks if check.name not in ("format", "size", "links", "code"))
    assert not found.unproved


@given(texts, texts)
def test_any_two_texts_can_be_compared(before: str, after: str) -> None:
    """Nothing is raised, and every finding stands on a line that its file has."""
    original, candidate = parse_skill(before), parse_skill(after)
    for check in verify(original, candidate, files=False).checks:
        for finding in check.findings:
            file = candidate if finding.in_candidate else original
            assert 0 <= finding.line <= file.text.count("\n") + file.text.count("\r") + 1


@given(sound_skills, st.data())
def test_a_hard_rule_can_not_be_deleted(text: str, data: st.DataObject) -> None:
    """A block that lays down a hard rule fails when it goes, unless it stands twice."""
    skill = parse_skill(text)
    rules = [block for block, guard in zip(skill.blocks, safeguards(skill), strict=True) if guard.hard_rule]
    once = [rule for rule in rules if [block.text for block in skill.blocks].count(rule.text) == 1]
    if once:
        rule = data.draw(st.sampled_from(once))
        found = verify(skill, _without(skill, rule.index))
        assert "meaning" in [check.name for check in found.failed]


@given(sound_skills, st.sampled_from((1.0, *_THRESHOLDS, 0.0)))
def test_what_the_tool_makes_passes(text: str, threshold: float) -> None:
    """Losses of our own result are those that its receipt names."""
    verification = distill(parse_skill(text), DistillOptions(threshold=threshold)).evidence.verification
    assert verification
    assert verification.passed


@pytest.mark.parametrize("path", skill_paths(), ids=lambda path: path.parent.name)
def test_miniature_skills_pass(path: object) -> None:
    """So do the results of skills with one fault each."""
    skill = read_skill(str(path))
    assert verify(skill, skill).passed
    verification = distill(skill, DistillOptions(threshold=0.3)).evidence.verification
    assert verification
    assert list(verification.failures) == []


@pytest.mark.corpus
@pytest.mark.parametrize("threshold", _THRESHOLDS)
def test_results_on_the_corpus_pass(threshold: float, corpus_sample: tuple[Skill, ...]) -> None:
    """And those of skills that people wrote."""
    for skill in corpus_sample:
        verification = distill(skill, DistillOptions(threshold=threshold)).evidence.verification
        assert verification
        assert [f for check in verification.checks for f in check.findings if f.level is Level.FAILURE] == []
