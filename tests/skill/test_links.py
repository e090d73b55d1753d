"""Links and mentions are found where the facts of a text are found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import texts

from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import block_facts
from skill_distiller.skill.links import LinkKind, find_links
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill

_PIECES = (
    "[a](", "](x/y.md)", "`a/b.c`", "a/b.c", "./x/y.py", "--o=./x/y", '<a href="q">', "\n", "\n\n", " ", "```", '"x/y"',
    "https://a/b", "<", ">", "(", ")", "[x]: z/y\n", "1. ", "- ", "_a/b_", ":", "..", "../", "~/x", "{a}/b.md",
    "`", "``",
)  # fmt: skip


def _by_facts(skill: Skill) -> list[tuple[str, LinkKind, int]]:
    found = []
    for block in skill.blocks:
        for fact in block_facts(block):
            if fact.kind is FactKind.LINK:
                found.append((fact.text, LinkKind.LINK, block.index))
            elif "/" in fact.text and fact.kind in (FactKind.PATH, FactKind.CODE_SPAN):
                found.append((fact.text.strip("`"), LinkKind.MENTION, block.index))
    return found


@given(st.one_of(texts, st.lists(st.sampled_from(_PIECES), max_size=24).map("".join)))
def test_links_are_the_facts_that_are_links_or_paths(text: str) -> None:
    """What an agent must know (a fact) and what a check resolves (a link) are the same places."""
    skill = parse_skill(text)
    loose = (BlockKind.DEFINITION, BlockKind.HTML)  # where links are no facts
    found = [link for link in find_links(skill.blocks) if skill.blocks[link.block].kind not in loose]
    facts = [fact for fact in _by_facts(skill) if skill.blocks[fact[2]].kind not in loose]
    assert [(link.text, link.kind, link.block) for link in found] == facts


@given(st.lists(st.sampled_from(_PIECES), max_size=24).map("".join))
def test_a_link_stands_where_it_says(text: str) -> None:
    """The block and the offset of a link lead to its text, the line to that line of the file."""
    skill = parse_skill(text)
    lines = skill.text.split("\n")
    for link in find_links(skill.blocks):
        block = skill.blocks[link.block]
        at = block.text.find(link.text, link.start)
        assert at - link.start in (0, 1, 2, 3)  # behind the marks of a code span
        assert link.text.split("\n")[0] in "\n".join(lines[link.line - 1 :])
        assert link.line == block.line + block.text.count("\n", 0, link.start)
