"""What is given to a model to rewrite: blocks of prose and tables, and runs of edge cases to be summed up as one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Final

from skill_distiller.analysis import Analysis, FactKind, SectionType
from skill_distiller.document import PROSE, Block, BlockKind, Section
from skill_distiller.renderings.fact_check import Loss, check_summary, check_wording

SHORTEST: Final = 30  # characters; less is not worth asking for
LONGEST: Final = 3000  # characters; a model is shown no more of a block
_FORMS: Final = frozenset({BlockKind.QUOTE, BlockKind.TABLE})  # prose, but where they are a form to be filled in
_KINDS: Final = PROSE | _FORMS
_CLAUSE: Final = frozenset({SectionType.EXPLANATION, SectionType.VERBOSE_DETAIL})
_STEP: Final = re.compile(r"^[ \t]*\d{1,9}[.)][ \t]", re.MULTILINE)
_NAMED: Final = 40  # facts that a model is reminded of
_FACT: Final = 80  # characters of each


class Wish(StrEnum):
    """What is asked for; the value is the word in the prompt."""

    REWRITE = "rewrite"
    CLAUSE = "one clause"
    SUMMARY = "sum up"


@dataclass(frozen=True, slots=True)
class Piece:
    """One or more blocks to be written as one; `block` holds their joined text under the index of the first."""

    wish: Wish
    members: tuple[Block, ...]
    block: Block
    facts: tuple[str, ...]
    context: str

    def faults(self, text: str) -> tuple[Loss, ...]:
        """What is wrong with a new text for it; () for nothing."""
        if self.wish is Wish.SUMMARY:
            return check_summary([block.text for block in self.members], text, context=self.context)
        return check_wording(self.block.text, text, context=self.context)

    def fit(self, text: str) -> str:
        """The new text with the outer white space and the line ends of the piece."""
        own, first = self.block.text, self.members[0].text
        ends = "\r\n" if "\r\n" in own else "\n"
        lines = text.strip("\r\n").rstrip().replace("\r\n", "\n").split("\n")
        lines[0] = first[: len(first) - len(first.lstrip(" \t"))] + lines[0].lstrip(" \t")
        tail = own[len(own.rstrip("\r\n")) :]
        return ends.join(lines) + tail


def pieces_of(analysis: Analysis) -> list[Piece]:
    """The pieces of a skill, in order: runs of edge cases in one section, and every other block of prose by itself."""
    found: list[Piece] = []
    for section in analysis.skill.sections:
        for summed, run in groupby(section.blocks, key=lambda block: _may_be_summed(analysis, block)):
            blocks = tuple(run)
            if summed and _stands_apart(section, blocks):
                found.append(_piece(analysis, section, blocks, Wish.SUMMARY))
            else:
                found += _single(analysis, section, blocks)
    return found


def is_prose(block: Block) -> bool:
    """Whether a block is prose, or a table, of a length that is worth rewriting."""
    return block.kind in _KINDS and SHORTEST <= len(block.text) <= LONGEST


def _single(analysis: Analysis, section: Section, blocks: tuple[Block, ...]) -> Iterator[Piece]:
    for block in blocks:
        kind = analysis.verdicts[block.index].type
        if is_prose(block) and not (block.kind in _FORMS and kind is SectionType.OUTPUT_FORMAT):
            clause = kind in _CLAUSE and block.kind is BlockKind.PARAGRAPH
            yield _piece(analysis, section, (block,), Wish.CLAUSE if clause else Wish.REWRITE)


def _may_be_summed(analysis: Analysis, block: Block) -> bool:
    verdict = analysis.verdicts[block.index]
    whole = block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST)  # one item can't become a paragraph inside its list
    return verdict.type is SectionType.EDGE_CASE and not verdict.required and whole and not _STEP.search(block.text)


def _stands_apart(section: Section, blocks: tuple[Block, ...]) -> bool:
    """Whether several blocks can be written as one of any kind: blank lines keep it from the blocks around it."""
    place = section.blocks.index(blocks[0])
    above = place == 0 or bool(section.blocks[place - 1].gap)
    below = place + len(blocks) == len(section.blocks) or bool(blocks[-1].gap)
    return len(blocks) > 1 and above and below and sum(len(block.source) for block in blocks) <= LONGEST


def _piece(analysis: Analysis, section: Section, blocks: tuple[Block, ...], wish: Wish) -> Piece:
    first, last = blocks[0], blocks[-1]
    text = "".join(block.source for block in blocks[:-1]) + last.text
    facts = (fact for block in blocks for fact in analysis.facts[block.index] if fact.kind is not FactKind.MODAL)
    named = dict.fromkeys(" ".join(fact.text.split()) for fact in facts if len(fact.text) <= _FACT)
    return Piece(
        wish,
        blocks,
        replace(first, text=text, gap=last.gap),
        tuple(named)[:_NAMED],
        " ".join(analysis.skill.heading_path(section.index)),
    )
