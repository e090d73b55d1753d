"""Sets of examples written in short: what stands, what is a line, and what no line may do."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import parameters, read_cases
from tests.rewriting.examples.written import written
from tests.strategies import soups

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.rewriting.example_bundles import (
    ExampleRenderer,
    abstractive_bundle,
    extractive_bundles,
    selection_of,
    written_lines,
)
from skill_distiller.rewriting.example_lines import invented
from skill_distiller.rewriting.example_sets import ExampleSelection, SelectionMode, find_sets
from skill_distiller.rewriting.model import Bundle, RenderingKind
from skill_distiller.skill.model import BlockKind, Skill, render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

# What may stand in an example that was not written with care.
_HOSTILE = (
    "`", "``", "**", "__a", "*b", "[x](y", "[a]: b", "<details>", "<!--", "-->", "# head", "> quote", "- item",
    "1. one", "```", "~~~", "---", "a\u2028b", "\x1b[31mred", "\x00", "|a|", "\\", "&lt;", "never do `x` if 5 > 3",
    "→ x", "如果没有", "「引用」", '"open', "a" * 400, "`a` **b** `c", "==", "name: value", "Use `--force` 3 times.",
)  # fmt: skip
_words = st.one_of(st.sampled_from(_HOSTILE), st.text(max_size=20))
_texts = st.lists(_words, min_size=1, max_size=4).map(" ".join)
_example = st.builds(
    lambda number, title, said, code, fence, done: (
        f"### Example {number}: {title}\n\n{said}\n\n{fence}\n{code}\n{fence}\n\n{done}\n\n"
    ),
    st.integers(1, 9),
    _texts,
    _texts,
    st.lists(_texts, min_size=1, max_size=6).map("\n".join),
    st.sampled_from(("```", "```json", "~~~~")),
    st.sampled_from(("", "**Output:** done", "> it is done")),
)
_sets = st.lists(_example, min_size=2, max_size=6).map(lambda examples: "## Examples\n\n" + "".join(examples))


def _selection(analysis: Analysis, bundle: Bundle) -> ExampleSelection:
    (examples,) = [e for e in find_sets(Reading(analysis)) if e.blocks == bundle.blocks]
    return selection_of(Reading(analysis), examples, dict(zip(bundle.blocks, bundle.texts, strict=True)))


def _check(analysis: Analysis, bundle: Bundle) -> None:
    """Everything that holds for every bundle, however the examples look."""
    skill = analysis.skill
    assert bundle.kind is RenderingKind.ONE_LINERS
    assert 0 < bundle.share <= 1
    selection = _selection(analysis, bundle)
    assert selection.mode is SelectionMode.EXTRACTIVE
    assert 0.8 <= selection.coverage <= 1
    assert sorted((*selection.selected, *selection.one_liners)) == list(range(selection.total))
    assert selection.selected
    assert len(selection.one_liners) == selection.lines > 0
    lines = written_lines(bundle.texts[-1])
    source = [skill.blocks[i].source for i in bundle.blocks] + [section.heading_source for section in skill.sections]
    assert all(not invented(source, line) for line in lines)
    assert all(" → " in line for line in lines)
    assert not any(category(character) in ("Cc", "Zl", "Zp") for line in lines for character in line)
    result = parse_skill(render_skill(written(analysis, bundle)))
    listed = "".join(b.text for b in result.blocks if b.kind in (BlockKind.LIST, BlockKind.LIST_ITEM))
    assert all(f"- {line}" in listed for line in lines)
    for block, text in zip(bundle.blocks, bundle.texts, strict=True):
        verdict = analysis.verdicts[block]
        if verdict.protected or verdict.hard_rule:
            assert skill.blocks[block].text in text


@pytest.mark.parametrize(("text", "expected"), parameters("one_liners.md"))
def test_one_liners(text: str, expected: str, counter: TokenCounter) -> None:
    """A skill with its shortest bundle is exactly this; nothing where none is offered."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    bundles = ExampleRenderer().propose(Reading(analysis), counter).bundles
    assert (written(analysis, bundles[0]).text if bundles else "") == expected


@given(_sets)
def test_lines_hold_whatever_examples_hold(text: str) -> None:
    """No text of an example, however hostile, breaks its line, opens a construct or brings in a fact."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    for examples in find_sets(Reading(analysis)):
        for bundle in extractive_bundles(Reading(analysis), examples):
            _check(analysis, bundle)


@given(soups)
def test_bundles_of_any_markdown(text: str) -> None:
    """The same holds for any Markdown."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    for bundle in ExampleRenderer().propose(Reading(analysis), load_counter()).bundles:
        _check(analysis, bundle)


def test_hostile_examples_are_written(counter: TokenCounter) -> None:
    """A title that looks like a heading, and marks that are not closed, stand in the lines as data."""
    parts = (
        f"### Example {n}: <b># **{word}\n\n> say `{word} *now*\n\n"
        f"```text\nlet a = 1\nlet b = 2\nlet c = 3\nlet d = 4\nput 3{n} `x\nlet e = 5\n```\n"
        for n, word in enumerate(("red", "green", "blue"), 1)
    )
    analysis = RulesAnalyzer().analyze(parse_skill("## Examples\n\n" + "\n".join(parts)))
    bundle = ExampleRenderer().propose(Reading(analysis), counter).bundles[0]
    _check(analysis, bundle)
    lines = written_lines(bundle.texts[-1])
    assert lines[0] == "`<b># **green`: ``say `green now`` → ``put 32 `x``"


def test_line_ends_are_those_of_the_skill(counter: TokenCounter) -> None:
    """In a file with Windows line ends, the lines have them too."""
    text = read_cases("one_liners.md")[0].input.replace("\n", "\r\n")
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    result = written(analysis, ExampleRenderer().propose(Reading(analysis), counter).bundles[0]).text
    assert "One-liners:" in result
    assert "\n" not in result.replace("\r\n", "")


_CALLS = read_cases("one_liners.md")[0].input


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        pytest.param(
            '- When "Check the start page of example.org" or "Check all pages of example.org" → `check` with `depth` 1'
            ' or 9, `follow_redirects` true → `report` html\n- When "Are all images of example.org there?" → `only`'
            " images",
            True,
            id="true to the examples",
        ),
        pytest.param("- When asked for a page → check", False, id="shows too little"),
        pytest.param(
            "- When asked for example.org → `check`, `depth` 1 or 9, `follow_redirects`, report html, only images,"
            " `--delete-all`",
            False,
            id="a fact that they lack",
        ),
        pytest.param(
            "- When asked for the start page or all pages of example.org → check, depth 1 or 9, follow_redirects true,"
            " only images, report html, never ask",
            False,
            id="a rule that they lack",
        ),
        pytest.param("- a\n- b\n- c\n- d", False, id="more lines than examples"),
        pytest.param("# check\n", False, id="no plain text"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_lines_in_new_words(lines: str, taken: bool) -> None:
    """A model's lines are taken only where they show the examples' facts and no others."""
    analysis = RulesAnalyzer().analyze(parse_skill(_CALLS))
    (examples,) = find_sets(Reading(analysis))
    bundle = abstractive_bundle(Reading(analysis), examples, lines)
    assert (bundle is not None) == taken
    if bundle:
        assert written_lines(bundle.texts[-1]) == [line.removeprefix("- ") for line in lines.splitlines()]
        selection = _selection(analysis, bundle)
        assert (selection.mode, selection.selected, selection.lines) == (SelectionMode.ABSTRACTIVE, (), 2)


@pytest.mark.corpus
def test_bundles_of_real_skills(corpus_skills: tuple[Skill, ...], counter: TokenCounter) -> None:
    """Every bundle of every skill is sound and shorter; examples with a rule stay in full."""
    found = 0
    for skill in corpus_skills:
        analysis = TrainedAnalyzer().analyze(skill)
        for bundle in ExampleRenderer().propose(Reading(analysis), counter).bundles:
            _check(analysis, bundle)
            assert counter.count(written(analysis, bundle).text) < counter.count(skill.text)
            found += 1
    assert found > len(corpus_skills) / 32  # most examples are of several steps
