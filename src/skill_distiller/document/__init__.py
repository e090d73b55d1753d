"""Text in, text out: the lossless document model of a skill."""

from skill_distiller.document.model import (
    PROSE,
    Block,
    BlockKind,
    Frontmatter,
    FrontmatterState,
    Section,
    Skill,
    count_line_ends,
)
from skill_distiller.document.parse import parse_skill
from skill_distiller.document.read import MAX_BYTES, SKILL_FILE, read_skill, read_stream
from skill_distiller.document.render import render_skill

__all__ = [
    "MAX_BYTES",
    "PROSE",
    "SKILL_FILE",
    "Block",
    "BlockKind",
    "Frontmatter",
    "FrontmatterState",
    "Section",
    "Skill",
    "count_line_ends",
    "parse_skill",
    "read_skill",
    "read_stream",
    "render_skill",
]
