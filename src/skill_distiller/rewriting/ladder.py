"""Build a block's ladder: the ways to write it, each cheaper than the one before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Phrases, Reading, SectionType
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.meaning.compare import compare_texts
from skill_distiller.rewriting.model import (
    DROPPED,
    RENDERINGS,
    Bundle,
    Edit,
    Proof,
    Proposals,
    Rendering,
    RenderingKind,
    Wording,
    apply_edits,
    in_full,
    join_edits,
)
from skill_distiller.rewriting.passes import TIGHT, Draft, all_edits, keeps_emphasis
from skill_distiller.rewriting.redundant import STRENGTH, is_detail, phrase_edits
from skill_distiller.skill.containers import find_tags
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.structure.edges import EdgeKind
from skill_distiller.tokens import TokenCounter


class Trim(NamedTuple):
    """Parts of a block that may go, as the edits that delete them, and the share (0-1) of its worth that is kept."""

    deletions: tuple[Edit, ...]
    share: float


class _Rung(NamedTuple):
    """A rung of prose: all edits up to `strength` are made, and `share` (0-1) of the block's worth is kept."""

    kind: RenderingKind
    strength: float
    share: float


# All but the cut is proved to say the same; what is lost is ease of reading. It costs a little, so that nothing is
# pruned for nothing.
_RUNGS: Final = (
    _Rung(RenderingKind.SYMBOLS, 0.0, 0.9998),
    _Rung(RenderingKind.TIGHT, TIGHT, 0.9995),
    _Rung(RenderingKind.PRUNED, 0.3, 0.999),
    _Rung(RenderingKind.CUT, STRENGTH, 0.992),
)
_MIN_PHRASE_WORDS: Final = 3
# Where the very form is the content, the marks of emphasis are part of it.
_FORMATTED: Final = frozenset({SectionType.OUTPUT_FORMAT, SectionType.EXAMPLE})


@dataclass(frozen=True, slots=True)
class Ladder:
    """The renderings of one block, from the longest to the shortest; the first is FULL, or what was merged.

    `joint` are the ways to write it that go only with other blocks (see `Bundle`). `whole` is the block as it is where
    the rungs begin with a text that says it together with others, or with none as another block says it.
    """

    block: Block
    rungs: tuple[Rendering, ...]
    refused: int = 0  # renderings that lost a fact or a protected pattern and were not let onto the ladder
    joint: tuple[Rendering, ...] = ()
    whole: Rendering | None = None

    @property
    def full(self) -> Rendering:
        """The block as it is."""
        return self.whole or self.rungs[0]

    @property
    def droppable(self) -> bool:
        """Whether the block may go altogether, or is said elsewhere."""
        return self.rungs[-1].kind is RenderingKind.DROPPED or not self.rungs[-1].text

    def rendering(self, rung: int) -> Rendering:
        """The rendering that a number of a choice means: of the rungs, and above them of the joint ones."""
        return self.rungs[rung] if rung < len(self.rungs) else self.joint[rung - len(self.rungs)]


class Edited(NamedTuple):
    """A block as the passes write it: all their edits, and the renderings that they make, from FULL on down."""

    draft: Draft
    edits: tuple[Edit, ...]
    rungs: tuple[Rendering, ...]


def edit_blocks(
    reading: Reading,
    counter: TokenCounter,
    phrases: Mapping[int, Phrases] = MappingProxyType({}),
    wording: Wording = Wording.TERSE,
) -> tuple[Edited, ...]:
    """Every block of a skill as the passes write it; `phrases` are those that a model took for redundant, by block.

    The renderings are not proved yet: see `keeps_everything`.
    """
    drafts = []
    read = (reading.skill.blocks, reading.verdicts, reading.facts, reading.locked)
    for block, verdict, facts, locked in zip(*read, strict=True):
        terse = wording is Wording.TERSE
        words = terse or (wording is Wording.DETAIL and is_detail(verdict))
        said = phrases.get(block.index) if words and block.kind in PROSE else None
        cuts = phrase_edits(block.text, said.redundant, said.essential, locked) if said else ()
        formatted = verdict.type in _FORMATTED
        drafts.append(Draft(block, facts, locked, counter, formatted=formatted, words=words, terse=terse, cuts=cuts))
    steps = {piece for e in reading.edges if e.kind is EdgeKind.SEQUENCE for piece in (e.source, e.target)}
    alike = (_stressed_alike(draft, steps) for draft in drafts)
    edits = (() if wording is Wording.KEEP else all_edits(draft) for draft in alike)
    return tuple(Edited(draft, made, _rungs(draft, made)) for draft, made in zip(drafts, edits, strict=True))


def build_ladders(
    reading: Reading, edited: Sequence[Edited], trims: Mapping[int, Sequence[Trim]] = MappingProxyType({})
) -> tuple[Ladder, ...]:
    """A ladder for every block of a skill: as the passes write it, then what its `trims`, by index, leave of it."""
    partners, bound = reading.containers.partners, reading.containers.bound
    stays = frozenset(b.index for b in reading.skill.blocks if holds_together(b) and b.index not in partners) | bound
    return tuple(
        _ladder(own, own.draft.block.index not in stays, trims.get(own.draft.block.index, ())) for own in edited
    )


def _stressed_alike(draft: Draft, steps: Collection[int]) -> Draft:
    """The draft; in a list, all or none of what opens an item loses its bold.

    In one that is cut into its items, or goes on over several blocks as `steps`, none does: they are chosen one by one.
    """
    kind = draft.block.kind
    apart = kind is BlockKind.LIST_ITEM or draft.block.index in steps
    stressed = apart or (kind is BlockKind.LIST and keeps_emphasis(draft))
    return replace(draft, stressed=True) if stressed else draft


def _rungs(draft: Draft, edits: Sequence[Edit]) -> tuple[Rendering, ...]:
    full = in_full(draft.block, draft.counter.count(draft.block.source))
    return (full, *_edited(draft, edits, full))


def _ladder(edited: Edited, droppable: bool, trims: Sequence[Trim]) -> Ladder:
    rungs = [*edited.rungs, *_trimmed(edited.draft, edited.edits, edited.rungs[-1], trims)]
    if droppable and (rungs[-1].tokens > 0 or len(rungs) > 1):
        rungs.append(DROPPED)
    return Ladder(edited.draft.block, tuple(rungs))


def holds_together(block: Block) -> bool:
    """Whether other blocks hang on this one: a link definition (no footnote), or a tag with its partner elsewhere."""
    if block.kind is BlockKind.DEFINITION:
        return not all(line.lstrip().startswith("[^") for line in block.text.splitlines())
    return block.kind is BlockKind.HTML and bool(find_tags(block.text, markup=True))


def keeps_everything(reading: Reading, block: int, rendering: Rendering) -> bool:
    """Whether a shorter text still carries every fact and protected pattern of its block.

    What only takes out marks and listed words is looked at in the result: what is not proved there comes back in full.
    """
    proof = RENDERINGS[rendering.kind].proof
    if rendering.proved or proof is Proof.NOTHING:
        return True
    original, patterns = reading.skill.blocks[block], reading.patterns
    text = rendering.text.removesuffix(original.gap)
    if proof is Proof.WORDING:
        if compare_texts(original.text, text).failed:
            return False
    elif proof is Proof.FACTS and not fact_keys(reading.facts[block]) <= fact_keys(find_facts(text)):
        return False
    # What a block is protected for may also stand above it.
    protected = reading.verdicts[block].protected
    return not protected or patterns.find(original.text).protected <= patterns.find(text).protected


def _edited(draft: Draft, edits: Sequence[Edit], full: Rendering) -> Iterator[Rendering]:
    """The renderings below FULL that are shorter, each with the edits of the ones before and its own."""
    least, count = full.tokens, 0
    for rung in _RUNGS if edits else ():
        made = [edit for edit in edits if edit.strength <= rung.strength]
        if len(made) == count:
            continue
        count, text = len(made), apply_edits(full.text, made)
        if (tokens := draft.counter.count(text)) < least:
            phrases = _deleted_phrases(draft.block.text, made)
            yield Rendering(rung.kind, text, tokens, rung.share, rung.strength, phrases)
            least = tokens


def _trimmed(draft: Draft, edits: tuple[Edit, ...], last: Rendering, trims: Sequence[Trim]) -> Iterator[Rendering]:
    """The renderings below the `last` one that leave parts out; what is left is edited as it is there."""
    least, source = last.tokens, draft.block.source
    made = (
        tuple(edit for edit in edits if edit.strength <= last.strength) if last.kind is not RenderingKind.FULL else ()
    )
    tail = source[len(source.rstrip()) :]
    for trim in trims:
        text = apply_edits(source, join_edits(trim.deletions, made)).rstrip() + tail
        if (tokens := draft.counter.count(text)) < least:
            yield Rendering(RenderingKind.TRIMMED, text, tokens, last.share * trim.share, last.strength)
            least = tokens


def _deleted_phrases(text: str, edits: Sequence[Edit]) -> tuple[str, ...]:
    """What goes in one piece of several words, as it stood; not what is said by a symbol or otherwise."""
    phrases = []
    for start, end, replacement, _ in edits:
        # Where the next word got the capital, its first letter is part of the edit.
        cut = end - len(replacement)
        if text.count(" ", start, cut) >= _MIN_PHRASE_WORDS - 1 and replacement.lower() == text[cut:end].lower():
            phrase = text[start:cut].strip()
            if phrase.count(" ") >= _MIN_PHRASE_WORDS - 1:
                phrases.append(phrase)
    return tuple(phrases)


class Joint(NamedTuple):
    """A bundle on the ladders: (block, place among its joint renderings) pairs, and the headings that go with it.

    `lost` is the worth that goes with it, None where that is what its share says of its blocks.
    """

    members: tuple[tuple[int, int], ...]
    headings: tuple[int, ...]
    lost: float | None = None


def add_proposals(
    ladders: Sequence[Ladder], proposals: Proposals, counter: TokenCounter
) -> tuple[tuple[Ladder, ...], tuple[Joint, ...]]:
    """The ladders with the offered renderings among their rungs, and the bundles as joint renderings.

    A rendering that is not worth its tokens beside the others of its block is left out.
    """
    found = list(ladders)
    for block, renderings in proposals.renderings.items():
        found[block] = replace(found[block], rungs=_worthwhile((*found[block].rungs, *renderings)))
    joints = []
    for bundle in proposals.bundles:
        members = []
        for block, text in zip(bundle.blocks, bundle.texts, strict=True):
            full = found[block].full
            rendering = Rendering(bundle.kind, text, counter.count(text), bundle.share, proved=True)
            if text == full.text:
                rendering = replace(full, share=bundle.share)
            members.append((block, len(found[block].joint)))
            found[block] = replace(found[block], joint=(*found[block].joint, rendering))
        joints.append(Joint(tuple(members), bundle.headings))
    return tuple(found), tuple(joints)


def merge(ladders: Sequence[Ladder], bundle: Bundle, counter: TokenCounter) -> tuple[Ladder, ...]:
    """The ladders where the blocks of a bundle are said in its texts, whatever else there was to choose for them."""
    found = list(ladders)
    carrier = next(block for block, text in zip(bundle.blocks, bundle.texts, strict=True) if text)
    for block, text in zip(bundle.blocks, bundle.texts, strict=True):
        place = -1 if text else carrier
        merged = Rendering(bundle.kind, text, counter.count(text), bundle.share, proved=True, stands_in=place)
        found[block] = replace(found[block], rungs=(merged,), joint=(), whole=found[block].full)
    return tuple(found)


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
