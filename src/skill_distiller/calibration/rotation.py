"""Rotation: above 1,000 entries the oldest 100 move to the archive (reference, "File rotation")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from skill_distiller.calibration.lines import Line

MOST: Final = 1000  # entries; above it the next append rotates
MOVED: Final = 100  # the oldest entries, as many as move at once


def split_oldest(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines that move, and those that stay: every line that holds no entry stays where it is.

    As many move as bring the store below the limit again, in hundreds: a store that another tool
    let grow to 5,000 entries is not rotated forty times.
    """
    entries = [line for line in lines if line.entry]
    excess = len(entries) - MOST
    hundreds = -(-excess // MOVED) if excess > 0 else 0
    moving = {line.number for line in entries[: hundreds * MOVED]}
    return (
        tuple(line for line in lines if line.number in moving),
        tuple(line for line in lines if line.number not in moving),
    )


def join_lines(lines: Sequence[Line]) -> bytes:
    """The lines as a file, byte for byte; one that had no end gets it when another follows."""
    pieces = [line.raw if line.raw.endswith(b"\n") else line.raw + b"\n" for line in lines[:-1]]
    return b"".join([*pieces, *(line.raw for line in lines[-1:])])


def missing_part(block: bytes, tail: bytes) -> bytes:
    """What of a block of lines is still to be written to an archive that ends with `tail`.

    All of it, unless a rotation was interrupted: then some line of the tail begins what is a
    beginning of the block (or the whole), and only the rest is missing.

    >>> missing_part(b"one\\ntwo\\n", b"\\nzero\\none\\ntw")
    b'o\\n'
    """
    for end in re.finditer(b"\n", tail):
        written = tail[end.end() :]
        if written and block.startswith(written):
            return block[len(written) :]
    return block
