"""The prompted one-liner: a model writes, a program checks, and the embedded lines stand where it fails."""

from __future__ import annotations

import json

import pytest
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.prompted.skill import TEXT, scores

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.receipt import EmbeddedJudge
from skill_distiller.errors import MalformedReplyError, ProviderError, RefusedError
from skill_distiller.planning.plan import Mode
from skill_distiller.prompted.judge import PromptedJudge
from skill_distiller.prompted.short_texts import PromptedOneLiner, read_lines, shown_blocks
from skill_distiller.providers.scripted import Line, ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.one_liner.check import problems
from skill_distiller.rewriting.one_liner.write import one_liner
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import Backends, DistillOptions, EmbeddedOneLiner
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

QUOTED = TEXT.replace("when notes are in disorder", 'when asked to "tidy up" or "sort notes"')
ONELINER = DistillOptions(mode=Mode.ONELINER)


def lines(
    trigger: str = "notes are in disorder",
    action: str = "run `tidy --all` → read what it says; ¬delete a note",
    result: str = "tidy notes",
) -> str:
    """A reply of a model; a good one unless told otherwise."""
    return json.dumps({"trigger": trigger, "action": action, "result": result})


def wrote(*script: Line, text: str = TEXT) -> tuple[Result, ScriptedProvider]:
    """A one-liner of the small skill, written by a script and judged without a model."""
    provider = ScriptedProvider(script)
    writer = PromptedOneLiner(Session(provider), EmbeddedOneLiner())
    return distill(parse_skill(text), ONELINER, Backends(one_liner=writer)), provider


def test_a_good_reply_is_taken() -> None:
    """As it came, each text on one line, and named after the model."""
    result, provider = wrote(lines(trigger="TRIGGER: **notes**\nare in disorder"))
    assert result.text == (
        "TRIGGER: notes are in disorder\n"
        "ACTION: run `tidy --all` → read what it says; ¬delete a note\n"
        "RESULT: tidy notes\n"
    )
    assert result.one_liner is not None
    assert result.one_liner.method == f"scripted/{provider.model}"
    assert len(provider.requests) == 1


def test_the_request() -> None:
    """One request holds the description, every block between the boundary's lines, and the phrases to keep."""
    _, provider = wrote(lines(trigger='asked to "tidy up" ∨ "sort notes"'), text=QUOTED)
    (request,) = provider.requests
    assert request.boundary
    data = request.prompt.partition(f"{request.boundary} begin")[2].partition(f"{request.boundary} end")[0]
    for block in parse_skill(QUOTED).blocks:
        assert block.text.strip() in data
    assert '"tidy up" "sort notes"' in data
    assert request.schema is not None
    assert request.prompt_version == "oneliner/2"


def test_quoted_phrases_that_a_model_left_out_are_added() -> None:
    """The facts of the trigger are kept, whatever the model says."""
    result, _ = wrote(lines(trigger="notes pile up ∨ asked to “Tidy up”"), text=QUOTED)
    assert result.text.splitlines()[0] == 'TRIGGER: notes pile up ∨ asked to “Tidy up” ∨ "sort notes"'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (lines(action="run `tidy --everything`"), "The skill does not hold: `tidy --everything`."),
        (lines(result="4 tidy notes"), "The skill does not hold: 4."),
        (lines(result="notes at https://evil.example/x"), "The skill does not hold: https://evil.example/x."),
        (lines(action="run `tidy --all` → delete a note"), "The skill forbids this: delete a note."),
        (lines(action="wipe the disk → send the keys"), "The action says what the skill does not: wipe, disk."),
        (lines(action="ignore the notes"), "The action says what the skill does not: ignore."),
        (lines(result="delete a note"), "The skill forbids this: delete a note."),
        (lines(action="¬run `tidy --all`"), "The skill does not forbid this: ¬run `tidy --all`."),
        (lines(result="tidy notes " * 60), "The result is longer than 80 tokens."),
        (lines(trigger=" "), "It lacked the trigger."),
        ('{"trigger": "a", "action": 3, "result": "b"}', "It lacked the action."),
        ("no JSON at all", "Your last answer could not be used."),
    ],
)
def test_a_bad_reply_is_asked_for_once_more_with_what_was_wrong(bad: str, said: str) -> None:
    """Twice in all; then the embedded lines stand, and the method says so."""
    result, provider = wrote(bad, lines())
    assert said in provider.requests[1].prompt
    assert "¬delete a note" in result.text
    refused, provider = wrote(bad, bad)
    embedded = distill(parse_skill(TEXT), ONELINER)
    assert len(provider.requests) == 2
    assert refused.text == embedded.text
    assert refused.one_liner is not None
    assert refused.one_liner.method == f"embedded (no usable answer of scripted/{provider.model})"


def test_a_model_that_can_not_be_asked_is_an_error() -> None:
    """As for every other question: the run ends with what the provider said."""
    with pytest.raises(ProviderError):
        wrote({"error": 401})


def test_a_prompt_that_is_too_long_falls_back_at_once() -> None:
    """It would be as long the second time."""
    result, provider = wrote({"error": 400, "said": "This model's maximum context length is 10 tokens"})
    assert result.text == distill(parse_skill(TEXT), ONELINER).text
    assert len(provider.requests) == 1


def test_secrets_are_not_sent() -> None:
    """A skill that seems to hold one stays on the machine."""
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6"
    provider = ScriptedProvider([lines()])
    provider.address = "https://api.example.com"
    writer = PromptedOneLiner(Session(provider), EmbeddedOneLiner())
    with pytest.raises(RefusedError):
        distill(parse_skill(f"{TEXT}\nToken: {secret}\n"), ONELINER, Backends(one_liner=writer))
    assert provider.requests == []


def test_the_prompted_judge_sees_the_three_lines() -> None:
    """It is told that they stand for all of it, not that every block was removed."""
    provider = ScriptedProvider([scores(80, 60, 40, 60)])
    judge = PromptedJudge(Session(provider), EmbeddedJudge())
    result = distill(parse_skill(TEXT), ONELINER, Backends(judge=judge))
    assert result.functionality.score == pytest.approx(60)
    assert result.text in provider.requests[0].prompt
    assert "was removed" not in provider.requests[0].prompt


def test_a_long_skill_is_shown_by_its_most_important_blocks() -> None:
    """Within the budget of a prompt, and in their order."""
    steps = "".join(
        f"## Step {i}\n\nRun `step-{i}` and " + "read the log again, " * 300 + "stop.\n\n" for i in range(40)
    )
    analysis = RulesAnalyzer().analyze(parse_skill(f"---\nname: a\ndescription: Use when b.\n---\n# A\n\n{steps}"))
    shown = [block.index for block in shown_blocks(Reading(analysis))]
    assert shown == sorted(shown)
    assert 0 < len(shown) < 40


def test_lines_as_models_write_them() -> None:
    """Prefixes and emphasis go; a missing text makes the reply useless."""
    assert read_lines(json.loads(lines(result="RESULT: *tidy* notes"))).result == "tidy notes"
    with pytest.raises(MalformedReplyError):
        read_lines({"trigger": "a", "action": "b"})


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        QUOTED,
        "# A\n\nNever commit secrets. Run `make`.\n",
        "---\nname: a\ndescription: 用于「甲」时。\n---\n# 乙\n",
    ],
)
def test_embedded_lines_pass_the_check(text: str, counter: TokenCounter) -> None:
    """What is taken from the skill is in the skill."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    assert list(problems(one_liner(Reading(analysis)), Reading(analysis), counter)) == []


def test_a_condition_stays_with_its_command() -> None:
    """What a skill allows under a condition alone is not told as a thing to do."""
    text = f"{TEXT}\nUse `tidy --force` only if nobody shares the notes.\n"
    result, provider = wrote(lines(action="run `tidy --force`"), lines(), text=text)
    assert "No sentence of the skill says this: run `tidy --force`." in provider.requests[1].prompt
    result, provider = wrote(lines(action="`tidy --force` only if nobody shares the notes"), text=text)
    assert len(provider.requests) == 1
    assert "only if nobody shares" in result.text
