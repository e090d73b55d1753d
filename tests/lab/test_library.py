"""What the lab says of a whole library."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import library


@pytest.mark.corpus
@pytest.mark.slow
def test_the_figures_of_a_batch(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times and memory of each way, and that a run that was killed goes on to the same bytes."""
    library.main(["--shared", str(corpus.parent), "--every=160", "--times=2", "--kills=1"])
    shown = capsys.readouterr().out
    assert "| batch, two workers |" in shown
    assert "Killed at 1 random moments: 1 of 1 went on to the same bytes." in shown
