"""Training of the word model, on a few made-up skills."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from lab.common.tightenings import DELETED, KEPT, UNKNOWN, TightenedSkill, align, load_tightenings
from lab.training.word_report import report
from lab.training.words import model_without, split, train_words, validate_words

from skill_distiller.rewriting.words.pruner import definition
from skill_distiller.weights import save_weights

_NOUNS = "report server folder branch test cache token page build script".split()
_VERBS = "writes reads checks moves lists counts".split()


def _unit(number: int) -> tuple[str, str]:
    nouns = [_NOUNS[(number * step + step) % len(_NOUNS)] for step in (1, 3, 7)]
    verb = _VERBS[number % len(_VERBS)]
    text = f"The {nouns[0]} {verb} the {nouns[1]} and a {nouns[2]} of the project, and it is really fast."
    return text, f"{nouns[0]} {verb} {nouns[1]} and {nouns[2]} of project, and it is fast."


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the shared one: eight skills of four repositories."""
    root = tmp_path_factory.mktemp("shared")
    (root / "tightening").mkdir()
    index, pairs = [], []
    for skill in range(8):
        name = f"skill{skill}"
        units = [_unit(5 * skill + number) for number in range(5)]
        (root / "corpus" / name).mkdir(parents=True)
        text = "# Title\n\n" + "\n\n".join(text for text, _ in units) + "\n"
        (root / "corpus" / name / "SKILL.md").write_text(text, "utf-8")
        index.append({"id": name, "repo": f"owner/repo{skill % 4}"})
        pairs += [
            {"skill": name, "unit": at, "start": 2 + 2 * at, "end": 3 + 2 * at, "short": short}
            for at, (_, short) in enumerate(units)
        ]
    (root / "corpus" / "index.jsonl").write_text("".join(json.dumps(row) + "\n" for row in index), "utf-8")
    (root / "tightening" / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in pairs), "utf-8")
    return root


@pytest.fixture(scope="session")
def data(shared: Path) -> tuple[TightenedSkill, ...]:
    """The skills with a label on every word."""
    return load_tightenings(shared)


def test_labels_follow_the_editor(data: tuple[TightenedSkill, ...]) -> None:
    """Articles and the filler are deleted, the rest is kept; empty words have no label."""
    first = data[0]
    words = [
        (first.skill.blocks[block].text[start:end], int(label))
        for block, start, end, label in zip(
            first.table.places.block.tolist(),
            first.table.places.start.tolist(),
            first.table.places.end.tolist(),
            first.labels.tolist(),
            strict=True,
        )
        if block == 0
    ]
    deleted = {"The", "the", "a", "really"}
    assert words
    assert all(label == (DELETED if word in deleted else KEPT) for word, label in words)
    assert set(first.labels[first.table.places.block < 0].tolist()) == {UNKNOWN}


def test_alignment_prefers_runs() -> None:
    """Of two ways to align, the words that stand together are taken."""
    assert align("a b c a b d".split(), "a b d".split()) == [False, False, False, True, True, True]
    assert align([], ["a"]) == []


def test_no_repository_is_on_both_sides() -> None:
    """Held-back skills are from repositories that were not fitted on, and each is held back once."""
    repos = ["a", "b", "a", "c", "d", "e", "f"]
    held = []
    for seen, unseen in split(repos):
        assert {repos[i] for i in seen}.isdisjoint(repos[i] for i in unseen)
        held += unseen
    assert sorted(held) == list(range(len(repos)))


def test_left_out_repositories_change_the_weights(data: tuple[TightenedSkill, ...]) -> None:
    """A model without a repository is that of the other skills."""
    without = train_words(data, frozenset(("owner/repo0",)))
    others = train_words([skill for skill in data if skill.repo != "owner/repo0"])
    assert all(np.array_equal(without[name], others[name]) for name in without)
    arrays = model_without(data, "owner/repo0").weights
    assert arrays is not None
    assert np.array_equal(arrays["weights"], others["weights"])
    assert not np.array_equal(others["weights"], train_words(data)["weights"])


def test_the_report_says_what_was_measured(data: tuple[TightenedSkill, ...]) -> None:
    """On data as plain as this the ranking is nearly perfect; the dial also takes the *and* after a comma."""
    measured = validate_words(data)
    assert (measured.skills, measured.repos) == (8, 4)
    assert measured.all_words.auc > 0.95
    assert measured.dial[-1].precision > 0.8
    assert measured.dial[-1].words > 0.1
    assert [row.saved for row in measured.dial] == sorted(row.saved for row in measured.dial)
    text = report(measured)
    assert f"{measured.all_words.auc:.3f}" in text


_TRAIN = """
import hashlib, io, sys
from pathlib import Path
from lab.common.tightenings import load_tightenings
from lab.training.words import train_words
from skill_distiller.rewriting.words.pruner import definition
from skill_distiller.weights import save_weights
target = io.BytesIO()
save_weights(target, definition(), train_words(load_tightenings(Path(sys.argv[1]))))
print(hashlib.sha256(target.getvalue()).hexdigest())
"""


@pytest.mark.slow
def test_the_same_data_give_the_same_bytes(shared: Path, data: tuple[TightenedSkill, ...]) -> None:
    """In another process, with another seed for Python's hashes and more threads offered."""
    here = io.BytesIO()
    save_weights(here, definition(), train_words(data))
    other = subprocess.run(
        [sys.executable, "-c", _TRAIN, str(shared)],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout
    assert hashlib.sha256(here.getvalue()).hexdigest() == other.strip()
