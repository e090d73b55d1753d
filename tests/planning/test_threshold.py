"""Threshold mode: the cheapest plan that keeps what was asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import sound_skills

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.choose import compress_to_threshold
from skill_distiller.planning.ladders import Models, prepare_ladders
from skill_distiller.planning.plan import Plan, Reason
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import block_values, load_worth_model
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

LINKED = """# A

## Steps

1. Run `make`, see [the background](#background)
2. Check `out.log`

## Background

Many words of some long tale that nobody needs, told at length by its author.

## Credits

Many words of another tale that nobody needs, told at length by its author.
"""


def _compress(text: str, threshold: float) -> Plan:
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    return compress_to_threshold(Reading(analysis), threshold, load_counter(), models=Models())


STEPS = """# A

The first rule of it all.

## Step 1: Open

Open the file. It is the one with the long name that was written by the author of it all.

The many words of a long tale that nobody needs, told at length by its author.

## Step 2: Read

A tale that nobody needs, with many words, told at length by its author, who is not known.

## Step 3: Save

You MUST save the file.
"""


@pytest.mark.parametrize("threshold", [0.9, 0.5, 0.2, 0.0])
def test_no_step_of_a_sequence_goes_alone(threshold: float) -> None:
    """Where one step has to stay, all do, each with something of it."""
    skill = parse_skill(STEPS)
    plan = _compress(STEPS, threshold)
    kept = {skill.section_of[decision.block] for decision in plan.decisions if not decision.dropped}
    assert {2, 3, 4} <= kept
    assert all(plan.headings[2:])


def test_what_kept_text_links_to_is_promoted() -> None:
    """A section that kept text links to stays, and says why; its like without a link goes."""
    plan = _compress(LINKED, 0.4)
    assert plan.headings == (True, True, True, True, False)
    assert [d.reason for d in plan.decisions] == [Reason.TYPE, Reason.PROMOTED, Reason.NOT_WORTH]


def test_promotion_goes_on_from_there() -> None:
    """A promoted section's own links are followed as well."""
    text = LINKED.replace("that nobody needs", "that nobody needs, see [credits](#credits)", 1)
    assert _compress(text, 0.4).headings == (True,) * 5


def test_links_among_dropped_sections_keep_nothing() -> None:
    """A link in text that goes itself promotes nothing."""
    text = LINKED.replace(", see [the background](#background)", "")
    text = text.replace("that nobody needs", "that nobody needs, see [credits](#credits)", 1)
    assert _compress(text, 0.1).headings == (True, True, True, False, False)


def test_lowest_threshold_keeps_what_is_required() -> None:
    """At threshold 0 only what is required is left, in its shortest rendering."""
    plan = _compress("# A\n\n## Steps\n\n- Run **this** for long\n\n## Background\n\nIt is old.\n", 0.0)
    assert [d.rendering.kind for d in plan.decisions] == [RenderingKind.TIGHT, RenderingKind.DROPPED]


def test_ladders_are_prepared_for_every_block_and_heading(counter: TokenCounter) -> None:
    """There is a ladder and a worth for each block and a count for each heading."""
    skill = parse_skill(LINKED)
    prepared = prepare_ladders(Reading(RulesAnalyzer().analyze(skill)), counter)
    assert len(prepared.ladders) == len(prepared.worths) == len(skill.blocks)
    assert prepared.heading_tokens == tuple(counter.count(section.heading_source) for section in skill.sections)


def _check(skill: Skill, counter: TokenCounter) -> None:
    """At each threshold enough worth is kept, and whatever is required is never dropped."""
    analysis = RulesAnalyzer().analyze(skill)
    prepared, model = prepare_ladders(Reading(analysis), counter), load_worth_model()
    for threshold in (0.0, 0.6, 0.9):
        required = required_blocks(Reading(analysis), threshold, model)
        plan = compress_to_threshold(Reading(analysis), threshold, counter)
        kept = sum(w * d.rendering.share for w, d in zip(prepared.worths, plan.decisions, strict=True))
        assert kept >= model.share(threshold) * sum(prepared.worths) - 1e-6
        for decision in plan.decisions:
            assert not (decision.block in required and decision.rendering.kind is RenderingKind.DROPPED)


@given(sound_skills)
def test_enough_is_kept(text: str) -> None:
    """Of random skills at least the share of worth is kept that the threshold asks for."""
    _check(parse_skill(text), load_counter())


@pytest.mark.corpus
def test_enough_is_kept_of_real_skills(corpus_sample: tuple[Skill, ...], counter: TokenCounter) -> None:
    """And of real ones."""
    for skill in corpus_sample[::2]:
        _check(skill, counter)


def test_a_separator_is_worth_next_to_nothing() -> None:
    """So it goes before anything that says something, and no heading stays for the line below it."""
    reading = Reading(
        RulesAnalyzer().analyze(parse_skill("# A\n\nOak.\n\n---\n\n## B\n\n> Elm.\n\n---\n\n## C\n\nAsh.\n"))
    )
    values = block_values(reading, load_worth_model())
    separators = [reading.skill.blocks[i].kind is BlockKind.RULE for i in range(len(values))]
    least = min(value for value, separates in zip(values, separators, strict=True) if not separates)
    assert max(value for value, separates in zip(values, separators, strict=True) if separates) < least / 20
