"""Links and mentions of files: where they stand in a skill, and what kind of place each one names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import unquote

from skill_distiller.skill.model import Block, BlockKind, Skill, once_per_skill

# Text that its own delimiters mark: nothing else is looked for inside. Backtracks over no more than a word.
MARKED: Final = re.compile(
    r"""(?=[`\]<"“「『«h'])(?:
      (?P<code>(?<!`)(?P<fence>`{3,}+)(?>(?:[^`]++|(?!(?P=fence)(?!`))`++)*)(?P=fence)(?!`)
        |(?<!`)(?P<ticks>``?+)(?!`)
            (?>(?:[^`\n]++|\n(?![ \t]*(?:[-*+>]|\d+[.)])[ \t]|[ \t]*\r?\n)|(?!(?P=ticks)(?!`))`++)+)
            (?P=ticks)(?!`))
    | \]\([ ]*<?(?P<link>[^)\s>]+)
    | (?P<url>https?://[^\s)>\]"'`|]*[^\s)>\]"'`|.,:;*])
    | (?P<quoted>"[^"\n]{2,160}"|“[^”\n]{2,160}”|「[^」\n]{1,80}」|『[^』\n]{1,80}』|«[^»\n]{2,160}»
        |(?<!\w)'[^'\n]{2,80}'(?!\w))
    )""",
    re.VERBOSE,
)
BETWEEN_TOKENS: Final = '*`"“”()[],;!?|、。，；：！？「」『』«»'  # besides white space
TOKEN: Final = re.compile(rf"[^\s{re.escape(BETWEEN_TOKENS)}]+")
# A path with a slash in it, for expressions: absolute, a folder, or folders and a name.
SLASH_PATH: Final = (
    r"(?:~|\.\.?)?/[\w@.*{}<>/-]*\w[\w@.*{}<>/-]*"
    r"|[\w@.<>{}-]+/(?:[\w@.*<>{}-]+/)*(?:[\w*<>{}-]*\.[\w*]+)?"
    r"|(?:[\w@.*<>{}-]+/)+[\w@.*<>{}-]*[._\d][\w@.*<>{}-]*"
)
MAX_NAME: Final = 300  # characters; what is longer is no name that an agent could use

_PATH: Final = re.compile(rf"(?:{SLASH_PATH})\Z")
_DEFINED: Final = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*<?([^\s>]+)", re.MULTILINE)
_IN_TAG: Final = re.compile(r"\b(?:href|src)\s{0,9}=\s{0,9}[\"']([^\"'\s]{1,2000})[\"']", re.IGNORECASE)
_IN_BLOCKS: Final = {BlockKind.DEFINITION: _DEFINED, BlockKind.HTML: _IN_TAG}
EXTERNAL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")  # a target outside of any folder: a scheme, or a host
_PLACEHOLDER: Final = re.compile(r"[{}<>*$]|\.\.\.")
_OUTER_MARKS: Final = "`\"'“”「」『』«»*_ \t\r\n"


_NOTE: Final = re.compile(r"(^ {0,3})?\[\^([^\]\s]{1,80})\](:)?", re.MULTILINE)


class Footnote(NamedTuple):
    """A footnote: the blocks, by index, that hold its mark, and the one that defines it, -1 for none."""

    marks: tuple[int, ...]
    definition: int


@once_per_skill
def find_footnotes(skill: Skill) -> dict[str, Footnote]:
    """The footnotes of a skill by name."""
    found: dict[str, Footnote] = {}
    for block in skill.blocks if "[^" in skill.body else ():
        marked = block.kind is not BlockKind.CODE and "[^" in block.text
        for match in _NOTE.finditer(block.text) if marked else ():
            note = found.get(match[2], Footnote((), -1))
            defines = match[1] is not None and match[3] is not None
            marks = note.marks if defines or block.index in note.marks else (*note.marks, block.index)
            found[match[2]] = Footnote(marks, block.index if defines else note.definition)
    return found


class LinkKind(StrEnum):
    """How a text names a file."""

    LINK = "link"
    MENTION = "mention"


class Link(NamedTuple):
    """A link, or a path that is only mentioned, as written; `line` is its line in the file, counted from 1.

    `block` is the index of the block it stands in, `start` its offset in the text of that block.
    """

    text: str
    line: int
    kind: LinkKind
    block: int
    start: int


def find_links(blocks: Iterable[Block]) -> Iterator[Link]:
    """The links of some blocks and the paths with a slash that they mention, block by block.

    Links are those of Markdown, of link definitions and of HTML blocks. Mentions are code spans and
    bare words; code blocks have neither.
    """
    for block in blocks:
        expression = _IN_BLOCKS.get(block.kind)
        found = [] if block.kind is BlockKind.CODE else [*_in_prose(block.text)]
        if expression:
            found += [(match.start(1), match.group(1), LinkKind.LINK) for match in expression.finditer(block.text)]
        line, at = block.line, 0
        for start, text, kind in found:
            if start < at or "\r" in block.text:
                line = block.line_at(start)
            else:  # counted on from the last one: a block as long as a book has thousands
                line += block.text.count("\n", at, start)
            at = start
            yield Link(text, line, kind, block.index, start)


@lru_cache(maxsize=4096)
def _in_prose(text: str) -> tuple[tuple[int, str, LinkKind], ...]:
    # Cached: files, folders and dead links are all looked for in the same blocks.
    if "/" not in text and "](" not in text:
        return ()
    found: list[tuple[int, str, LinkKind]] = []
    plain: list[str] = []
    at = 0
    for match in MARKED.finditer(text):
        group = match.lastgroup or "code"
        name = group if group in ("link", "url", "quoted") else "code"
        marked, start = match.group(name), match.start(name)
        if not marked.strip(_OUTER_MARKS).strip():  # marks around nothing
            continue
        if name == "link":
            found.append((start, marked, LinkKind.LINK))
        elif name == "code" and "/" in marked:
            found.append((start, marked.strip("`"), LinkKind.MENTION))
        plain += (text[at:start], "`" * len(marked))
        at = match.end(name)
    plain.append(text[at:])
    return tuple(sorted([*found, *_bare_paths("".join(plain))], key=lambda row: row[0]))


def _bare_paths(text: str) -> Iterator[tuple[int, str, LinkKind]]:
    for match in TOKEN.finditer(text):
        if "/" in match.group():
            word = match.group().strip("_:").rstrip(".:-")
            if len(word) <= MAX_NAME and "/" in word and _PATH.match(word):
                yield match.start() + match.group().index(word), word, LinkKind.MENTION


def split_target(target: str) -> tuple[str, str]:
    """The path and the anchor of a link's target, escapes undone; each is "" where there is none.

    >>> split_target("references/my%20rules.md#part")
    ('references/my rules.md', 'part')
    """
    path, _, name = unquote(target).partition("#")
    return path, name


def mentioned_folder(path: str) -> str:
    """The top folder that a mentioned path leads into, "" where it can't mean a file of a skill.

    A path with a placeholder or a space, or one whose last part has no dot, names no single file.
    """
    first, slash, rest = path.removeprefix("./").partition("/")
    if not slash or not rest or not first.strip(".") or _PLACEHOLDER.search(path) or " " in path:
        return ""
    return first if "." in PurePosixPath(rest).name else ""
