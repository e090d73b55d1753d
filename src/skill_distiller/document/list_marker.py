"""What a list item begins with."""

from __future__ import annotations

from typing import Final

# For expressions; CommonMark allows nine digits.
LIST_MARKER: Final = r"(?:[-*+]|\d{1,9}[.)])"
