"""Build a block's ladder: the ways to write it, each cheaper than the one before."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.language.facts import Fact, Span, fact_keys, find_facts, locked_spans
from skill_distiller.meaning.compare import missing
from skill_distiller.rewriting.edits import Edit, LevelEdit, apply_edits, join_edits, price_edits
from skill_distiller.rewriting.model import REWORDED, Bundle, Offers, Rendering, RenderingKind
from skill_distiller.rewriting.passes import (
    emphasis_edits,
    filler_edits,
    is_empty_lead_in,
    may_have_emphasis,
    may_have_fillers,
    may_have_phrases,
    symbol_edits,
    tighten_table,
    wrap_edits,
)
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.tokens import TokenCounter


class _Rung(NamedTuple):
    """A rung of prose: all edits up to `strength` are made, and `share` (0-1) of the block's worth is kept."""

    kind: RenderingKind
    strength: float
    share: float


# All facts stay on every rung; what is lost is ease of reading and, lower down, what the words added. On exams the
# pruned rungs lost no evidence (docs/model-card.md); they cost a little, so that nothing is pruned for nothing.
_RUNGS: Final = (
    _Rung(RenderingKind.SYMBOLS, 0.0, 0.999),
    _Rung(RenderingKind.TIGHT, 0.01, 0.998),
    _Rung(RenderingKind.PRUNED, 0.3, 0.997),
    _Rung(RenderingKind.PRUNED, 0.8, 0.992),
)
_STRENGTHS: Final = tuple(rung.strength for rung in _RUNGS)
_PHRASE: Final = 3  # words
_SHARES: Final = {RenderingKind.TIGHT: 0.998, RenderingKind.PRUNED: 0.997}
# Where the very form is the content, the marks of emphasis are part of it.
_FORMATTED: Final = frozenset({SectionType.OUTPUT_FORMAT, SectionType.EXAMPLE})

_DROPPED: Final = Rendering(RenderingKind.DROPPED, "", 0, 0.0)
# Nothing to prove: the block as it is, or one that openly leaves facts out.
_UNPROVED: Final = frozenset({RenderingKind.FULL, RenderingKind.DROPPED, RenderingKind.EXTRACTED})

_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w-]*+)[^<>]{0,2000}?(/?)>")
_COMMENT: Final = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)")
_VOID_TAGS: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())


@dataclass(frozen=True, slots=True)
class Ladder:
    """The renderings of one block, from the longest to the shortest; the first is always FULL.

    `joint` are the ways to write it that go only with other blocks (see `Bundle`).
    """

    block: Block
    rungs: tuple[Rendering, ...]
    refused: int = 0  # renderings that lost a fact or a protected pattern and were not let onto the ladder
    joint: tuple[Rendering, ...] = ()

    @property
    def droppable(self) -> bool:
        """Whether the block may go altogether."""
        return self.rungs[-1].kind is RenderingKind.DROPPED

    def rendering(self, rung: int) -> Rendering:
        """The rendering that a number of a choice means: of the rungs, and above them of the joint ones."""
        return self.rungs[rung] if rung < len(self.rungs) else self.joint[rung - len(self.rungs)]


class Pruner(Protocol):
    """Whoever knows which words can go."""

    def edits(
        self, skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]
    ) -> Mapping[int, tuple[Edit, ...]]:
        """For blocks of prose by index, deletions outside their locked spans, sorted and without overlaps."""


class _Draft(NamedTuple):
    """A block on its way down the ladder."""

    block: Block
    facts: tuple[Fact, ...]
    locked: tuple[Span, ...]
    formatted: bool
    leads_in: bool
    words: tuple[Edit, ...]


def build_ladders(
    analysis: Analysis,
    lead_ins: frozenset[int],
    required: Collection[int],
    counter: TokenCounter,
    pruner: Pruner | None = None,
) -> tuple[Ladder, ...]:
    """A ladder for every block of a skill; `required` blocks have no DROPPED rung.

    `lead_ins` are the indices of the blocks that only introduce the next one; `pruner` says which
    words can go. The renderings are not proved yet: see `keeps_everything`.
    """
    skill = analysis.skill
    prose = [block.index for block in skill.blocks if block.kind in PROSE]
    locked = {i: locked_spans(skill.blocks[i].text, analysis.facts[i]) for i in prose}
    words = pruner.edits(skill, prose, locked) if pruner else {}
    return tuple(
        _ladder(
            _Draft(
                block,
                facts,
                locked.get(block.index, ()),
                formatted=verdict.type in _FORMATTED,
                leads_in=block.index in lead_ins and not (verdict.protected or verdict.hard_rule),
                words=words.get(block.index, ()),
            ),
            counter,
            droppable=block.index not in required and not holds_together(block),
        )
        for block, verdict, facts in zip(analysis.skill.blocks, analysis.verdicts, analysis.facts, strict=True)
    )


def _ladder(draft: _Draft, counter: TokenCounter, *, droppable: bool) -> Ladder:
    block = draft.block
    source = block.source
    rungs = [Rendering(RenderingKind.FULL, source, counter.count(source), 1.0)]
    for rendering in _shorter(draft, rungs[0], counter):
        if rendering.tokens < rungs[-1].tokens:
            rungs.append(rendering)
    # A lead-in that may be written as nothing can be dropped too, with what it introduces.
    if droppable and (rungs[-1].tokens > 0 or len(rungs) > 1):
        rungs.append(_DROPPED)
    return Ladder(block, tuple(rungs))


def holds_together(block: Block) -> bool:
    """Whether other blocks hang on this one: a link definition, or a tag that is opened or closed elsewhere."""
    if block.kind is BlockKind.DEFINITION:
        return True
    if block.kind is not BlockKind.HTML:
        return False
    opened = Counter[str]()
    for closing, name, alone in _TAG.findall(_COMMENT.sub("", block.text)):
        if not alone and name.lower() not in _VOID_TAGS:
            opened[name.lower()] += -1 if closing else 1
    return any(opened.values())


def keeps_everything(analysis: Analysis, block: int, rendering: Rendering) -> bool:
    """Whether a shorter text still carries every fact and protected pattern of its block."""
    if rendering.kind in _UNPROVED or not rendering.text:
        return True  # a lead-in that is written as nothing had no fact
    original, patterns = analysis.skill.blocks[block], analysis.patterns
    text = rendering.text.removesuffix(original.gap)
    if rendering.kind in REWORDED:
        if missing(original.text, text):
            return False
    elif not fact_keys(analysis.facts[block]) <= fact_keys(find_facts(text)):
        return False
    # What a block is protected for may also stand above it.
    protected = analysis.verdicts[block].protected
    return not protected or patterns.find(original.text).protected <= patterns.find(text).protected


def _shorter(draft: _Draft, full: Rendering, counter: TokenCounter) -> Iterator[Rendering]:
    """The renderings below FULL, each with the edits of the ones before and its own."""
    text, block = draft.block.text, draft.block
    if block.kind is BlockKind.TABLE:
        source = tighten_table(text, locked_spans(text, draft.facts)) + block.gap
        tokens = full.tokens if source == full.text else counter.count(source)
        yield Rendering(RenderingKind.TIGHT, source, tokens, _SHARES[RenderingKind.TIGHT])
    if block.kind not in PROSE:
        return
    edits = _edits(draft, counter)
    if edits:
        prices = price_edits(full.text, full.tokens, edits, len(_RUNGS), counter)
        least = full.tokens
        for level, (rung, tokens) in enumerate(zip(_RUNGS, prices, strict=True)):
            if tokens < least:
                made = [edit for edit, own in edits if own <= level]
                phrases = _deleted_phrases(text, made)
                yield Rendering(rung.kind, apply_edits(full.text, made), tokens, rung.share, rung.strength, phrases)
                least = tokens
    if draft.leads_in and is_empty_lead_in(text) and not draft.locked:
        yield Rendering(RenderingKind.PRUNED, "", 0, _SHARES[RenderingKind.PRUNED])


def _edits(draft: _Draft, counter: TokenCounter) -> tuple[LevelEdit, ...]:
    """Everything that can be taken out of a block of prose, with the rung on which it goes."""
    text = draft.block.text
    edits: tuple[Edit, ...] = ()
    if may_have_phrases(text):
        edits = tuple(symbol_edits(text, locked_spans(text, draft.facts, modals=False), counter))
    if not draft.formatted and may_have_emphasis(text):
        edits = join_edits(edits, emphasis_edits(text, draft.locked))
    if not draft.formatted:
        edits = join_edits(edits, wrap_edits(text, draft.locked))
    if may_have_fillers(text):
        edits = join_edits(edits, filler_edits(text, draft.locked))
    edits = join_edits(edits, draft.words)
    levels = ((edit, bisect_left(_STRENGTHS, edit.strength)) for edit in edits)
    return tuple(LevelEdit(edit, level) for edit, level in levels if level < len(_RUNGS))


def _deleted_phrases(text: str, edits: Sequence[Edit]) -> tuple[str, ...]:
    """What goes in one piece of several words, as it stood; not what is said by a symbol or otherwise."""
    phrases = []
    for start, end, replacement, _ in edits:
        # Where the next word got the capital, its first letter is part of the edit.
        cut = end - len(replacement)
        if text.count(" ", start, cut) >= _PHRASE - 1 and replacement.lower() == text[cut:end].lower():
            phrase = text[start:cut].strip()
            if phrase.count(" ") >= _PHRASE - 1:
                phrases.append(phrase)
    return tuple(phrases)


class Joint(NamedTuple):
    """A bundle on the ladders: (block, place among its joint renderings) pairs, and the headings that go with it.

    `lost` is the worth that goes with it, None where that is what its share says of its blocks.
    """

    members: tuple[tuple[int, int], ...]
    headings: tuple[int, ...]
    lost: float | None = None


def add_offers(
    ladders: Sequence[Ladder], offers: Offers, counter: TokenCounter
) -> tuple[tuple[Ladder, ...], tuple[Joint, ...]]:
    """The ladders with the offered renderings among their rungs, and the bundles as joint renderings.

    A rendering that is not worth its tokens beside the others of its block is left out.
    """
    found = list(ladders)
    for block, renderings in offers.renderings.items():
        found[block] = replace(found[block], rungs=_worthwhile((*found[block].rungs, *renderings)))
    joints = []
    for bundle in offers.bundles:
        members = []
        for block, text in zip(bundle.blocks, bundle.texts, strict=True):
            rendering = _rendering(found[block], bundle, text, counter)
            members.append((block, len(found[block].joint)))
            found[block] = replace(found[block], joint=(*found[block].joint, rendering))
        joints.append(Joint(tuple(members), bundle.headings))
    return tuple(found), tuple(joints)


def _rendering(ladder: Ladder, bundle: Bundle, text: str, counter: TokenCounter) -> Rendering:
    """A text of a bundle as a rendering; FULL where it is the block as it stands."""
    full = ladder.rungs[0]
    if text == full.text:
        return replace(full, share=bundle.share)
    return Rendering(bundle.kind, text, counter.count(text) if text else 0, bundle.share)


def _worthwhile(rungs: Sequence[Rendering]) -> tuple[Rendering, ...]:
    """The renderings by falling tokens, without those that another one beats in tokens and share."""
    full = rungs[0]
    kept: list[Rendering] = []
    for rung in sorted(rungs[1:], key=lambda r: (r.tokens, -r.share)):
        if rung.kind is RenderingKind.DROPPED:
            continue
        if rung.tokens < full.tokens and (not kept or rung.share > kept[-1].share):
            kept.append(rung)
    return (full, *reversed(kept), *(rung for rung in rungs if rung.kind is RenderingKind.DROPPED))


def unused(ladders: Sequence[Ladder], joint: Joint) -> bool:
    """Whether a bundle can't be taken: a block of it has to stay and would not stand in it."""
    for block, place in joint.members:
        ladder = ladders[block]
        if not ladder.droppable and ladder.block.text.strip() not in ladder.joint[place].text:
            return True
    return False
