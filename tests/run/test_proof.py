"""The proof within a budget: what had to come back is known when the next smaller result is proved."""

from __future__ import annotations

import pytest

from skill_distiller.run import proof
from skill_distiller.run.distill import distill
from skill_distiller.run.proof import Proved
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

HEAD = "---\nname: orchard\ndescription: Looks after an orchard. Use when trees are asked about.\n---\n\n# Orchard\n"
TREES = ("apple", "pear", "plum", "cherry", "quince", "medlar", "peach", "fig", "almond", "walnut")


def test_what_came_back_once_comes_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that the gate misses is brought back and breaks the budget: the next try has it, and is proved once."""
    parts = (
        f"## The {tree}\n\nThe {tree} was often planted by the old gardeners, who liked the look of the {tree}.\n\n"
        f"Water each {tree} twice a week in summer.\n"
        for tree in TREES
    )
    skill = parse_skill(HEAD + "\n" + "\n".join(parts))
    budget = load_counter().count(skill.text) * 6 // 10
    missed = next(d.block for d in distill(skill, tokens=budget).plan.decisions if d.dropped)
    looks = list[int]()

    def misses(found: Proved, options: DistillOptions) -> frozenset[int]:
        looks.append(found.tokens.candidate)
        gone = found.draft.plan.decisions[missed].dropped
        return frozenset({missed}) if gone else frozenset()

    monkeypatch.setattr(proof, "_at_fault", misses)
    result = distill(skill, tokens=budget)
    assert not result.plan.decisions[missed].dropped
    assert result.tokens.candidate <= budget
    assert looks[0] <= budget < looks[1]
    assert len(looks) == 3
