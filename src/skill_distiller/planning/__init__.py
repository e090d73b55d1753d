"""Ladders → frontier → plan: pure, no model, no disk."""

from skill_distiller.planning.compaction import COMPACTION_TOKENS, LateSection, find_late_sections
from skill_distiller.planning.frontier import Choice, Frontier, Pick, trace_frontier
from skill_distiller.planning.plan import Decision, Plan, apply_plan, make_plan, undo_all
from skill_distiller.planning.reason import Reason
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import block_worths, joint_loss
from skill_distiller.planning.worth_model import WorthModel, load_worth_model

__all__ = [
    "COMPACTION_TOKENS",
    "Choice",
    "Decision",
    "Frontier",
    "LateSection",
    "Pick",
    "Plan",
    "Reason",
    "WorthModel",
    "apply_plan",
    "block_worths",
    "find_late_sections",
    "joint_loss",
    "load_worth_model",
    "make_plan",
    "required_blocks",
    "trace_frontier",
    "undo_all",
]
