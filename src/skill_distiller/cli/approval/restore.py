"""The command `restore`: pieces of a saved run come back, or what `reduce` moved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import has_magic
from itertools import takewhile

import typer

from skill_distiller.cli.compress import Request, run_request
from skill_distiller.cli.input_output import (
    STDIN,
    check_target,
    names_several,
    read_input_folder,
    read_side_file,
    write_atomically,
)
from skill_distiller.cli.library.paths import path_of
from skill_distiller.cli.options.arguments import (
    ACCEPT_UNPROVED,
    ALLOW_UNVERIFIED,
    SAVE_PLAN,
    Goal,
    Output,
    Pieces,
    Source,
)
from skill_distiller.cli.options.completion import headings
from skill_distiller.cli.options.completion import pieces as piece_names
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.options.show_config import with_settings
from skill_distiller.cli.plan_file import read_plan
from skill_distiller.disclosure.ledger import MAX_BYTES as MAX_LEDGER
from skill_distiller.disclosure.ledger import Ledger, is_ledger, read_ledger, restore_folder, write_ledger
from skill_distiller.errors import RefusedError, SkillDistillerError, UsageError
from skill_distiller.library.find_skills import FoundSkill, find_skills
from skill_distiller.planning.saved_plan import find_pieces
from skill_distiller.report.console import open_console
from skill_distiller.report.text import plural, printable
from skill_distiller.run.config import load_config
from skill_distiller.run.moving.return_pieces import return_pieces
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import SKILL_FILE, source_digest
from skill_distiller.skill.write_folder import write_folder


@expand_groups
def restore(
    context: typer.Context,
    words: list[str] = argument(
        metavar="PATH... ID...",
        complete=piece_names,
        help="The original: a SKILL.md, a skill folder, or - for stdin; or where to look for the skill of the plan: "
        "several, folders of skills, patterns. Then the pieces to bring back, by their ids in the receipt. With a plan "
        "of `reduce`, PATH is the folder that came out, and -o takes a folder.",
    ),
    plan: str = option("", "--plan", panel="Keep", metavar="FILE", help="The plan of the run, saved with --save-plan."),
    all_: bool = option(
        False, "--all", help="Undo a whole `reduce`: PATH is the folder that came out, -o a folder for the original."
    ),
    section: list[str] | None = option(
        None,
        "--section",
        panel="Keep",
        metavar="HEADING",
        complete=headings,
        help="A section to bring back, with those below it. Can be repeated.",
    ),
    save_plan: str = SAVE_PLAN,
    accept_unproved: bool = ACCEPT_UNPROVED,
    allow_unverified: bool = ALLOW_UNVERIFIED,
    *,
    output: Output,
    source: Source,
) -> None:
    """Bring pieces back. Writes the result of a saved plan, with these pieces as in the original."""
    if not plan:
        raise UsageError("restore needs the plan of the run.", "Give one: --plan=FILE, from compress --save-plan=FILE.")
    moves = not all_ and is_ledger(read_side_file(plan, MAX_LEDGER, "Give the file that --save-plan=FILE wrote."))
    paths = [words[0], *takewhile(_is_path, words[1:])]
    ids = words[len(paths) :]
    path = paths[0] if not names_several(paths) else _skill_of(plan, paths, source.max_bytes, reduced=all_ or moves)
    if all_:
        if ids or section:
            raise UsageError("--all brings everything back.", "Leave the ids and sections out.")
        _restore_all(path, plan, output, source.max_bytes)
        return
    if not ids and not section:
        raise UsageError("Nothing to bring back.", "Name an id of the receipt, or a heading with --section.")
    if moves:
        _restore_moved(path, plan, (ids, section or []), output, source.max_bytes, save_plan)
        return
    pieces = Pieces(
        keep=ids or None, keep_section=section, plan=plan, save_plan=save_plan, accept_unproved=accept_unproved
    )
    config = load_config(source.config, use=not source.no_config)
    goal, source = Goal(allow_unverified=allow_unverified), with_settings(source, config, context)
    run_request(Request(path, goal, pieces, output, source, config=config))


def _is_path(word: str) -> bool:
    """Whether a word names files, and no piece."""
    return has_magic(word) or os.path.lexists(word.replace("\0", ""))


def _skill_of(plan: str, paths: Sequence[str], max_bytes: int, *, reduced: bool) -> str:
    """The skill that a plan was made for, of all below some paths; raises RefusedError where it is not there."""
    ledger, source = (_read_ledger(plan), "") if reduced else (None, read_plan(plan).source)
    found = [path_of(item) for item in find_skills(paths) if isinstance(item, FoundSkill)]
    for path in found:
        try:
            folder = read_input_folder(path, max_bytes)
            if ledger and restore_folder(folder, ledger):
                return path
        except SkillDistillerError:  # not this one
            continue
        if not ledger and source_digest(folder.skill) == source:
            return path
    raise RefusedError(
        f"Of the {plural(len(found), 'skill')} here none is the one that {plan!r} was made for.",
        "Name the skill itself: one that was changed since is not known again.",
    )


def _read_ledger(plan: str) -> Ledger:
    return read_ledger(read_side_file(plan, MAX_LEDGER, "Give the file that `reduce --save-plan=FILE` wrote."))


def _restore_all(path: str, plan: str, output: Output, max_bytes: int) -> None:
    """Write the folder as it was before `reduce`, from the one that came out and the plan of the run."""
    _check_place(output)
    folder = read_input_folder(path, max_bytes)
    _write(restore_folder(folder, _read_ledger(plan)), output)


def _restore_moved(
    path: str, plan: str, asked: tuple[Sequence[str], Sequence[str]], output: Output, max_bytes: int, save_plan: str
) -> None:
    """Write the folder that `reduce` made with some ids and sections of the original back in SKILL.md."""
    _check_place(output)
    folder, ledger = read_input_folder(path, max_bytes), _read_ledger(plan)
    before = restore_folder(folder, ledger).skill
    returned = return_pieces(folder, ledger, before, find_pieces(before, *asked))
    if save_plan and not output.dry_run:
        target = check_target(save_plan, folder.skill.path, folder_given=folder.root is not None, force=output.force)
        write_atomically(target, write_ledger(returned.ledger).encode())
    _write(returned.folder, output, f"{plural(returned.blocks, 'block')} came back into {SKILL_FILE}")


def _check_place(output: Output) -> None:
    if not output.file or output.file == STDIN:
        raise UsageError("There is no place to write the folder to.", "Name a folder: -o BACK.")


def _write(back: SkillFolder, output: Output, told: str = "") -> None:
    if output.dry_run:
        return
    aside = write_folder(back, output.file, force=output.force)
    if not output.quiet:
        console = open_console(stderr=True, soft_wrap=True)
        if told:
            console.print(told)
        if aside:
            console.print(f"The folder that was there is now {printable(str(aside))}")
        console.print(f"Written: {printable(output.file)}")
