"""The pruner with the weights that ship with the package."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from tests.rewriting.words.test_edits import prose_and_locks, pruned
from tests.strategies import texts

from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.rewriting.edits import apply_edits
from skill_distiller.rewriting.words.pruner import WordPruner, definition
from skill_distiller.rewriting.words.word_kinds import CHUNK
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.weights import FOLDER, WeightsError, load_weights, save_weights

_SKILL = """# Reports

The tool writes a report for the team. It lists the tests, the errors, and the warnings that are found in the run.

- The first line is the name of the report
- Never delete the report unless the team asks for it
"""


def test_articles_go_first_and_orders_stay() -> None:
    """At a middle strength the sure words are gone, and what must not happen is still said."""
    skill = parse_skill(_SKILL)
    edits = WordPruner().edits(skill, *prose_and_locks(skill))
    text = pruned(skill, edits, 0.5)
    assert "Tool writes report for team." in text
    assert "Never delete the report unless the team asks" in text
    assert len(pruned(skill, edits, 0.05)) > len(text)


def test_text_that_is_not_english_is_left_alone() -> None:
    """No edit in a skill of another language."""
    for text in ("Не удаляйте the отчёт, если команда его не просила, и не меняйте a файл.\n", "请运行 the 测试。\n"):
        skill = parse_skill(text)
        assert WordPruner().edits(skill, *prose_and_locks(skill)) == {}


def test_only_the_given_blocks_are_edited() -> None:
    """Blocks that were not asked for have no edits."""
    skill = parse_skill(_SKILL)
    prose, locked = prose_and_locks(skill)
    assert set(WordPruner().edits(skill, prose[:1], locked)) == {prose[0]}
    assert WordPruner().edits(skill, (), {}) == {}


@given(texts)
def test_the_same_text_gives_the_same_edits(text: str) -> None:
    """Whatever was read before."""
    skill = parse_skill(text)
    given_blocks = prose_and_locks(skill)
    assert WordPruner().edits(skill, *given_blocks) == WordPruner().edits(skill, *given_blocks)


@given(texts)
def test_chunks_tile_the_text(text: str) -> None:
    """Nothing of a text is outside its chunks."""
    assert "".join(CHUNK.findall(text)) == text


def test_weights_for_other_features_are_refused(tmp_path: Path) -> None:
    """Weights are read for the features that the code computes, and for no others."""
    target = tmp_path / "words.npz"
    save_weights(target, "something else", load_weights("words", definition()))
    with pytest.raises(WeightsError, match="other features"):
        load_weights(target, definition())


def test_the_weights_are_small() -> None:
    """At most 400 KB of the wheel."""
    assert (FOLDER / "words.npz").stat().st_size <= 400_000


@pytest.mark.corpus
def test_real_skills_keep_their_facts(corpus_sample: tuple[Skill, ...]) -> None:
    """At half and at full strength every fact of a block is in its text, and something is saved."""
    before = after = 0
    for skill in corpus_sample:
        for index, edits in WordPruner().edits(skill, *prose_and_locks(skill)).items():
            source = skill.blocks[index].text
            for strength in (0.5, 1.0):
                text = apply_edits(source, edits, strength)
                assert fact_keys(find_facts(source)) <= fact_keys(find_facts(text))
            before, after = before + len(source), after + len(text)
    assert after < 0.98 * before
