"""The bench for language models, with the replies that were written by hand: nothing stale, nothing lost unseen."""

from __future__ import annotations

import pytest
from lab.model.__main__ import EXAMPLES, replies_of
from lab.model.bench import SKILLS, Measured, measure, skill_folders
from lab.model.recorded import RecordedProvider
from lab.model.replies import read_replies
from lab.model.tables import report

_FOLDERS = tuple(skill_folders(SKILLS, EXAMPLES))
_NAMES = tuple(folder.name for folder in _FOLDERS)


@pytest.fixture(scope="module", name="bench")
def _bench() -> dict[str, tuple[Measured, RecordedProvider]]:
    found = {}
    for folder in _FOLDERS:
        provider = RecordedProvider(read_replies(replies_of(folder.name)))
        found[folder.name] = measure(folder, provider), provider
    return found


def test_nine_skills_are_measured() -> None:
    """Six of its own, and the three examples."""
    assert len(_FOLDERS) == 9


@pytest.mark.parametrize("name", _NAMES)
def test_every_prompt_has_its_reply(name: str, bench: dict[str, tuple[Measured, RecordedProvider]]) -> None:
    """Of a named origin; whoever changes a prompt records again (`python -m lab.model --prompts`)."""
    _, provider = bench[name]
    assert provider.unanswered == []
    assert provider.stale == ()
    assert "no server was asked" in read_replies(replies_of(name)).origin


@pytest.mark.parametrize("name", _NAMES)
def test_no_more_is_asked_than_was_announced(name: str, bench: dict[str, tuple[Measured, RecordedProvider]]) -> None:
    """At most four calls for a skill under 3,000 tokens, and one to mend."""
    measured, _ = bench[name]
    assert measured.calls.sent <= measured.calls.announced + 1
    assert measured.calls.sent <= 5 or measured.before > 3000


@pytest.mark.parametrize("name", _NAMES)
def test_the_gate_passes_the_result(name: str, bench: dict[str, tuple[Measured, RecordedProvider]]) -> None:
    """What the model wrote was proved before it was taken; and it is smaller than without a model."""
    measured, _ = bench[name]
    verification = measured.result.evidence.verification
    assert verification
    assert verification.passed
    assert measured.after < measured.before


def test_the_report_says_who_wrote_the_replies(bench: dict[str, tuple[Measured, RecordedProvider]]) -> None:
    """And names every skill."""
    text = report([measured for measured, _ in bench.values()], by_hand=True)
    assert "written by hand" in text
    assert all(name in text for name in _NAMES)
