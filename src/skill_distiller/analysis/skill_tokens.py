"""The tokens of a whole skill in one row: its blocks, the headings they stand under, its description."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from skill_distiller.analysis.characters import Form
from skill_distiller.analysis.token_row import Flags, Places, TokenRow, token_row
from skill_distiller.document import Skill

_BLOCK: Final = 600  # characters of a block that are read: nine of ten have no more
_HEADING: Final = 120  # characters of a heading that are read


class SkillTokens(NamedTuple):
    """The texts of `tokens` are, in order: every block, for each section its heading, for each
    section the headings above that one, and the description. `section_of` is each block's section,
    `words` flags the tokens of letters or digits.
    """

    tokens: TokenRow
    words: Flags
    blocks: int
    sections: int
    section_of: Places
    depths: Places  # headings above a section, its own included

    @property
    def first_tokens(self) -> Places:
        """Where each block begins."""
        return self.tokens.starts[: self.blocks]

    @property
    def ends(self) -> Places:
        """Where the END of each block stands."""
        return self.first_tokens + self.tokens.lengths[: self.blocks] - 1

    @property
    def last_tokens(self) -> Places:
        """Where the last token of each block stands; its END where it has none."""
        return np.maximum(self.ends - 1, self.first_tokens)


def skill_tokens(skill: Skill) -> SkillTokens:
    """Read a skill."""
    paths = [[heading[:_HEADING] for heading in skill.heading_path(section.index)] for section in skill.sections]
    texts = [block.text[:_BLOCK].rstrip() for block in skill.blocks]
    texts += [path[-1] if path else "" for path in paths]
    texts += [" ".join(path[:-1]) for path in paths]
    texts.append(skill.description)
    tokens = token_row(texts)
    return SkillTokens(
        tokens,
        (tokens.forms >= Form.WORD) & (tokens.forms <= Form.CJK),
        len(skill.blocks),
        len(paths),
        np.array(skill.section_of, dtype=np.intp),
        np.array([len(path) for path in paths], dtype=np.intp),
    )


def first_words(read: SkillTokens, count: int) -> Places:
    """Where the first words of each block stand, one row each; the block's END where it has fewer."""
    words = np.flatnonzero(read.words)
    padded = np.append(words, np.full(count, len(read.words)))
    return np.asarray(
        np.minimum(padded[np.searchsorted(words, read.first_tokens) + np.arange(count)[:, None]], read.ends)
    )
