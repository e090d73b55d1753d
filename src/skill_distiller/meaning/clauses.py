"""A text as sentences: the facts of each, the words that say something, and what its modal words govern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.language.facts import Fact, FactKind, find_facts
from skill_distiller.language.modals import Sense, Signal, find_signals
from skill_distiller.language.words import ABBREVIATIONS, CJK

# Where a sentence ends: its marks, a new list item, a blank line. A colon ends none: "If it fails: stop."
_SENTENCE_END: Final = re.compile(
    r"[.!?;](?=[*_\"”)]*(?:\s|\Z))|[。！？；]|\n(?=[ \t>]*(?:[-*+]|\d+[.)])[ \t]|[ \t>]*\r?\n)"
)
_CLAUSE_END: Final = re.compile(r"[,()，、（）—–]|\s-\s")
_ABBREVIATION: Final = re.compile(rf"\b(?:{ABBREVIATIONS})\.", re.IGNORECASE)
_REASON: Final = re.compile(r"\b(?:because|so that)\b(?!.*[,()—–])", re.IGNORECASE | re.DOTALL)
_WORD: Final = re.compile(r"[^\W\d_]+")
_CJK: Final = re.compile(f"[{CJK}]+")
_ENDING: Final = re.compile(r"(?<=[^\W\d_]{3})(?:ing|ed|es|s)\Z")
_STEM_LETTERS: Final = 5  # commit, commits, committed
_MAX_GOVERNED_WORDS: Final = 5
_MASKED: Final = frozenset({FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL, FactKind.QUOTED})
# The senses that begin a clause of their own, and tie it to another.
TIES: Final = frozenset(
    {Sense.ONLY, Sense.EXCEPTION, Sense.CONDITION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE}
)
# Words that carry no content of their own: articles, pronouns, light verbs.
_LIGHT: Final = frozenset(
    "a an the this that these those there here it its they them their theirs he she his her him you your yours we our"
    " us i me my one ones who whom whose which what how why where and or but so as at by for from in into of on onto"
    " to with within upon about over under out up down off than then too also just even still yet very much many more"
    " most some any each every all both such same other another own be is are was were been being am do does did done"
    " doing have has had having will would can could should might may shall must need needs use used uses using make"
    " makes made making get gets got getting let lets give gives given go goes put set take takes taken want wants try"
    " tries say says said see write written run runs please note simply really actually always again already like"
    " because since though although however therefore thus hence only if when whenever while until unless except"
    " before after instead rather otherwise else once first not no never nor anything something everything nothing"
    " thing things anyone someone everyone nobody anybody somebody everybody people way ways two"
    # de, fr, es, pt
    " der die das den dem des ein eine einen einer und oder mit ist sind wird noch schon du sie es darfst sollst le la"
    " les un une du est et ou el los las una se os as um uma que de".split()
)


@dataclass(frozen=True, slots=True)
class Governed:
    """A modal word and what it is about.

    `stems` and `keys` are the words and facts of its own clause, `rest` the facts that the clause is
    tied to: those before it in "run `a` if it fails", behind it in "if it fails, run `a`".
    `rest_stems` are the words outside of the clause. `first` is what the clause begins with, a word
    or a fact. `behind` is False where nothing stands behind the
    word, so that its clause is all around it. `reason` is True where it only says why: "because it is not safe".
    """

    signal: Signal
    stems: tuple[str, ...]
    keys: frozenset[str]
    rest: frozenset[str]
    rest_stems: frozenset[str]
    first: str
    behind: bool
    reason: bool

    @property
    def head(self) -> tuple[str, ...]:
        """The first words of its clause: what it is about."""
        return self.stems[:_MAX_GOVERNED_WORDS]

    @property
    def says(self) -> frozenset[str]:
        """The words and facts of its clause."""
        return self.keys.union(self.stems)

    @property
    def sense(self) -> Sense:
        """What it says."""
        return self.signal.sense


@dataclass(frozen=True)
class Sentence:
    """A sentence or list item: `keys` are its facts but modal words, in order of position.

    `signals` are its modal words, with offsets into `bare`, the sentence with these, its code, links and
    quotations blanked; `placed` are its facts with theirs. `asks` is True where it begins with what to do:
    "Keep the log."
    """

    text: str
    keys: tuple[str, ...]
    stems: frozenset[str]
    signals: tuple[Signal, ...]
    asks: bool
    bare: str
    placed: tuple[tuple[int, str], ...]

    @cached_property
    def says(self) -> frozenset[str]:
        """Its words that say something and the keys of its facts."""
        return self.stems.union(self.keys)

    @cached_property
    def governed(self) -> tuple[Governed, ...]:
        """What each modal word governs. Worked out when asked for: most readers only ask whether there is one."""
        ties = [signal.start for signal in self.signals if signal.firm and signal.sense in TIES]
        return tuple(_govern(signal, self.bare, self.placed, ties) for signal in self.signals)


@lru_cache(maxsize=2048)
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a Markdown text that say anything, in order."""
    facts = [fact for fact in find_facts(text) if fact.kind is not FactKind.MODAL]
    masked = _mask(text, facts)
    found, at = [], 0
    unabbreviated = _ABBREVIATION.sub(lambda match: match.group().replace(".", "·"), masked)
    for end in (*(match.end() for match in _SENTENCE_END.finditer(unabbreviated)), len(text)):
        placed = tuple((fact.start - at, fact.key) for fact in facts if at <= fact.start < end)
        sentence = _sentence(text[at:end], masked[at:end], placed)
        if sentence.keys or sentence.stems or sentence.signals:
            found.append(sentence)
        at = end
    return tuple(found)


def quote(text: str) -> str:
    """A text in one line of at most 160 characters, for people and models."""
    return " ".join(text.split())[:160]


def stems(text: str) -> list[str]:
    """The words that say something, cut to their first letters; of CJK scripts each two characters."""
    return [stem for _, stem in placed_stems(text)]


def placed_stems(text: str) -> Iterator[tuple[int, str]]:
    """The same with the offset of each: first those of words, then those of CJK scripts."""
    runs = [] if text.isascii() else list(_CJK.finditer(text))
    if runs:
        text = _CJK.sub(lambda run: " " * len(run.group()), text)
    for match in _WORD.finditer(text):
        stem = _stem(match.group())
        if stem:
            yield match.start(), stem
    for match in runs:
        yield from enumerate(_twos(match.group()), match.start())


def _twos(run: str) -> list[str]:
    """Each two characters of a run, or the only one."""
    return [run[i : i + 2] for i in range(max(1, len(run) - 1))]


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """A word cut to its first letters, "" where it says nothing by itself. Cached: a vocabulary is small."""
    name = len(word) == 1 and word.isupper() and word not in "AI"  # plan B
    if name or (len(word) > 1 and word.lower() not in _LIGHT):
        return _ENDING.sub("", word.lower())[:_STEM_LETTERS]
    return ""


def words_and_facts(text: str) -> list[str]:
    """The stems and the keys of the facts of a text in order; what stands in code or a quotation is no word."""
    facts = [fact for fact in find_facts(text) if fact.kind is not FactKind.MODAL]
    placed = [*placed_stems(_mask(text, facts)), *((fact.start, fact.key) for fact in facts)]
    return [unit for _, unit in sorted(placed)]


def _mask(text: str, facts: Sequence[Fact]) -> str:
    """The text with every character of its code, links and quotations blanked: a full stop in them ends nothing."""
    pieces: list[str] = []
    at = 0
    for fact in facts:
        if fact.kind in _MASKED and fact.start >= at:
            pieces += (text[at : fact.start], "`" * (fact.end - fact.start))
            at = fact.end
    return "".join([*pieces, text[at:]])


def _sentence(text: str, masked: str, placed: tuple[tuple[int, str], ...]) -> Sentence:
    signals, bare = find_signals(masked), masked
    for signal in signals:
        bare = bare[: signal.start] + " " * (signal.end - signal.start) + bare[signal.end :]
    word = _WORD.search(bare)
    asks = word is not None and word.group().lower() in IMPERATIVES
    keys = tuple(dict.fromkeys(key for _, key in placed))
    return Sentence(text.strip(), keys, frozenset(stems(bare)), signals, asks, bare, placed)


def _govern(signal: Signal, bare: str, keys: Sequence[tuple[int, str]], ties: Sequence[int]) -> Governed:
    """The clause behind the word, or before it for an arrow, or around it where nothing is behind it."""
    clause = max((match.end() for match in _CLAUSE_END.finditer(bare, 0, signal.start)), default=0)
    start = end = signal.end
    rest = frozenset[str]()
    if not bare[signal.end :].lstrip(" *_").startswith((":", "：")):  # nothing hangs on a label: "Done when:"
        start, end = _own_span(signal, bare, keys, ties, clause)
        rest = _tied(signal, bare, keys, clause)
    own = frozenset(key for at, key in keys if start <= at < end)
    words = [(start + at, stem) for at, stem in placed_stems(bare[start:end])]
    placed = sorted([*words, *((at, key) for at, key in keys if start <= at < end)])
    return Governed(
        signal,
        tuple(dict.fromkeys(stem for _, stem in words)),
        own,
        rest - own,
        frozenset(stems(bare[:start] + " " + bare[end:])),
        first=placed[0][1] if placed else "",
        behind=start >= signal.end,
        reason=_REASON.search(bare[: signal.start]) is not None,
    )


def _tied(signal: Signal, bare: str, keys: Sequence[tuple[int, str]], clause: int) -> frozenset[str]:
    """The facts that the clause is tied to: of the clause before the word, else all before it, else all there are."""
    before = [(at, key) for at, key in keys if at < signal.start]
    if not before and not stems(bare[: signal.start]):
        return frozenset(key for _, key in keys)
    return frozenset(key for at, key in before if at >= clause) or frozenset(key for _, key in before)


def _own_span(
    signal: Signal, bare: str, keys: Sequence[tuple[int, str]], ties: Sequence[int], clause: int
) -> tuple[int, int]:
    """Where the words that a modal word governs stand; an empty span where there are none."""
    match = _CLAUSE_END.search(bare, signal.end)
    after = min([match.start() if match else len(bare), *(start for start in ties if start >= signal.end)])
    arrow = signal.text in "→⇒"
    spans = [(clause, signal.start), (0, signal.start)] if arrow else [(signal.end, after), (clause, after)]
    for start, end in spans:
        if stems(bare[start:end]) or any(start <= at < end for at, _ in keys):
            return start, end
    return signal.end, signal.end
