"""The ladder of each block: what it costs, what it keeps, what it may not lose."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import SKILLS, parameters
from tests.strategies import sound_skills, soups

from skill_distiller.analysis.patterns import find_patterns
from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.language.facts import block_facts, fact_keys, find_facts
from skill_distiller.planning.ladders import Ladders, require
from skill_distiller.rewriting.ladder import Ladder, build_ladders, edit_blocks, keeps_everything
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import TokenCounter, load_counter

Kind = RenderingKind
_PROSE = {BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM}


def _required(analysis: Analysis) -> frozenset[int]:
    return frozenset(i for i, verdict in enumerate(analysis.verdicts) if verdict.protected_by_kind)


def build(skill: Skill, counter: TokenCounter) -> tuple[Analysis, tuple[Ladder, ...]]:
    """The analysis of a skill by rules, and its ladders."""
    analysis = RulesAnalyzer().analyze(skill)
    reading = Reading(analysis)
    ladders = build_ladders(reading, edit_blocks(reading, counter))
    return analysis, require(Ladders(ladders, (), ()), _required(analysis)).ladders


def _check(skill: Skill, counter: TokenCounter) -> None:
    """Everything that holds for every ladder."""
    analysis, ladders = build(skill, counter)
    assert len(ladders) == len(skill.blocks)
    for ladder, block, verdict in zip(ladders, skill.blocks, analysis.verdicts, strict=True):
        first = ladder.rungs[0]
        assert (first.kind, first.text, first.share) == (Kind.FULL, block.source, 1.0)
        keys = fact_keys(block_facts(block))
        for rung in (rung for rung in ladder.rungs if keeps_everything(Reading(analysis), block.index, rung)):
            assert rung.tokens == counter.count(rung.text)
            if rung.kind is Kind.DROPPED:
                assert (rung.text, rung.tokens, rung.share) == ("", 0, 0.0)
                continue
            assert 0 < rung.share <= 1
            found = fact_keys(find_facts(rung.text, code=block.kind is BlockKind.CODE))
            # A span in what has become short enough for a quoted phrase is part of that.
            assert all(key in rung.text for key in keys - found)
            assert verdict.protected <= find_patterns(rung.text).protected
            assert rung.kind is Kind.FULL or block.kind in _PROSE or block.kind is BlockKind.TABLE
        for above, below in pairwise(ladder.rungs):
            # A lead-in that may be written as nothing can be dropped too.
            assert above.tokens > below.tokens or (not above.text and below.kind is Kind.DROPPED)
            assert above.share >= below.share
        kinds = [rung.kind for rung in ladder.rungs]
        assert kinds == sorted(kinds, key=list(Kind).index)
        if block.index in _required(analysis):
            assert Kind.DROPPED not in kinds
            assert all(rung.text for rung in ladder.rungs) or not (verdict.protected or verdict.hard_rule)


@pytest.mark.parametrize(("text", "expected"), parameters("ladders.md"))
def test_ladders(text: str, expected: str, counter: TokenCounter) -> None:
    """The last block of each skill has exactly these renderings."""
    _, ladders = build(parse_skill(text), counter)
    assert "".join(f"{rung.kind}: {rung.text.rstrip()}".rstrip() + "\n" for rung in ladders[-1].rungs) == expected


def test_rules_keep_every_fact_in_every_rung(counter: TokenCounter) -> None:
    """Negations and conditions of a paragraph of rules are in each of its renderings."""
    skill = read_skill(SKILLS / "hard-rules")
    _, (ladder,) = build(skill, counter)
    keys = fact_keys(block_facts(skill.blocks[0]))
    assert {"never commit secrets", "only if branch", "not shared", "git push --force"} <= keys
    kept = [rung for rung in ladder.rungs if rung.kind is not Kind.DROPPED]
    assert all(keys <= fact_keys(find_facts(rung.text)) for rung in kept)


def test_lead_in_with_a_protected_pattern_stays(counter: TokenCounter) -> None:
    """A lead-in that holds a protected pattern is never written as nothing."""
    skill = parse_skill("# A\n\nUse the checkpoint template:\n\n```\nfoo bar\n```\n")
    analysis, ladders = build(skill, counter)
    assert analysis.verdicts[0].protected
    assert all(rung.text for rung in ladders[0].rungs)


def test_lead_in_with_a_hard_rule_stays(counter: TokenCounter) -> None:
    """A lead-in in whose words a rule stands in capitals is never written as nothing."""
    skill = parse_skill("# A\n\nFollow these CRITICAL steps:\n\n1. Run foo\n2. Run bar\n")
    analysis, ladders = build(skill, counter)
    assert analysis.verdicts[0].hard_rule
    assert all(rung.text for rung in ladders[0].rungs)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- Build it:\n\n  ```bash\n  make  # simply wait at least 3 s, **now**\n  ```\n", id="back-ticks"),
        pytest.param("- Build it:\n\n  ~~~\n  make  # simply wait at least 3 s, **now**\n  ~~~\n", id="tildes"),
        pytest.param("- Build it:\n\n  ```\n  make  # simply wait at least 3 s, **now**\n", id="unclosed"),
        pytest.param("- Build it:\n\n  ```\n  make  # simply wait at least 3 s, **now**\n  ````\n", id="longer end"),
        pytest.param("- Build it:\n\n      make  # simply wait at least 3 s, **now**\n", id="indented"),
    ],
)
def test_code_inside_a_list_is_never_rewritten(text: str, counter: TokenCounter) -> None:
    """However code is set inside a list, it stands in every rendering as it was."""
    _, ladders = build(parse_skill(f"# A\n\n## Steps\n\n{text}"), counter)
    for rung in ladders[0].rungs:
        assert rung.kind is Kind.DROPPED or "make  # simply wait at least 3 s, **now**" in rung.text


@given(sound_skills)
def test_ladders_of_sound_skills(text: str) -> None:
    """Tokens fall strictly, shares never rise, and no rendering but the dropped one loses a fact."""
    _check(parse_skill(text), load_counter())


@given(soups)
def test_ladders_of_any_markdown(text: str) -> None:
    """The same holds for blocks of any Markdown, however odd."""
    _check(parse_skill(text), load_counter())


@pytest.mark.corpus
def test_ladders_of_real_skills(corpus_skills: tuple[Skill, ...], counter: TokenCounter) -> None:
    """And for real skills: one of every four."""
    for skill in corpus_skills[::4]:
        _check(skill, counter)


_ITEM = (
    "- {} of the shelf in the cellar is where the jars of the last summer stand, one beside the other, in rows of ten."
)


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize(
    ("last", "kept"),
    [("**Low board**", False), ("**Never the roof**", True), ("**The HTML board**", False), ("**NOT the roof**", True)],
)
def test_the_items_of_a_list_lose_their_bold_together(count: int, last: str, kept: bool, counter: TokenCounter) -> None:
    """All or none; a name in capitals is no stress. None in a long list, of which each item is chosen by itself."""
    names = [f"**Board {number}**" for number in range(1, count)]
    _, ladders = build(parse_skill("".join(f"{_ITEM.format(name)}\n" for name in [*names, last])), counter)
    shortest = "".join(next(r for r in reversed(ladder.rungs) if r.text).text for ladder in ladders)
    assert shortest.count("**") == (2 * count if kept or len(ladders) > 1 else 0)


def test_steps_with_code_between_lose_their_bold_together(counter: TokenCounter) -> None:
    """They are one list to a reader, also where one of them has a word that stays bold."""
    names = ("Open the shelf", "Take a jar", "Never the roof")
    steps = "\n".join(f"{n}. **{name}**\n\n```bash\nacme {n}\n```\n" for n, name in enumerate(names, 1))
    _, ladders = build(parse_skill(steps), counter)
    shortest = "".join(next(r for r in reversed(ladder.rungs) if r.text).text for ladder in ladders)
    assert shortest.count("**") == 2 * len(names)
