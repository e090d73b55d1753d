"""Tokens mode: never over the budget, and the most that fits."""

from __future__ import annotations

from cProfile import Profile
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.marks import slow
from tests.strategies import sound_skills, texts

from skill_distiller.errors import TargetError
from skill_distiller.planning.plan import Mode
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import UNUSED, distill
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import Counting, DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

RULES = """---
name: a
description: Use when b.
---
# Work

A long tale about the many reasons for the way things are done here, told at length and without end.

Another tale. NEVER push on a Friday. A third tale that goes on and on about nothing in particular at all.

1. Open the file and have a good look at everything that is in it before you go on with the next step.
2. You MUST save the file. Then have another look at everything that is in it, to be on the safe side.
3. Close the file.
"""


def _within(skill: Skill, tokens: int, encoding: str = "cl100k_base") -> Result:
    return distill(skill, DistillOptions(mode=Mode.TOKENS, tokens=tokens, counting=Counting(encoding)))


def _check(skill: Skill, tokens: int, encoding: str = "cl100k_base") -> None:
    count = load_counter(encoding).count
    try:
        result = _within(skill, tokens, encoding)
    except TargetError as error:
        found = error
    else:
        assert count(result.text) == result.output_tokens <= tokens
        return
    assert tokens < found.smallest <= count(skill.text)
    assert str(found.smallest) in found.hint
    assert count(_within(skill, found.smallest, encoding).text) <= found.smallest


@given(sound_skills, st.integers(1, 200), st.sampled_from(["cl100k_base", "estimate"]))
def test_never_over_the_budget(text: str, tokens: int, encoding: str) -> None:
    """Counted afresh; where it can't be met, the number that the error names can."""
    _check(parse_skill(text), tokens, encoding)


@given(texts, st.integers(1, 100))
def test_any_text_at_all(text: str, tokens: int) -> None:
    """Broken Markdown too."""
    if text.strip():
        _check(parse_skill(text), tokens)


def test_what_fits_comes_out_as_it_is() -> None:
    """A budget as large as the skill changes nothing, and says so."""
    skill = parse_skill(RULES)
    result = _within(skill, load_counter().count(RULES))
    assert result.text == RULES
    assert [note.kind for note in result.notes] == [NoteKind.WITHIN_BUDGET]


def test_more_tokens_keep_more() -> None:
    """The estimate of the functionality does not fall as the budget grows."""
    skill = parse_skill(RULES)
    scores = [_within(skill, tokens).functionality.score for tokens in range(80, 150, 10)]
    assert all(a <= b + 1e-9 for a, b in pairwise(scores))


def test_what_has_to_stay_does_not_crowd_out_the_rest() -> None:
    """A budget that just holds the most important block is spent otherwise where that keeps much more."""
    head = "---\nname: a\ndescription: Use when b.\n---\n# Work\n\n"
    code = "```bash\n" + "tool --one --two\n" * 12 + "```\n\n"
    rest = "Use `make check` before each release.\n\nRun `make docs` to build the docs.\n\nPut notes into `notes.md`.\n"
    skill = parse_skill(head + code + rest + "\nKeep lines below 90 characters.\n")
    scores = [_within(skill, tokens).functionality.score for tokens in range(40, 130, 3)]
    assert all(1.1 * b >= a for a, b in pairwise(scores))


def test_what_an_empty_lead_in_introduces_can_go() -> None:
    """`Output:` may be written as nothing; that does not make what it introduces stay."""
    parts = (f"## Example {i}\n\nInput:\n\n```\nrun {i}\n```\n\nOutput:\n\n```\ndone {i}\n```\n\n" for i in range(4))
    skill = parse_skill("---\nname: a\ndescription: Use when b.\n---\n# Examples\n\n" + "".join(parts))
    with pytest.raises(TargetError) as caught:
        _within(skill, 1)
    assert _within(skill, caught.value.smallest).text.count("## Example") == 1


def test_rules_alone_where_nothing_else_fits() -> None:
    """Sentences that are rules stay word for word, steps all or none, and the receipt names the rest."""
    skill = parse_skill(RULES)
    with pytest.raises(TargetError) as caught:
        _within(skill, 1)
    result = _within(skill, caught.value.smallest)
    assert "NEVER push on a Friday." in result.text
    assert "2. You MUST save the file. Then" in result.text
    assert "tale" not in result.text
    kinds = [decision.rendering.kind for decision in result.plan.decisions]
    assert kinds == [RenderingKind.DROPPED, RenderingKind.TRIMMED, RenderingKind.FULL]
    assert len(result.evidence.receipt.changes) == len(skill.blocks) - 1


@pytest.mark.corpus
@pytest.mark.parametrize("tokens", [2000, 500, *slow(1000, 300)])
def test_real_skills(corpus_sample: tuple[Skill, ...], tokens: int) -> None:
    """And of real ones."""
    for skill in corpus_sample:
        _check(skill, tokens)


@pytest.mark.corpus
def test_what_is_left_of_a_budget_is_used(corpus_sample: tuple[Skill, ...]) -> None:
    """Where much is left a note says what the next piece would take, and that is more than the budget."""
    counter, told = load_counter(), 0
    for skill in corpus_sample[::4]:
        budget = int(0.6 * counter.count(skill.text))
        try:
            result = _within(skill, budget)
        except TargetError:
            continue
        notes = [note for note in result.notes if note.kind is NoteKind.BUDGET_LEFT]
        assert len(notes) == (budget - result.output_tokens > UNUSED * result.output_tokens)
        assert all(note.tokens and note.tokens > budget for note in notes)
        told += len(notes)
    assert told < 4


def test_a_piece_that_does_not_fit() -> None:
    """It comes with its lead-in or not at all: the note says what both would take."""
    code = "".join(f"look at log {i}\n" for i in range(60))
    text = f"---\nname: a\ndescription: Use when b.\n---\n# A\n\nRun `make x`.\n\n# B\n\nLike so:\n\n```\n{code}```\n"
    result = _within(parse_skill(text), 200)
    (note,) = [note for note in result.notes if note.kind is NoteKind.BUDGET_LEFT]
    assert (note.detail, note.tokens) == (str(200 - result.output_tokens), load_counter().count(text))


def test_a_budget_that_is_a_little_too_small_takes_linear_time() -> None:
    """A skill of pointers loses another file with each choice, as many as there are; calls are counted, not seconds."""

    def calls(files: int) -> int:
        skill = parse_skill("# A\n\n" + "".join(f"Read `a/b{number}.md`.\n\n" for number in range(files)))
        profile = Profile()
        with pytest.raises(TargetError):
            profile.runcall(distill, skill, tokens=files * 7)
        return sum(entry.callcount for entry in profile.getstats())

    calls(25)
    assert calls(200) < 6 * calls(50)
