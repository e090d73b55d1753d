"""Markdown as one line of plain text: no emphasis, no links, no control characters; code spans stay.

>>> plain("**Read** the [guide](docs/a.md),\\n then run `make *`.")
'Read the guide, then run `make *`.'
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 2000  # characters; what is longer has no room in a line, and is not looked at
CODE_SPAN: Final = re.compile(r"(?<!`)(?:`(?!`)[^`\n]+`|``(?!`)(?:[^`\n]|(?<!`)`(?!`))+``)(?!`)")
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)?")  # of a terminal
_COMMENT: Final = re.compile(r"<!--[^<>]*-->")
_TAG: Final = re.compile(
    r"</?(?:a|b|br|code|details|div|em|h[1-6]|hr|i|img|kbd|li|ol|p|pre|q|s|small|span|strong|sub|summary|sup|table"
    r"|tbody|td|th|thead|tr|u|ul)(?:\s[^<>\n]*)?/?>",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"!?\[([^\[\]\n]*)\](?:\([^()\n]*\)|\[[^\[\]\n]*\])")
_WIKI: Final = re.compile(r"\[\[([^\[\]|\n]*)(?:\|[^\[\]\n]*)?\]\]")
_AUTOLINK: Final = re.compile(r"<(https?://[^<>\s]+)>")
_EMPHASIS: Final = (
    re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*])\1(?![\w*])"),
    re.compile(r"(?<!\*)(\*\*)(?=[^\s*])([^*\n]*[^\s*])\1(?!\*)"),
    re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])([^_\n]*[^\s_])\1(?!\w)"),
    re.compile(r"(~~)(?=[^\s~])([^~\n]*[^\s~])\1"),
)
# What is left of strong text that was cut into sentences.
_STRAY: Final = re.compile(r"(?<!\S)\*\*(?=\w)|(?<=[\w.!?:;)。！？])\*\*(?!\S)")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPACE_BEFORE: Final = re.compile(r"[ ]+(?=[,;.!?](?:\s|$))")


def plain(text: str) -> str:
    """The text on one line; "" for a text too long to look at."""
    if len(text) > LONGEST:
        return ""
    text = one_line(text)
    pieces, at = [], 0
    for match in CODE_SPAN.finditer(text):
        pieces += [text[at : match.start()], match.group()]
        at = match.end()
    pieces.append(text[at:])
    # Emphasis may begin before a code span and end behind it: spans are put aside by a mark of their own.
    spans = pieces[1::2]
    prose = _prose("\ue000".join(pieces[::2]))
    parts = prose.split("\ue000")
    joined = parts[0] + "".join(span + part for span, part in zip(spans, parts[1:], strict=True))
    return " ".join(joined.split())


def _prose(text: str) -> str:
    text = _TAG.sub(" ", _COMMENT.sub(" ", text))
    text = _AUTOLINK.sub(r"\1", _WIKI.sub(r"\1", _LINK.sub(r"\1", text)))
    for _ in range(2):  # strong inside of emphasis
        for expression in _EMPHASIS:
            text = expression.sub(r"\2", text)
    text = _STRAY.sub("", text)
    return _SPACE_BEFORE.sub("", _ESCAPE.sub(r"\1", text))


def one_line(text: str) -> str:
    """The text with every run of white space as one blank, and without characters that can't be printed."""
    kept = (c if c.isprintable() else " " if c.isspace() else "" for c in _SEQUENCE.sub("", text))
    return " ".join("".join(kept).split())
