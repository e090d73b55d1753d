"""A skill folder in memory: its files, new folders made of old ones, and what its links point to."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from tests.conftest import SAMPLE_STEP
from tests.fixture_file import parameters
from tests.skill.folders import HEAD, make_folder

from skill_distiller.errors import BadInputError
from skill_distiller.skill.folder import FileRole, LinkState, SkillFile, SkillFolder, role_of
from skill_distiller.skill.links import LinkKind
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_folder
from skill_distiller.skill.write_folder import write_folder


@pytest.fixture
def memory() -> SkillFolder:
    """A folder that is on no disk."""
    return SkillFolder(None, parse_skill(HEAD + "Read references/a.md.\n")).with_file("references/a.md", "# A\r\n")


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("references/a.md", FileRole.REFERENCE),
        ("reference/deep/a.json", FileRole.REFERENCE),
        ("scripts/a.py", FileRole.SCRIPT),
        ("scripts/README.md", FileRole.SCRIPT),
        ("assets/a.md", FileRole.ASSET),
        ("forms.md", FileRole.REFERENCE),
        ("tools/run.sh", FileRole.SCRIPT),
        ("logo.PNG", FileRole.ASSET),
        ("LICENSE.txt", FileRole.OTHER),
        ("docs/README.md", FileRole.OTHER),
        ("data.csv", FileRole.OTHER),
        ("Makefile", FileRole.OTHER),
    ],
)
def test_the_role_of_a_file(path: str, role: FileRole) -> None:
    """The folders of the format decide, then the suffix; files about the skill are for people."""
    assert role_of(PurePosixPath(path)) is role


def test_a_folder_in_memory(memory: SkillFolder) -> None:
    """A folder needs no disk: its files are what it was given."""
    file = memory.file("references/a.md")
    assert file is not None
    assert (file.role, file.size, file.read_text(), file.read_bytes()) == (FileRole.REFERENCE, 5, "# A\r\n", b"# A\r\n")
    assert memory.file("references/b.md") is None
    assert memory.file("references/a.md/b") is None


def test_a_folder_is_made_of_another(memory: SkillFolder) -> None:
    """A file more, another content, a file less, another SKILL.md: the old folder stays as it was."""
    more = memory.with_file("references/b.md", b"B").with_file("references/a.md", "new")
    assert [str(file.path) for file in more.files] == ["references/a.md", "references/b.md"]
    assert [file.read_text() for file in more.files] == ["new", "B"]
    assert [str(file.path) for file in more.without_file("references/a.md").files] == ["references/b.md"]
    assert more.with_skill(parse_skill("# B\n")).skill.text == "# B\n"
    assert [file.read_text() for file in memory.files] == ["# A\r\n"]


def test_a_changed_file_keeps_its_mode(tmp_path: Path) -> None:
    """A script that is changed can still be run."""
    root = make_folder(tmp_path / "tidy", {"scripts/a.sh": "echo a\n"})
    (root / "scripts" / "a.sh").chmod(0o755)
    file = read_folder(root).with_file("scripts/a.sh", "echo b\n").file("scripts/a.sh")
    assert file is not None
    assert (file.mode, file.read_text()) == (0o755, "echo b\n")


def test_a_folder_goes_to_another_process(memory: SkillFolder) -> None:
    """A folder can be pickled, used before or not."""
    assert memory.links()
    assert pickle.loads(pickle.dumps(memory)) == memory


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "no path inside"),
        (".", "no path inside"),
        ("/etc/passwd", "no path inside"),
        ("../a.md", "no path inside"),
        ("references/../../a.md", "no path inside"),
        ("a\\b.md", "not one for every system"),
        ("a\nb.md", "control character"),
        ("a\x1b[31m.md", "control character"),
        ("a\u202egpj.md", "control character"),
        ("a\0.md", "control character"),
        ("a\udcff.md", "control character"),
        ("x" * 256, "not one for every system"),
        ("a/" * 16 + "b.md", "16 folders deep"),
        ("SKILL.md", "is its SKILL.md"),
        ("SKILL.md/a", "below a file"),
        ("references", "below a file"),
        ("references/a.md/b.md", "below a file"),
    ],
)
def test_a_path_that_no_skill_may_have(memory: SkillFolder, path: str, message: str) -> None:
    """Paths that lead out, steer a terminal, or can't stand beside the others are refused in one plain line."""
    with pytest.raises(BadInputError, match=message) as caught:
        memory.with_file(path, "text")
    assert caught.value.hint
    assert str(caught.value).isprintable()


def test_names_in_every_script_are_taken(memory: SkillFolder) -> None:
    """Letters of any script, spaces and joined emoji are names."""
    folder = memory.with_file("references/中文 é 👩\u200d💻.md", "text")
    assert folder.file("references/中文 é 👩\u200d💻.md")


def test_a_file_that_is_not_there(memory: SkillFolder) -> None:
    """Taking out what is not there is an error."""
    with pytest.raises(BadInputError, match="has no file"):
        memory.without_file("b.md")


def test_a_file_that_stands_twice(memory: SkillFolder) -> None:
    """One path, one file."""
    with pytest.raises(BadInputError, match="twice"):
        replace(memory, files=memory.files * 2)
    with pytest.raises(BadInputError, match="name of an empty folder"):
        replace(memory, empty_folders=(PurePosixPath("references/a.md"),))


def test_too_many_files() -> None:
    """A folder has a most number of files in memory too."""
    files = tuple(SkillFile(PurePosixPath(f"{i}.md"), FileRole.REFERENCE, 0, content=b"") for i in range(10_000))
    with pytest.raises(BadInputError, match="more than 10,000"):
        SkillFolder(None, parse_skill("# A\n"), files)


def test_what_can_not_be_read_as_text(memory: SkillFolder) -> None:
    """Bytes that are no UTF-8, files above the limit, and files without content say so."""
    binary = memory.with_file("a.bin", b"a\xff").file("a.bin")
    assert binary is not None
    assert binary.read_bytes() == b"a\xff"
    with pytest.raises(BadInputError, match=r"not UTF-8 text \(byte 1\)"):
        binary.read_text()
    with pytest.raises(BadInputError, match="larger than 1 bytes"):
        binary.read_bytes(1)
    with pytest.raises(BadInputError, match="no content"):
        SkillFile(PurePosixPath("a"), FileRole.OTHER, 0).read_bytes()


_FILES: dict[str, str | bytes] = {
    "references/a.md": "See [b](b.md), references/b.md and [top](../SKILL.md).\n",
    "references/b.md": "No links.\n",
    "references/deep/c.md": "`../b.md`\n",
    "scripts/run.py": "",
    "assets/my logo.png": b"",
    "forms.md": "",
    "LICENSE": "",
}


@pytest.mark.parametrize(("text", "expected"), parameters("folder_links.md"))
def test_what_links_point_to(tmp_path: Path, text: str, expected: str) -> None:
    """Each link and mention of a SKILL.md with its line, kind, state and target."""
    folder = read_folder(make_folder(tmp_path / "tidy", _FILES, text))
    first = HEAD.count("\n")
    found = [
        f"{item.link.line - first} {item.link.kind} {item.link.text} -> {item.target or item.state}"
        for item in folder.links()
        if str(item.source) == "SKILL.md"
    ]
    assert "".join(line + "\n" for line in found) == expected


def test_links_of_references(tmp_path: Path) -> None:
    """A link in a reference is relative to that reference; a mention may be to the skill folder."""
    folder = read_folder(make_folder(tmp_path / "tidy", _FILES))
    found = [(str(i.source), i.link.text, i.link.kind, str(i.target), i.link.line) for i in folder.links()]
    assert found == [
        ("references/a.md", "b.md", LinkKind.LINK, "references/b.md", 1),
        ("references/a.md", "../SKILL.md", LinkKind.LINK, "SKILL.md", 1),
        ("references/deep/c.md", "../b.md", LinkKind.MENTION, "references/b.md", 1),
    ]


def test_a_reference_that_is_no_text(memory: SkillFolder) -> None:
    """Links of a reference that can't be read are not passed over in silence."""
    with pytest.raises(BadInputError, match="not UTF-8"):
        memory.with_file("references/b.md", b"\xff").links()


def test_hostile_text_takes_no_time(memory: SkillFolder) -> None:
    """Texts made to keep an expression busy are read in one go."""
    for piece in ("a", "/", "${a", "{a}/", "../", "$a", "a.", "[a](", "`a/", "-", "[forms.md](a/b.md) "):
        folder = memory.with_file("forms.md", "").with_skill(parse_skill(piece * 20_000))
        assert all(item.state in LinkState for item in folder.links())


@pytest.mark.corpus
def test_real_folders_are_read(corpus: Path, corpus_skills: tuple[Skill, ...]) -> None:
    """Every real skill folder: all its files are there, nothing of SKILL.md is lost, and links have targets or none."""
    assert corpus_skills
    pointed = 0
    for i, skill in enumerate(corpus_skills):
        assert skill.path is not None
        folder = read_folder(skill.path.parent)
        on_disk = {path for path in skill.path.parent.rglob("*") if path.is_file()}
        assert {skill.path.parent / file.path for file in folder.files} == on_disk - {skill.path}
        assert folder.skill.text.encode() == skill.path.read_bytes()
        for file in folder.files:
            assert file.read_bytes() == (skill.path.parent / file.path).read_bytes()
        if i % SAMPLE_STEP == 0:
            pointed += sum(item.state is LinkState.FILE for item in folder.links())
    assert pointed > len(corpus_skills) / SAMPLE_STEP


def test_what_no_file_can_hold_is_refused(tmp_path: Path) -> None:
    """Half a character, in a file or in SKILL.md; and a place of version control."""
    folder = SkillFolder(None, parse_skill(HEAD))
    with pytest.raises(BadInputError, match="half a character"):
        folder.with_file("references/a.md", "\ud800")
    with pytest.raises(BadInputError, match="version control"):
        folder.with_file(".git/hooks/post-checkout", "x")
    with pytest.raises(BadInputError, match="half a character"):
        write_folder(folder.with_skill(parse_skill("# \ud800\n")), tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []
