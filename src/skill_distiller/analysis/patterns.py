"""The protected and advisory patterns of the reference, as compiled expressions.

A protected pattern must survive even where it looks verbose; an advisory one may go, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from skill_distiller.document import Skill

PROTECTED: Final[Mapping[str, re.Pattern[str]]] = {
    # Task lists survive the compaction of a conversation.
    "task-creation": re.compile(
        r"\b(?:TaskCreate|TaskUpdate|TodoWrite)\b"
        r"|\b(?i:creat(?:e|ing)|add(?:ing)?|make|writ(?:e|ing))\s+(?:(?i:an?|the|one|your|each)\s+)?"
        r"(?:\w+\s+)?(?:(?i:tasks?|to-?dos?)(?:\s+(?i:list|item)s?)?)\s+(?i:for|per|with|to\s+track|before)\b"
    ),
    # Observation workflow: N=1, N≥3, N-count.
    "n-count": re.compile(r"(?<![\w.])N(?:-count(?:s|ing)?\b|\s?(?:=|≥|>=|>|<|≤|<=)\s?\d)"),
    "checkpoint-state": re.compile(
        r"\b(?i:checkpoint(?:s|ing|ed)?)\b|\b(?i:state\s+(?:recovery|file|snapshot))\b"
        r"|\b(?i:(?:save|restore|persist|recover)\s+(?:the\s+|your\s+|its\s+)?(?:\w+\s+)?state)\b"
        r"|\b(?i:resume\s+(?:from|after|where))\b"
    ),
    "before-after": re.compile(r"\bBEFORE\s*/\s*AFTER\b|\bBEFORE\b(?=[\s\S]*\bAFTER\b)|\bAFTER\b(?=[\s\S]*\bBEFORE\b)"),
}

ADVISORY: Final[Mapping[str, re.Pattern[str]]] = {
    "parallel-decision": re.compile(
        r"\b(?i:in\s+parallel|paralleli[sz]\w+|parallel\s+(?:or|vs|versus|/)\s*\w+|concurrent(?:ly)?|serially"
        r"|one\s+at\s+a\s+time)\b"
    ),
    "performance-hint": re.compile(
        r"\b(?i:performance|faster|slow(?:er|ly)|speed(?:s|ed)?\s+up|latency|throughput|efficien(?:t|tly|cy))\b"
    ),
    "caching-guidance": re.compile(r"\b(?i:cach(?:e|ed|es|ing)|memoi[sz]\w+)\b"),
}

# The frontmatter's name and description are protected too; they are never rewritten, so never lost.
FRONTMATTER_PATTERN: Final = "name-description"


def find_patterns(text: str, patterns: Mapping[str, re.Pattern[str]]) -> frozenset[str]:
    """The names of the patterns that a text holds."""
    return frozenset(name for name, pattern in patterns.items() if pattern.search(text))


def skill_patterns(skill: Skill, patterns: Mapping[str, re.Pattern[str]]) -> frozenset[str]:
    """The names of the patterns that any block of a skill holds."""
    return frozenset(name for block in skill.blocks for name in find_patterns(block.text, patterns))
