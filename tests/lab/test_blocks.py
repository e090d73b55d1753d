"""Training of the block model: on made-up labels, and on a sample of the real ones."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from lab.common.folds import repository_folds
from lab.experiments.rules_analyzer import RulesAnalyzer
from lab.training.block_data import BlockData, block_data
from lab.training.block_report import render_blocks
from lab.training.block_validation import calibration, predict_held_out, row_scores, score_rows, validate_blocks
from lab.training.blocks import model_without, train_blocks
from lab.training.labels import Label, LabelledSkill, LabelSet, best_block, read_labels
from lab.training.save_weights import save_weights

from skill_distiller.analysis.features import BLOCK_FEATURES, block_features
from skill_distiller.analysis.reading import SectionType, Taxonomy
from skill_distiller.analysis.trained import BlockModel
from skill_distiller.skill.parse import parse_skill

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 5  # every fifth labelled skill
_KINDS = (
    ("Never paint the toy number {}.", SectionType.CONSTRAINT, Taxonomy.CORE_RULE, 8.0),
    ("Thanks to all {} helpers.", SectionType.VERBOSE_DETAIL, Taxonomy.REDUNDANT, 0.0),
    ("```bash\nmake toy{}\n```", SectionType.CORE_INSTRUCTION, Taxonomy.CORE_RULE, 6.0),
)


def made_up(count: int = 12) -> tuple[LabelledSkill, ...]:
    """Skills whose blocks are easy to tell apart, two a repository."""
    skills = []
    for i in range(count):
        text = "# Toy\n\n" + "\n\n".join(words.format(i) for words, *_ in _KINDS) + "\n"
        labels = tuple(Label(i, kind, role, worth) for i, (_, kind, role, worth) in enumerate(_KINDS))
        skills.append(LabelledSkill(f"s{i}", f"r{i // 2}", "en" if i % 3 else "de", parse_skill(text), labels))
    return tuple(skills)


def written(model: BlockModel) -> bytes:
    """The model as a file."""
    file = io.BytesIO()
    save_weights(file, BLOCK_FEATURES, model.arrays())
    return file.getvalue()


@pytest.fixture(scope="module", name="data")
def _data() -> BlockData:
    return block_data(made_up())


@pytest.fixture(scope="module", name="labels")
def _labels(corpus: Path) -> LabelSet:
    if not (corpus.parent / "labels").is_dir():
        pytest.skip("there are no labels beside the corpus")
    return read_labels(corpus.parent)


def test_the_model_learns_what_is_easy(data: BlockData) -> None:
    """On repositories left out it tells a rule from thanks."""
    found = predict_held_out(data, np.array(repository_folds(data.repos.tolist(), 3)))
    scores = score_rows(data, found, np.arange(len(data)))
    assert scores.r > 0.95
    assert scores.type_accuracy == 1.0


def test_rows_are_scored_like_blocks(data: BlockData) -> None:
    """Validation scores a labelled row as the package scores the block it came from."""
    model, skill = train_blocks(data), made_up()[0].skill
    assert np.allclose(row_scores(model, data.take(np.arange(3))), model.scores(block_features(skill)), atol=1e-4)


def test_a_model_without_a_repository_has_not_seen_it(data: BlockData) -> None:
    """Leaving a repository out is the same as never having had it."""
    others = block_data([skill for skill in made_up() if skill.repo != "r1"])
    assert written(model_without(data, "r1")) == written(train_blocks(others)) != written(train_blocks(data))


def test_the_report_shows_every_part() -> None:
    """The Markdown has a row for each fold, language, share, type and class."""
    text = render_blocks(validate_blocks(block_data(made_up(8)), folds=2))
    for row in ("pooled", "fold 1", "de", "other", "25% of the skills", "EDGE_CASE", "redundant"):
        assert f"| {row} |" in text


def test_calibration_error() -> None:
    """Four blocks at 0.75, two of them right: off by a quarter."""
    found = calibration(np.array([0, 0, 1, 1]), np.array([[0.75, 0.25]] * 4))
    assert found.error == pytest.approx(0.25)
    assert [(row.low, row.blocks, row.accuracy) for row in found.bins] == [(0.7, 4, 0.5)]


def test_folds_keep_repositories_together() -> None:
    """The largest repository goes first; none is torn apart."""
    assert repository_folds(["a", "b", "b", "c", "b", "c"], 2) == [1, 0, 0, 1, 0, 1]


def test_labels_go_to_the_block_with_most_of_their_lines() -> None:
    """Exact lines, then the largest share; none without a line in common."""
    blocks = parse_skill("# A\n\none\ntwo\nthree\n\nfour\n").blocks
    assert best_block(blocks, 3, 5) is blocks[0]
    assert best_block(blocks, 5, 9) is blocks[0]
    assert best_block(blocks, 6, 7) is blocks[1]
    assert best_block(blocks, 8, 9) is None


@pytest.mark.slow
def test_training_is_the_same_in_every_process(tmp_path: Path) -> None:
    """The order of sets and the number of threads do not reach the weights."""
    code = (
        "import sys; from tests.lab.test_blocks import *; "
        "sys.stdout.buffer.write(written(train_blocks(block_data(made_up()))))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": threads},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    ]
    assert runs[0] == runs[1] != b""


@pytest.mark.corpus
def test_nearly_every_label_meets_its_block(labels: LabelSet) -> None:
    """Our document model cuts skills as the labels do, but for a handful."""
    found = labels.alignment
    assert found.exact > 0.99 * (found.exact + found.partial + found.lost)


@pytest.mark.slow
@pytest.mark.corpus
def test_the_model_beats_the_rules_on_repositories_left_out(labels: LabelSet) -> None:
    """Trained on a fifth of the labelled skills, its importance is nearer to the labels than that of the rules."""
    sample = labels.skills[::SAMPLE]
    data = block_data(sample)
    everything = np.arange(len(data))
    found = predict_held_out(data, np.array(repository_folds(data.repos.tolist(), 3)))
    verdicts = {labelled.id: RulesAnalyzer().analyze(labelled.skill).verdicts for labelled in sample}
    rules = [verdicts[labelled.id][label.block].importance for labelled in sample for label in labelled.labels]
    scores = score_rows(data, found, everything)
    assert scores.r > np.corrcoef(rules, data.importance)[0, 1]
    assert scores.type_accuracy > np.bincount(data.types).max() / len(data)  # always the most frequent type
