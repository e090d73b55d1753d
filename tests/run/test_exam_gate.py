"""Gates by exam: what fails brings its pieces back, they only become more, and in the end it says no or yes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from skill_distiller.errors import BadInputError, ProviderError
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.exams.model import Criterion, Exam, Task
from skill_distiller.planning.plan import Mode
from skill_distiller.prompted.sit_exam import Examiner
from skill_distiller.providers.scripted import ScriptedProvider, read_script
from skill_distiller.providers.session import Session
from skill_distiller.run.distill import carry_out
from skill_distiller.run.gates.adaptive_gate import choose_by_exam
from skill_distiller.run.gates.bring_back import carriers_of, pieces_of
from skill_distiller.run.gates.exam_gate import ExamRun, gate_by_exam
from skill_distiller.run.run import Backends, DistillOptions, Run
from skill_distiller.skill.model import piece_ids
from skill_distiller.skill.read import read_folder
from skill_distiller.tokens import load_counter

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDER = read_folder(EXAMPLES / "postgres-migration")
EXAM = read_exam(EXAMPLES / "exam" / "postgres-migration.json")
RUN = Run(DistillOptions(0.8), Backends())


def exam_run(exam: Exam = EXAM, examiner: Examiner | None = None) -> ExamRun:
    """An exam of the example skill."""
    return ExamRun(exam, FOLDER, load_counter(), examiner)


def asking(*quotes: str) -> Exam:
    """An exam with a criterion for each quote."""
    criteria = tuple(Criterion(f"c{n}", "The response says it.", (quote,)) for n, quote in enumerate(quotes))
    return Exam("x", (Task("t", "p", criteria),))


def test_what_fails_is_brought_back_and_nothing_else() -> None:
    """The pieces with the lost evidence stay; the rest is as it was; the second try passes."""
    gated = gate_by_exam(RUN, exam_run())
    first, second = gated.outcome.rounds
    assert gated.passed
    assert gated.outcome.best is second
    assert [criterion.id for criterion in first.failed] == ["t3c4", "t5c1"]
    assert (first.pieces, len(second.pieces)) == ((), 2)
    assert first.tokens < second.tokens < gated.best.product.input_tokens
    assert "Rehearse on a copy" in gated.best.product.text
    assert "The good news" not in gated.best.product.text


def test_a_result_that_passes_is_left_alone() -> None:
    """One try, the text of a run without a gate."""
    gated = gate_by_exam(RUN, exam_run(asking("NEVER put a `CONCURRENTLY` statement inside a transaction block")))
    assert len(gated.outcome.rounds) == 1
    assert gated.best.product.text == carry_out(RUN, FOLDER.skill).text


def test_pieces_only_become_more() -> None:
    """At a low threshold as well, and at most two rounds follow."""
    run = replace(RUN, options=replace(RUN.options, threshold=0.4))
    gated = gate_by_exam(run, exam_run())
    assert len(gated.outcome.rounds) <= 3
    for before, after in pairwise(gated.outcome.rounds):
        assert set(before.pieces) < set(after.pieces)
        assert before.kept <= after.kept


def test_a_budget_without_room_says_no() -> None:
    """What is missing does not fit: the first try stands, and why is told."""
    run = replace(RUN, options=replace(RUN.options, mode=Mode.TOKENS, tokens=1300))
    gated = gate_by_exam(run, exam_run())
    assert not gated.passed
    assert "no room" in gated.outcome.why
    assert gated.best.product.output_tokens <= 1300


def test_a_model_says_no_where_no_piece_helps() -> None:
    """What the model fails although its evidence is there ends the loop."""
    script = read_script(str(EXAMPLES / "exam" / "postgres-migration.replies.json"))
    answers = [line for line in script if not isinstance(line, str)]
    never = [{**line, "text": '{"quote": "", "met": false}'} if '"met"' in str(line) else line for line in answers]
    provider = ScriptedProvider([line for line in never if "when" in line])
    exam = Exam("x", (replace(EXAM.tasks[0], criteria=EXAM.tasks[0].criteria[:1]),))
    session = Session(provider)
    gated = gate_by_exam(RUN, exam_run(exam, Examiner(session, session)))
    assert gated.outcome.best.kept == 1.0  # the original does not meet it either: nothing is lost
    assert gated.passed


def test_a_model_that_misses_what_is_gone_brings_it_back() -> None:
    """The recorded replies fail two criteria; the piece that is gone comes back. Its answers are not recorded."""
    script = read_script(str(EXAMPLES / "exam" / "postgres-migration.replies.json"))
    session = Session(ScriptedProvider(script))
    examiner = Examiner(session, session)
    gated = gate_by_exam(RUN, exam_run(examiner=examiner), rounds=0)
    assert not gated.passed
    assert gated.outcome.why == "after 0 rounds"
    assert gated.outcome.best.kept == pytest.approx(0.91)
    assert [criterion.id for criterion in gated.outcome.best.failed] == ["t1c5", "t5c1"]
    needed = pieces_of(FOLDER.skill, gated.outcome.best.failed, gated.best.shortened | gated.best.absent)
    blocks = {piece: FOLDER.skill.blocks[at].text for at, piece in enumerate(piece_ids(FOLDER.skill).blocks)}
    assert sorted(blocks[piece].split()[0] for piece in needed) == ["Rehearse"]
    asked = session.usage.calls
    again = gate_by_exam(RUN, exam_run(examiner=examiner), rounds=0)
    assert again.outcome.best.kept == gated.outcome.best.kept
    assert session.usage.calls == asked  # nothing that was sat is sat again


def test_the_smallest_result_that_keeps_enough_is_chosen() -> None:
    """From the cheap end up; where nothing smaller does, the original."""
    gated = choose_by_exam(RUN, exam_run())
    assert gated.outcome.best is gated.outcome.rounds[-1]
    assert gated.outcome.best.kept >= 0.9
    assert all(round_.kept < 0.9 for round_ in gated.outcome.rounds[:-1])
    everything = asking(*(" ".join(block.text.split()) for block in FOLDER.skill.blocks if block.text.strip()))
    whole = choose_by_exam(RUN, exam_run(everything), threshold=1.0)
    assert whole.best.product.text == FOLDER.skill.text


def test_a_quote_may_reach_over_blocks_and_headings() -> None:
    """The blocks that hold it together, or the first one below its heading."""
    skill = FOLDER.skill
    ((one,),) = carriers_of(skill, ["Rehearse on a copy that is about as large as production."])
    assert skill.blocks[one].text.startswith("Rehearse on a copy")
    ((below,),) = carriers_of(skill, ["## Step 4: Backfill in batches"])
    assert skill.blocks[below].text.startswith("Backfills are where")
    over = "It is not meant for tuning slow queries, for major version upgrades. These rules have no exceptions"
    ((first, second),) = carriers_of(skill, [over])
    assert (skill.blocks[first].text[:9], skill.blocks[second].text[:11]) == ("It is not", "These rules")
    assert list(carriers_of(skill, ["nothing like this stands anywhere in it at all"])) == []


def test_an_exam_that_says_nothing_of_the_skill_passes_nobody() -> None:
    """Without evidence and without a model there is nothing to fail, so it is an error."""
    for exam in (asking("quoted from another skill altogether"), Exam("x", (Task("t", "p", (Criterion("c", "x"),)),))):
        with pytest.raises(BadInputError):
            gate_by_exam(RUN, exam_run(exam))


def test_an_exam_that_can_not_be_sat_ends_the_run() -> None:
    """A provider without replies is an error and no score."""
    session = Session(ScriptedProvider([]))
    with pytest.raises(ProviderError):
        gate_by_exam(RUN, exam_run(examiner=Examiner(session, session)))
