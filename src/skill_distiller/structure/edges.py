"""Edges between the pieces of a skill: what makes no sense without what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, TypeAlias

Piece: TypeAlias = int
"""A block by its index, or the heading of a section as `~index` (see `heading_of`)."""


def heading_of(section: int) -> Piece:
    """The heading of a section, by index, as a piece; of such a piece the index of its section."""
    return ~section


class EdgeKind(StrEnum):
    """Why a piece needs another; the value is the word of reports and JSON."""

    SEQUENCE = "sequence"
    LABEL = "label"
    REFERS = "refers"
    FILE = "file"
    SYMBOL = "symbol"


class Edge(NamedTuple):
    """Where `source` stays, `target` is needed: without fail where `hard`. Of `mutual` pieces each needs the other.

    `why` says it in a few words, such as the number of a step.
    """

    kind: EdgeKind
    source: Piece
    target: Piece
    why: str = ""
    hard: bool = True
    mutual: bool = False


def chained(kind: EdgeKind, pieces: Iterable[Piece], why: str) -> Iterator[Edge]:
    """The edges of pieces of which none stays alone."""
    return (Edge(kind, first, second, why, mutual=True) for first, second in pairwise(pieces))


def needs_of(edges: Iterable[Edge], kept: Collection[Piece]) -> dict[Piece, tuple[Edge, ...]]:
    """For each of the pieces that are kept, the hard edges by which another of them needs it (that is the source)."""
    found = dict[Piece, tuple[Edge, ...]]()
    for edge in edges:
        ways = (edge, edge._replace(source=edge.target, target=edge.source)) if edge.mutual else (edge,)
        for way in ways if edge.hard and edge.source in kept and edge.target in kept else ():
            found[way.target] = (*found.get(way.target, ()), way)
    return found
