"""Reading from disk and streams, and the errors it ends in."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from tests.fixture_file import SKILLS

from skill_distiller.errors import BadInputError
from skill_distiller.skill.model import MAX_BLOCKS, MAX_BYTES, SKILL_FILE
from skill_distiller.skill.read import read_folder, read_skill, read_stream


def test_a_folder_stands_for_its_skill_file() -> None:
    """A path to a folder reads the SKILL.md inside and remembers that path."""
    skill = read_skill(SKILLS / "plain")
    assert skill.path == SKILLS / "plain" / SKILL_FILE
    assert skill.text == read_skill(str(SKILLS / "plain" / SKILL_FILE)).text


def test_any_file_name_is_read(tmp_path: Path) -> None:
    """A file need not be called SKILL.md."""
    file = tmp_path / "other.md"
    file.write_bytes(b"# A\r\n")
    assert read_skill(file).text == "# A\r\n"


def test_missing_file(tmp_path: Path) -> None:
    """A path to nothing says so and what to give instead."""
    with pytest.raises(BadInputError, match="There is no file") as caught:
        read_skill(tmp_path / "none.md")
    assert "SKILL.md" in caught.value.hint
    assert caught.value.exit_code == 3


def test_folder_without_skill_file(tmp_path: Path) -> None:
    """A folder must hold a SKILL.md."""
    with pytest.raises(BadInputError, match=r"holds no SKILL\.md"):
        read_skill(tmp_path)


def test_more_blocks_than_a_skill_has(tmp_path: Path) -> None:
    """What has few bytes and very many blocks is refused, unless more bytes are let in too."""
    file = tmp_path / SKILL_FILE
    file.write_bytes(b"a\n\n" * (MAX_BLOCKS + 1))
    with pytest.raises(BadInputError, match="more than 5,000 blocks") as caught:
        read_skill(file)
    assert "--max-bytes" in caught.value.hint
    with pytest.raises(BadInputError, match="more than 5,000 blocks"):
        read_stream(io.BytesIO(file.read_bytes()), 100_000)
    assert len(read_skill(file, 2 * MAX_BYTES).blocks) == MAX_BLOCKS + 1


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to nothing"])
def test_skill_file_that_is_no_file(tmp_path: Path, kind: str) -> None:
    """A folder, pipe or dangling link named SKILL.md is no skill; nobody is told to rename it to what it is called."""
    place = tmp_path / SKILL_FILE
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("none")
    for read in (read_skill, read_folder) if kind == "folder" else (read_skill,):
        with pytest.raises(BadInputError, match=r"SKILL\.md in the folder .* is no file") as caught:
            read(tmp_path)
        assert "Rename" not in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \t\r\n\n", "is empty", id="white space"),
        pytest.param(b"\xef\xbb\xbf", "is empty", id="byte order mark"),
        pytest.param(b"\xef\xbb\xbf \n", "is empty", id="byte order mark and white space"),
        pytest.param("\u2003\u3000\n".encode(), "is empty", id="wide spaces"),
        pytest.param(b"# A\n\xff\xfe\n", r"not UTF-8 text \(byte 4\)", id="invalid UTF-8"),
        pytest.param("# A\n".encode("utf-16"), "not UTF-8 text", id="UTF-16"),
        pytest.param(b"\xed\xa0\x80", "not UTF-8 text", id="surrogate"),
        pytest.param(b"# A\n\x00\n", "NUL", id="NUL"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8 text", id="PNG"),
    ],
)
def test_bad_content(content: bytes, message: str, tmp_path: Path) -> None:
    """What is no text is refused, from a file and from a stream, with the reason."""
    file = tmp_path / SKILL_FILE
    file.write_bytes(content)
    with pytest.raises(BadInputError, match=message) as caught:
        read_skill(file)
    assert caught.value.hint
    with pytest.raises(BadInputError, match=f"^stdin .*{message}"):
        read_stream(io.BytesIO(content))


def test_limit_is_the_last_size_accepted(tmp_path: Path) -> None:
    """A file of exactly the limit is read; one byte more is refused, with the way out."""
    file = tmp_path / SKILL_FILE
    file.write_bytes(b"a" * 100)
    assert len(read_skill(file, max_bytes=100).text) == 100
    with pytest.raises(BadInputError, match="larger than 99 bytes") as caught:
        read_skill(file, max_bytes=99)
    assert "--max-bytes" in caught.value.hint
    with pytest.raises(BadInputError, match="larger than"):
        read_stream(io.BytesIO(b"a" * (MAX_BYTES + 1)))


def test_path_with_a_nul() -> None:
    """A path that no file system takes is an error of the input, not a crash."""
    with pytest.raises(BadInputError):
        read_skill("a\0b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user who can be refused")
def test_unreadable_file(tmp_path: Path) -> None:
    """A file without read permission is an error of the input."""
    file = tmp_path / SKILL_FILE
    file.write_bytes(b"# A\n")
    file.chmod(0)
    with pytest.raises(BadInputError, match="Can't read"):
        read_skill(file)


def test_stream_is_decoded_as_it_is() -> None:
    """Line ends and a byte order mark come through from a stream."""
    assert read_stream(io.BytesIO(b"\xef\xbb\xbf# A\r\n")).text == "\ufeff# A\r\n"
