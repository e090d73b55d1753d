"""The bundled files that a skill names, and where: whoever loses the last mention never finds the file."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.language.words import words_in
from skill_distiller.skill.links import EXTERNAL, LinkKind, find_links, split_target
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.structure.edges import Piece, heading_of

# Where skills keep their files. A path below one of these names a file whatever its ending is, wherever it begins.
_FOLDERS: Final = (
    r"references?|scripts?|assets|examples?|templates?|resources?|shared|agents|docs|data|tools|workflows|checklists"
    r"|rules|prompts|concepts|troubleshooting|guides?|patterns|lib|bin|schemas|commands"
)
_PATH: Final = re.compile(
    rf"(?<![\w@.$<>-])(?P<up>\.\./)?(?:\./|\$?\{{\w+\}}/|\$\w+/|<\w+>/)?/?(?P<name>(?:[\w@+.<>-]+/)*"
    rf"(?:(?:{_FOLDERS})/(?:[\w@+.-]+/)*[\w@+.-]*[\w-]\.\w{{1,8}}|[\w@+.-]*[\w-]\.(?:md|mdx|mdc)))(?![\w/]|\.\w)",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"(?<![\w@/])@(?:\./)?(?P<name>(?:[\w+.-]+/)+[\w+-][\w+.-]*\.\w{1,8})\b")
# A bare name counts where somebody is told to read it: "Read `manifest.yaml` before you start".
_BARE_NAME: Final = re.compile(r"`(?:\./)?(?P<name>[\w@+-][\w@+.-]*\.[A-Za-z]\w{1,7})`")
_READ: Final = re.compile(rf"(?P<verb>[^\W\d_]+)\s(?:[^\W\d_]{{1,4}}\s)?{_BARE_NAME.pattern}")
_DATE: Final = re.compile(r"(?<!\d)\d{4}-?\d{2}-?\d{2}(?!\d)")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def named_files(skill: Skill, known: Container[str] = ()) -> dict[str, tuple[Piece, ...]]:
    """The files that a skill names in its body, as paths as they are written, each with the pieces that name it.

    Files above the folder and other skills are none of them; a bare name stands for the path that ends in it. Blocks of
    which the text is `known` are passed over.
    """
    found = dict[str, dict[Piece, None]]()
    for section in skill.sections:
        for name in _names(section.heading):
            found.setdefault(name, {})[heading_of(section.index)] = None
        for block in (block for block in section.blocks if block.text not in known):
            for name in _names(block.text):
                # There a bare name is what a command writes, and one with a date what was written one day.
                if block.kind is not BlockKind.CODE or ("/" in name and not _DATE.search(name)):
                    found.setdefault(name, {})[block.index] = None
    for link in find_links(block for block in skill.blocks if block.text not in known):
        path = split_target(link.text)[0]
        if link.kind is LinkKind.LINK and path in link.text and "." in path and not EXTERNAL.match(path):
            found.setdefault(path.removeprefix("./"), {})[link.block] = None
    found = {name: pieces for name, pieces in found.items() if _is_beside(name)}
    longer = {name.rsplit("/", 1)[1] for name in found if "/" in name}
    return {name: tuple(pieces) for name, pieces in found.items() if name not in longer}


_BETWEEN: Final = re.compile(r"[\s`'\"()\[\]<>{},;|=*]+")
_FEW: Final = 8  # names that are searched for one by one


def names_in(names: Collection[str], text: str) -> frozenset[str]:
    """Those of some names that stand in a text.

    Many are looked up among its words: to search for each would take the square of a text that names many.
    """
    return _names_in(tuple(names), text) if text else frozenset()


@lru_cache(maxsize=16384)  # of most blocks the planner asks again in each round
def _names_in(names: Sequence[str], text: str) -> frozenset[str]:
    words = frozenset(_BETWEEN.split(text)) if len(names) > _FEW else frozenset[str]()
    return frozenset(name for name in names if name in words or name in text)


def _is_beside(name: str) -> bool:
    return not name.startswith("..") and name.rsplit("/", 1)[-1].lower() != "skill.md"


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    # Cached: the planner and the gate ask it of the same blocks.
    if "." not in text:
        return ()
    found: list[str] = []
    if _BARE_NAME.search(text):
        read = words_in("reading_verbs")
        found += (match["name"] for match in _READ.finditer(text) if match["verb"].casefold() in read)
    if "/" not in text and ".md" not in text.lower():
        return tuple(found)
    plain = _URL.sub(" ", text) if "://" in text else text
    # No name has a blank in it: the expressions, which are slow, see only what may be one.
    plain = " ".join(word for word in plain.split() if "." in word and ("/" in word or ".md" in word.lower()))
    for expression in (_PATH, _AT) if "@" in plain else (_PATH,):
        found += (match["name"] for match in expression.finditer(plain) if not match.groupdict().get("up"))
    return tuple(found)
