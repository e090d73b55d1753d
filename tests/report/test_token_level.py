"""What the report says of words: by type, and the phrases that are gone."""

from __future__ import annotations

from dataclasses import replace

from tests.rewriting.test_self_information import HEAD, RESTATED, TOLD, analyzed, flat

from skill_distiller.analysis.reading import Analysis, SectionType
from skill_distiller.planning.ladders import Models
from skill_distiller.report.console import token_level_lines
from skill_distiller.report.record import TokenLevel, record_sections, score_words
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.rewriting.redundant import LocalScorer
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import Backends, DistillOptions
from skill_distiller.skill.model import Skill


class _ByHand:
    """An analyzer to which everything is of one type."""

    name = "by hand"

    def __init__(self, kind: SectionType) -> None:
        self._kind = kind

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict a block."""
        return analyzed(skill.text, self._kind).analysis


def distilled(text: str, kind: SectionType, threshold: float) -> Result:
    """A distillation in which every block is of one type and sentences that restate go."""
    backends = Backends(analyzer=_ByHand(kind), models=Models(phrases=LocalScorer(flat)))
    return distill(analyzed(text).skill, DistillOptions(threshold), backends)


def test_the_lines_of_the_reference() -> None:
    """By type how many sections and how much; then the phrases, quoted."""
    result = distilled(HEAD + RESTATED + TOLD, SectionType.VERBOSE_DETAIL, 0.8)
    before, after = result.plan.decisions[0].full_tokens, result.plan.decisions[0].rendering.tokens
    assert list(token_level_lines(score_words(result))) == [
        "\nToken-level analysis:",
        f"VERBOSE_DETAIL sections: 1 analyzed, {1 - after / before:.0%} average compression",
        'Phrases removed: "This skill turns the orders of a bakery into a…"',
    ]
    (section,) = record_sections(result)
    assert (section.outcome, section.blocks.phrases) == ("TOKEN-SCORED", 1)
    assert score_words(result).phrases == (RESTATED.strip(),)


def test_a_skill_without_such_blocks_has_no_such_lines() -> None:
    """Nothing was scored, nothing is said."""
    result = distilled(HEAD + RESTATED + TOLD, SectionType.CONSTRAINT, 0.8)
    assert list(token_level_lines(score_words(result))) == []
    assert score_words(result) == TokenLevel()


def test_a_block_that_went_whole_lost_no_phrase() -> None:
    """It is counted as analyzed, and its words are not."""
    mill = "The flour comes from a mill that stands by the river and turns all day long.\n"
    result = distilled(f"{HEAD}{RESTATED}{TOLD}\n## More\n\n{mill}", SectionType.EXPLANATION, 0.9)
    dropped = replace(result.plan.decisions[0], rendering=Rendering(RenderingKind.DROPPED, "", 0, 0.0))
    plan = replace(result.plan, decisions=(dropped, dropped))
    assert list(token_level_lines(score_words(replace(result, plan=plan))))[1:] == [
        "EXPLANATION sections: 1 analyzed, all removed whole",
        "Phrases removed: none",
    ]


def test_phrases_are_safe_to_show() -> None:
    """A terminal escape in a phrase comes out as its code."""
    phrase = "the\x1b[31m plan of the morning shift is a plan"
    result = distilled(HEAD + RESTATED + TOLD, SectionType.EXPLANATION, 0.8)
    decision = result.plan.decisions[0]
    hostile = replace(decision, rendering=replace(decision.rendering, phrases=(phrase,)))
    plan = replace(result.plan, decisions=(hostile,))
    lines = "\n".join(token_level_lines(score_words(replace(result, plan=plan))))
    assert "\x1b" not in lines
    assert "\\x1b[31m" in lines
