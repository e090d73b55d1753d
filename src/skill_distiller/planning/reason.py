"""Why a block is written as it is."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The reason of a decision; the value is the wording of reports and JSON."""

    TYPE = "required by its type"
    PATTERN = "holds a protected pattern"
    HARD_RULE = "lays down a hard rule"
    RESTRICTION = "forbids something or asks for approval"
    UNSURE = "its type is uncertain"
    PROMOTED = "kept text refers to it"
    BEST = "the most important block"
    WORTH = "worth its tokens"
    CHEAPER = "a shorter rendering keeps its facts"
    TOGETHER = "written together with its neighbours"
    THREE_LINES = "the three lines stand for it"
    NOT_WORTH = "worth less than its tokens"
    ASKED = "asked for"
    COMPANION = "belongs to a block that was asked for"
    PLANNED = "the plan says so"
