"""Every way to write a block is of use: on some small skill it is what gets chosen.

A rendering that never wins costs time and code for nothing, and no other test would see it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.fixture_file import FIXTURES
from tests.prompted.skill import told

from skill_distiller.analysis.reading import Analysis, Phrases, Reading, SectionType, Verdict
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Mode
from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import RENDERINGS, RenderingKind, Wording
from skill_distiller.run.distill import distill
from skill_distiller.run.run import Backends, DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill

HEAD = (
    "---\nname: tidy-shelf\ndescription: Sorts a shelf of seeds. Use when the shelf is to be sorted.\n---\n# Shelf\n\n"
)
PLAIN = f"""{HEAD}## Steps

1. Run `sort-jars --by year`, greater than or equal to `2019`.

## Shelves

| board | jars          | since         |
|-------|---------------|---------------|
| low   | `heavy.txt`   | 2019          |
| high  | `light.txt`   | 2021          |

## History

The shelf has stood in the cellar for a long time. Many people have put their jars on it, and everybody likes it a lot.

## Thanks

Please note that it is really very kind of everyone to have helped with the building of the whole of the large shelf.
"""
RULES = f"""{HEAD}## Rules

A carpenter from the village built the shelf, and took oak for it. People say that oak is a fine wood for shelves.
NEVER throw a jar away. It was painted green at first and white some years later, which pleased most of the visitors.
"""
TAGGED = RULES.replace("oak for it", "<i>oak</i> for it")
CASES = f"""{HEAD}## Steps

1. First of all, run `sort-jars --by year` in a window of your choice, and then wait until it has come to its end.

## Edge cases

When a jar has no label, put it into the box `unknown`, which stands beside the shelf and has room for 20 jars.

When a jar is broken, put it into the box `broken`, which stands beside the shelf too and is emptied on Fridays.
"""
STEPS = "1. Run `sort-jars --by year`, then wait until it has come to its end."
SUMMED = (
    "When a jar has no label, put it into the box `unknown` beside the shelf (room for 20 jars). When a jar is broken, "
    "put it into the box `broken` beside the shelf (emptied on Fridays)."
)
OTHERS = CASES.replace("## Edge cases", "## Jars")
EXAMPLES = (FIXTURES / "five_examples.md").read_text(encoding="utf-8")


class ByHand:
    """An analyzer that takes what stands under a heading for what the heading says."""

    name = "by hand"

    def analyze(self, skill: Skill) -> Analysis:
        """Edge cases and core instructions."""
        cases = [section.heading == "Edge cases" for section in skill.sections for _ in section.blocks]
        kinds = [SectionType.EDGE_CASE if case else SectionType.CORE_INSTRUCTION for case in cases]
        return Analysis(skill, tuple(Verdict(kind, 0.8, 0.9) for kind in kinds), self.name)


def kinds_of(text: str, options: DistillOptions, backends: Backends | None = None) -> set[RenderingKind]:
    """How the blocks of a skill are written."""
    return {decision.rendering.kind for decision in distill(parse_skill(text), options, backends).plan.decisions}


def with_replies(*entries: Mapping[str, object]) -> Backends:
    """A run whose language model gives these texts."""
    return Backends(
        ByHand(), renderers=(PromptedRewriter(Session(ScriptedProvider([told(*entries)])), accept_unproved=True),)
    )


@pytest.mark.parametrize(
    ("kind", "text", "options"),
    [
        (RenderingKind.FULL, EXAMPLES, DistillOptions()),
        (RenderingKind.SYMBOLS, PLAIN, DistillOptions(threshold=0.95, wording=Wording.TERSE)),
        (RenderingKind.TIGHT, PLAIN, DistillOptions(threshold=0.95, wording=Wording.TERSE)),
        (RenderingKind.PRUNED, PLAIN, DistillOptions(threshold=0.95, wording=Wording.TERSE)),
        (RenderingKind.DROPPED, PLAIN, DistillOptions(mode=Mode.TOKENS, tokens=120)),
        (RenderingKind.TRIMMED, RULES, DistillOptions(mode=Mode.TOKENS, tokens=70)),
        (RenderingKind.EXTRACTED, TAGGED, DistillOptions(mode=Mode.TOKENS, tokens=70)),
        (RenderingKind.ONE_LINERS, EXAMPLES, DistillOptions(mode=Mode.TOKENS, tokens=460)),
    ],
)
def test_what_a_kind_is_chosen_for(kind: RenderingKind, text: str, options: DistillOptions) -> None:
    """By the tool alone."""
    assert kind in kinds_of(text, options)


def test_what_a_model_calls_redundant_is_cut() -> None:
    """A phrase that says nothing new."""
    scored = Backends(ByHand(), models=Models(phrases=_Scorer()))
    assert RenderingKind.CUT in kinds_of(PLAIN, DistillOptions(threshold=0.95, wording=Wording.TERSE), scored)


class _Scorer:
    """A scorer to which one phrase is redundant."""

    name = "by hand"

    def phrases(self, reading: Reading) -> dict[int, Phrases]:
        """The phrase, in the block that it stands in."""
        gone = ", and everybody likes it a lot"
        return {block.index: Phrases((), (gone,)) for block in reading.skill.blocks if gone in block.text}


def test_what_a_model_writes_is_chosen() -> None:
    """A block in fewer words, and two blocks together: edge cases are summed up, others merged."""
    for text, together in ((CASES, RenderingKind.SUMMARIZED), (OTHERS, RenderingKind.MERGED)):
        replies = with_replies({"blocks": [0], "text": STEPS}, {"blocks": [1, 2], "text": SUMMED})
        kinds = kinds_of(text, DistillOptions(threshold=0.95, wording=Wording.TERSE), replies)
        assert kinds == {RenderingKind.REWRITTEN, together}


def test_every_kind_has_a_row() -> None:
    """Its label, the receipt's wording and what has to be proved of it are said in one table."""
    assert list(RENDERINGS) == list(RenderingKind)
    assert all(row.wording for row in RENDERINGS.values())


def test_every_kind_has_its_case() -> None:
    """A new kind needs a skill for which it is chosen."""
    assert len(RenderingKind) == 12
