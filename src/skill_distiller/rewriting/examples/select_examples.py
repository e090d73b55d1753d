"""Choose the examples that stand in full: those that show most of the set, clearly, and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

from skill_distiller.analysis.model import Analysis
from skill_distiller.language.facts import fact_keys
from skill_distiller.rewriting.examples.elements import (
    Element,
    common_words,
    example_elements,
    join_elements,
    not_shown,
)
from skill_distiller.rewriting.examples.lookups import fact_spread
from skill_distiller.rewriting.examples.model import ENOUGH, Example, ExampleSet
from skill_distiller.rewriting.examples.one_liner import one_liner
from skill_distiller.rewriting.examples.pieces import Pieces, repeated_labels, source_of, take_apart

_CLARITY, _UNIQUENESS = 0.1, 0.1  # beside coverage
_MODERATE: Final = (80, 1600)  # characters of an example that is neither a scrap nor a document


@dataclass(frozen=True, slots=True)
class Draft:
    """An example as it may be written: in full (`source`), or as a `line` ("" where it can't).

    `clarity` and `uniqueness` are 0-1: whether it has a trigger, a result and a moderate length, and
    the share of its facts that stand nowhere else in the skill.
    """

    example: Example
    name: str
    source: tuple[str, ...]
    line: str
    elements: Mapping[str, Element]
    clarity: float
    uniqueness: float


def draft_examples(analysis: Analysis, examples: ExampleSet) -> tuple[Draft, ...]:
    """Every example of a set with its line, what it shows and how good it is."""
    labels = repeated_labels(analysis, examples)
    elements = [example_elements(analysis, example) for example in examples.examples]
    common = common_words(elements)
    return tuple(
        _draft(analysis, example, labels, own, common) for example, own in zip(examples.examples, elements, strict=True)
    )


def _draft(
    analysis: Analysis,
    example: Example,
    labels: frozenset[str],
    elements: Mapping[str, Element],
    common: frozenset[str],
) -> Draft:
    pieces = take_apart(analysis, example, labels)
    line = one_liner(analysis, example, pieces, elements, common) if example.foldable else ""
    source = source_of(analysis.skill, example)
    return Draft(
        example,
        pieces.title or (pieces.inputs[0].text if pieces.inputs else ""),
        source,
        line,
        elements,
        _clarity(pieces, sum(map(len, source))),
        _uniqueness(analysis, example),
    )


def _clarity(pieces: Pieces, length: int) -> float:
    moderate = _MODERATE[0] <= length <= _MODERATE[1]
    return 0.4 * bool(pieces.title or pieces.inputs) + 0.4 * bool(pieces.results) + 0.2 * moderate


def _uniqueness(analysis: Analysis, example: Example) -> float:
    own = Counter(key for i in example.blocks for key in fact_keys(analysis.facts[i]))
    spread = fact_spread(analysis)
    return sum(spread[key] == count for key, count in own.items()) / len(own) if own else 0.0


def selections(drafts: Sequence[Draft]) -> Iterator[tuple[int, ...]]:
    """The choices of drafts to keep in full that still show `ENOUGH`, from the fewest to all but one.

    Those without a line have to be in it, and one at least; each choice has one more than the one
    before, the one that adds most to what is shown.
    """
    elements = join_elements(draft.elements for draft in drafts)
    chosen = [i for i, draft in enumerate(drafts) if not draft.line]
    while len(chosen) < len(drafts):
        missing = not_shown(elements, texts_of(drafts, chosen))
        if chosen and 1 - fsum(missing.values()) / (_weight(elements) or 1.0) >= ENOUGH:
            yield tuple(sorted(chosen))
        chosen.append(_best(drafts, missing, chosen, _weight(elements)))


def _weight(elements: Mapping[str, Element]) -> float:
    return fsum(element.weight for element in elements.values())


def texts_of(drafts: Sequence[Draft], selected: Sequence[int]) -> list[str]:
    """What stands of the examples: the source of the selected ones, the lines of the others."""
    return [text for i, d in enumerate(drafts) for text in (d.source if i in selected else (d.line,))]


def _best(drafts: Sequence[Draft], missing: Mapping[str, float], chosen: Sequence[int], total: float) -> int:
    """The draft that adds most when it stands in full too: of what is missing, clearly, and found nowhere else."""

    def value(i: int) -> tuple[float, int]:
        gain = fsum(missing.get(key, 0.0) for key in drafts[i].elements) / (total or 1.0)
        return gain + _CLARITY * drafts[i].clarity + _UNIQUENESS * drafts[i].uniqueness, -i

    return max((i for i in range(len(drafts)) if i not in chosen), key=value)
