"""Training of the counts: words and pairs of several repositories only, the same bytes every time."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from lab.common.shared import Shared
from lab.training.information import FEWEST_REPOS, count_words, read_prose, train_information

from skill_distiller.rewriting.information.background import DEFINITION, WEIGHTS, BackgroundScorer
from skill_distiller.weights import FOLDER, load_weights, save_weights


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """A corpus of six repositories that all say one sentence, and each one of its own."""
    root = tmp_path_factory.mktemp("shared")
    rows = []
    for number in range(6):
        name = f"skill{number}"
        (root / "corpus" / name).mkdir(parents=True)
        own = f"Only repository{'abcdef'[number]} hides its secret{'abcdef'[number]}. " * 9
        text = f"# Title\n\nThe oven is large and the bread is good.\n\n{own}\n\n```\nhidden code\n```\n"
        (root / "corpus" / name / "SKILL.md").write_text(text, "utf-8")
        rows.append({"id": name, "repo": f"owner/{name}", "language": "en", "approx_tokens": 50})
    rows.append({"id": "skill0", "repo": "owner/other", "language": "de", "approx_tokens": 50})
    (root / "corpus" / "index.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return Shared(root)


def test_only_what_several_repositories_say_is_counted(shared: Shared) -> None:
    """No word or pair of a single repository is in the file, however often it says it; no code is."""
    arrays = count_words(read_prose(shared))
    words = arrays["words"].tobytes().decode().split("\n")
    assert {"oven", "bread", "hides", "its"} <= {*words}
    assert not [word for word in words if word.startswith(("repository", "secret", "code"))]
    first, second = divmod(arrays["pairs"], len(words))
    pairs = {f"{words[a]} {words[b]}" for a, b in zip(first.tolist(), second.tolist(), strict=True)}
    assert "the oven" in pairs
    assert "hides its" in pairs
    assert (arrays["counts"] >= FEWEST_REPOS).all()


def test_a_repository_can_be_left_out(shared: Shared) -> None:
    """Its words are not counted then."""
    prose = read_prose(shared)
    assert count_words(prose, frozenset({"owner/skill1"}))["total"] < count_words(prose)["total"]


def test_training_twice_gives_the_same_bytes(shared: Shared) -> None:
    """And a mixture of shares that add up to 1."""
    files = []
    for _ in range(2):
        file = io.BytesIO()
        arrays = train_information(shared)
        save_weights(file, DEFINITION, arrays)
        files.append(file.getvalue())
    assert files[0] == files[1]
    assert arrays["mixture"].sum() == pytest.approx(1)
    assert BackgroundScorer(arrays).information("The oven is large.").nats.min() > 0


@pytest.mark.corpus
def test_the_shipped_counts_are_those_of_the_corpus() -> None:
    """As `python -m lab.training --check` would say; 150 KB at most."""
    root = Path(__file__).resolve().parents[3] / "shared"
    if not root.exists():
        pytest.skip("the corpus is not here")
    file = io.BytesIO()
    save_weights(file, DEFINITION, train_information(Shared(root)))
    assert (FOLDER / f"{WEIGHTS}.npz").read_bytes() == file.getvalue()
    assert len(file.getvalue()) <= 150_000
    assert len(load_weights(WEIGHTS, DEFINITION)["counts"]) > 1000
