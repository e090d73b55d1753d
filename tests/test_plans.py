"""Pieces that stay and plans that are applied, through the whole pipeline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import sound_skills, soups

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.cli.plan_file import parse_plan, plan_text
from skill_distiller.errors import TargetError, UsageError
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Mode, Reason
from skill_distiller.rewriting.model import Bundle, Proposals, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import Backends, DistillOptions, KeptPieces
from skill_distiller.skill.model import Skill, piece_ids
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

OPTIONS = (
    DistillOptions(threshold=0.9),
    DistillOptions(threshold=0.3),
    DistillOptions(mode=Mode.TOKENS, tokens=60),
)
EXAMPLES = """\
---
name: examples
description: Use when examples are shown.
---

# Examples

Run `make` first, and MUST wait for it.

## Example one

Say "one" and see `1`, which is a long way to say a thing that is rather short in itself.

## Example two

Say "two" and see `2`, which is a long way to say a thing that is rather short in itself.

## Example three

Say "three" and see `3`, which is a long way to say a thing that is rather short in itself.
"""


def _distill(skill: Skill, options: DistillOptions, backends: Backends | None = None) -> Result | None:
    try:
        return distill(skill, options, backends)
    except TargetError:
        return None


def _check_repeated(result: Result) -> None:
    """The plan of a result, written down and read again, gives the result without whoever made it."""
    again = distill(result.original, DistillOptions(plan=parse_plan(plan_text(result))))
    assert again.text == result.text
    assert again.output_tokens == result.output_tokens
    assert again.evidence.receipt == result.evidence.receipt
    assert again.plan.headings == result.plan.headings


@given(soups, st.sampled_from(OPTIONS))
def test_a_plan_repeats_its_run(text: str, options: DistillOptions) -> None:
    """Whatever the Markdown and the mode."""
    result = _distill(parse_skill(text), options)
    if result:
        _check_repeated(result)


@pytest.mark.corpus
def test_plans_repeat_runs_over_real_skills(corpus_sample: tuple[Skill, ...]) -> None:
    """Byte for byte, in both modes."""
    skills = corpus_sample[::4]
    results = [_distill(skill, options) for skill in skills for options in OPTIONS]
    results += [_distill(skill, DistillOptions(mode=Mode.TOKENS, tokens=700)) for skill in skills]
    found = [result for result in results if result]
    assert len(found) > 2 * len(skills)
    for result in found:
        _check_repeated(result)


def _check_kept(skill: Skill, options: DistillOptions, blocks: set[int]) -> None:
    """Every block asked for is full, in its place with its headings; the result is no larger than the original."""
    ids = piece_ids(skill).blocks
    result = _distill(skill, replace(options, keep=KeptPieces(tuple(ids[i] for i in sorted(blocks)))))
    if not result:
        return
    assert result.output_tokens <= result.input_tokens
    at = 0
    for i in sorted(blocks):
        assert result.plan.decisions[i].rendering.kind is RenderingKind.FULL
        assert result.plan.headings[skill.section_of[i]]
        at = result.text.index(skill.blocks[i].text.rstrip("\r\n"), at) + len(skill.blocks[i].text.rstrip("\r\n"))


@given(sound_skills, st.sampled_from(OPTIONS), st.sets(st.integers(0, 13)))
def test_what_is_to_be_kept_stays(text: str, options: DistillOptions, chosen: set[int]) -> None:
    """Whatever the blocks and the mode."""
    skill = parse_skill(text)
    _check_kept(skill, options, {i for i in chosen if i < len(skill.blocks)})


@pytest.mark.corpus
def test_what_is_to_be_kept_of_real_skills_stays(corpus_sample: tuple[Skill, ...]) -> None:
    """Every seventh block of skills that people wrote."""
    for skill in corpus_sample[::4]:
        for options in (DistillOptions(threshold=0.5), DistillOptions(mode=Mode.TOKENS, tokens=1500)):
            _check_kept(skill, options, set(range(0, len(skill.blocks), 7)))


def test_what_is_kept_leaves_the_rest_to_be_chosen() -> None:
    """The other blocks are still shortened and dropped, and the plan says who asked."""
    skill = parse_skill(EXAMPLES)
    ids = piece_ids(skill).blocks
    result = distill(skill, DistillOptions(threshold=0.3, keep=KeptPieces((ids[1],), ("example three",))))
    assert [d.reason for d in result.plan.decisions][1:] == [Reason.ASKED, Reason.NOT_WORTH, Reason.ASKED]
    assert result.plan.headings == (True, True, True, False, True)


@pytest.mark.parametrize(
    "options",
    [DistillOptions(keep=KeptPieces(("nowhere",))), DistillOptions(keep=KeptPieces((), ("nowhere",)))],
    ids=["id", "heading"],
)
def test_the_three_lines_take_no_pieces(options: DistillOptions) -> None:
    """Nor does any mode take one that is not there; the error comes before anything is asked of a model."""
    skill = parse_skill(EXAMPLES)
    with pytest.raises(UsageError, match="oneliner"):
        distill(skill, replace(options, mode=Mode.ONELINER))

    class Unasked:
        name = "unasked"

        def analyze(self, skill: Skill) -> Analysis:
            raise AssertionError("the analyzer was asked")

    with pytest.raises(UsageError, match="There is no"):
        distill(skill, options, Backends(Unasked()))


@dataclass(frozen=True)
class OneLiners:
    """Proposes the examples as one line each, in the place of one of them, without their headings.

    The `first` one among the lines is 1, 2 or 3; those before it stay as they are.
    """

    first: tuple[int, ...]
    where: int

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """One bundle for each number of examples that stay."""
        return Proposals(bundles=tuple(self._bundle(reading.skill, first) for first in self.first))

    def _bundle(self, skill: Skill, first: int) -> Bundle:
        lines = ["", "- one → 1\n", "- two → 2\n", "- three → 3\n"]
        texts = [skill.blocks[i].source if i < first else "" for i in (1, 2, 3)]
        at = max(self.where, first)
        texts[at - 1] = "".join(lines[first:]) + skill.blocks[at].gap
        return Bundle(
            RenderingKind.ONE_LINERS, (1, 2, 3), tuple(texts), tuple(range(first + 1, 5)), 0.98 + first / 1000
        )


def _one_liners(where: int, options: DistillOptions, first: tuple[int, ...] = (1,)) -> Result:
    backends = Backends(RulesAnalyzer(), models=Models(renderers=(OneLiners(first, where),)))
    return distill(parse_skill(EXAMPLES), options, backends)


@pytest.mark.parametrize("where", [1, 2, 3])
def test_plans_of_bundles_repeat_their_runs(where: int) -> None:
    """Also where lines stand under a heading that went with the blocks below it."""
    result = _one_liners(where, DistillOptions(threshold=0.9))
    assert "- two → 2\n" in result.text
    assert "## Example three" not in result.text
    _check_repeated(result)


@pytest.mark.parametrize("where", [1, 2, 3])
@pytest.mark.parametrize("example", [1, 2, 3])
def test_one_piece_of_a_bundle_comes_back_alone(where: int, example: int) -> None:
    """In full and with its heading; the lines stay, also where they stood in its place, and so does the plan."""
    result = _one_liners(where, DistillOptions(threshold=0.9))
    assert [line[2:] for line in result.text.splitlines() if "→" in line] == ["one → 1", "two → 2", "three → 3"]
    piece = piece_ids(result.original).blocks[example]
    back = distill(result.original, DistillOptions(plan=parse_plan(plan_text(result)), keep=KeptPieces((piece,))))
    assert [line[2:] for line in back.text.splitlines() if "→" in line] == ["one → 1", "two → 2", "three → 3"]
    assert result.original.sections[example + 1].text.strip() in back.text
    assert [name in back.text for name in ("## Example one", "## Example two", "## Example three")].count(True) == 1
    assert back.output_tokens == back.run.counter.count(back.text)
    _check_repeated(back)


@pytest.mark.parametrize("rendering", ["full", "dropped"])
def test_lines_outlive_the_block_they_stood_in(rendering: str) -> None:
    """Where a plan is edited by hand, too; when the last of the blocks is, they go."""
    result = _one_liners(1, DistillOptions(threshold=0.9))
    plan = plan_text(result)
    for n in (3, 2, 1):
        edited = distill(result.original, DistillOptions(plan=parse_plan(plan)))
        assert ("→" in edited.text) == (n > 0)
        plan = plan.replace("rendering: one-liners", f"rendering: {rendering}", 1)
    edited = distill(result.original, DistillOptions(plan=parse_plan(plan)))
    assert "→" not in edited.text
    assert ("## Example two" in edited.text) == (rendering == "full")


def test_a_heading_that_went_comes_back_with_what_is_kept_below_it() -> None:
    """A bundle never takes the heading away from above a block that is kept."""
    ids = piece_ids(parse_skill(EXAMPLES))
    result = _one_liners(1, DistillOptions(threshold=0.9, keep=KeptPieces((ids.headings[4],))), (1, 2))
    assert result.text.endswith(result.original.sections[4].text)


def test_notes_of_a_plan() -> None:
    """That it was applied; and for a changed source, how many blocks it does not know."""
    result = distill(parse_skill(EXAMPLES), DistillOptions(threshold=0.5))
    plan = parse_plan(plan_text(result))
    again = distill(result.original, DistillOptions(plan=plan))
    assert [note.kind for note in again.notes if note not in result.notes] == [NoteKind.PLAN_APPLIED]
    changed = distill(parse_skill(f"{EXAMPLES}\nNew.\n\nAnd new.\n"), DistillOptions(plan=plan))
    assert [n.detail for n in changed.notes if n.kind is NoteKind.SOURCE_CHANGED] == ["2"]
    assert changed.text.endswith("New.\n\nAnd new.\n")


def test_a_rule_that_is_kept_is_not_cut_down() -> None:
    """Not even in the smallest budget, where blocks are cut down to the sentences that have to stay."""
    skill = parse_skill(f"{EXAMPLES}\n## Rules\n\nDeploys are common here. NEVER push on a Friday. We like it calm.\n")
    rules = DistillOptions(mode=Mode.TOKENS, tokens=1, keep=KeptPieces((), ("Rules",)))
    for options, kind in ((replace(rules, keep=KeptPieces()), RenderingKind.EXTRACTED), (rules, RenderingKind.FULL)):
        with pytest.raises(TargetError) as error:
            distill(skill, options)
        result = distill(skill, replace(options, tokens=error.value.smallest))
        assert result.plan.decisions[4].rendering.kind is kind
