"""What lies beyond the tokens that agents bring back after compaction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import sound_skills

from skill_distiller.planning.plan import apply_plan
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.proof import COMPACTION_TOKENS, LateSection, find_late_sections
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import Counting, DistillOptions
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import ESTIMATE, TokenCounter, load_counter

_HEAD = "---\nname: long\ndescription: Use when a long skill is needed.\n---\n\n# Long\n\n"
_RULE = "- NEVER skip step {0}: run `step-{0} --all` and wait until `out/{0}.log` says that it is done.\n"


def _skill(sections: int, rules: int = 12) -> str:
    parts = [
        f"## Part {i}\n\n" + "\n".join(_RULE.format(f"{i}-{j}") for j in range(rules)) + "\n" for i in range(sections)
    ]
    return _HEAD + "".join(parts)


@pytest.mark.parametrize("encoding", ["cl100k_base", ESTIMATE])
@given(text=sound_skills, limit=st.integers(1, 400))
def test_late_sections_are_those_beyond_the_limit(encoding: str, text: str, limit: int) -> None:
    """With every block required: a block is late exactly where the text up to its end has more tokens."""
    counter = load_counter(encoding)
    result = distill(parse_skill(text), DistillOptions(threshold=1.0, counting=Counting(encoding)))
    skill, plan = result.original, result.plan
    every = range(len(skill.blocks))
    late = find_late_sections(skill, result.distilled, plan, every, plan.counts(skill), counter, limit)
    at, expected = len(result.distilled.frontmatter.raw), list[tuple[str, int]]()
    for section in result.distilled.sections:
        at += len(section.heading_source)
        ends = []
        for block in section.blocks:
            at += len(block.source)
            ends.append(at)
        blocks = sum(counter.count(result.text[:end]) > limit for end in ends)
        if blocks:
            expected.append((section.heading, blocks))
    assert [(section.heading, section.blocks) for section in late] == expected


def test_the_line_is_that_of_the_result() -> None:
    """Where something went above, the line is not that of the original."""
    result = distill(parse_skill(_skill(30)), DistillOptions(threshold=1.0))
    (note,) = [note for note in result.notes if note.kind is NoteKind.BEYOND_COMPACTION]
    lines = result.text.split("\n")
    for section in note.sections:
        assert section.level == 2
        above = max(i for i, line in enumerate(lines[: section.line]) if line.startswith("#"))
        assert lines[above] == f"## {section.heading}"
        assert lines[section.line - 1].startswith("- NEVER skip")
    assert note.detail == str(sum(section.blocks for section in note.sections))


def test_a_text_written_anew_is_one_block_of_the_original(counter: TokenCounter) -> None:
    """Though it may be several in the result, with a heading of its own."""
    original = parse_skill(_HEAD + "Run `a`.\n\n## Cases\n\nIt is long.\n\nNEVER run `b`.\n")
    plan = distill(original, DistillOptions(threshold=1.0)).plan
    texts = ["Run `a`.\n\n### More\n\nRun `a` again.\n\n", "", "NEVER run `b`.\n"]
    decisions = [
        replace(decision, rendering=Rendering(RenderingKind.ONE_LINERS, text, 9, 0.9))
        for decision, text in zip(plan.decisions, texts, strict=True)
    ]
    plan = replace(plan, decisions=tuple(decisions))
    result = parse_skill(apply_plan(original, plan).text)
    assert [section.heading for section in result.sections if section.level] == ["Long", "More", "Cases"]
    limit = counter.count(result.text.partition("### More")[0])
    late = find_late_sections(original, result, plan, (0, 1, 2), {}, counter, limit)
    lines = [line.strip() for line in result.text.splitlines()]
    rule = lines.index("NEVER run `b`.") + 1
    assert late == (LateSection("Long", 1, lines.index("Run `a`.") + 1, 1), LateSection("Cases", 2, rule, 1))


def test_only_required_blocks_count() -> None:
    """Background beyond the limit is no loss worth a warning."""
    story = "The first version was written long ago by people who liked it, and nothing of it is left today.\n\n"
    text = _HEAD + "Run `a`.\n\n## History\n\n" + story * 400
    result = distill(parse_skill(text), DistillOptions(threshold=1.0))
    assert result.output_tokens > COMPACTION_TOKENS
    assert [note for note in result.notes if note.kind is NoteKind.BEYOND_COMPACTION] == []


def test_a_short_result_has_no_such_note() -> None:
    """It is the result that counts, not the original."""
    text = _skill(30)
    assert distill(parse_skill(text)).input_tokens > COMPACTION_TOKENS
    assert NoteKind.BEYOND_COMPACTION not in {note.kind for note in distill(parse_skill(_skill(5))).notes}


@pytest.mark.corpus
def test_every_warning_on_real_skills_is_about_a_long_result(corpus_distillations: tuple[Result, ...]) -> None:
    """Where a result has no more than 5,000 tokens there is none, and every section named is in the result."""
    warned = 0
    for result in corpus_distillations:
        notes = [note for note in result.notes if note.kind is NoteKind.BEYOND_COMPACTION]
        warned += len(notes)
        for note in notes:
            assert result.output_tokens > COMPACTION_TOKENS
            lines = result.text.splitlines()
            assert all(lines[section.line - 1].strip() for section in note.sections)
    assert warned
