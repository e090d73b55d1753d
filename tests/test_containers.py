"""What belongs together stays together: tags and what they hold, footnotes and marks, formulas and their sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.fixture_file import SKILLS

from skill_distiller.errors import TargetError
from skill_distiller.meaning.compare import compare
from skill_distiller.meaning.verdicts import Verdict
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions, Gate
from skill_distiller.skill.containers import Containers, find_containers
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

_THRESHOLDS = tuple(DistillOptions(threshold=threshold) for threshold in (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.0))
_SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)


def _within(skill: Skill, containers: Containers) -> dict[str, list[str]]:
    """How the blocks of a skill end, by the tag that they stand in."""
    found: dict[str, list[str]] = {}
    for block, tag in zip(skill.blocks, containers.around, strict=True):
        if block.index not in containers.partners:
            found.setdefault(skill.blocks[tag].text if tag >= 0 else "", []).append(block.text.rstrip()[-5:])
    return found


def _results(name: str) -> Iterator[str]:
    """A miniature skill, and what it becomes at thresholds and budgets."""
    skill = read_skill(SKILLS / name)
    tokens = load_counter().count(skill.text)
    budgets = [DistillOptions(mode=Mode.TOKENS, tokens=round(share * tokens)) for share in _SHARES]
    for options in (*_THRESHOLDS, *budgets):
        try:
            yield distill(skill, options).text
        except TargetError:
            continue


def test_tags_stay_and_go_with_what_they_hold() -> None:
    """No tag without its partner, none around nothing, nothing that moved into another; and the gate agrees."""
    original = read_skill(SKILLS / "containers")
    before = _within(original, find_containers(original))
    for text in _results("containers"):
        after = parse_skill(text)
        containers = find_containers(after)
        assert containers.unpaired == ()
        assert all(start + 1 < end for start, end in containers.pairs)
        for tag, texts in _within(after, containers).items():
            assert set(texts) <= set(before[tag])


def test_a_tag_in_a_line_of_prose_holds_its_block() -> None:
    """A tag that begins a paragraph can't go without the one that ends another."""
    text = "# A\n\n<note>The way to the office is long and dull.\n\nNobody likes it.</note>\n\nRun `go`.\n"
    result = distill(parse_skill(text), DistillOptions(threshold=0.0, gate=Gate.REPORT))
    assert result.text.count("<note>") == result.text.count("</note>") == 1


def test_headings_end_with_the_container_they_stand_in() -> None:
    """What comes behind a closing tag stands under the heading before the opening one."""
    skill = parse_skill("# A\n\n<x>\n\n## B\n\nb\n\n</x>\n\nc\n\n### D\n\nd\n")
    containers = find_containers(skill)
    assert [skill.sections[home].heading for home in containers.homes] == ["A", "B", "A", "A", "D"]
    assert containers.parents == (None, None, 1, 1)


def test_thousands_of_tags_in_each_other() -> None:
    """Tags nested as no author does cost no stack."""
    depth = 5000
    text = "".join(f"<a>\n\n{i}\n\n" for i in range(depth)) + "</a>\n\n" * depth
    assert len(find_containers(parse_skill(text)).pairs) < depth
    assert distill(parse_skill(text), DistillOptions(threshold=0.5, gate=Gate.REPORT)).text


@pytest.mark.parametrize("threshold", [0.95, 0.9, 0.8])
def test_prohibitions_behind_a_comment_stay(threshold: float) -> None:
    """A comment before a sentence neither cuts it in two nor hides what it forbids."""
    text = distill(read_skill(SKILLS / "comments-before-prose"), DistillOptions(threshold=threshold)).text
    for comment in ("KNOWN-FACE", "OWN-NUMBER", "NO-GUESS"):
        assert f"<!-- rule: {comment} -->" in text
    assert "is not\nknown" in text
    assert "never with that" in text
    assert ",\nnever one that you reasoned your way to." in text


def test_footnotes_and_their_marks_go_together() -> None:
    """No mark without its note, no note without a mark; and some of both go."""
    names = ("flour", "market", "rain")
    found = [
        {(bool(re.search(rf"\[\^{n}\](?!:)", text)), f"[^{n}]:" in text) for n in names}
        for text in _results("footnotes")
    ]
    assert all(pair <= {(True, True), (False, False)} for pair in found)
    assert any((False, False) in pair for pair in found)


def test_a_formula_goes_with_what_leads_to_it_and_what_explains_it() -> None:
    """The sentence it is a part of stays or goes as one."""
    found = {(" is computed as" in text, "$$\nV" in text, "where $m$" in text) for text in _results("footnotes")}
    assert found == {(True, True, True), (False, False, False)}


def test_of_equal_tags_those_stand_for_each_other_that_hold_the_same() -> None:
    """An example that goes does not make the next one one that moved."""
    examples = [f"<example>\n\nAsk for {thing} {number}.\n\n</example>\n\n" for number, thing in enumerate("abc")]
    before, after = parse_skill("# A\n\n" + "".join(examples)), parse_skill("# A\n\n" + examples[2])
    lost = {difference.verdict for difference in compare(before, after).differences}
    assert lost == {Verdict.GONE}
