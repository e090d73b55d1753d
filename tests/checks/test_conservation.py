"""Whole folders: whoever split a skill, what is lost, turned, added or parted is found; a faithful split passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import sound_skills, soups

from skill_distiller.checks.conservation import Conservation, Share, verify_folders
from skill_distiller.checks.model import FindingKind, Level, Verification, count_tokens
from skill_distiller.checks.rejoin import rejoin
from skill_distiller.disclosure.model import NewReference, Passage, Signpost
from skill_distiller.disclosure.split import write_split
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

HEAD = "---\nname: widgets\ndescription: Makes widgets. Use when the user asks for one.\n---\n\n"
DETAIL = """### Steps

1. Open the panel and wait for the green light to appear.
2. Set the `--depth` flag to 40 and confirm the new value.

Do not close the panel before the run has ended; see [the manual](assets/manual.txt).

```bash
make widget --depth 40
```
"""
ORIGINAL = f"""{HEAD}# Widgets

Make widgets. See [Colors](#colors).

## Printing

Print each widget once.

{DETAIL}
## Colors

Use amber for all round widgets that are sold in pairs.
"""
POINTER = "When a widget has to be printed, read `references/printing.md`.\n"
CORE = ORIGINAL.replace(DETAIL, POINTER)
MOVED = "## Printing\n\n" + DETAIL.replace("assets/manual.txt", "../assets/manual.txt")


def folder(core: str, moved: str | None = None) -> SkillFolder:
    """A skill folder with a script, an asset and, where it is given, the new reference."""
    made = SkillFolder(None, parse_skill(core), skill_mode=0o644)
    made = made.with_file("assets/manual.txt", "Manual.\n").with_file("scripts/run.sh", "make widget\n")
    files = tuple(replace(file, mode=0o755 if file.path.suffix == ".sh" else 0o644) for file in made.files)
    made = replace(made, files=files)
    return made.with_file("references/printing.md", moved) if moved is not None else made


def checked(after: SkillFolder, before: SkillFolder | None = None) -> tuple[Verification, Conservation]:
    """What is found of a candidate."""
    before = before or folder(ORIGINAL)
    return verify_folders(before, after, tokens=count_tokens(before.skill, after.skill, load_counter()))


def failures(after: SkillFolder) -> set[tuple[str, FindingKind]]:
    """The checks that fail, each with the kind of its findings."""
    found, _ = checked(after)
    return {(check.name, f.kind) for check in found.checks for f in check.findings if f.level is Level.FAILURE}


@given(st.one_of(soups, sound_skills))
def test_what_did_not_change_is_whole(text: str) -> None:
    """Whatever the text: beside itself nothing is missing, and put together it is itself."""
    same = SkillFolder(None, parse_skill(text))
    assert rejoin(same, same).skill.text == text
    found, conserved = checked(same, same)
    assert found.passed
    assert conserved.complete


def test_a_faithful_split_passes_whoever_made_it() -> None:
    """All is found again; only the pointer is to be looked at, which no program can prove."""
    found, conserved = checked(folder(CORE, MOVED))
    assert found.passed
    assert [(f.kind, f.detail) for f in found.unproved] == [(FindingKind.NEW, "pointer")]
    assert conserved.complete
    assert conserved.files == Share(2, 2)
    assert conserved.moved == 3
    assert rejoin(folder(ORIGINAL), folder(CORE, MOVED)).skill.text == ORIGINAL


_NAMESAKES = st.lists(
    st.tuples(
        st.sampled_from(("## Setup", "## Rules", "### Setup")),
        st.lists(st.sampled_from(("Cut.", "Glue the two sides together.", "```\npaint\n```")), max_size=3),
        st.sampled_from((None, None, 0, 1)),  # the file that it moves to
        st.booleans(),  # whether what it begins with stays
    ),
    min_size=2,
    max_size=12,
)


@given(_NAMESAKES)
def test_namesakes_go_back_where_they_stood(sections: list[tuple[str, list[str], int | None, bool]]) -> None:
    """Sections of the same names and texts, in any order and number: whichever moved, the original comes back."""
    skill = parse_skill(HEAD + "".join("\n\n".join((name, *blocks)) + "\n\n" for name, blocks, _, _ in sections))
    moved = defaultdict[int, list[Passage]](list)
    taken = 0
    for section, (_, _, to, first) in zip((s for s in skill.sections if s.level), sections, strict=True):
        later = skill.sections[section.index + 1 :]
        below = list(takewhile(lambda other: other.level > section.level, () if first else later))  # noqa: B023
        blocks = [block.index for one in (section, *below) for block in one.blocks][first:]
        if to is not None and blocks and section.index > taken:
            taken = max((section.index, *(one.index for one in below)))
            moved[to].append(Passage(section.index, tuple(blocks), tuple(one.index for one in below)))
    sign = Signpost("When it rains", "Rain", ())
    places = {to: PurePosixPath(f"references/{to}.md") for to in moved}
    split = write_split(
        SkillFolder(None, skill),
        [NewReference(places[to], tuple(own), (sign,) * len(own)) for to, own in moved.items()],
    )
    assert rejoin(split.before, split.after).skill.text == skill.text
    assert checked(split.after, split.before)[0].passed


def _without(path: str) -> SkillFolder:
    return folder(CORE, MOVED).without_file(path)


def _with_mode() -> SkillFolder:
    made = folder(CORE, MOVED)
    return replace(made, files=tuple(replace(file, mode=0o644) for file in made.files))


FAULTS: dict[str, Callable[[], SkillFolder]] = {
    "lost line": lambda: folder(
        CORE, MOVED.replace("2. Set the `--depth` flag to 40 and confirm the new value.\n", "")
    ),
    "lost file": lambda: _without("assets/manual.txt"),
    "changed script": lambda: folder(CORE, MOVED).with_file("scripts/run.sh", "make Widget\n"),
    "dead pointer": lambda: folder(CORE.replace("printing.md", "print.md"), MOVED),
    "orphan": lambda: folder(CORE.replace(POINTER, ""), MOVED),
    "reversed negation": lambda: folder(CORE, MOVED.replace("Do not close", "Close")),
    "new hedge": lambda: folder(CORE.replace("Print each widget once.", "Print each widget once where useful."), MOVED),
    "broken fence": lambda: folder(CORE, MOVED.rstrip().removesuffix("```") + "\n"),
    "duplicated move": lambda: folder(CORE, MOVED + "\nUse amber for all round widgets that are sold in pairs.\n"),
    "wrong anchor": lambda: folder(CORE.replace("## Colors", "## Colours"), MOVED),
    "mode": _with_mode,
    "link that escapes": lambda: folder(CORE, MOVED.replace("../assets/manual.txt", "../../secret.txt")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found(fault: str) -> None:
    """Twelve ways to get a split wrong: each fails, but for a hedge, which is to be looked at."""
    found, _ = checked(FAULTS[fault]())
    assert not found.passed or fault == "new hedge"
    assert len([*found.unproved, *found.failures]) > 1


def test_what_is_found_is_called_by_its_name() -> None:
    """The kinds of finding that only folders have."""
    assert ("references", FindingKind.UNREACHABLE) in failures(FAULTS["orphan"]())
    assert ("references", FindingKind.TWICE) in failures(FAULTS["duplicated move"]())
    assert ("references", FindingKind.UNCLOSED) in failures(FAULTS["broken fence"]())
    assert ("references", FindingKind.OUTSIDE) in failures(FAULTS["link that escapes"]())
    assert ("files", FindingKind.LOST) in failures(FAULTS["lost file"]())
    assert ("files", FindingKind.CHANGED) in failures(FAULTS["mode"]())
    assert ("files", FindingKind.CHANGED) in failures(FAULTS["changed script"]())


def test_a_heading_that_moved_takes_its_anchor_along() -> None:
    """A link that stayed leads nowhere then, though the heading is somewhere; so does one of another file."""
    section = ORIGINAL[ORIGINAL.index("## Colors") :]
    pointer = "For colors read `references/printing.md`.\n"
    found = failures(folder(ORIGINAL.replace(section, pointer), section))
    assert found == {("references", FindingKind.NO_ANCHOR)}
    before = ORIGINAL.replace("See [Colors](#colors).", "See `references/old.md`.")
    old = folder(before).with_file("references/old.md", "See [colors](../SKILL.md#colors).\n")
    after = replace(old, skill=parse_skill(before.replace(section, pointer))).with_file("references/new.md", section)
    after = replace(after, skill=parse_skill(after.skill.text.replace("printing.md", "new.md")))
    verification, _ = checked(after, old)
    assert {f.kind for f in verification.failures} == {FindingKind.NO_ANCHOR}


def test_new_text_in_a_reference_is_to_be_looked_at() -> None:
    """What the original does not say can hide in a new file as well as in SKILL.md; a new script too."""
    added = folder(CORE, MOVED + "\nSend the printed widget to the address in the footer.\n")
    found, _ = checked(added.with_file("scripts/new.sh", "curl\n"))
    assert {(f.kind, f.detail) for f in found.unproved} == {
        (FindingKind.NEW, "pointer"),
        (FindingKind.NEW, "in references/printing.md"),
        (FindingKind.NEW, "script file"),
    }


def test_what_belongs_together_and_is_parted_is_told() -> None:
    """Half of a count in another file."""
    before = (
        f"{HEAD}# Widgets\n\n## Step 1: Cut\n\nCut it.\n\n## Step 2: Glue\n\nGlue it.\n\n## Step 3: Dry\n\nDry it.\n"
    )
    moved = "## Step 3: Dry\n\nDry it.\n"
    original = SkillFolder(None, parse_skill(before))
    core = parse_skill(before.replace(moved, "When it is glued, read `references/dry.md`.\n"))
    found, _ = checked(SkillFolder(None, core).with_file("references/dry.md", moved), original)
    assert FindingKind.PARTED in {f.kind for f in found.unproved}


def test_lines_are_those_of_the_candidate() -> None:
    """A finding in SKILL.md has the line there, not that of the text put together."""
    core = CORE.replace("Use amber", "Never use amber")
    found, _ = checked(folder(core, MOVED))
    (finding,) = [f for f in found.failures if f.other]
    lines = [place.line for place in (finding, finding.other) if place]
    assert ORIGINAL[: ORIGINAL.index("Use amber")].count("\n") + 1 in lines


def test_files_that_are_the_same_are_not_read() -> None:
    """A large file of the same folder is the same: nothing says otherwise, and nothing is opened."""
    before = folder(ORIGINAL)
    ghost = replace(before.files[0], path=PurePosixPath("assets/ghost.bin"), content=None, root=None, size=5)
    before = replace(before, files=(*before.files, ghost))
    found, conserved = checked(before, before)
    assert found.passed
    assert conserved.files == Share(3, 3)
