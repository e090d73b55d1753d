"""Ladders → frontier → plan: pure, no model, no disk."""

from skill_distiller.planning.frontier import Choice, Frontier, trace_frontier
from skill_distiller.planning.plan import Decision, Plan, Reason, apply_plan, make_plan, undo_all
from skill_distiller.planning.worth import block_worths

__all__ = [
    "Choice",
    "Decision",
    "Frontier",
    "Plan",
    "Reason",
    "apply_plan",
    "block_worths",
    "make_plan",
    "trace_frontier",
    "undo_all",
]
