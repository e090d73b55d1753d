"""Say blocks that stay in SKILL.md in fewer words, each only where a program finds nothing else said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from skill_distiller.disclosure.model import Span, Split, slices_of
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.meaning.compare import compare_texts
from skill_distiller.skill.folder import SKILL_PATH
from skill_distiller.skill.model import Block
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Reworded:
    """A block, by index, with its text before and after."""

    block: int
    before: str
    after: str


def says_as_much(block: Block, text: str, counter: TokenCounter) -> bool:
    """Whether a text is shorter than a block and of the same kind, and keeps its facts; and no change is found."""
    old = block.text.strip()
    if not text or counter.count(text) >= counter.count(old):
        return False
    made = parse_skill(f"{text}\n").blocks
    if [own.kind for own in made] != [own.kind for own in parse_skill(f"{old}\n").blocks]:
        return False
    before, after = (fact_keys(find_facts(own)) for own in (old, text))
    return before == after and not compare_texts(old, text).failed


def tighten(split: Split, texts: Mapping[int, str]) -> tuple[Split, tuple[Reworded, ...]]:
    """The split with these texts for blocks that stay, by index; those that can't be set in are left out."""
    before = split.before.skill
    moved = {piece for _, passage in split.passages for piece in passage.pieces}
    found, done = split, list[Reworded]()
    for place in slices_of(before):
        text = texts.get(place.piece)
        if place.piece < 0 or place.piece in moved or text is None:
            continue
        old = before.blocks[place.piece].text.rstrip()
        start = before.text.index(old, place.start, place.end)
        span = Span(start, start + len(old), text, SKILL_PATH, 0, 0, (), old)
        made = _with_span(found, span)
        if made is not None:
            found = made
            done.append(Reworded(place.piece, old, text))
    return found, tuple(done)


def _with_span(split: Split, span: Span) -> Split | None:
    """The split with one more stretch; None where Markdown then reads as another number of blocks."""
    core = split.after.skill
    at = span.start + sum(len(own.written) - (own.end - own.start) for own in split.spans if own.end <= span.start)
    old = core.text[at : at + len(span.text)]
    if old != span.text:
        return None
    text = core.text[:at] + span.written + core.text[at + len(old) :]
    made = replace(parse_skill(text, core.path), frontmatter=core.frontmatter)
    if [block.kind for block in made.blocks] != [block.kind for block in core.blocks]:
        return None
    spans = tuple(sorted((*split.spans, span), key=lambda own: (own.start, own.end)))
    return replace(split, after=split.after.with_skill(made), spans=spans)
