"""The verdicts of the trained analyzer, and the features it reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from lab.training.save_weights import save_weights
from tests.fixture_file import SKILLS, skill_paths
from tests.strategies import sound_skills, texts

from skill_distiller.analysis.features import BLOCK_FEATURES, block_features
from skill_distiller.analysis.patterns import ADVISORY, HARD_RULE, PROTECTED, find_patterns
from skill_distiller.analysis.reading import PROTECTED_IMPORTANCE, Analysis, SectionType
from skill_distiller.analysis.trained import BlockModel, TrainedAnalyzer, model_from, shipped_model
from skill_distiller.language.token_arrays import hash_words, token_row
from skill_distiller.language.words import Form
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.weights import WeightsError, load_weights

WEIRD = (
    "\x00",
    "\ud800 lone",
    "👩‍👩‍👧 \U0010ffff",
    "e\u0301 İIıſ",
    "\u2028\u2029\x0b\x0c",
    "必须\u3000不要。",
    "²½Ⅷ ٣",
    "_" * 900,
    "🙂" * 700,
)


def analyze(text: str) -> Analysis:
    """The trained analysis of a text."""
    return TrainedAnalyzer().analyze(parse_skill(text))


def _check(skill: Skill) -> None:
    """Everything that holds for every skill, beside what the rules find in it by program."""
    found, rules = TrainedAnalyzer().analyze(skill), RulesAnalyzer().analyze(skill)
    assert len(found.verdicts) == len(skill.blocks)
    for verdict, rule in zip(found.verdicts, rules.verdicts, strict=True):
        assert 0 < verdict.importance <= 1
        assert 1 / len(SectionType) <= verdict.confidence <= 1
        assert (verdict.protected, verdict.advisory, verdict.hard_rule) == (
            rule.protected,
            rule.advisory,
            rule.hard_rule,
        )
        assert not verdict.protected or verdict.importance >= PROTECTED_IMPORTANCE


@given(texts)
def test_any_text_is_analyzed(text: str) -> None:
    """Every text gets a verdict a block, with the rules' patterns."""
    _check(parse_skill(text))


@given(sound_skills)
def test_any_skill_is_analyzed(text: str) -> None:
    """So does every skill as skills are written."""
    _check(parse_skill(text))


@pytest.mark.parametrize("text", WEIRD)
def test_weird_characters(text: str) -> None:
    """Text that no one would write is analyzed like any other."""
    _check(parse_skill(f"# {text}\n\n{text}\n\n- {text}\n"))


@pytest.mark.parametrize("path", skill_paths(), ids=lambda path: path.parent.name)
def test_faulty_skills(path: Path) -> None:
    """Nor does a fault of a skill matter."""
    _check(read_skill(path))


@pytest.mark.corpus
def test_real_skills(corpus_sample: tuple[Skill, ...]) -> None:
    """Every block of real skills gets its verdict."""
    for skill in corpus_sample:
        _check(skill)


def test_nothing_to_analyze() -> None:
    """A skill without blocks has an analysis without verdicts."""
    assert analyze("").verdicts == ()
    assert analyze("# A\n\n## B\n").verdicts == ()


def test_a_single_block() -> None:
    """One block is enough."""
    assert len(analyze("Run `make`.").verdicts) == 1


def test_what_the_model_has_learnt() -> None:
    """Plain cases: a rule is one, and matters more than thanks or what leads in an example."""
    rule, thanks, lead_in, _ = analyze(
        "# Deploy\n\n## Rules\n\nNever deploy on Fridays. You must always run `make check` before a deployment.\n\n"
        "## Credits\n\nThanks to everybody who helped.\n\n## Examples\n\nFor example, a user asks for a deployment to"
        " staging:\n\n- ship it\n"
    ).verdicts
    assert rule.type is SectionType.CONSTRAINT
    assert rule.importance > 2 * thanks.importance
    assert lead_in.importance < rule.importance


def test_the_same_every_time() -> None:
    """Verdicts do not depend on what was analyzed before."""
    skill = read_skill(SKILLS / "plain")
    first = TrainedAnalyzer().analyze(skill)
    analyze("Quite other words, 必须 and 12 numbers.")
    assert TrainedAnalyzer().analyze(skill).verdicts == first.verdicts
    assert first.analyzer == "embedded model"


def _biased(importance: float) -> BlockModel:
    model = shipped_model()
    bias = model.columns.bias.copy()
    bias[0] += importance
    return replace(model, columns=replace(model.columns, bias=bias))


def test_another_model_is_asked() -> None:
    """A model of one's own replaces the shipped one."""
    verdicts = TrainedAnalyzer(_biased(100)).analyze(read_skill(SKILLS / "plain")).verdicts
    assert {verdict.importance for verdict in verdicts} == {1.0}


def test_importance_is_never_nothing() -> None:
    """The least important block still counts, so that a threshold of 1 keeps it."""
    verdicts = TrainedAnalyzer(_biased(-100)).analyze(parse_skill("Thanks.")).verdicts
    assert verdicts[0].importance > 0


def test_tokens() -> None:
    """Words, numbers, runs of marks and single CJK characters; a line end begins a run; each text has an END."""
    row = token_row(["Run a_b.\n- 12", "必须"])
    forms = [Form.WORD, Form.WORD, Form.MARK, Form.WORD, Form.MARK, Form.LINE, Form.NUMBER, Form.END]
    assert row.forms.tolist() == [*forms, Form.CJK, Form.CJK, Form.END]
    assert row.lengths.tolist() == [8, 3]
    assert row.looks.items.tolist() == [1, 0]
    assert row.cases.tolist() == [1, *[0] * 10]
    assert (row.hashes[:2] == hash_words(["run", "a"])).all()


def test_features_do_not_depend_on_neighbours_in_the_row() -> None:
    """A token has the same hash in whatever text and place it stands."""
    one, other = token_row(["Must it be?"]), token_row(["x", "Oh. Must it be?"])
    assert one.hashes.tolist() == other.hashes[-len(one.hashes) :].tolist()
    assert one.classes.tolist() == other.classes[-len(one.classes) :].tolist()


def test_repetition_is_seen() -> None:
    """A block whose words stand elsewhere has other columns than one whose words are new."""
    same, new = (
        block_features(parse_skill(f"Alpha beta gamma.\n\n{text}\n")).columns[1]
        for text in ("Alpha beta gamma.", "Delta kappa sigma.")
    )
    assert not np.array_equal(same, new)


def test_weights_of_other_features_are_refused(tmp_path: Path) -> None:
    """Weights that were fitted on something else never give a verdict."""
    path = tmp_path / "blocks.npz"
    save_weights(path, BLOCK_FEATURES + "!", shipped_model().arrays())
    with pytest.raises(WeightsError, match="other features"):
        load_weights(path, BLOCK_FEATURES)


def test_weights_must_be_complete() -> None:
    """A model without one of its arrays is refused by name."""
    arrays = {name: array for name, array in shipped_model().arrays().items() if name != "steps"}
    with pytest.raises(WeightsError, match="'steps'"):
        model_from(arrays)


def test_weights_survive_saving(tmp_path: Path) -> None:
    """What is written is what is read."""
    path = tmp_path / "blocks.npz"
    save_weights(path, BLOCK_FEATURES, shipped_model().arrays())
    read: BlockModel = model_from(load_weights(path, BLOCK_FEATURES))
    assert all(np.array_equal(array, read.arrays()[name]) for name, array in shipped_model().arrays().items())


@given(texts)
def test_the_quick_look_for_patterns_misses_none(text: str) -> None:
    """Patterns found after a look at the words are those that every expression finds by itself."""
    _check_patterns(text)


@pytest.mark.parametrize(
    "text",
    [
        "unparallelized",
        "N≥3",
        "Write todoſ",
        "to-do",
        "one at a time",
        "Don’t",
        "ſlow",
        "SPEEDS  UP",
        "memoizes",
        "NOT",
    ],
)
def test_the_quick_look_for_patterns_by_word(text: str) -> None:
    """The same for words that are easy to overlook."""
    _check_patterns(text)


@pytest.mark.corpus
def test_the_quick_look_for_patterns_in_real_skills(corpus_skills: tuple[Skill, ...]) -> None:
    """The same for every block of every real skill."""
    for skill in corpus_skills:
        for block in skill.blocks:
            _check_patterns(block.text)


def _check_patterns(text: str) -> None:
    lowered = text.lower()
    found = find_patterns(text)
    assert found.protected == {pattern.name for pattern in PROTECTED if pattern.found_in(text, lowered)}
    assert found.advisory == {pattern.name for pattern in ADVISORY if pattern.found_in(text, lowered)}
    assert found.hard_rule is HARD_RULE.found_in(text, text)


def test_the_definition_is_that_of_every_numpy() -> None:
    """It holds plain numbers: numpy 1 and 2 write their own ones differently, and weights would be refused."""
    assert "np." not in BLOCK_FEATURES
