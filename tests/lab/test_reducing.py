"""The bench of `reduce` with recorded replies: every prompt has its reply, calls are as announced, nothing is lost."""

from __future__ import annotations

import json
from functools import cache

import pytest
from lab.model.reducing import NAMES, Measured, measure

from skill_distiller.checks.conservation import announced_in, declared_by_reduce, verify_folders
from skill_distiller.checks.model import count_tokens
from skill_distiller.prompted.reduce_stage import MOST_CALLS
from skill_distiller.report.reduction import reduction_to_json

measured = cache(measure)


@pytest.fixture(params=NAMES)
def found(request: pytest.FixtureRequest) -> Measured:
    """An example with its replies."""
    return measured(request.param)


def test_every_prompt_has_its_reply(found: Measured) -> None:
    """What is asked was answered; and no more than was announced."""
    assert not [request.prompt_version for request in found.provider.unanswered]
    assert found.session.usage.calls <= found.session.expected.calls <= MOST_CALLS


def test_the_outcome_is_smaller_proved_and_can_be_undone(found: Measured) -> None:
    """Smaller than without a model; `verify` lets the two folders pass with the record; the original comes back."""
    reduction = found.told
    assert reduction.figures[1].activation < found.plain.figures[1].activation
    assert reduction.proof[0].passed
    assert found.back == reduction.skill.text
    record = json.loads(json.dumps(reduction_to_json(reduction)))
    verification, _ = verify_folders(
        reduction.before,
        reduction.after,
        tokens=count_tokens(reduction.before.skill, reduction.after.skill, reduction.counter),
        declared=declared_by_reduce(record),
        announced=announced_in(record, reduction.skill),
    )
    assert [check.name for check in verification.failed] == []
