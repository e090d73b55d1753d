"""The words of languages as they are written in `data/*.toml`, one file a language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

LANGUAGES: Final = tuple("en de es fr pt it ru tr zh ja ko".split())
UNSPACED: Final = frozenset({"zh", "ja", "ko"})  # their words stand without spaces, and have no endings


def tables(language: str) -> Mapping[str, Any]:
    """The tables of a language as they are written."""
    return _data()[language]


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Mapping[str, Any]]:
    """The tables of each language."""
    folder = files(__package__) / "data"
    return {name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in LANGUAGES}


def texts(table: str) -> Iterator[str]:
    """A table of each language that has it, as it is written."""
    return (data[table] for data in _data().values() if table in data)


def parts(text: str, mark: str = ",") -> Iterator[list[str]]:
    """The words of each part of a text between two marks."""
    return filter(None, map(str.split, text.split(mark)))


def small(text: str) -> str:
    """A text in small letters, each in its place.

    An expression in small letters finds there what one for any case finds in the text, in a third of the time.
    """
    return text.lower() if text.isascii() else text.replace("İ", "i").lower()  # the one that would become two


@cache
def words_in(table: str) -> frozenset[str]:
    """The words of a list, of all languages."""
    return frozenset(" ".join(texts(table)).split())
