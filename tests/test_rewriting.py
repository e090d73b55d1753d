"""The recorded rewritings of the example skills: whole, of a named origin, and worth what they save."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.benchmarks.recorded import RecordedProvider, read_replies
from lab.benchmarks.rewriting import EXAMPLES, REPLIES, Rewriting, measure, report
from tests.test_examples import NAMES

from skill_distiller.meaning.compare import compare_texts
from skill_distiller.prompted.exchange import REWRITE, BlockQuestion, block_request
from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.providers.model import Request
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import RENDERINGS, Proof
from skill_distiller.run.backends import Backends
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill


@pytest.fixture(scope="module", name="results")
def _results() -> dict[str, Rewriting]:
    return {result.name: result for result in measure(REPLIES, None)}


@pytest.mark.parametrize("name", NAMES)
def test_each_example_has_replies_for_the_prompt_of_this_version(name: str) -> None:
    """With their origin on the first line; another version of the prompt needs other replies."""
    replies = read_replies(REPLIES / f"{name}.jsonl")
    assert "no server was asked" in replies.origin
    assert replies.prompt == REWRITE.version


@pytest.mark.parametrize("name", NAMES)
def test_every_piece_finds_its_reply(name: str, results: dict[str, Rewriting]) -> None:
    """One call, and one more for what says something else, which is refused and counted then."""
    assert results[name].calls <= 2
    assert results[name].rewritten + results[name].refused > 0


@pytest.mark.parametrize("name", NAMES)
def test_no_rewritten_block_lost_anything(name: str) -> None:
    """Every fact, negation and condition of a rewritten block is in its new text; the gate says so too."""
    session = Session(RecordedProvider(read_replies(REPLIES / f"{name}.jsonl")))
    backends = Backends(renderers=(PromptedRewriter(session, accept_unproved=True),))
    result = distill(read_skill(EXAMPLES / name), DistillOptions(), backends)
    for change in result.evidence.receipt.changes:
        if RENDERINGS[change.rendering].proof is Proof.WORDING:
            assert compare_texts(change.before, change.after).failed == ()
    assert result.evidence.verification
    assert result.evidence.verification.passed


def test_rewriting_loses_less_than_deleting(results: dict[str, Rewriting]) -> None:
    """Over three examples, at nearly the same size: most of the recorded replies say something else and are refused.

    `python -m lab.benchmarks.rewriting` prints the figures.
    """
    before, plain, reworded = (
        sum(r.body for r in results.values()),
        sum(r.bodies[0] for r in results.values()),
        sum(r.bodies[1] for r in results.values()),
    )
    assert 0.5 < reworded / before < plain / before + 0.02
    assert sum(r.rewritten for r in results.values()) > 0
    lost, lost_reworded = (sum(r.lost[way] for r in results.values()) for way in (0, 1))
    assert lost_reworded / (before - reworded) < lost / (before - plain)  # facts for each token saved
    text = report(tuple(results.values()))
    assert all(name in text for name in NAMES)


def test_a_provider_of_recorded_replies_gives_each_text_once(tmp_path: Path) -> None:
    """The first, then the second, then none."""
    file = tmp_path / "a.jsonl"
    lines = [
        {"origin": "made up", "prompt": "rewrite/1"},
        {"block": "Run it with care.\n", "texts": ["Run.", "Run it."]},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    provider = RecordedProvider(read_replies(file))
    skill = "# A\n\nRun it with care.\n"
    texts = [json.loads(provider.complete(_request(skill)).text)["texts"] for _ in range(3)]
    assert texts == [[{"index": 0, "text": "Run."}], [{"index": 0, "text": "Run it."}], []]


def _request(text: str) -> Request:
    skill = parse_skill(text)
    question: BlockQuestion[str] = BlockQuestion(
        REWRITE, lambda _: "paragraph", lambda _: 100, lambda value, blocks: {}
    )
    return block_request(skill, skill.blocks, question)
