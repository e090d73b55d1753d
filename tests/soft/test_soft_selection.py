"""The exam and its rule, with every reply given: no network of neurons takes part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.exams.sitting import Reason, needed
from skill_distiller.soft.manifest import Mode, Selected, offered, select, together

_CASES: tuple[tuple[Mapping[int, int], int, float, int | None, Reason], ...] = (
    ({256: 9, 512: 10}, 10, 0.9, 256, Reason.REACHED),
    ({256: 8, 512: 9}, 10, 0.9, 512, Reason.REACHED),
    ({256: 8, 512: 8}, 10, 0.9, None, Reason.NOT_REACHED),
    ({256: 9, 512: 2}, 10, 0.9, 256, Reason.REACHED),  # more tokens need not be better: the smallest that reaches it
    ({512: 9}, 10, 0.9, 512, Reason.REACHED),
    ({}, 10, 0.9, None, Reason.SHORT),
    ({256: 4}, 4, 0.9, None, Reason.INCONCLUSIVE),
    ({256: 5}, 5, 0.9, 256, Reason.REACHED),
    ({256: 0}, 0, 0.9, None, Reason.INCONCLUSIVE),
    ({256: 7}, 10, 0.7, 256, Reason.REACHED),  # 0.7 * 10 is more than 7 where it is counted in binary fractions
    ({256: 10}, 10, 1.0, 256, Reason.REACHED),
)


@pytest.mark.parametrize(("accepted", "asked", "threshold", "resolution", "reason"), _CASES)
def test_the_smallest_resolution_that_is_enough(
    accepted: Mapping[int, int], asked: int, threshold: float, resolution: int | None, reason: Reason
) -> None:
    """Ten questions were wanted in each case."""
    chosen = select(accepted, asked, 10, threshold)
    assert (chosen.resolution, chosen.reason) == (resolution, reason)
    assert chosen.mode is (Mode.SOFT if resolution else Mode.TEXT)
    assert Selected.from_plain(json.loads(json.dumps(chosen.plain()))) == chosen


@given(st.integers(1, 200), st.integers(1, 100))
def test_a_share_is_counted_in_whole_numbers(asked: int, percent: int) -> None:
    """Never one more or less than the share says."""
    assert needed(asked, percent / 100) == -(-asked * percent // 100)


def test_a_resolution_as_long_as_the_text_is_not_offered() -> None:
    """Nothing is won by it."""
    assert offered((16, 64, 256), 64) == (16,)
    assert offered((16,), 10) == ()


def test_several_skills_are_carried_as_the_largest_of_them() -> None:
    """And as text as soon as one has to be; without an exam a skill counts as the largest."""
    small, text = select({4: 9, 16: 9}, 9, 10, 0.9), select({4: 0}, 9, 10, 0.9)
    large = select({4: 0, 16: 9}, 9, 10, 0.9)
    assert together([small, small], (4, 16)) == 4
    assert together([small, large], (4, 16)) == 16
    assert together([small, None], (4, 16)) == 16
    assert together([small, text], (4, 16)) is None


class _Said(NamedTuple):
    text: str
    tokens: int = 3
    whole: bool = True


class _Pupil:
    """Says what it was given to say: references by question, candidates by question and resolution."""

    def __init__(self, references: Mapping[str, _Said], candidates: Mapping[tuple[str, int], str]) -> None:
        self.references, self.candidates, self.asked = references, candidates, list[str]()

    def reference(self, question: str) -> _Said:
        self.asked.append(question)
        return self.references[question]

    def candidate(self, question: str, resolution: int) -> _Said:
        return _Said(self.candidates.get((question, resolution), ""))


def _questions(*texts: str) -> str:
    return json.dumps({"questions": [{"index": n, "question": text} for n, text in enumerate(texts)]})


def _hold(replies: Sequence[str], pupil: _Pupil, count: int, sizes: Sequence[int] = (4,)) -> Selected:
    pytest.importorskip("torch", reason="the exam is held with the extra [soft]")
    from skill_distiller.providers.scripted import ScriptedProvider
    from skill_distiller.providers.session import Session
    from skill_distiller.soft.examination import ExamOptions, hold_exam

    provider = ScriptedProvider(list(replies))
    held = hold_exam("Body.", 100, sizes, pupil, Session(provider), ExamOptions(count))  # type: ignore[arg-type]
    assert len(provider.requests) == len(replies)
    for one in held.answered:
        assert one.accepted.keys() == set(sizes)
    assert held.lines().count(b"\n") == len(held.answered)
    return held.selected


_SAME, _DIFFERENT = '{"verdict": "same"}', '{"verdict": "different"}'


def test_an_exam_is_held() -> None:
    """Each candidate is judged; the smallest resolution with enough of them is taken."""
    pupil = _Pupil(
        {"a?": _Said("A."), "b?": _Said("B.")},
        {("a?", 4): "A", ("b?", 4): "C", ("a?", 8): "A", ("b?", 8): "B"},
    )
    chosen = _hold([_questions("a?", "b?"), _SAME, _SAME, _DIFFERENT, _SAME], pupil, 2, (4, 8))
    assert (chosen.resolution, dict(chosen.accepted), chosen.asked) == (8, {4: 1, 8: 2}, 2)


def test_a_question_without_a_reference_is_replaced() -> None:
    """By others, twice as many in all; the same question does not count as another."""
    pupil = _Pupil(
        {"a?": _Said(""), "b?": _Said("B.", whole=False), "c?": _Said("C."), "d?": _Said("D.")},
        {("c?", 4): "C", ("d?", 4): "D"},
    )
    chosen = _hold([_questions("a?", "b?"), _questions("a?", "c?", "d?"), _SAME, _SAME], pupil, 2)
    assert (chosen.resolution, chosen.asked, pupil.asked) == (4, 2, ["a?", "b?", "c?", "d?"])


def test_too_few_references_tell_nothing() -> None:
    """Fewer than half of what was asked for: the text stays."""
    pupil = _Pupil({"a?": _Said("A."), "b?": _Said(""), "c?": _Said("")}, {("a?", 4): "A"})
    chosen = _hold([_questions("a?", "b?", "c?"), "nonsense", _SAME], pupil, 3)
    assert (chosen.mode, chosen.reason, chosen.asked) == (Mode.TEXT, Reason.INCONCLUSIVE, 1)


def test_an_empty_candidate_is_wrong_and_not_left_out() -> None:
    """It is not even judged."""
    pupil = _Pupil({"a?": _Said("A."), "b?": _Said("B.")}, {("a?", 4): "A"})
    chosen = _hold([_questions("a?", "b?"), _SAME], pupil, 2)
    assert (chosen.mode, dict(chosen.accepted), chosen.asked) == (Mode.TEXT, {4: 1}, 2)


@pytest.mark.parametrize("reply", ["yes", '{"verdict": "maybe"}', "{}", ""])
def test_a_judge_without_a_verdict_accepts_nothing(reply: str) -> None:
    """It is asked once more."""
    pupil = _Pupil({"a?": _Said("A.")}, {("a?", 4): "A"})
    assert _hold([_questions("a?"), reply, reply], pupil, 1).mode is Mode.TEXT
    assert _hold([_questions("a?"), reply, _SAME], pupil, 1).resolution == 4


def test_the_tasks_of_an_exam_are_questions() -> None:
    """Of one that people or a model made; lines of a file as well."""
    pytest.importorskip("torch", reason="the exam is held with the extra [soft]")
    from skill_distiller.errors import BadInputError
    from skill_distiller.soft.examination import read_questions

    task = {"id": "t", "prompt": "How?\nAnd why?", "criteria": [{"id": "c", "text": "x"}]}
    assert read_questions(json.dumps({"tasks": [task]})) == ("How?\nAnd why?",)
    assert read_questions("a?\n\n b?\na?\n") == ("a?", "b?")
    for text in ("", json.dumps({"tasks": [task], "made_by": "program"}), '{"tasks": []}'):
        with pytest.raises(BadInputError):
            read_questions(text)
