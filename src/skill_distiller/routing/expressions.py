"""The words by which descriptions are taken apart and tried, as they are written and as expressions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from skill_distiller.language.words import CJK
from skill_distiller.rewriting.one_liner.line_text import words
from skill_distiller.skill.links import MARKED

_UNSPACED: Final = re.compile(rf"[{CJK}]")
# Behind a quotation the comma may stand inside of it.
_COMMA: Final = re.compile(r""",\s+|、|，\s*|(?<!\s)\s+[/|]\s+|(?<=["'”’])\s+(?=(?:(?:or|and)\s+)?["'“‘])""")


@lru_cache(maxsize=1)
def routing_words() -> Mapping[str, Any]:
    """The lists of `language/data/routing.toml` as they are written."""
    data = files("skill_distiller.language").joinpath("data/routing.toml")
    return tomllib.loads(data.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def expression(name: str) -> re.Pattern[str]:
    """A list of fragments as one expression that finds any of them as whole words, whatever the case."""
    own = routing_words()[name]
    bare = [text for text in own if _UNSPACED.search(text)]
    whole = [text for text in own if text not in bare]
    parts = [rf"(?<!\w)(?:{'|'.join(whole)})(?!\w)"] * bool(whole) + bare
    return re.compile("|".join(parts), re.IGNORECASE)


@lru_cache(maxsize=1)
def sends_away() -> tuple[re.Pattern[str], ...]:
    """What says that a skill is not for something, or what else is; each finds where that begins."""
    return (*(words(name) for name in ("excludes", "redirects", "redirects_whole")), expression("hands_over"))


def unquoted(text: str) -> str:
    """The text with one word in place of each quotation: what is quoted is said by users, or by a program."""
    return MARKED.sub(lambda m: f"{m[0][0]}x{m[0][-1]}" if m.lastgroup == "quoted" else m[0], text)


def narrows(text: str) -> bool:
    """Whether a text limits when a skill is used; what is quoted does not, nor what only widens ("even if … not")."""
    bare = expression("widens").sub("", MARKED.sub("", text))
    return bool(expression("denials").match(bare.lstrip()) or expression("limits").search(bare))


@lru_cache(maxsize=1)
def conjunction() -> re.Pattern[str]:
    """What stands before the last item of a list."""
    lists = routing_words()
    whole = "|".join(lists["conjunctions"])
    bare = "|".join(lists["unspaced_conjunctions"])
    return re.compile(rf"(?:(?:{whole})(?!\w)|{bare})", re.IGNORECASE)


@lru_cache(maxsize=1)
def separators() -> re.Pattern[str]:
    """A comma with the conjunction behind it, or a conjunction that opens another condition."""
    joint = conjunction().pattern
    return re.compile(
        rf"(?:{_COMMA.pattern})(?:{joint}\s*)?|(?<!\s)\s+{expression('opens_another').pattern}\s+", re.IGNORECASE
    )
