"""Reading a skill folder that may be hostile."""

from __future__ import annotations

import os
import socket
from pathlib import Path, PurePosixPath

import pytest
from tests.skill.folders import HEAD, make_folder

from skill_distiller.errors import BadInputError
from skill_distiller.skill.read import read_folder
from skill_distiller.skill.safe_files import read_below

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and sockets of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A skill folder with a few files, and a secret beside it."""
    (tmp_path / "secret.md").write_text("secret", encoding="utf-8")
    return make_folder(tmp_path / "tidy", {"references/a.md": "# A\n", "scripts/run.sh": "echo\n"})


def test_a_folder_is_its_skill_and_its_files(root: Path) -> None:
    """SKILL.md is parsed, every other file is listed; the path of either gives the same folder."""
    (root / "scripts" / "run.sh").chmod(0o755)
    (root / "out" / "deep").mkdir(parents=True)
    folder = read_folder(root)
    assert folder == read_folder(str(root / "SKILL.md"))
    assert folder.skill.text == HEAD + "Read it.\n"
    assert folder.skill.path == root / "SKILL.md"
    assert [(str(file.path), file.size) for file in folder.files] == [("references/a.md", 4), ("scripts/run.sh", 5)]
    assert folder.empty_folders == (PurePosixPath("out/deep"),)
    if os.name == "posix":
        assert folder.files[1].mode == 0o755


def test_version_control_is_no_part_of_a_skill(root: Path) -> None:
    """What git keeps, as a folder or a file, is left out."""
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x", encoding="utf-8")
    (root / "references" / ".git").write_text("gitdir: x", encoding="utf-8")
    assert [str(file.path) for file in read_folder(root).files] == ["references/a.md", "scripts/run.sh"]


def test_content_is_read_when_asked_for(root: Path) -> None:
    """A file that goes after the folder was read is an error when its content is asked for."""
    file = read_folder(root).file("references/a.md")
    assert file is not None
    (root / "references" / "a.md").unlink()
    with pytest.raises(BadInputError, match=r"Can't read 'references/a\.md': No such file") as caught:
        file.read_text()
    assert caught.value.hint


@pytest.mark.parametrize("name", ["gone", "SKILL.md/x", "a\0b"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    """A path to nothing is an error of the input."""
    with pytest.raises(BadInputError) as caught:
        read_folder(tmp_path / name)
    assert caught.value.hint


def test_a_folder_without_a_skill(tmp_path: Path) -> None:
    """A folder is a skill only with a SKILL.md, and that must be text."""
    with pytest.raises(BadInputError, match=r"holds no SKILL\.md"):
        read_folder(tmp_path)
    (tmp_path / "SKILL.md").write_bytes(b"\xff")
    with pytest.raises(BadInputError, match="not UTF-8"):
        read_folder(tmp_path)


def test_a_skill_above_the_limit(root: Path) -> None:
    """SKILL.md has the limit that it has anywhere, and the same way out."""
    with pytest.raises(BadInputError, match="larger than 9 bytes") as caught:
        read_folder(root, max_bytes=9)
    assert "--max-bytes" in caught.value.hint


def test_a_huge_file_is_listed_and_not_read(root: Path) -> None:
    """A file of four terabytes (with nothing in it) costs nothing until it is asked for, and then a refusal."""
    with (root / "huge.md").open("wb") as stream:
        stream.truncate(1 << 42)
    file = read_folder(root).file("huge.md")
    assert file is not None
    assert file.size == 1 << 42
    with pytest.raises(BadInputError, match="larger than 2,000,000 bytes"):
        file.read_text()


def test_a_deep_folder(root: Path) -> None:
    """Folders inside of folders without end are refused."""
    (root / "/".join(["d"] * 17)).mkdir(parents=True)
    with pytest.raises(BadInputError, match="16 folders deep"):
        read_folder(root)


def test_a_folder_of_too_many_files(tmp_path: Path) -> None:
    """A folder that is no skill but a disk is refused before all of it was looked at."""
    root = make_folder(tmp_path / "many", {})
    for i in range(10_001):
        (root / f"{i}").touch()
    with pytest.raises(BadInputError, match="more than 10,000 files"):
        read_folder(root)


@posix
@pytest.mark.parametrize("name", [b"a\x1b[31m.md", b"a\nb.md", b"a\xff.md", "a\u202eb.md".encode(), b"a\\b.md"])
def test_a_name_that_steers_a_terminal(root: Path, name: bytes) -> None:
    """Names with control characters, or that are no UTF-8, are refused without being shown as they are."""
    try:
        with open(os.path.join(os.fsencode(root), name), "wb"):  # noqa: PTH118, PTH123 - a name in bytes
            pass
    except OSError:
        pytest.skip("the file system takes no such name")
    with pytest.raises(BadInputError) as caught:
        read_folder(root)
    assert str(caught.value).isprintable()
    assert caught.value.hint


@posix
def test_a_pipe_does_not_hold_the_run_up(root: Path) -> None:
    """A named pipe is refused, beside SKILL.md and in its place."""
    os.mkfifo(root / "references" / "pipe.md")
    with pytest.raises(BadInputError, match="a pipe, a socket or a device"):
        read_folder(root)
    (root / "references" / "pipe.md").unlink()
    (root / "SKILL.md").unlink()
    os.mkfifo(root / "SKILL.md")
    with pytest.raises(BadInputError, match="a pipe, a socket or a device"):
        read_folder(root)


@posix
def test_a_socket_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is no file of a skill."""
    monkeypatch.chdir(root)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        with pytest.raises(BadInputError, match="a pipe, a socket or a device"):
            read_folder(root)


@posix
def test_a_file_that_becomes_a_pipe_or_a_link(root: Path) -> None:
    """What was a file when the folder was read, and is none when it is opened, is not read."""
    folder = read_folder(root)
    file, script = folder.files
    (root / "references" / "a.md").unlink()
    os.mkfifo(root / "references" / "a.md")
    with pytest.raises(BadInputError, match="not a regular file"):
        file.read_text()
    (root / "references" / "a.md").unlink()
    (root / "references" / "a.md").symlink_to(root.parent / "secret.md")
    with pytest.raises(BadInputError, match="Can't read"):
        file.read_text()
    (root / "scripts").rename(root.parent / "elsewhere")
    (root / "scripts").symlink_to(root.parent / "elsewhere")
    with pytest.raises(BadInputError, match="Can't read"):
        script.read_text()


@posix
@pytest.mark.parametrize("path", ["../secret.md", "references/../../secret.md", "/etc/hostname"])
def test_paths_out_of_the_folder_are_not_opened(root: Path, path: str) -> None:
    """However a path came about, what is not below the folder is not opened."""
    with pytest.raises(BadInputError, match="leads out of the folder"):
        read_below(root, PurePosixPath(path), 100)


@posix
@pytest.mark.parametrize(
    "link",
    [
        "../secret.md",
        "/etc/hostname",
        "{root}/references/a.md",
        "../tidy/references/a.md",
        "loop.md",
        "references/../..",
    ],
)
def test_a_link_out_of_the_folder_is_never_followed(root: Path, link: str) -> None:
    """Links that lead out, are absolute, go round in a circle, or would lead out of a copy: listed, never read."""
    (root / "loop.md").symlink_to(link.format(root=root))
    folder = read_folder(root)
    (found,) = [item for item in folder.files if item.link]
    assert found.leads_to is None
    assert folder.file("loop.md") is None
    with pytest.raises(BadInputError, match="is a link"):
        found.read_text()
    folder.links()


@posix
@posix
def test_a_link_that_comes_back_in_by_the_name_of_the_folder(root: Path) -> None:
    """What leads above and down again would lead out of a copy."""
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "up").symlink_to("../..")
    (root / "a" / "b" / "back.md").symlink_to(f"up/../{root.name}/references/a.md")
    found = {str(item.path): item.leads_to for item in read_folder(root).files if item.link}
    assert found["a/b/back.md"] is None


def test_a_skill_that_is_a_link_out(root: Path) -> None:
    """SKILL.md itself is not read from elsewhere; from inside of the folder it is."""
    (root / "SKILL.md").unlink()
    (root / "SKILL.md").symlink_to("../secret.md")
    with pytest.raises(BadInputError, match="a link out of its folder"):
        read_folder(root)
    (root / "SKILL.md").unlink()
    (root / "SKILL.md").symlink_to("references/a.md")
    assert read_folder(root).skill.text == "# A\n"


@posix
def test_links_inside_of_the_folder(root: Path) -> None:
    """A link to a file or a folder of the skill leads there; folders behind links are not listed twice."""
    (root / "docs").symlink_to("references")
    (root / "references" / "b.md").symlink_to("a.md")
    (root / "references" / "self").symlink_to("..")
    folder = read_folder(root)
    assert [str(file.path) for file in folder.files] == [
        "docs", "references/a.md", "references/b.md", "references/self", "scripts/run.sh",
    ]  # fmt: skip
    for path in ("docs/a.md", "references/b.md", "references/a.md"):
        file = folder.file(path)
        assert file is not None
        assert file.read_text() == "# A\n"
    text = HEAD + "[a](docs/a.md), `docs/gone.md`, [d](docs) and references/b.md.\n"
    (root / "SKILL.md").write_text(text, encoding="utf-8")
    assert [(i.link.text, str(i.target or i.state)) for i in read_folder(root).links()] == [
        ("docs/a.md", "references/a.md"),
        ("docs/gone.md", "missing"),
        ("docs", "references"),
    ]


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user who can be refused")
def test_a_folder_that_may_not_be_read(root: Path) -> None:
    """A folder without read permission is an error of the input."""
    (root / "references").chmod(0)
    try:
        with pytest.raises(BadInputError, match="Permission denied"):
            read_folder(root)
    finally:
        (root / "references").chmod(0o755)
