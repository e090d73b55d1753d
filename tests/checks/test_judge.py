"""The embedded judge and the comparison it reads."""

from __future__ import annotations

import pytest
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import SKILLS

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.checks.receipt import EmbeddedJudge, Functionality, compare, write_receipt
from skill_distiller.planning.plan import Decision, Plan, Reason, apply_plan
from skill_distiller.planning.worth import block_worths, load_worth_model
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.skill.model import render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill


def plan_without(analysis: Analysis, *blocks: int) -> Plan:
    """A plan by hand: some blocks dropped, all else as it is."""
    decisions = tuple(
        Decision(block.index, Rendering(RenderingKind.DROPPED, "", 0, 0.0), 9, Reason.NOT_WORTH)
        if block.index in blocks
        else Decision(block.index, Rendering(RenderingKind.FULL, block.source, 9, 1.0), 9, Reason.WORTH)
        for block in analysis.skill.blocks
    )
    sections = len(analysis.skill.sections)
    return Plan(decisions, (True,) * sections, (3,) * sections)


def judge(analysis: Analysis, *blocks: int) -> Functionality:
    """The functionality without some blocks."""
    plan = plan_without(analysis, *blocks)
    return EmbeddedJudge().score(compare(Reading(analysis), plan, apply_plan(analysis.skill, plan)))


def _analyze(text: str) -> Analysis:
    return RulesAnalyzer().analyze(parse_skill(text))


def test_everything_kept_is_everything() -> None:
    """The original scores 100 points."""
    score = judge(RulesAnalyzer().analyze(read_skill(SKILLS / "plain")))
    assert score.score == pytest.approx(100)
    assert score.method == "embedded"


def test_less_kept_is_less() -> None:
    """Each block that goes lowers the score; nothing left is 0 points."""
    analysis = _analyze("# A\n\nRun `a` now.\n\nRun `b` then.\n\nRun `c` last.\n")
    scores = [judge(analysis, *range(dropped)).score for dropped in range(4)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert scores[-1] == 0


def test_each_protected_pattern_lost_costs_ten_points() -> None:
    """Beside its own worth, a protected pattern that the result lacks costs 10 points."""
    analysis = RulesAnalyzer().analyze(read_skill(SKILLS / "protected-patterns"))
    whole = judge(analysis)
    assert whole.protected_found == ("before-after", "checkpoint-state", "n-count", "task-creation")
    assert whole.protected_lost == ()
    lost = judge(analysis, 1)
    assert lost.protected_lost == ("checkpoint-state",)
    assert 0 < lost.score < 90


def test_a_pattern_that_stands_elsewhere_is_not_lost() -> None:
    """Only a pattern that is nowhere in the result costs points: with a twin it costs exactly 10 less."""
    twin = _analyze("Keep a checkpoint of `a`.\n\nPlain words of no use.\n\nKeep a checkpoint of `b`.\n")
    assert judge(twin, 0).protected_lost == ()
    both, one = judge(twin, 0, 2), judge(twin, 0)
    assert both.protected_lost == ("checkpoint-state",)
    assert one.score > both.score


def test_the_penalty_is_exactly_ten() -> None:
    """Of two results with the same worth and facts, the one without the pattern has 10 points fewer."""
    analysis = _analyze("Keep a checkpoint of it all.\n\nPlain words of some use.\n")
    plan = plan_without(analysis)
    changed = parse_skill("Keep a record of it all.\n\nPlain words of some use.\n")
    kept = EmbeddedJudge().score(compare(Reading(analysis), plan, analysis.skill)).score
    assert kept - EmbeddedJudge().score(compare(Reading(analysis), plan, changed)).score == pytest.approx(10)


def test_scores_stay_within_their_range() -> None:
    """Penalties never take a score below 0."""
    analysis = RulesAnalyzer().analyze(read_skill(SKILLS / "protected-patterns"))
    assert judge(analysis, 0, 1, 2, 3).score == 0


def test_worths_make_one() -> None:
    """The worths of a skill's blocks add up to one, and none is negative."""
    for name in ("plain", "hard-rules", "long-list", "table"):
        worths = block_worths(Reading(RulesAnalyzer().analyze(read_skill(SKILLS / name))), load_worth_model())
        assert sum(worths) == pytest.approx(1)
        assert min(worths) >= 0
    assert block_worths(Reading(_analyze("")), load_worth_model()) == ()


def test_share_and_functionality_are_inverse() -> None:
    """What a share gives and what a functionality asks for are the same curve, from 0 to 1."""
    model = load_worth_model()
    for value in (0.0, 0.1, 0.5, 0.9, 1.0):
        assert model.share(model.functionality(value)) == pytest.approx(value)


def test_receipt_names_what_went() -> None:
    """The receipt lists the dropped block with its lines, the facts lost with theirs, and nothing else."""
    text = "---\nname: a\n---\n\n# A\n\nRun `a` and `b`.\n\nThen run `b`,\nnever `c`.\n"
    analysis = _analyze(text)
    plan = plan_without(analysis, 1)
    receipt = write_receipt(compare(Reading(analysis), plan, apply_plan(analysis.skill, plan)))
    (section,) = receipt.sections
    assert (section.heading, section.level, section.heading_dropped) == ("A", 1, False)
    (change,) = section.changes
    assert (change.block.index, change.block.line, change.block.last_line, change.saved) == (1, 9, 10, 9)
    assert (change.before, change.after) == ("Then run `b`,\nnever `c`.\n", "")
    assert {(fact.key, fact.line) for fact in receipt.lost} == {("never c", 10), ("c", 10)}


def test_receipt_names_a_heading_that_went() -> None:
    """A dropped heading that other text refers to is a fact lost."""
    analysis = _analyze("See [it](#old-notes).\n\n# Old Notes\n\ntext\n")
    plan = plan_without(analysis, 1)
    plan = Plan(plan.decisions, (True, False), plan.heading_tokens)
    distilled = apply_plan(analysis.skill, plan)
    assert render_skill(distilled) == "See [it](#old-notes).\n"
    receipt = write_receipt(compare(Reading(analysis), plan, distilled))
    assert "# Old Notes" in {fact.key for fact in receipt.lost}
    assert receipt.sections[-1].heading_dropped


def test_receipt_of_an_unchanged_skill_is_empty() -> None:
    """Where nothing changed there is nothing to report."""
    analysis = RulesAnalyzer().analyze(read_skill(SKILLS / "plain"))
    receipt = write_receipt(compare(Reading(analysis), plan_without(analysis), analysis.skill))
    assert (receipt.sections, receipt.lost, receipt.changes) == ((), (), ())


def test_lines_count_every_line_end() -> None:
    """The line of a lost fact is right also where lines end with a carriage return alone."""
    analysis = _analyze("a\r\rone\rnever `c`\r")
    plan = plan_without(analysis, 1)
    receipt = write_receipt(compare(Reading(analysis), plan, apply_plan(analysis.skill, plan)))
    assert {fact.line for fact in receipt.lost} == {4}
