"""Blocks that were written as one: where one of them is written otherwise, the text for the others goes on standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from skill_distiller.document import Skill
from skill_distiller.planning.plan import Decision
from skill_distiller.renderings import RenderingKind
from skill_distiller.tokens import TokenCounter

_TOGETHER: Final = frozenset({RenderingKind.REWRITTEN, RenderingKind.SUMMARIZED, RenderingKind.ONE_LINERS})


def carriers(skill: Skill, decisions: Sequence[Decision]) -> dict[int, int]:
    """For each block whose text stands with another one, by index, that other one.

    It is the nearest above that is written in the same way, else the nearest below.
    """
    found: dict[int, int] = {}
    for order in (decisions, decisions[::-1]):
        last: dict[RenderingKind, int] = {}
        for decision in order:
            kind, text = decision.rendering.kind, decision.rendering.text
            if kind not in _TOGETHER or text == skill.blocks[decision.block].source:
                continue
            if text:
                last[kind] = decision.block
            elif kind in last:
                found.setdefault(decision.block, last[kind])
    return found


def hand_over(
    skill: Skill,
    decisions: Sequence[Decision],
    texts: Mapping[int, str],
    stands_with: Mapping[int, int],
    counter: TokenCounter,
) -> tuple[Decision, ...]:
    """The decisions, where each text that is written no more stands with the first of the other blocks it is for.

    `texts` are those of carriers that are written otherwise now, without the blank lines after them.
    """
    found = list(decisions)
    left = dict(texts)
    for block in sorted(stands_with):
        decision, carrier = found[block], stands_with[block]
        if carrier in left and decision.rendering.kind in _TOGETHER and not decision.rendering.text:
            text = left.pop(carrier) + skill.blocks[block].gap
            rendering = replace(decision.rendering, text=text, tokens=counter.count(text))
            found[block] = replace(decision, rendering=rendering)
    return tuple(found)
