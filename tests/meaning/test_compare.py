"""Two texts compared: what says the same passes, what says something else is found, whatever the texts are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fixture_file import parameters
from tests.strategies import sound_skills, soups, texts

from skill_distiller.checks import structure
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Verification
from skill_distiller.meaning import compare as compare_module
from skill_distiller.meaning import sentence_tokens, units
from skill_distiller.meaning.compare import Comparison, compare, compare_texts
from skill_distiller.meaning.statements import read_statements
from skill_distiller.meaning.units import UnitKind, block_units
from skill_distiller.meaning.verdicts import Verdict
from skill_distiller.meaning.wording import compare_wording
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.references import named_files

_FRONTMATTER = "---\nname: a\ndescription: Use when b.\n---\n"


def _gate(before: str, after: str) -> Verification:
    return verify(parse_skill(_FRONTMATTER + before), parse_skill(_FRONTMATTER + after), files=False)


@pytest.mark.parametrize(("before", "after"), parameters("same_meaning.md"))
def test_what_says_the_same_passes(before: str, after: str) -> None:
    """By itself and as the body of a skill."""
    assert compare_texts(before, after).failed == ()
    assert _gate(before, after).passed


@pytest.mark.parametrize(("before", "after"), parameters("lost_meaning.md"))
def test_what_says_something_else_fails(before: str, after: str, request: pytest.FixtureRequest) -> None:
    """By itself and as the body of a skill; of patterns only the gate knows."""
    assert compare_texts(before, after).failed or "protected-pattern" in request.node.name
    assert not _gate(before, after).passed


_COPY = "## Style\n\nKeep it plain.\n\n### Fonts\n\nUse one font.\n\n### Colors\n\nUse two colors.\n\n"


@pytest.mark.parametrize("copies", [3, 120])
def test_of_equal_headings_those_below_a_pair_are_one(copies: int) -> None:
    """What went from one of several copies moves nothing of the others, whichever it is."""
    parts = [f"{_COPY}Part {number} ends here.\n\n" for number in range(copies)]
    for at in (0, 1, copies - 1):
        for shorter in (parts[at].replace("### Fonts\n\nUse one font.\n\n", ""), ""):
            left = [*parts[:at], shorter, *parts[at + 1 :]]
            found = compare_texts("# A\n\n" + "".join(parts), "# A\n\n" + "".join(left))
            assert [one.what for one in found.differences if one.verdict is Verdict.MOVED] == []


def _total(found: Comparison) -> int:
    """The units of the original, but for what several of them stand in another one for, and what is new."""
    old = found.alignment.old
    units = sum(len(old.units(block.index)) for block in old.skill.blocks) + sum(1 for unit in old.headings if unit)
    return units + len(found.alignment.come)


@given(texts, texts)
def test_every_piece_is_accounted_for(before: str, after: str) -> None:
    """Once: each piece of the original, and each that is new."""
    found = compare_texts(before, after)
    assert sum(found.count().values()) == _total(found)


@given(soups)
def test_any_text_says_what_it_says(text: str) -> None:
    """Nothing differs."""
    assert compare_texts(text, text).differences == ()


def _with_blocks(skill: Skill, section: int, blocks: Sequence[Block]) -> Skill:
    sections = [replace(s, blocks=tuple(blocks)) if s.index == section else s for s in skill.sections]
    return parse_skill(skill.frontmatter.raw + "".join(section.text for section in sections))


def _says(skill: Skill, block: Block) -> bool:
    """Whether a block is there once and says something: not a rule between others."""
    return block.kind is not BlockKind.RULE and [b.text for b in skill.blocks].count(block.text) == 1


def _is_found(before: Skill, after: Skill) -> bool:
    found = verify(before, after, files=False)
    return not found.passed or bool(found.unproved)


@given(sound_skills, st.data())
def test_a_block_less_or_more_is_found(text: str, data: st.DataObject) -> None:
    """Whichever it is: it fails, or is to be looked at."""
    skill = parse_skill(text)
    blocks = [block for block in skill.blocks if _says(skill, block)]
    assume(blocks)
    block = data.draw(st.sampled_from(blocks))
    section = skill.sections[skill.section_of[block.index]]
    less = _with_blocks(skill, section.index, [other for other in section.blocks if other is not block])
    assert _is_found(skill, less)
    assert _is_found(less, skill)


@given(sound_skills, st.data())
def test_blocks_that_changed_places_are_found(text: str, data: st.DataObject) -> None:
    """Two neighbors that differ."""
    skill = parse_skill(text)
    pairs = [
        (section, place)
        for section in skill.sections
        for place, (one, other) in enumerate(zip(section.blocks, section.blocks[1:], strict=False))
        if _says(skill, one) and _says(skill, other)
    ]
    assume(pairs)
    section, place = data.draw(st.sampled_from(pairs))
    blocks = list(section.blocks)
    blocks[place : place + 2] = blocks[place + 1], blocks[place]
    assert _is_found(skill, _with_blocks(skill, section.index, blocks))


@pytest.mark.parametrize("gone", [{0, 1}, {0, 1, 2, 3, 5, 6}, {0, 4, 8, 12}, {19}])
def test_equal_blocks_that_go_move_no_other(gone: set[int]) -> None:
    """Where blocks come again and again, whichever of them goes: the others stand as they stood."""
    blocks = [f"```\ncmd {number % 5}\n```\n" for number in range(20)]
    left = [block for number, block in enumerate(blocks) if number not in gone]
    differences = compare_texts("\n".join(blocks), "\n".join(left)).differences
    assert {difference.verdict for difference in differences} == {Verdict.GONE}
    turned = compare_texts("\n".join(blocks), "\n".join([blocks[1], blocks[0], *blocks[2:]])).differences
    assert Verdict.MOVED in {difference.verdict for difference in turned}


def test_count_takes_the_worst_of_a_piece() -> None:
    """A step that moved and says something else is one piece."""
    before = "1. Build the app with care.\n2. Test it.\n"
    found = compare(parse_skill(before), parse_skill("1. Test it.\n2. Never build the app with care.\n"))
    counts = {verdict.value: count for verdict, count in found.count().items() if count}
    assert sum(counts.values()) == 2
    assert "contradicted" in counts


def test_where_a_difference_stands() -> None:
    """Both sides name their line, and the words that differ."""
    found = compare_texts("# A\n\nRun it.\n\nWait 30 seconds.\n", "# A\n\nRun it.\n\n\nWait 3 seconds.\n")
    (difference,) = found.differences
    assert (difference.before[0].line, difference.after[0].line, difference.what) == (5, 6, "fact")
    assert difference.before[0].kind is UnitKind.SENTENCE
    (edit,) = difference.edits
    assert [[token.word for token in side] for side in (edit.before, edit.after)] == [["30"], ["3"]]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("quick", "kinds"),
    [("_flat_items", {BlockKind.LIST, BlockKind.LIST_ITEM}), ("_flat_rows", {BlockKind.TABLE})],
)
def test_flat_blocks_are_read_as_markdown_reads_them(
    corpus_skills: tuple[Skill, ...], monkeypatch: pytest.MonkeyPatch, quick: str, kinds: set[BlockKind]
) -> None:
    """The quick reading of lists of nothing but lines of text, and of tables, has the units that markdown-it finds."""

    def read() -> list[list[tuple[object, ...]]]:
        return [_described(b) for skill in corpus_skills for b in skill.blocks if b.kind in kinds]

    found = read()
    monkeypatch.setattr(units, quick, lambda text: [])
    assert found == read()


def _described(block: Block) -> list[tuple[object, ...]]:
    return [
        (u.kind, u.text.split(), u.number, u.depth, u.line, [one.text for one in u.under])
        for u in block_units(block, 0)
    ]


_CELLS = st.text(st.sampled_from("ab |`-:\\\t*é\xa0"), max_size=5)
_ROWS = st.lists(_CELLS, min_size=1, max_size=4).map(lambda cells: f"|{'|'.join(cells)}|")


@given(st.lists(_ROWS, min_size=1, max_size=5), st.integers(1, 4))
def test_tables_are_read_as_markdown_reads_them(rows: list[str], columns: int) -> None:
    """A table whose first line is indented has the same units; only the other one is read quickly."""
    text = "\n".join([rows[0], "|" + "---|" * columns, *rows[1:]])
    quick, slow = (parse_skill(f"{indent}{text}\n").blocks for indent in ("", "  "))
    assert [_described(block) for block in quick] == [_described(block) for block in slow]


# What means the same in other words, and may stand in several places.
_SAYINGS = (
    "Wait at least 3 seconds.", "Wait ≥ 3 seconds.", "Switch it off.", "Turn off the lamp.", "Make sure that it runs.",
    "Ensure it runs.", "Keep 5 files or more.", "Keep at least 5 files.", "Read `a/b.md` in order to test.",
)  # fmt: skip
_paragraphs = st.lists(st.lists(st.sampled_from(_SAYINGS), min_size=1, max_size=3), min_size=1, max_size=6)


@given(_paragraphs, st.data())
def test_quick_looks_change_no_finding(old: list[list[str]], data: st.DataObject) -> None:
    """What is passed over because nothing can stand there gives the same findings when it is read."""
    edits = [[own, own, own[1:], own[:-1], [*own, old[0][-1]], old[-1]] for own in old]
    new = [data.draw(st.sampled_from(edit)) for edit in edits]
    texts = [_FRONTMATTER + "\n\n".join(map(" ".join, side)) for side in (old, new)]
    quick = verify(*map(parse_skill, texts), files=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare_module, "_may_hold", lambda text, by_longest: True)
        patch.setattr(sentence_tokens, "_may_follow", lambda first, near, language: True)
        patch.setattr(structure, "named_files", lambda skill, known: named_files(skill))
        _forget()
        whole = verify(*map(parse_skill, texts), files=False)  # a skill keeps what was read from it
    _forget()
    assert quick == whole


def _forget() -> None:
    for cached in (sentence_tokens._read_tokens, read_statements, compare_wording):
        cached.cache_clear()
