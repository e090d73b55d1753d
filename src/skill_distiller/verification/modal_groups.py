"""Modal words that mean the same: one may stand for another, none for one of another group."""

from __future__ import annotations

from typing import Final

from skill_distiller.analysis.modality import CONTRACTIONS

NEGATION: Final = "not"
_GROUPS: Final = {
    NEGATION: "not never no none nothing nor neither cannot avoid forbidden prohibited nicht nie niemals kein keine"
    " keinen ne pas jamais nunca não не нет никогда нельзя değil asla",
    "must": "must shall require required requires mandatory always ensure muss müssen doit debe deben deve devem"
    " должен должна должно должны обязательно zorunlu gerekir gerekli",
    "may": "may optional darf",
    "only": "only nur seulement solo sólo só apenas somente только sadece yalnızca",
    "without": "without unless except otherwise ohne außer sans sauf sin excepto salvo sem exceto без кроме olmadan"
    " hariç",
    "before": "before bevor avant antes перед önce",
    "if": "if when whenever while wenn quando если когда eğer",
    "instead": "instead rather",
}
_GROUP_OF: Final = {
    **dict.fromkeys(CONTRACTIONS, NEGATION),
    **{word: group for group, words in _GROUPS.items() for word in words.split()},
}
MODAL_GROUP_WORDS: Final = frozenset(_GROUP_OF)


def modal_group(key: str) -> str:
    """The group of a modal fact, given its key: by its first word; a word that is in no group is its own."""
    word = key.split(" ", 1)[0]
    if word in _GROUP_OF or word.isascii() or (word[0].isalpha() and word[0] < "\u0600"):
        return _GROUP_OF.get(word, word)
    return word[:1]  # scripts without spaces: the key is the phrase
