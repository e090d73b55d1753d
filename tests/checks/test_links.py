"""Links and files are looked for where the candidate will live."""

from __future__ import annotations

from pathlib import Path

import pytest

from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Finding, FindingKind, Level
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_folder, read_skill

_HEAD = "---\nname: tidy\ndescription: Use when untidy.\n---\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A skill folder with a file below `references` and one beside it."""
    folder = tmp_path / "tidy"
    (folder / "references").mkdir(parents=True)
    (folder / "references" / "rules.md").write_text("Rules.\n", encoding="utf-8")
    (tmp_path / "secret.md").write_text("Secret.\n", encoding="utf-8")
    (folder / "SKILL.md").write_text(_HEAD + "Read [it](references/rules.md).\n", encoding="utf-8")
    return folder


def _kinds(folder: Path, text: str, level: Level = Level.FAILURE) -> list[tuple[FindingKind, str]]:
    original = read_skill(folder)
    found = verify(original, parse_skill(_HEAD + text))
    (check,) = [check for check in found.checks if check.name == "links"]
    return [(item.kind, item.text) for item in check.findings if item.level is level]


@pytest.mark.parametrize(
    "target",
    [
        "references/rules.md",
        "./references/rules.md",
        "references/rules.md#part",
        "references/rules.md?raw=1",
        "references/%72ules.md",
        "references/",
        "https://example.org/missing.md",
        "mailto:a@example.org",
        "//example.org/a",
    ],
)
def test_what_is_there_or_elsewhere_is_no_finding(folder: Path, target: str) -> None:
    """Files and folders of the skill resolve; addresses on the net are not looked at."""
    assert _kinds(folder, f"Read [it]({target}).\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "Read [it](references/gone.md).",
        "![it](references/gone.md)",
        "Read [it][1].\n\n[1]: references/gone.md",
        '<img src="references/gone.md">',
        "Read `references/gone.md`.",
        "Read references/gone.md first.",
    ],
)
def test_a_new_file_that_is_missing(folder: Path, text: str) -> None:
    """However it is named: a link, an image, a definition, HTML, or a path into a folder of the skill."""
    assert _kinds(folder, text + "\n") == [(FindingKind.NO_FILE, "references/gone.md")]


@pytest.mark.parametrize("text", ["Edit `src/app.py` in {folder}.", "Make `references/<name>.md`.", "Write a/b.md."])
def test_a_path_that_is_not_the_skills_own(folder: Path, text: str) -> None:
    """A path into a folder that the skill does not have, or with a placeholder, is the user's."""
    assert _kinds(folder, text + "\n") == []


def test_what_the_original_lacks_too_is_a_warning(folder: Path) -> None:
    """A dead link of the original is no fault of the rewrite."""
    (folder / "SKILL.md").write_text(_HEAD + "Read [it](gone.md) and [up](../secret.md).\n", encoding="utf-8")
    text = "Do read [it](gone.md) and [up](../secret.md).\n"
    assert _kinds(folder, text) == []
    assert _kinds(folder, text, Level.WARNING) == [
        (FindingKind.NO_FILE, "gone.md"),
        (FindingKind.OUTSIDE, "../secret.md"),
    ]


def test_a_symbolic_link_out_of_the_folder(folder: Path) -> None:
    """It exists, and still leads out."""
    (folder / "out.md").symlink_to(folder.parent / "secret.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "in.md").symlink_to(folder / "references" / "rules.md")
    assert _kinds(folder, "Read [a](out.md), [b](loop.md) and [c](in.md).\n") == [
        (FindingKind.OUTSIDE, "out.md"),
        (FindingKind.NO_FILE, "loop.md"),
    ]
    (folder / "same.md").symlink_to("references/rules.md")
    whole = read_folder(folder)
    changed = whole.with_skill(parse_skill(_HEAD + "Read [a](out.md) and [b](same.md).\n"))
    assert [(f.kind, f.text) for f in _links(whole, changed)] == [(FindingKind.OUTSIDE, "out.md")]


def test_nothing_is_opened(folder: Path) -> None:
    """A file that nobody may read is there all the same."""
    (folder / "references" / "rules.md").chmod(0)
    assert _kinds(folder, "Read [it](references/rules.md).\n") == []


@pytest.mark.parametrize("name", ["a" * 5000, "%00", "a/" * 3000 + "b.md"])
def test_a_name_that_no_disk_takes(folder: Path, name: str) -> None:
    """It is missing; nothing is raised."""
    assert [kind for kind, _ in _kinds(folder, f"Read [it]({name}).\n")] == [FindingKind.NO_FILE]


def test_folders_in_memory(folder: Path) -> None:
    """The files of a whole folder count, and the links of its references: a file taken out is missed wherever it is."""
    (folder / "references" / "more.md").write_text("See [rules](rules.md) and [it](gone.md).\n", encoding="utf-8")
    original = read_folder(folder)
    assert [(f.level, f.detail) for f in _links(original, original)] == [
        (Level.WARNING, "in references/more.md (already so in the original)")
    ]
    shorter = original.without_file("references/rules.md")
    failures = [f for f in _links(original, shorter) if f.level is Level.FAILURE]
    assert [(f.kind, f.text, f.detail) for f in failures] == [
        (FindingKind.NO_FILE, "references/rules.md", ""),
        (FindingKind.NO_FILE, "rules.md", "in references/more.md"),
    ]
    assert not _links(original, shorter, files=False)
    assert not _links(shorter.with_file("references/rules.md", "Rules.\n"), original.skill, files=True)


def _links(original: Skill | SkillFolder, candidate: Skill | SkillFolder, *, files: bool = True) -> list[Finding]:
    found = verify(original, candidate, files=files)
    return [finding for check in found.checks if check.name == "links" for finding in check.findings]


def test_without_files_the_disk_is_left_alone(folder: Path) -> None:
    """Then only what can be seen in the texts is found: anchors, and paths out of the folder."""
    candidate = parse_skill(_HEAD + "Read [it](gone.md), [up](../secret.md) and [part](#part).\n")
    found = verify(read_skill(folder), candidate, files=False)
    (check,) = [check for check in found.checks if check.name == "links"]
    assert [item.kind for item in check.findings] == [FindingKind.OUTSIDE, FindingKind.NO_ANCHOR]


def test_another_folder_can_be_given(folder: Path, tmp_path: Path) -> None:
    """A candidate that brings its own files is looked at there."""
    other = tmp_path / "other"
    other.mkdir()
    candidate = parse_skill(_HEAD + "Read [it](references/rules.md).\n")
    assert verify(read_skill(folder), candidate).passed
    assert not verify(read_skill(folder), candidate, folder=other).passed
