"""Headings as facts."""

from __future__ import annotations

import re

from skill_distiller.analysis.fact import normalize


def heading_key(heading: str) -> str:
    """The key of a heading as a fact."""
    return f"# {normalize(heading)}"


def anchor(heading: str) -> str:
    """The anchor that Markdown renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
