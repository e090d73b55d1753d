"""Faithfulness and adaptive gates: each says no where it should, and what a model claims is checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from skill_distiller.errors import ProviderError
from skill_distiller.exams.exam_files import parse_exam
from skill_distiller.exams.model import BY_PROGRAM, Exam
from skill_distiller.exams.sitting import Reason, first_enough
from skill_distiller.prompted.judge import ConceptReader, read_losses
from skill_distiller.prompted.sit_exam import Examiner
from skill_distiller.providers.model import Completion, Finish, Request
from skill_distiller.providers.session import Session
from skill_distiller.run.distill import carry_out
from skill_distiller.run.gates.adaptive_gate import STEPS, choose_by_exam
from skill_distiller.run.gates.bring_back import feed_back
from skill_distiller.run.gates.exam_gate import Distilling, ExamGate, ExamRun, Reducing
from skill_distiller.run.gates.faithfulness_gate import FaithfulnessGate
from skill_distiller.run.moving.reduce_run import ReduceOptions
from skill_distiller.run.result import Basis
from skill_distiller.run.run import Backends, DistillOptions, Run
from skill_distiller.skill.model import piece_ids
from skill_distiller.skill.read import read_folder
from skill_distiller.tokens import load_counter

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDER = read_folder(EXAMPLES / "incident-report")
RUN = Run(DistillOptions(0.8), Backends())
MAKER = Distilling(RUN, FOLDER)
NO_EXAM = Exam("x", (), BY_PROGRAM)


class Model:
    """A provider whose replies a function makes of the prompt."""

    name, model, address, parallel = "played", "played", "", 1

    def __init__(self, reply: object) -> None:
        self._reply, self.prompts = reply, list[str]()

    def complete(self, request: Request) -> Completion:
        self.prompts.append(request.prompt)
        said = self._reply(request.prompt) if callable(self._reply) else self._reply
        return Completion(json.dumps(said), self.model, 1, 1, Finish.DONE)

    def close(self) -> None: ...


def test_what_was_shortened_and_lost_facts_comes_back() -> None:
    """By program alone: the blocks that stay hold every fact that they held, and what was left out whole stays out."""
    maker = Distilling(Run(DistillOptions(0.4), Backends()), FOLDER)  # higher up nothing that is shortened loses a fact
    plain = maker.make()
    gated = feed_back(maker, [FaithfulnessGate(FOLDER)])
    first = gated.outcome.rounds[0]
    assert first.failed
    assert first.basis is Basis.CONCEPTS
    assert gated.passed
    assert plain.tokens < gated.best.tokens < gated.best.product.input_tokens
    assert gated.best.absent <= plain.absent
    shortened = {piece_ids(FOLDER.skill).blocks[block] for block in plain.shortened}
    assert {criterion.id for criterion in first.failed} <= shortened


def losing(quote_of: int) -> Model:
    """A model that finds one thing missing: the first words of the first passage it is shown, or words of its own."""

    def reply(prompt: str) -> object:
        passage = prompt.split(" passage 0\n")[1].splitlines()[0] if " passage 0\n" in prompt else ""
        quote = passage if quote_of else "words that stand nowhere"
        return {"missing": [{"index": 0, "concept": "what it is for", "quote": quote}]}

    return Model(reply)


def test_a_claim_of_a_model_without_words_of_the_passage_counts_for_nothing() -> None:
    """Neither does one whose words the result still holds."""
    by_program = feed_back(MAKER, [FaithfulnessGate(FOLDER)])
    for model in (losing(0), Model({"missing": []})):
        gated = feed_back(MAKER, [FaithfulnessGate(FOLDER, ConceptReader(Session(model)))])
        assert gated.best.product.text == by_program.best.product.text
        assert model.prompts


def test_what_a_model_finds_missing_comes_back() -> None:
    """Where its words are those of the passage and the result does not hold them; in the end all of that kind."""
    plain = MAKER.make()
    changed = {block: FOLDER.skill.blocks[block].source for block in plain.shortened}
    model = losing(1)
    gate = FaithfulnessGate(FOLDER, ConceptReader(Session(model)))
    found = gate.find(plain, 0)
    whole = gate.find(plain, 1)
    assert found.pieces <= whole.pieces
    for criterion in found.failed:
        for quote in criterion.evidence:
            assert any(quote in " ".join(source.split()) for source in changed.values())
    gated = feed_back(MAKER, [gate])
    assert gated.passed
    assert len(gated.outcome.rounds) <= 3


def test_a_model_that_can_not_say_it_is_an_error() -> None:
    """Not a yes."""
    reader = ConceptReader(Session(Model({"nothing": 1})))
    with pytest.raises(ProviderError):
        reader.find("rules", ["Always do it."], "Do it.")


def test_losses_are_read_strictly() -> None:
    """Places that are none, and quotes of another passage, are passed over; the same twice is once."""
    good = {"index": 1, "concept": "", "quote": "b  b"}
    bad = [{"index": 7, "quote": "b b"}, {"index": True, "quote": "b b"}, {"index": 0, "quote": "b b"}, "x", None]
    assert [loss.place for loss in read_losses({"missing": [good, *bad, good]}, ["a a", "b b\n"])] == [1]


def pupil(alike: float) -> Model:
    """Writes ten questions, answers them, and judges alike as many as it is told to."""
    verdicts = [0]

    def reply(prompt: str) -> object:
        if "Write 10 questions" in prompt:
            return {"questions": [{"index": n, "question": f"Question {n}?"} for n in range(10)]}
        if '{"verdict": "same"}' in prompt:
            verdicts[0] += 1
            return {"verdict": "same" if (verdicts[0] - 1) % 10 < alike else "different"}
        return {"action": "answer", "path": "", "answer": f"An answer to {len(prompt)}."}

    return Model(reply)


def adaptive_run(model: Model) -> ExamRun:
    """An exam of questions that a model writes."""
    session = Session(model)
    return ExamRun(NO_EXAM, FOLDER, load_counter(), Examiner(session, session))


def test_questions_of_a_model_choose_the_smallest_text() -> None:
    """Nine of ten are enough, eight are not; the original is asked once."""
    enough = pupil(9)
    gated = choose_by_exam(RUN, adaptive_run(enough))
    assert (gated.outcome.best.threshold, gated.outcome.best.kept) == (STEPS[0], 0.9)
    assert gated.outcome.best.basis is Basis.ANSWERS
    assert len(gated.outcome.best.failed) == 1
    assert gated.best.product.text == carry_out(Run(DistillOptions(STEPS[0])), FOLDER.skill).text
    assert len(enough.prompts) == 1 + 10 + 10 + 10
    none = choose_by_exam(RUN, adaptive_run(pupil(8)))
    assert none.best.product.text == FOLDER.skill.text
    assert not none.passed


def test_without_references_nothing_is_chosen() -> None:
    """A model that writes no questions leaves the original."""
    gated = choose_by_exam(RUN, adaptive_run(Model({"action": "answer", "path": "", "answer": "x"})))
    assert gated.best.product.text == FOLDER.skill.text
    assert "too few questions" in gated.outcome.why


def test_the_rule_reads_no_further_than_it_has_to() -> None:
    """From the cheap end; the one that is enough is the last that is looked at."""
    looked = []

    def points() -> Iterator[tuple[int, int]]:
        for way, count in ((4, 8), (16, 9), (64, 10)):
            looked.append(way)
            yield way, count

    assert first_enough(points(), 10, 10) == (16, Reason.REACHED)
    assert looked == [4, 16]
    assert first_enough([(4, 3)], 4, 10)[1] is Reason.INCONCLUSIVE
    nothing: list[tuple[int, int]] = []
    assert first_enough(nothing, 10, 10)[1] is Reason.SHORT


def asking_for(block: int) -> Exam:
    """An exam with one criterion, whose evidence is a block."""
    quote = " ".join(FOLDER.skill.blocks[block].text.split())
    criterion = {"id": "c", "text": "The response says it.", "evidence": [quote]}
    return parse_exam(json.dumps({"tasks": [{"id": "t", "prompt": "p", "criteria": [criterion]}]}))


def test_reduce_takes_back_what_an_agent_can_not_do_without() -> None:
    """An agent that reads no file misses what moved, which comes back; without a model nothing is missing."""
    maker = Reducing(FOLDER, ReduceOptions(), Backends())
    block = min(maker.make().absent)
    exam = asking_for(block)
    by_program = feed_back(maker, [ExamGate(ExamRun(exam, FOLDER, load_counter()))])
    assert by_program.passed
    assert len(by_program.outcome.rounds) == 1
    (quote,) = exam.criteria[0].evidence

    def reply(prompt: str) -> object:
        if '"met"' in prompt:
            return {"quote": "it is there", "met": "it is there" in prompt.split(" answer\n")[1]}
        skill = " ".join(prompt.split(" skill\n", 1)[1].split())
        return {"action": "answer", "path": "", "answer": "it is there" if quote in skill else "no idea"}

    session = Session(Model(reply))
    run = ExamRun(exam, FOLDER, load_counter(), Examiner(session, session))
    gated = feed_back(maker, [ExamGate(run)])
    assert [bool(told.failed) for told in gated.outcome.rounds] == [True, False]
    assert piece_ids(FOLDER.skill).blocks[block] in gated.outcome.best.pieces
    assert block not in gated.best.absent
