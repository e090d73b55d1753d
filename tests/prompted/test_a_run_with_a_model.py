"""Whole runs with a model: what may go on its word, what its judge brings back, and what is in question."""

from __future__ import annotations

import pytest
from tests.prompted.skill import labels, scores, told

from skill_distiller.checks.receipt import Word
from skill_distiller.planning.plan import Reason
from skill_distiller.providers.scripted import Line, ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import DistillOptions, KeptPieces, prompted_backends
from skill_distiller.skill.parse import parse_skill

TEXT = """---
name: send-parcels
description: Use when a parcel is to be sent.
---

# Send parcels

## Sending

Weigh the parcel on the scale of the house, and write its weight on the label before it goes to the counter.

Keep in mind that a parcel is weighed on the scale before it goes to the counter.

## Background

Parcels were sent by coach for a long time, and people came a long way to send one.

## Customs

The counter asks for the green form when a parcel leaves the country, which is filled in by the sender at home.
"""
# Blocks: 0 weigh, 1 the same again, 2 background, 3 customs.
TYPES = ("CORE_INSTRUCTION", "CORE_INSTRUCTION", "EXPLANATION", "EXPLANATION")
NOTHING = told()


def sent(*script: Line, threshold: float = 0.9, everything: bool = False) -> tuple[Result, ScriptedProvider]:
    """What becomes of the skill with a model that answers by a script."""
    provider = ScriptedProvider(script)
    options = DistillOptions(threshold=threshold, keep=KeptPieces(everything=everything))
    return distill(parse_skill(TEXT), options, prompted_backends(Session(provider))), provider


def gone(result: Result) -> dict[int, Reason]:
    """The blocks that went as a whole, with the reasons."""
    return {d.block: d.reason for d in result.plan.decisions if d.rendering.kind is RenderingKind.DROPPED}


def test_no_block_goes_without_the_models_word() -> None:
    """However little it is worth."""
    result, _ = sent(labels(TYPES), NOTHING, scores())
    assert gone(result) == {}


def test_what_every_agent_knows_may_go() -> None:
    """The record says why, and the judge is asked."""
    result, provider = sent(labels(TYPES, b2={"known": True}), NOTHING, scores())
    assert gone(result) == {2: Reason.KNOWN}
    assert [request.prompt_version.partition("/")[0] for request in provider.requests] == ["read", "rewrite", "judge"]


def test_what_repeats_a_block_goes_for_it() -> None:
    """The decision names the block that says the same."""
    result, _ = sent(labels(TYPES, b1={"repeats": 0}), NOTHING, scores())
    assert gone(result) == {1: Reason.REPEATS}
    assert result.plan.decisions[1].rendering.stands_in == 0


@pytest.mark.parametrize("threshold", [0.9, 0.8])
def test_of_two_that_repeat_one_another_one_stays(threshold: float) -> None:
    """Each may go only as the other is there."""
    read = labels(TYPES, b0={"repeats": 1}, b1={"repeats": 0})
    result, _ = sent(read, NOTHING, scores(), scores(50, 50, 50, 50), threshold=threshold)
    assert not {0, 1} <= gone(result).keys()


@pytest.mark.parametrize(("score", "plain"), [(100, True), (90, False)])
def test_a_run_with_a_model_is_no_larger_than_one_without(score: int, plain: bool) -> None:
    """Where the judge scores the smaller result of the program no lower than that of the model; else this stays."""
    low = scores(score, score, score, score)
    result, provider = sent(labels(TYPES), NOTHING, scores(), low, threshold=0.6)
    without = distill(parse_skill(TEXT), DistillOptions(threshold=0.6))
    assert len(provider.requests) == 4
    assert (result.text == without.text) is plain
    assert any(note.kind is NoteKind.PLAIN for note in result.notes) is plain


def test_a_sentence_that_the_judge_finds_lost_comes_back_alone() -> None:
    """The rest of the text that was written for its section stays as it is."""
    text = "Weigh the parcel on the scale, write its weight on the label before it goes to the counter."
    lost = scores(doubts=[{"index": 0, "word": "lost", "quote": ""}])
    result, _ = sent(labels(TYPES), told({"blocks": [0, 1], "text": text}), lost)
    assert "the scale of the house" in result.text
    assert result.text.count("Keep in mind") == 0


def test_a_sentence_that_comes_back_ends_as_what_it_replaces() -> None:
    """What stands behind it begins small."""
    first, second = "Weigh the parcel on the scale of the house.", "Please write its weight on the label of the parcel."
    lost = scores(doubts=[{"index": 0, "word": "lost", "quote": ""}])
    said = told({"blocks": [0], "text": "Weigh the parcel on the scale; write its weight on the label."})
    provider = ScriptedProvider([labels(("CORE_INSTRUCTION",)), said, lost])
    text = f"# A\n\n## B\n\n{first} {second}\n"
    result = distill(parse_skill(text), DistillOptions(threshold=0.8), prompted_backends(Session(provider)))
    assert f"{first[:-1]}; write" in result.text


def test_a_rule_does_not_go_for_one_that_says_less() -> None:
    """The model's word is held against both blocks: a rule that only half stands elsewhere stays."""
    rules = "Never send a parcel without a label.", "Never send a parcel without a label or a form."
    text = f"# A\n\n## B\n\n{rules[0]}\n\n## C\n\n{rules[1]}\n"
    provider = ScriptedProvider([labels(("CONSTRAINT", "CONSTRAINT"), b1={"repeats": 0}), NOTHING, scores()])
    result = distill(parse_skill(text), DistillOptions(threshold=0.8), prompted_backends(Session(provider)))
    assert gone(result) == {}


def test_nothing_goes_with_no_drop() -> None:
    """But what another block repeats; not even what every agent knows."""
    read = labels(TYPES, b1={"repeats": 0}, b2={"known": True})
    result, _ = sent(read, NOTHING, scores(), everything=True)
    assert gone(result) == {1: Reason.REPEATS}


def test_what_the_judge_misses_comes_back() -> None:
    """Where its score is below the threshold; then it is asked once more."""
    read = labels(TYPES, b2={"known": True}, b3={"known": True})
    missing = "people came a long way"
    low = scores(80, 80, 80, 80, missing=[missing, "a word that stands nowhere"])
    result, provider = sent(read, NOTHING, low, scores())
    assert (gone(result), len(provider.requests)) == ({3: Reason.KNOWN}, 4)
    assert result.plan.decisions[2].reason is Reason.MISSED
    result, _ = sent(read, NOTHING, scores(95, 95, 95, 95, missing=[missing]))
    assert gone(result) == {2: Reason.KNOWN, 3: Reason.KNOWN}
    assert result.functionality.missing == (missing,)


def test_a_low_score_is_said() -> None:
    """Where the judge names nothing that could come back."""
    result, _ = sent(labels(TYPES, b2={"known": True}), NOTHING, scores(80, 80, 80, 80))
    notes = {note.kind: note.score for note in result.notes}
    assert notes[NoteKind.JUDGED_LOW] == 80


CUSTOMS = "When parcel leaves country, counter asks for form, filled in by sender at home."
SHORTER = told({"blocks": [3], "text": CUSTOMS})


def judged(word: str, quote: str = "") -> str:
    """A judge who has nothing to say but on the first doubt."""
    reply = scores()
    return reply.removesuffix("}") + f', "doubts": [{{"index": 0, "word": "{word}", "quote": "{quote}"}}]}}'


@pytest.mark.parametrize(
    ("reply", "settled"),
    [
        (judged("needless"), Word.NEEDLESS),
        (judged("kept", "counter asks for form"), Word.KEPT),
        (judged("kept", "the green form"), Word.LOST),  # that stands nowhere
        (judged("kept"), Word.LOST),
        (judged("lost"), Word.LOST),
        (judged("perhaps"), Word.LOST),
        (scores(), Word.LOST),
    ],
)
def test_a_plain_word_that_is_gone_is_put_to_the_judge(reply: str, settled: Word) -> None:
    """Here "green". The text stands where the judge says that it may; else the block comes back."""
    result, provider = sent(labels(TYPES), SHORTER, reply)
    prompt = provider.requests[2].prompt
    assert "doubt 0 | block 3\noriginal: The counter asks for the green form" in prompt
    assert 'in question: lost: "green"' in prompt
    assert [one.word for one in result.functionality.settled] == [settled]
    assert (CUSTOMS in result.text) is (settled is not Word.LOST)


def test_nobody_to_ask_takes_nothing_in_question() -> None:
    """A judge without a usable answer says nothing of the doubts."""
    result, _ = sent(labels(TYPES), SHORTER, "no", "no", "no")
    assert "the green form" in result.text


def test_a_fact_that_is_gone_is_not_put_to_the_judge() -> None:
    """It is asked for once more, then refused."""
    text = TEXT.replace("the green form", "form `CN-22`")
    provider = ScriptedProvider([labels(TYPES), SHORTER, told({"blocks": [3], "text": CUSTOMS}), scores()])
    result = distill(parse_skill(text), DistillOptions(), prompted_backends(Session(provider)))
    (refusal,) = result.plan.refusals
    assert any("`CN-22`" in fault for fault in refusal.faults)
    assert (refusal.blocks, result.functionality.settled) == ((3,), ())
    assert "`CN-22`" in result.text
