"""Where reports and tables are printed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console


def open_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """A console on stdout, or on stderr, that takes nothing in a text for markup, an emoji code or a number to color.

    NO_COLOR means plain text: Rich would leave bold in.
    """
    from rich.console import Console

    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=soft_wrap, color_system=system)
