"""Writing the product to stdout."""

from __future__ import annotations

import os
import sys

from skill_distiller.errors import RefusedError, reason_of


def write_stdout(text: str, *, safe: bool = False) -> None:
    """Byte for byte into a pipe or file; on a terminal control characters of the skill are shown as codes.

    A `safe` text is ours, its escape sequences included.
    """
    if sys.stdout is None:
        raise RefusedError("stdout is closed.", "Name a file with -o.")
    if sys.stdout.isatty() and not safe:
        from skill_distiller.reporting.printable import printable_lines

        text = printable_lines(text)
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))  # a file name may hold what is not UTF-8
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()
        raise RefusedError(f"Can't write to stdout: {reason_of(error)}.", "Name a file with -o.") from None


def write_json(record: object) -> None:
    """A record as indented JSON: plain ASCII on a terminal, where a character could steer it."""
    import json

    write_stdout(json.dumps(record, indent=2, ensure_ascii=sys.stdout is None or sys.stdout.isatty()) + "\n")


def drop_stdout() -> None:
    """Leave nothing for the interpreter to flush at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
