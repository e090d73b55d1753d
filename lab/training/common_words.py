"""How many skills use each word: what few use is little to be expected, and says more where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lab.common.repos import load_repos
from lab.common.shared import Shared
from skill_distiller.language.words import content_words
from skill_distiller.planning.worth import Vocabulary, word_number
from skill_distiller.skill.model import SKILL_FILE

FEWEST: Final = 6  # skills that use a word of a vocabulary


@dataclass(frozen=True)
class WordUses:
    """The words of every skill, by the repository that it is from."""

    words: Mapping[str, tuple[frozenset[str], ...]]

    def without(self, repo: str = "") -> Vocabulary:
        """The words that at least FEWEST skills of other repositories use: no skill is judged by its own words."""
        skills = [own for name, known in self.words.items() if name != repo for own in known]
        uses = Counter[str]()
        for own in skills:
            uses.update(own)
        known = {word_number(word): count for word, count in uses.items() if count >= FEWEST}
        return Vocabulary(len(skills), dict(sorted(known.items())))


def read_word_uses(shared: Shared) -> WordUses:
    """The words of the whole corpus."""
    words = dict[str, tuple[frozenset[str], ...]]()
    for name, repo in sorted(load_repos(shared.root).items()):
        own = content_words((shared.corpus / name / SKILL_FILE).read_text("utf-8"))
        words[repo] = (*words.get(repo, ()), own)
    return WordUses(words)
