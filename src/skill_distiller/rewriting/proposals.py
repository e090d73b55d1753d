"""Put what renderers propose onto the ladders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from skill_distiller.rewriting.ladder import Ladder
from skill_distiller.rewriting.model import Bundle, Offers, Rendering, RenderingKind
from skill_distiller.tokens import TokenCounter


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
