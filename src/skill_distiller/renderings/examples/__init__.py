"""Sets of examples written in short: one or two in full, the others as one line each (RECOMP).

    find_sets(analysis) -> tuple[ExampleSet, ...]
    extractive_bundle(analysis, example_set) -> Bundle | None
    abstractive_bundle(analysis, example_set, text) -> Bundle | None
    selection_of(analysis, example_set, texts) -> ExampleSelection

A prompted renderer asks a model about the sets for which `extractive_bundle` gives None, hands its
lines to `abstractive_bundle` and counts a refusal where that gives None. `sources(analysis,
example_set)` are the examples as they stand, to be shown to the model.
"""

from skill_distiller.renderings.examples.bundles import abstractive_bundle, extractive_bundle
from skill_distiller.renderings.examples.find_sets import find_sets
from skill_distiller.renderings.examples.model import Example, ExampleSelection, ExampleSet, SelectionMode
from skill_distiller.renderings.examples.pieces import sources
from skill_distiller.renderings.examples.renderer import ExampleRenderer
from skill_distiller.renderings.examples.selection_of import selection_of

__all__ = [
    "Example",
    "ExampleRenderer",
    "ExampleSelection",
    "ExampleSet",
    "SelectionMode",
    "abstractive_bundle",
    "extractive_bundle",
    "find_sets",
    "selection_of",
    "sources",
]
