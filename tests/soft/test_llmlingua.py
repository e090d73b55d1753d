"""LLMLingua-2 with a tiny classifier of its kind, for its authors' weights are not at hand: the plumbing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.cli.command import run

from skill_distiller.exams.baselines import baseline_of, load_llmlingua
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

ROOT = Path(__file__).resolve().parents[2]
SKILL = ROOT / "examples" / "changelog-entry" / "SKILL.md"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained token classifier with the tokenizer of its kind, trained on the example."""
    if find_spec("llmlingua") is None:
        pytest.skip("llmlingua is not installed")
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("lingua") / "tiny-bert-base-multilingual-cased"
    folder.mkdir()
    inner = BertWordPieceTokenizer(lowercase=False)
    inner.train([str(SKILL)], vocab_size=400, show_progress=False)
    inner.save_model(str(folder))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=2,
    )
    BertForTokenClassification(config).save_pretrained(folder)
    return folder


def test_what_is_left_fits_its_budget(classifier: Path) -> None:
    """Words of the skill in their order, at most so many tokens; the same text twice."""
    skill, counter = read_skill(SKILL), load_counter()
    baseline = load_llmlingua(str(classifier), offline=True)
    for budget in (300, 120):
        left = baseline(skill, budget, counter.count, 0)
        assert budget / 3 < counter.count(left) <= budget
        assert left == baseline(skill, budget, counter.count, 0)
        assert len(set(left.split()) & set(skill.body.split())) > budget / 20


def test_it_stands_in_the_table_of_a_comparison(classifier: Path) -> None:
    """Beside the other baselines, at the tokens of the candidate."""
    smaller = ROOT / "examples" / "changelog-entry.distilled.md"
    done = run("exam", "compare", SKILL, smaller, "--llmlingua", classifier, "--offline", "--provider=embedded")
    assert done.exit_code == 0, done.stderr
    assert "  llmlingua-2 " in done.text


def test_a_budget_that_is_not_met_is_cut() -> None:
    """Whatever the library makes of the number that it is asked for."""
    skill, counter = read_skill(SKILL), load_counter()
    stubborn = baseline_of(lambda text, tokens: text)
    assert 0 < counter.count(stubborn(skill, 100, counter.count, 0)) <= 100
    assert stubborn(skill, 0, counter.count, 0) == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--llmlingua=some-model",), "no model for llmlingua-2"),
        (("--llmlingua=/nowhere/bert-base-multilingual-cased", "--offline"), "Can't load"),
        (("--sit=llmlingua-2",), "needs its model"),
    ],
)
def test_what_can_not_be_is_told(arguments: tuple[str, ...], told: str) -> None:
    """One sentence, nothing on stdout; without the extra, how to get it."""
    done = run("exam", "compare", SKILL, SKILL, "--provider=embedded", *arguments)
    assert (done.exit_code in (2, 3), done.stdout) == (True, b"")
    assert told in done.stderr or "skill-distiller[llmlingua]" in done.stderr
