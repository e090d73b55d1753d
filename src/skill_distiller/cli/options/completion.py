"""`skill-distiller completion`, and what a shell is offered where an option takes one of several values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.cli.options.option_groups import argument, expand_groups
from skill_distiller.errors import SkillDistillerError

if TYPE_CHECKING:
    from skill_distiller.skill.model import Skill

PROGRAM: Final = "skill-distiller"
Completer = Callable[[typer.Context, str], list[tuple[str, str]]]


class Shell(StrEnum):
    """The shells that can be told what to offer."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@expand_groups
def completion(shell: Shell = argument(metavar="SHELL", help="bash, zsh or fish.")) -> None:
    """Print a completion script for a shell."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
    typer.echo(get_completion_script(prog_name=PROGRAM, complete_var=variable, shell=shell.value))


def one_of(*choices: str) -> Completer:
    """Offers fixed values, those of a list with bars too: `keep|marks`."""
    values = [*chain.from_iterable(choice.split("|") for choice in choices)]
    return lambda ctx, incomplete: _fitting(((value, "") for value in values), incomplete)


def encodings(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The encodings that tokens can be counted in."""
    from skill_distiller.tokens import known_encodings

    return _fitting(((name, "") for name in known_encodings()), incomplete)


def headings(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The headings of the skill on the command line."""
    from skill_distiller.report.text import excerpt

    skill = _skill()
    named = (section for section in skill.sections if section.level) if skill else ()
    return _fitting(((excerpt(section.heading), f"line {section.line}") for section in named), incomplete)


def pieces(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The ids of the pieces of the skill on the command line, each with how it begins."""
    from skill_distiller.report.text import excerpt
    from skill_distiller.skill.model import piece_ids

    skill = _skill()
    if skill is None:
        return []
    ids = piece_ids(skill)
    blocks = zip(ids.blocks, (block.text for block in skill.blocks), strict=True)
    sections = zip(ids.headings, (section.heading for section in skill.sections), strict=True)
    return _fitting(((piece, excerpt(text)) for piece, text in chain(blocks, sections) if piece), incomplete)


# Where the shells put the command line; an option that still waits for its value keeps it from being parsed.
_TYPED: Final = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")


def _skill() -> Skill | None:
    """The skill that was typed so far, None where there is none: the first word that is a file or a folder of one."""
    from skill_distiller.skill.model import SKILL_FILE
    from skill_distiller.skill.read import read_skill

    typed = next(filter(None, (os.environ.get(name) for name in _TYPED)), "")
    for word in typed.split()[1:]:
        path = Path(word.strip("'\""))
        try:
            if (path / SKILL_FILE).is_file() or path.suffix.lower() == ".md":
                return read_skill(path)
        except (SkillDistillerError, OSError, ValueError):
            continue
    return None


def _fitting(values: Iterable[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    """Those that begin as was typed. What a shell could run is not offered: a skill may come from anyone."""
    fitting = ((value, text) for value, text in values if value.lower().startswith(incomplete.lower()))
    return [(value, _ODD.sub(" ", text)) for value, text in fitting if not _ODD.search(value)]


_ODD: Final = re.compile(r"[^\w .,:>…-]")  # in the line of a shell
