"""Read a skill from disk or a stream: the only input of the tool, with its limits."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

from skill_distiller.errors import BadInputError, reason_of
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill

MAX_BYTES: Final = 2_000_000
_CHUNK: Final = 1 << 22  # bytes; the limit may be larger than memory
SKILL_FILE: Final = "SKILL.md"
_NO_CONTENT: Final = "Provide a valid SKILL.md file path or pipe content via stdin."


def read_skill(path: str | Path, max_bytes: int = MAX_BYTES) -> Skill:
    """Read and parse a SKILL.md, or the one inside a skill folder.

    Raises BadInputError when it is missing, empty, not UTF-8 text or larger than `max_bytes`.
    """
    file = Path(path)
    try:
        if file.is_dir():
            file = file / SKILL_FILE
            if not file.is_file():
                raise BadInputError(f"The folder {str(path)!r} holds no {SKILL_FILE}.", _NO_CONTENT)
        with file.open("rb") as stream:
            content = _limited(stream, repr(str(path)), max_bytes)
    except FileNotFoundError:
        raise BadInputError(f"There is no file {str(path)!r}.", _NO_CONTENT) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise BadInputError(f"Can't read {str(path)!r}: {reason_of(error)}.", _NO_CONTENT) from error
    return parse_skill(_decode(content, repr(str(path))), file)


def read_stream(
    stream: BinaryIO, max_bytes: int = MAX_BYTES, *, name: str = "stdin", path: Path | None = None
) -> Skill:
    """Read and parse a skill from a binary stream, `name` in messages; raises as `read_skill` does."""
    return parse_skill(_decode(_limited(stream, name, max_bytes), name), path)


def _limited(stream: BinaryIO, name: str, max_bytes: int) -> bytes:
    content = b""
    while chunk := stream.read(min(_CHUNK, max_bytes + 1 - len(content))):
        content += chunk
    if len(content) > max_bytes:
        raise BadInputError(
            f"{name} is larger than {max_bytes:,} bytes.",
            "Raise the limit with --max-bytes if this really is a skill.",
        )
    return content


def _decode(content: bytes, name: str) -> str:
    if not content.strip():
        raise BadInputError(f"{name} is empty.", _NO_CONTENT)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"{name} is not UTF-8 text (byte {error.start}).",
            "Convert it to UTF-8, or check that it is a SKILL.md.",
        ) from None
    if "\0" in text:
        raise BadInputError(f"{name} looks like a binary file (it holds NUL bytes).", _NO_CONTENT)
    if not text.lstrip("\ufeff").strip():
        raise BadInputError(f"{name} is empty.", _NO_CONTENT)
    return text
