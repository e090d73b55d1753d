"""The words that many skills use: what is not one of them is rare, and says more where it stands alone."""

from __future__ import annotations

from collections import Counter
from typing import Final

from lab.common.repos import load_repos
from lab.common.shared import Shared
from skill_distiller.language.words import content_words
from skill_distiller.planning.worth import word_number
from skill_distiller.skill.model import SKILL_FILE

FEWEST: Final = 3  # skills that use a common word


def common_words(shared: Shared) -> frozenset[int]:
    """The numbers of the words in at least FEWEST skills.

    Skills of repositories with an exam are not counted, so that no exam is judged by its own words.
    """
    repo_of = load_repos(shared.root)
    examined = {repo_of[path.stem] for path in shared.exam.glob("*.json")}
    uses = Counter[str]()
    for skill in sorted(name for name, repo in repo_of.items() if repo not in examined):
        uses.update(content_words((shared.corpus / skill / SKILL_FILE).read_text("utf-8")))
    return frozenset(word_number(word) for word, count in uses.items() if count >= FEWEST)
