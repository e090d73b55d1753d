"""The rewrites of a block's text, one fixture file a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.fixture_file import parameters
from tests.strategies import texts

from skill_distiller.language.facts import find_facts, locked_spans, merge_spans, overlaps
from skill_distiller.rewriting.model import apply_edits
from skill_distiller.rewriting.passes import PASSES, Draft
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

_LONG = "Fire the kiln slowly through the first two hundred degrees and let"
_WRAPPED = st.lists(
    st.tuples(
        st.sampled_from(("", "- ", "  ", "1. ", "> ", "# ", "    ", "| ", "```", "*", "<b>")),
        st.sampled_from((_LONG, _LONG + ",", _LONG + " `so", _LONG + " **so", _LONG + "  ", "the steam", "(out)", "")),
    ),
    max_size=8,
).map(lambda lines: "".join(f"{mark}{line}\n" for mark, line in lines))


_PASSES = {one.name: one for one in PASSES}


def _after(name: str, text: str, counter: TokenCounter) -> str:
    """The text after one pass."""
    return apply_edits(text, _PASSES[name].edits(_draft(text, counter)))


def _draft(text: str, counter: TokenCounter) -> Draft:
    facts = find_facts(text)
    return Draft(Block(0, BlockKind.PARAGRAPH, text, "", 0, ""), facts, locked_spans(text, facts), counter)


def _shown(text: str) -> str:
    return " ".join(MarkdownIt("commonmark").enable("table").render(text).split())


@pytest.mark.parametrize(("text", "expected"), parameters("symbols.md"))
def test_symbols(text: str, expected: str, counter: TokenCounter) -> None:
    """A symbol stands for its phrase where it costs less, and never inside a locked span."""
    assert _after("symbols", text, counter) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("fillers.md"))
def test_fillers(text: str, expected: str, counter: TokenCounter) -> None:
    """Fillers go, facts and everything around them stay."""
    assert _after("fillers", text, counter) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("emphasis.md"))
def test_emphasis(text: str, expected: str, counter: TokenCounter) -> None:
    """Emphasis around plain words goes; stress on rules and what is no emphasis stay."""
    assert _after("emphasis", text, counter) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("tables.md"))
def test_tables(text: str, expected: str, counter: TokenCounter) -> None:
    """The padding of a table goes, its cells stay, and it is still a table."""
    assert _after("tables", text, counter) == expected
    for table in (text, expected):
        assert [block.kind for block in parse_skill(table).blocks] == [BlockKind.TABLE]


@pytest.mark.parametrize(("text", "expected"), parameters("line_wraps.md"))
def test_wraps(text: str, expected: str, counter: TokenCounter) -> None:
    """Lines of one sentence are put together; what may be a break on purpose or another block stays."""
    assert _after("line wraps", text, counter) == expected


@given(st.one_of(texts, _WRAPPED))
def test_unwrapped_text_reads_the_same(text: str) -> None:
    """To Markdown only white space has changed, whatever stands around it."""
    for block in parse_skill(text).blocks:
        if block.kind in PROSE:
            assert _shown(_after("line wraps", block.text, load_counter())) == _shown(block.text)


@pytest.mark.parametrize(("text", "expected"), parameters("locks.md"))
def test_locks(text: str, expected: str) -> None:
    """These pieces of a text, one a line, may not be touched."""
    assert "".join(f"{text[start:end]}\n" for start, end in locked_spans(text, find_facts(text))) == expected


@pytest.mark.parametrize(
    ("phrase", "saves"),
    [("at least 3", True), ("not 3", False), ("and 3", False), ("or 3", False), ("therefore 3", False)],
)
def test_only_symbols_that_save_are_used(phrase: str, saves: bool, counter: TokenCounter) -> None:
    """A symbol that costs as much as its words in the encoding in force is never used."""
    assert (_after("symbols", f"Keep {phrase}.", counter) != f"Keep {phrase}.") is saves


def test_symbols_depend_on_the_encoding() -> None:
    """Where characters are counted by four, `therefore` is dearer than its symbol."""
    assert _after("symbols", "Stop, therefore wait.", load_counter("estimate")) == "Stop, ⇒ wait."


@given(texts)
def test_passes_leave_locked_spans_alone(text: str) -> None:
    """Whatever the text, each locked piece stands in every rewrite, in order."""
    draft = _draft(text, load_counter())
    for one in PASSES:
        rewritten = apply_edits(text, one.edits(draft))
        at = 0
        # A modal word may be said by a symbol.
        for start, end in locked_spans(text, draft.facts, modals=False) if one.name == "symbols" else draft.locked:
            at = rewritten.find(text[start:end], at)
            assert at >= 0
            at += end - start


def test_spans() -> None:
    """Spans are merged where they overlap, and touching ends do not overlap."""
    spans = merge_spans([*locked_spans("`a` b `c`", find_facts("`a` b `c`"))])
    assert [tuple(span) for span in spans] == [(0, 3), (6, 9)]
    assert overlaps((2, 4), spans)
    assert not overlaps((3, 6), spans)
