"""Which blocks have to stay, and from which threshold on they may go."""

from __future__ import annotations

import pytest
from tests.fixture_file import SKILLS

from skill_distiller.analysis.model import Analysis, SectionType, Verdict
from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import WorthModel
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill

MODEL = WorthModel((), 1.0, required_importance=0.5, low_confidence=0.3)
SURE, UNSURE = 0.9, 0.2


def _required(threshold: float, verdict: Verdict) -> Reason | None:
    analysis = Analysis(parse_skill("---\nname: a\ndescription: Use when b.\n---\nSome text.\n"), (verdict,), "by hand")
    return required_blocks(Reading(analysis), threshold, MODEL).get(0)


def _verdict(kind: SectionType, importance: float, confidence: float = SURE) -> Verdict:
    return Verdict(kind, importance, confidence)


@pytest.mark.parametrize("kind", SectionType)
def test_only_two_types_are_required(kind: SectionType) -> None:
    """Triggers and core instructions that matter stay; no other type is required for itself."""
    expected = Reason.TYPE if kind in (SectionType.TRIGGER, SectionType.CORE_INSTRUCTION) else None
    assert _required(0.9, _verdict(kind, 0.6)) is expected


def test_what_hardly_matters_is_not_required() -> None:
    """A core instruction of small importance may go."""
    assert _required(0.95, _verdict(SectionType.CORE_INSTRUCTION, 0.4)) is None


def test_the_bar_rises_below_a_threshold_of_eight_tenths() -> None:
    """Down to 0.8 the bar is where it was fitted; at 0.4 it is a fifth higher; the most important block stays at 0."""
    middling, great = _verdict(SectionType.TRIGGER, 0.6), _verdict(SectionType.TRIGGER, 0.95)
    assert [_required(threshold, middling) for threshold in (1.0, 0.8, 0.4)] == [Reason.TYPE, Reason.TYPE, None]
    assert _required(0.0, great) is Reason.TYPE


def test_an_uncertain_type_counts_as_a_required_one() -> None:
    """Below the fitted confidence a block is not dropped on the word of the model, if it matters."""
    assert _required(0.9, _verdict(SectionType.EXAMPLE, 0.6, UNSURE)) is Reason.UNSURE
    assert _required(0.9, _verdict(SectionType.EXAMPLE, 0.4, UNSURE)) is None


def test_without_a_description_every_trigger_is_required() -> None:
    """Nothing else would say when the skill is for the case at hand."""
    analysis = Analysis(parse_skill("Some text.\n"), (_verdict(SectionType.TRIGGER, 0.1),), "by hand")
    assert required_blocks(Reading(analysis), 0.0, MODEL) == {0: Reason.TYPE}


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_patterns_and_hard_rules_are_required_at_every_threshold(threshold: float) -> None:
    """However little they seem to matter."""
    pattern = Verdict(SectionType.EXAMPLE, 0.0, SURE, frozenset({"n-count"}))
    rule = Verdict(SectionType.EXAMPLE, 0.0, SURE, hard_rule=True)
    assert _required(threshold, pattern) is Reason.PATTERN
    assert _required(threshold, rule) is Reason.HARD_RULE


HELD = """---
name: a
description: Use when b.
---
The agent is helpful and will never push.

The agent is helpful.

公開には承認が必要です。

## Out of scope

- Pushing.

```
never mind
```
"""


def test_what_forbids_or_asks_for_approval_stays_as_long_as_most_is_asked_for() -> None:
    """Anywhere in a sentence, in other languages, or under a heading that forbids; in prose, and down to 0.8."""
    skill = parse_skill(HELD)
    verdict = _verdict(SectionType.EXPLANATION, 0.1)
    analysis = Analysis(skill, (verdict,) * len(skill.blocks), "by hand")
    assert required_blocks(Reading(analysis), 0.8, MODEL) == dict.fromkeys((0, 2, 3), Reason.RESTRICTION)
    assert required_blocks(Reading(analysis), 0.79, MODEL) == {}


@pytest.mark.parametrize("threshold", [0.95, 0.9, 0.8])
def test_prohibitions_in_quotes_tables_and_markup_stay(threshold: float) -> None:
    """Whatever frame an author puts around them."""
    text = distill(read_skill(SKILLS / "warnings"), DistillOptions(threshold=threshold)).text
    for words in ("Do not light", "Never touch", "Must not be cleaned", "Never leave", "must not run dry"):
        assert words in text
