"""The tokens of a whole skill in one row: its blocks, the headings they stand under, its description."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from skill_distiller.analysis.vocabulary import Places, Tokens, Vocabulary, shared_vocabulary, split_tokens
from skill_distiller.document import Skill

_HEADING: Final = 24  # tokens of a heading that are read
_LONGEST: Final = 400  # characters


class SkillTokens(NamedTuple):
    """The texts of `tokens` are, in order: every block, for each section its heading, for each
    section the headings above that one, and the description. `section_of` is each block's section.
    """

    tokens: Tokens
    blocks: int
    sections: int
    section_of: Places
    depths: Places  # headings above a section, its own included

    @property
    def last_tokens(self) -> Places:
        """Where the last token of each block stands; its END where it has none."""
        starts = self.tokens.starts[: self.blocks]
        return np.maximum(starts + self.tokens.lengths[: self.blocks] - 2, starts)


def skill_tokens(skill: Skill, vocabulary: Vocabulary | None = None) -> SkillTokens:
    """Read a skill with the vocabulary of the process, or with one of one's own."""
    texts = [split_tokens(block.text.rstrip()) for block in skill.blocks]
    paths = [skill.heading_path(section.index) for section in skill.sections]
    tokens = {heading: split_tokens(heading[:_LONGEST])[:_HEADING] for path in paths for heading in path}
    texts += [tokens[path[-1]] if path else [] for path in paths]
    texts += [[token for heading in path[:-1] for token in tokens[heading]] for path in paths]
    texts.append(split_tokens(skill.description))
    return SkillTokens(
        (vocabulary or shared_vocabulary()).read(texts),
        len(skill.blocks),
        len(paths),
        np.array(skill.section_of, dtype=np.intp),
        np.array([len(path) for path in paths], dtype=np.intp),
    )


def first_words(read: SkillTokens, count: int) -> Places:
    """Where the first words of each block stand, one row each; the block's END where it has fewer."""
    starts = read.tokens.starts[: read.blocks]
    ends = starts + read.tokens.lengths[: read.blocks] - 1
    words = np.flatnonzero(read.tokens.words)
    padded = np.append(words, np.full(count, len(read.tokens.words)))
    return np.minimum(padded[np.searchsorted(words, starts) + np.arange(count)[:, None]], ends)
