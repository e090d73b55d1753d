"""The results of earlier runs, known by their hashes alone: whoever compresses one again is told."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from skill_distiller.skill.safe_files import read_regular, staged

_FILE: Final = "results.txt"
_MOST: Final = 5000  # results that are remembered
_LINE_BYTES: Final = 65  # a SHA-256 in hex and a line feed


class Results:
    """The hashes of the results that were handed out, one a line, beside the calibration data.

    It is there for a warning, so it never fails: what can't be read is not known, what can't be written is forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE

    def holds(self, text: str) -> bool:
        """Whether a text is the result of an earlier run."""
        return _hash(text) in self._read()

    def add(self, text: str) -> None:
        """Remember a result; the oldest are forgotten."""
        known = self._read()
        own = _hash(text)
        if own in known:
            return
        try:
            if self._file.parent.is_symlink() or self._file.is_symlink():
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if known and len(known) < _MOST:
                with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_APPEND), "w", encoding="ascii") as stream:
                    stream.write(f"{own}\n")
                return
            text = "".join(f"{one}\n" for one in [*known, own][-_MOST // 2 :])
            with staged(self._file, text.encode("ascii")):
                pass
        except (OSError, ValueError):
            return

    def _read(self) -> list[str]:
        try:
            content = read_regular(self._file, 2 * _MOST * _LINE_BYTES)
        except (OSError, ValueError):
            return []
        return [line for line in content.decode("ascii", "replace").split() if len(line) == _LINE_BYTES - 1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
