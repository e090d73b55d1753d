"""A fact: what a text says that an agent can't guess."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class FactKind(StrEnum):
    """What a fact is; the value is the word used in reports and JSON."""

    CODE_SPAN = "code span"
    CODE_LINE = "code line"
    LINK = "link"
    URL = "url"
    PATH = "path"
    FLAG = "flag"
    ENV_VAR = "environment variable"
    IDENTIFIER = "identifier"
    ERROR_CODE = "error code"
    NUMBER = "number"
    QUOTED = "quoted phrase"
    MODAL = "modal"
    HEADING = "heading"


class Fact(NamedTuple):
    """A fact of a text: `start` and `end` are offsets into that text."""

    kind: FactKind
    text: str
    key: str
    start: int
    end: int


def normalize(text: str) -> str:
    """A fact's text as looked up: white space collapsed, outer marks stripped."""
    return " ".join(text.strip("`\"'“”「」『』«»*_ \t\r\n").split())
