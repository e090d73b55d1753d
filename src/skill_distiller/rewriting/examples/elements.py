"""What a text shows of an example: its facts, the lines of its code, its sentences.

A fact is shown or not. A line of code or a sentence is shown as far as its words are: the words it
shares with an example that stands in full, and the values that a one-liner gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import fsum
from typing import Final, NamedTuple

from skill_distiller.analysis.model import Analysis
from skill_distiller.language.fact import SENTENCE_END, FactKind
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.language.words import CJK
from skill_distiller.rewriting.examples.labels import without_example_name
from skill_distiller.rewriting.examples.lookups import leading_blocks
from skill_distiller.rewriting.examples.model import Example
from skill_distiller.skill.model import BlockKind

_WORDS: Final = re.compile(r"\w+(?:[-./:@]\w+)*")  # a date, a path or an address is one
_CJK: Final = re.compile(f"[{CJK}]")
_MARKS: Final = re.compile(r"[`*>#\s]+")
_WEIGHTS: Final = {FactKind.MODAL: 0.5, FactKind.CODE_LINE: 0.5}  # all others count 1, as in planning
_SENTENCE: Final = 0.5
_SENTENCE_WORDS: Final = 5  # a few words may stand in a line by chance
_CONDITIONS: Final = frozenset({"when", "if"})


class Element(NamedTuple):
    """Something an example shows; with `words` it is shown as far as these are, else its key is looked for."""

    weight: float
    words: frozenset[str] = frozenset()


class Shown:
    """What some texts show together."""

    def __init__(self, texts: Iterable[str]) -> None:
        """The texts as they would be written, code with its fences."""
        joined = "\n".join(texts)
        self._text = f" {plain(joined)} "
        self._words = words_of(joined)

    def holds(self, key: str) -> bool:
        """Whether the key of a fact stands in the texts as whole words."""
        return holds_words(self._text, _plain_key(key))

    def degree(self, key: str, element: Element) -> float:
        """How far an element is shown, 0-1."""
        if not element.words:
            return float(self.holds(key))
        return len(element.words & self._words) / len(element.words)

    def holds_whole(self, key: str, element: Element) -> bool:
        """Whether an element stands in the texts word for word."""
        return element.words <= self._words and self.holds(key)


def plain(text: str) -> str:
    """A text as keys are looked for in it: in lower case, marks and white space as single blanks."""
    return _MARKS.sub(" ", text).strip().lower()


@lru_cache(maxsize=8192)
def _plain_key(key: str) -> str:
    return plain(key).rstrip(",; ")


def holds_words(text: str, words: str) -> bool:
    """Whether a text holds some words, not as parts of longer ones."""
    at = text.find(words)
    while at >= 0:
        end = at + len(words)
        before, after = text[at - 1 : at] or " ", text[end : end + 1] or " "
        if not (_joined(before, words[:1]) or _joined(words[-1:], after)):
            return True
        at = text.find(words, at + 1)
    return False


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and left.isascii() and right.isascii()


def words_of(text: str) -> frozenset[str]:
    """The distinct words of a text, in lower case, values whole; Chinese, Japanese and Korean by characters."""
    found: set[str] = set()
    for word in _WORDS.findall(text.lower()):
        found.update(word if not word.isascii() and _CJK.search(word) else (word,))
    return frozenset(found)


def example_elements(analysis: Analysis, example: Example) -> dict[str, Element]:
    """What an example shows, by key."""
    skill, leading = analysis.skill, leading_blocks(analysis)
    found: dict[str, Element] = {}
    for section in example.sections:
        for fact in find_facts(without_example_name(skill.sections[section].heading)):
            found[fact.key] = Element(_WEIGHTS.get(fact.kind, 1.0))
    for index in example.blocks:
        block = skill.blocks[index]
        for fact in analysis.facts[index]:
            words = words_of(fact.text) if fact.kind is FactKind.CODE_LINE else frozenset()
            found[fact.key] = Element(_WEIGHTS.get(fact.kind, 1.0), words)
        if block.kind not in (BlockKind.CODE, BlockKind.RULE) and index not in leading:
            for sentence in SENTENCE_END.split(block.text):
                if len(words := words_of(sentence)) > 1:
                    found.setdefault(f"\n{plain(sentence)}", Element(_SENTENCE, words))
    return found


def join_elements(several: Iterable[Mapping[str, Element]]) -> dict[str, Element]:
    """All elements once."""
    return {key: element for elements in several for key, element in elements.items()}


def common_words(several: Sequence[Mapping[str, Element]]) -> frozenset[str]:
    """The words of code and sentences that more than one example has, and more than half of them."""
    spread = Counter[str]()
    for elements in several:
        spread.update(frozenset[str]().union(*(element.words for element in elements.values())))
    return frozenset(word for word, count in spread.items() if count > max(1, len(several) // 2))


def distinct(elements: Mapping[str, Element], common: frozenset[str]) -> dict[str, Element]:
    """The elements without the words that other examples have too; what has no others is left out."""
    return {
        key: Element(element.weight, element.words - common)
        for key, element in elements.items()
        if not element.words or element.words - common
    }


def coverage(elements: Mapping[str, Element], texts: Sequence[str], enough: float = 1.0) -> float:
    """The share (0-1) of the elements' weight that some texts show; 1 where there is nothing to show.

    A line of code or a sentence counts in full where `enough` (0-1) of its words are shown.
    """
    total = fsum(element.weight for element in elements.values())
    return 1 - fsum(not_shown(elements, texts, enough).values()) / total if total else 1.0


def not_shown(elements: Mapping[str, Element], texts: Sequence[str], enough: float = 1.0) -> dict[str, float]:
    """How much of each element's weight some texts do not show, by key; what they show in full is left out."""
    shown = Shown(texts)
    parts = {key: min(1.0, shown.degree(key, e) / enough) for key, e in elements.items()}
    return {key: elements[key].weight * (1 - part) for key, part in parts.items() if part < 1}


def verbatim_share(elements: Mapping[str, Element], lines: Sequence[str], full: Sequence[str], enough: float) -> float:
    """The share (0-1) of the elements' weight that stays word for word: in a single line, or as it is in `full`.

    Of a sentence, or a code line as long, `enough` (0-1) of the words in a single line will do.
    """
    each, whole = [words_of(line) for line in lines], Shown([*full, *lines])
    total = fsum(element.weight for element in elements.values())
    found = fsum(
        e.weight
        for key, e in elements.items()
        if whole.holds_whole(key, e)
        or (len(e.words) >= _SENTENCE_WORDS and any(len(e.words & words) >= enough * len(e.words) for words in each))
    )
    return found / total if total else 1.0


def invented(source: Sequence[str], text: str) -> tuple[str, ...]:
    """The keys of facts in a text that its sources do not hold."""
    shown, known = Shown(source), _keys(source)
    return tuple(fact.key for fact in find_facts(text) if fact.key not in known and not shown.holds(fact.key))


def invented_in_new_words(source: Sequence[str], text: str) -> tuple[str, ...]:
    """The same for a text in new words: of a negation or a limit its own word has to stand in the sources.

    `when` and `if` may be new: they only say what the result hangs on.
    """
    shown, known = Shown(source), _keys(source)
    return tuple(
        fact.key
        for fact in find_facts(text)
        if fact.key not in known
        and not shown.holds(fact.key.split()[0] if fact.kind is FactKind.MODAL else fact.key)
        and not (fact.kind is FactKind.MODAL and fact.key.split()[0] in _CONDITIONS)
    )


def _keys(texts: Sequence[str]) -> frozenset[str]:
    return frozenset[str]().union(*(fact_keys(find_facts(text)) for text in texts))
