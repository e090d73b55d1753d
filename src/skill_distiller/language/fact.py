"""A fact: what a text says that an agent can't guess."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.skill.links import SLASH_PATH


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
    FORMULA = "formula"
    MODAL = "modal"
    HEADING = "heading"


FACT_WEIGHTS: Final = {FactKind.MODAL: 0.5, FactKind.CODE_LINE: 0.5}  # like a sentence; all others count 1


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


_EXTENSIONS: Final = (
    "md|mdx|txt|rst|pdf|docx?|xlsx?|pptx?|csv|tsv|jsonl?|ya?ml|toml|ini|cfg|conf|env|lock|xml|html?|css|scss"
    "|pyi?|ipynb|[cm]?[jt]sx?|vue|svelte|go|rs|rb|php|java|kts?|swift|c|cc|cpp|h|hpp|cs|exs?|sh|bash|zsh|ps1|bat"
    "|sql|db|sqlite|png|jpe?g|gif|svg|webp|mp[34]|wav|zip|gz|tar|whl|log|tf|proto|tex|bib|example"
)
_UNITS: Final = (
    r"%|°[CF]|[kKMGT]i?[bB]|ms|px|rem|em|pt|dpi|fps|[kMG]?Hz|[kKMBxX×smh]|mm|cm|km|kg|g"
    "|(?:sec(?:ond)?|min(?:ute)?|hour|day|week|month|year|token|word|char(?:acter)?|line|item|time|step|file"
    "|byte|page|row|column|section|sentence|paragraph|example|question|point|attempt|retr(?:y|ie))s?"
    "|秒|分钟?|小时|天|周|月|年|字|行|个|次|件|回|日|時間|개|번|분|초"
)
SPECIAL: Final = re.compile(
    rf"""(?P<env>\$\{{?[A-Za-z_]\w*\}}?|%[A-Z_]+%|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\Z
    | (?P<flag>--?[A-Za-z][\w-]*(?:=[\w./:<>-]*)?)\Z
    | (?P<path>(?:{SLASH_PATH}|[\w@*.<>{{}}-]*\.(?:{_EXTENSIONS})))\Z
    | (?P<error>ERR_\w+|[A-Z]{{1,4}}-?\d{{3,5}})\Z
    | (?P<ident>@?[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?:\(\))?|[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){{2,}}
        |[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\(\)|[a-z]\w+(?:\.[a-z_]\w+)+)\Z
    | (?P<number>[~<>≥≤=+−-]*[$€£¥#]?\d[\d,.:/x×–-]*(?:\+|{_UNITS})?)\Z
    | (?P<mixed>v?\d[\w.+-]*|\w+(?:-\w+)*-?\d[\w.-]*)\Z""",
    re.VERBOSE,
)
UNIT: Final = re.compile(rf"[ \t](?:{_UNITS})(?![\w-])")
IN_CODE: Final = re.compile(
    r"""(?P<url>https?://[^\s)>\]"'`|]*[^\s)>\]"'`|.,:;*])|(?<![\w-])(?P<flag>--[A-Za-z][\w-]*)"""
    r"""|(?P<env>\$\{?[A-Z_]\w*\}?)"""
)
_LINE_BREAK: Final = r"(?:\r?\n(?![ \t]*(?:[-*+>]|\d+[.)])[ \t]|[ \t]*\r?\n)[ \t]*)?"  # inside a paragraph
NEXT_WORD: Final = re.compile(
    rf"[ \t*_]*+{_LINE_BREAK}[*_]*(`[^`\n]+`|[^\s*`\"“”()\[\],;!?|、。，；：！？「」『』«»]+)"
)
AFTER_LIMIT: Final = re.compile(rf"[ \t*_]*+{_LINE_BREAK}([$€£¥]?\d[\d,.]*\d|\w+)")
CJK_STOP: Final = re.compile(r"[\n，。、；：！？,.;:!?*`]")
SENTENCE_END: Final = re.compile(
    r"[.!?;:](?=[*_\"”)]*\s)|(?<=\s)\|(?=\s)|[。！？；]|\n(?=[ \t]*(?:[-*+>]|\d+[.)])[ \t]|[ \t]*\r?\n)"
)
ALPHANUMERIC: Final = re.compile(r"[^\W_]")
