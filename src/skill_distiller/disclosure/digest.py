"""A digest of rules that stand so far down that an agent may not have them at hand: their own sentences, near the top.

Clients keep the first 5,000 tokens of a skill when they make room in their context (`docs/reduce.md`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.disclosure.model import Span, Split, slices_of
from skill_distiller.disclosure.signposts import leans
from skill_distiller.disclosure.split import line_end_of, with_gap
from skill_distiller.language.modals import restricts
from skill_distiller.meaning.units import split_sentences
from skill_distiller.planning.worth import WorthModel, block_worths
from skill_distiller.skill.folder import SKILL_PATH
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

KEPT_TOKENS: Final = 5000  # of a SKILL.md that stay at hand
DIGEST_TOKENS: Final = 50
_MOST_OF_ONE: Final = 30  # tokens of one sentence: several rules are better than one long one
_FEWEST_WORDS: Final = 3
_ITEM_MARKS: Final = "-*+> \t0123456789.)"


class Rule(NamedTuple):
    """A sentence that lays down a rule, in the words of the skill, and the block that it stands in, by index."""

    text: str
    block: int


def late_rules(reading: Reading, split: Split, counter: TokenCounter) -> tuple[Rule, ...]:
    """The rules, in order, that stand behind the first 5,000 tokens of SKILL.md as it came out, and not before."""
    early, late = "", list[Block]()
    after = split.after.skill
    size = counter.count(after.frontmatter.raw)
    if size + counter.count(after.body) <= KEPT_TOKENS:
        return ()
    for block in after.blocks:
        size += counter.count(block.source)
        if size <= KEPT_TOKENS:
            early += _plain(block.text)
        elif block.kind in PROSE | {BlockKind.QUOTE}:
            late.append(block)
    known = {block.text.strip(): block.index for block in reading.skill.blocks}
    found = dict[str, Rule]()
    for block in late:
        for text in _rules(block.text) if block.text.strip() in known else ():
            if _plain(text) not in early:
                found.setdefault(_plain(text), Rule(text, known[block.text.strip()]))
    return tuple(found.values())


def _rules(text: str) -> Iterator[str]:
    """The sentences of a block that forbid or demand something and can be read by themselves."""
    for line in text.splitlines():
        for sentence in split_sentences(line.strip().lstrip(_ITEM_MARKS)):
            whole = sentence.count("**") % 2 == sentence.count("`") % 2 == 0 and sentence[-1:] in ".!。！"
            if whole and len(sentence.split()) >= _FEWEST_WORDS and restricts(sentence) and not leans(sentence):
                yield sentence


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def write_digest(
    reading: Reading, split: Split, rules: tuple[Rule, ...], counter: TokenCounter, model: WorthModel
) -> Split:
    """The split with those of some rules that are worth most in at most 50 tokens, behind the opening of SKILL.md."""
    worths = block_worths(reading, model)
    hard = {index for index, verdict in enumerate(reading.verdicts) if verdict.hard_rule}
    chosen, left = list[Rule](), DIGEST_TOKENS
    for rule in sorted(rules, key=lambda rule: (rule.block not in hard, -worths[rule.block])):
        tokens = counter.count(f" {rule.text}")
        if tokens <= min(left, _MOST_OF_ONE):
            chosen.append(rule)
            left -= tokens
    if not chosen:
        return split
    end = line_end_of(reading.skill)
    text = " ".join(rule.text for rule in rules if rule in chosen) + end + end
    return _insert(reading, split, text, end)


def _insert(reading: Reading, split: Split, text: str, end: str) -> Split:
    """The split with a paragraph in front of the second heading, or at the beginning where there is none."""
    skill, core = reading.skill, split.after.skill.text
    headings = [slice_ for slice_ in slices_of(skill) if slice_.piece < 0]
    place = headings[1].start if len(headings) > 1 else len(skill.frontmatter.raw)
    shift = sum(len(span.written) - (span.end - span.start) for span in split.spans if span.end <= place)
    at = place + shift
    written = with_gap(core[:at], end)[at:] + text if core[:at].strip() else text
    made = replace(parse_skill(core[:at] + written + core[at:], skill.path), frontmatter=split.after.skill.frontmatter)
    span = Span(place, place, written, SKILL_PATH, 0, 0)
    spans = sorted((*split.spans, span), key=lambda own: (own.start, own.end))
    return replace(split, after=split.after.with_skill(made), spans=tuple(spans))
