"""The prompted judge: four answers make a score, three askings an interval."""

from __future__ import annotations

import json

import pytest
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.prompted.skill import TEXT, scores

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.receipt import EmbeddedJudge, Word, compare
from skill_distiller.errors import MalformedReplyError
from skill_distiller.planning.plan import Decision, Plan, Reason, apply_plan
from skill_distiller.prompted.judge import PromptedJudge, half_interval, read_score, read_words
from skill_distiller.providers.scripted import Line, ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import CI_SAMPLES, Backends, DistillOptions
from skill_distiller.skill.parse import parse_skill


def judged(*script: Line, samples: int = 1, threshold: float = 0.5) -> tuple[Result, ScriptedProvider]:
    """A distillation of the small skill, judged by a script."""
    provider = ScriptedProvider(script)
    judge = PromptedJudge(Session(provider), EmbeddedJudge(), samples)
    return distill(parse_skill(TEXT), DistillOptions(threshold=threshold), Backends(judge=judge)), provider


def test_the_score_is_the_mean_of_four_answers() -> None:
    """Named after the model, without an interval when asked once."""
    result, provider = judged(scores(100, 90, 80, 70))
    assert result.functionality.score == pytest.approx(85)
    assert result.functionality.method == f"scripted/{provider.model}"
    assert result.functionality.interval is None


def test_the_four_questions_are_the_references() -> None:
    """Word for word, with the original and what was changed, between the boundary's lines."""
    result, provider = judged(scores())
    prompt, boundary = provider.requests[0].prompt, provider.requests[0].boundary
    for question in (
        "can all original triggers still activate?",
        "are all core actions still specified?",
        "are critical constraints preserved?",
        "would an agent behave the same way?",
    ):
        assert question in prompt
    data = prompt.partition(f"{boundary} begin")[2].partition(f"{boundary} end")[0]
    for block in result.original.blocks:
        assert block.text.strip() in data
    removed = [d.block for d in result.plan.decisions if d.dropped]
    assert removed
    for index in removed:
        assert f"{boundary} block {index} was removed" in data


def test_protected_patterns_lost_cost_ten_points() -> None:
    """The penalty is taken off by program, whatever the model says."""
    analysis = RulesAnalyzer().analyze(parse_skill("Keep a checkpoint of it.\n\nPlain words.\n"))
    decisions = tuple(
        Decision(b.index, Rendering(RenderingKind.DROPPED, "", 0, 0.0), 5, Reason.NOT_WORTH)
        if b.index == 0
        else Decision(b.index, Rendering(RenderingKind.FULL, b.source, 5, 1.0), 5, Reason.WORTH)
        for b in analysis.skill.blocks
    )
    plan = Plan(decisions, (True,), (0,))
    comparison = compare(Reading(analysis), plan, apply_plan(analysis.skill, plan))
    judge = PromptedJudge(Session(ScriptedProvider([scores(90, 90, 90, 90)])), EmbeddedJudge())
    found = judge.score(comparison)
    assert (found.score, found.protected_lost) == (80, ("checkpoint-state",))


def test_three_askings_make_an_interval() -> None:
    """Other draws of the same question; the mean, and half the 95 % interval by Student's t."""
    result, provider = judged(
        scores(90, 90, 90, 90), scores(80, 80, 80, 80), scores(100, 100, 100, 100), samples=CI_SAMPLES
    )
    assert result.functionality.score == pytest.approx(90)
    assert result.functionality.interval == pytest.approx(4.303 * 10 / 3**0.5)
    assert [request.sample for request in provider.requests] == [0, 1, 2]


def test_an_interval_needs_two_answers() -> None:
    """The same answer thrice is an interval of nothing; a single one has none."""
    assert half_interval([80.0, 80.0, 80.0]) == 0
    assert half_interval([80.0]) is None


def test_a_quote_may_be_a_row_or_items_as_the_prompt_shows_them() -> None:
    """Without bars and bullets; what the result does not say is no quote."""
    result = "| Change | Safe |\n|---|---|\n| add index | `CONCURRENTLY` |\n\n- Stop first.\n- Then copy.\n"
    for quote in ("add index `CONCURRENTLY`", "add index | `CONCURRENTLY`", "Stop first. Then copy."):
        said: dict[str, object] = {"doubts": [{"index": 0, "word": "kept", "quote": quote}]}
        assert read_words(said, 1, result) == {0: (Word.KEPT, quote)}
    assert read_words({"doubts": [{"index": 0, "word": "kept", "quote": "Copy first."}]}, 1, result) == {}


def test_an_unchanged_skill_is_not_judged() -> None:
    """Nothing changed, nothing lost, nothing asked."""
    result, provider = judged(threshold=1.0)
    assert (result.functionality.score, provider.requests) == (100, [])


def test_a_useless_answer_is_asked_for_again() -> None:
    """Twice; then the embedded judge scores, and the method says so."""
    result, provider = judged("no", '{"triggers": 100}', scores(80, 80, 80, 80))
    assert result.functionality.score == pytest.approx(80)
    assert "all four numbers" in provider.requests[1].prompt
    embedded = distill(parse_skill(TEXT), DistillOptions(threshold=0.5)).functionality
    result, provider = judged("no", "no", "no")
    assert len(provider.requests) == 3
    assert result.functionality.score == embedded.score
    assert result.functionality.method == f"embedded (no usable answer of scripted/{provider.model})"


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ({"triggers": 100, "actions": 50, "constraints": 50, "behavior": 0}, 50),
        ({"triggers": 1, "actions": 0.9, "constraints": 0.8, "behavior": 0.9}, 90),
        ({"triggers": "90", "actions": "90%", "constraints": 90.0, "behavior": 90}, 90),
        ({"triggers": 0, "actions": 0, "constraints": 0, "behavior": 0}, 0),
    ],
)
def test_answers_as_models_write_them(value: dict[str, object], score: float) -> None:
    """Points, shares, text and percent signs."""
    assert read_score(value) == pytest.approx(score)


@pytest.mark.parametrize("bad", [-1, 101, 1e15, float("nan"), None, True, "much", [100]])
def test_answers_out_of_range_are_none(bad: object) -> None:
    """One bad number and the reply is of no use."""
    with pytest.raises(MalformedReplyError):
        read_score({**json.loads(scores()), "actions": bad})


def test_a_long_skill_is_shown_where_it_changed() -> None:
    """Sections in which nothing changed are left out of the question."""
    kept = "".join(f"## Step {i}\n\nRun `step-{i}` and " + "read `log` again, " * 200 + "stop.\n\n" for i in range(20))
    thanks = "Thanks to all of you, and good night. " * 100
    text = f"---\nname: a\ndescription: Use when b.\n---\n# A\n\n{kept}## Related\n\n{thanks}\n"
    provider = ScriptedProvider([scores()])
    judge = PromptedJudge(Session(provider), EmbeddedJudge())
    result = distill(parse_skill(text), DistillOptions(threshold=0.0), Backends(judge=judge))
    assert result.plan.changed
    assert "Thanks to all of you" in provider.requests[0].prompt
    assert len(provider.requests[0].prompt) < len(text)
