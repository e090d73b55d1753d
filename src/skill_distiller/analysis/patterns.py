"""The protected and advisory patterns of the reference, as compiled expressions.

A protected pattern must survive even where it looks verbose; an advisory one may go, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.language.words import content_words


@dataclass(frozen=True, slots=True)
class Pattern:
    """A named expression; without one of its `hints` in the text it can't match and is not tried."""

    name: str
    hints: tuple[str, ...]
    expression: re.Pattern[str]
    also: re.Pattern[str] | None = None  # has to be found as well, anywhere

    def found_in(self, text: str, lowered: str) -> bool:
        """Whether a text holds the pattern; the hints are looked for in `lowered`, the text in lower case."""
        for hint in self.hints:  # a loop, not any(): this runs for every block and most find nothing
            if hint in lowered:
                break
        else:
            if self.hints:
                return False
        return bool(self.expression.search(text)) and (self.also is None or bool(self.also.search(text)))


class PatternNames(NamedTuple):
    """The names of the patterns a text holds, and whether it lays down a hard rule."""

    protected: frozenset[str]
    advisory: frozenset[str]
    hard_rule: bool


# Observation workflow: N=1, N≥3, N-count.
_N_COUNT: Final = Pattern(
    "n-count",
    (),
    re.compile(r"N(?<![\w.]N)(?:-[Cc]ount(?:s|ing)?\b|\s?(?:=|≥|>=|>|<|≤|<=)\s?\d)"),
)
PROTECTED: Final = (
    # Task lists survive the compaction of a conversation.
    Pattern(
        "task-creation",
        ("task", "todo", "to-do"),
        re.compile(
            r"\b(?:TaskCreate|TaskUpdate|TodoWrite)\b"
            r"|\b(?i:creat(?:e|ing)|add(?:ing)?|make|writ(?:e|ing))\s+(?:(?i:an?|the|one|your|each)\s+)?"
            r"(?:\w+\s+)?(?:(?i:tasks?|to-?dos?)(?:\s+(?i:list|item)s?)?)\s+(?i:for|per|with|to\s+track|before)\b"
            r"|\b(?i:(?:task|to-?do)[ -]creation)\b"
            r"|\b(?i:creat(?:es?|ing)\s+(?:(?:an?|the|your)\s+)?(?:(?:task|to-?do)\s+(?:list|item)s?|tasks|to-?dos))\b"
        ),
    ),
    _N_COUNT,
    Pattern(
        "checkpoint-state",
        ("checkpoint", "state", "resume"),
        re.compile(
            r"\bcheckpoint(?:s|ing|ed)?\b|\bstate\s+(?:recovery|file|snapshot)\b"
            r"|\b(?:save|restore|persist|recover)\s+(?:the\s+|your\s+|its\s+)?(?:\w+\s+)?state\b"
            r"|\bresume\s+(?:from|after|where)\b",
            re.IGNORECASE,
        ),
    ),
    Pattern(
        "before-after",
        ("before",),
        re.compile(r"\bBEFORE\b"),
        re.compile(r"\bAFTER\b"),
    ),
)

ADVISORY: Final = (
    Pattern(
        "parallel-decision",
        ("parallel", "concurrent", "serially", "one at a"),
        re.compile(
            r"\bin\s+parallel|paralleli[sz]\w+|parallel(?:\s+(?:or|vs|versus)\s|\s?/)\s?\w+|concurrent(?:ly)?\b|\bserially\b"
            r"|\bparallel\s+(?:execution|processing|runs?|calls?)\b|\bserial(?:\s+(?:or|vs|versus)\s|\s?/)\s?parallel\b"
            r"|\bone\s+at\s+a\s+time\b",
            re.IGNORECASE,
        ),
    ),
    Pattern(
        "performance-hint",
        ("performance", "faster", "slow", "speed", "latency", "throughput", "efficien"),
        re.compile(
            r"\b(?:performance|faster|slow(?:er|ly)|speed(?:s|ed)?\s+up|latency|throughput|efficien(?:t|tly|cy))\b",
            re.IGNORECASE,
        ),
    ),
    Pattern(
        "caching-guidance",
        ("cach", "memoi"),
        re.compile(r"\b(?:cach(?:e|ed|es|ing)|memoi[sz]\w+)\b", re.IGNORECASE),
    ),
)


# A prohibition, or a rule in capitals, is never dropped, whatever it seems to be worth.
HARD_RULE: Final = Pattern(
    "hard-rule",
    (
        *("MUST", "NEVER", "NOT", "CRITICAL", "ALWAYS", "FORBIDDEN", "Never", "Do not", "Don't", "Don’t"),
        *("Do\n", "Do  ", "Do\u00a0", "Do Not", "DON", "this skill", "ot meant for", "ot intended for"),
    ),
    re.compile(
        r"\b(?:MUST|NEVER|DO NOT|Do NOT|NOT|CRITICAL|ALWAYS|FORBIDDEN)\b"
        r"|(?:\A|\n|[.!?:*…\"”)]\s)(?:[^\w\n]|\d|_){0,12}(?:<\w{1,10}>)?"
        r"(?:Never|D[Oo][ \n\u00a0]+[Nn]ot|D[Oo][Nn]['’][Tt])\b"
        # When the skill is not for the case at hand.
        r"|\b(?:[Ss]kip|[Ii]gnore|[Dd]o not use|[Dd]on['’]t use) this skill\b|\b[Nn]ot (?:meant|intended) for\b"
    ),
)


# Without one of these words and parts no expression above can match: most blocks are done in one look.
_WORDS: Final = frozenset(
    "task tasks taskcreate taskupdate todo todos todowrite checkpoint checkpoints checkpointing checkpointed state"
    " resume before serially performance faster slower slowly speed speeds speeded latency throughput efficient"
    " efficiently efficiency cache cached caches caching".split()
)
_HARD_WORDS: Final = frozenset("must never not critical always forbidden don skip ignore".split())
_PARTS: Final = ("parallel", "concurrent", "memoi", "to-do", "one at a")
_FOLDED: Final = "ſ\u212aİı"  # equal s, k and i where case is ignored, and make other words of them
_NOTHING: Final = frozenset[str]()


@lru_cache(maxsize=8192)
def find_patterns(text: str) -> PatternNames:
    """The protected and advisory patterns that a block's text holds."""
    words = content_words(text)
    hard_rule = not _HARD_WORDS.isdisjoint(words) and HARD_RULE.found_in(text, text)
    lowered = text.lower()
    if _WORDS.isdisjoint(words) and not _may_hold(text, lowered):
        return PatternNames(_NOTHING, _NOTHING, hard_rule)
    return PatternNames(
        frozenset(p.name for p in PROTECTED if p.found_in(text, lowered)),
        frozenset(p.name for p in ADVISORY if p.found_in(text, lowered)),
        hard_rule,
    )


def _may_hold(text: str, lowered: str) -> bool:
    for part in _PARTS:
        if part in lowered:
            return True
    if "N" in text and _N_COUNT.expression.search(text):
        return True
    return not text.isascii() and any(character in text for character in _FOLDED)


def join_patterns(texts: Sequence[str]) -> PatternNames:
    """The patterns that any of several blocks' texts holds."""
    return join_names([find_patterns(text) for text in texts])


def join_names(found: Sequence[PatternNames]) -> PatternNames:
    """What several texts hold together."""
    return PatternNames(
        frozenset[str]().union(*(names.protected for names in found)),
        frozenset[str]().union(*(names.advisory for names in found)),
        any(names.hard_rule for names in found),
    )
