"""Have a model sum up sets of examples that can't be shortened by choosing among them (RECOMP's abstractive way)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.ladders import proposed_by
from skill_distiller.prompted.exchange import SYNTHESIZE, BlockQuestion, ask_in_rounds, batch
from skill_distiller.prompted.rewrite import read_texts
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.example_bundles import abstractive_bundle, extractive_bundles, saving
from skill_distiller.rewriting.example_lines import source_of
from skill_distiller.rewriting.example_sets import ExampleSet, find_sets
from skill_distiller.rewriting.model import Bundle, Proposals, Renderer
from skill_distiller.skill.model import Block
from skill_distiller.tokens import TokenCounter

_REPAIRS: Final = 1
_LONGEST: Final = 3000  # characters; a model is shown no more of a set
_REPLY_TOKENS: Final = 200  # a set
_AGAIN: Final = (
    "Your last lines for these sets were refused: they lost facts of the examples, held one that the examples lack, "
    "or were too long or too many."
)


@dataclass(frozen=True, slots=True)
class PromptedSynthesizer:
    """Summary examples by a language model, for the sets of which no choice of examples shows 0.8 or more.

    Skill Distiller reference, "Example Compression", phase 2. No call for a skill without such a set, nor for a set of
    which some is said with other blocks by another renderer, the one `beside`.
    """

    session: Session
    beside: Renderer | None = None

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """A bundle for each set whose lines pass the check of facts and cost less; raises what the session raises."""
        said = proposed_by(reading, self.beside, counter).bundles if self.beside else ()
        told = {block for bundle in said for block in bundle.blocks}
        found_sets = (s for s in find_sets(reading) if told.isdisjoint(s.blocks))
        sets = {s.blocks[0]: s for s in found_sets if not any(extractive_bundles(reading, s))}
        asked = [block for s in sets.values() if len((block := _joined(reading, s)).text) <= _LONGEST]
        if not asked:
            return Proposals()
        self.session.admit(reading.skill.text)
        found = self._bundles(reading, sets, asked, "")
        left = [block for block in asked if block.index in found and found[block.index] is None]
        if left:
            found |= self._bundles(reading, sets, left, _AGAIN)
        bundles = [bundle for bundle in found.values() if bundle and saving(reading, bundle, counter) > 0]
        return Proposals(bundles=tuple(bundles), refused=sum(bundle is None for bundle in found.values()))

    def _bundles(
        self, reading: Reading, sets: Mapping[int, ExampleSet], asked: Sequence[Block], problem: str
    ) -> dict[int, Bundle | None]:
        """The bundles by first block of their set, None for lines that were refused."""
        question = BlockQuestion(
            SYNTHESIZE,
            lambda block: f"{len(sets[block.index].examples)} examples",
            lambda blocks: 100 + _REPLY_TOKENS * len(blocks),
            lambda value, blocks: read_texts(value, len(blocks)),
        )
        groups = batch(asked, lambda block: block.text)
        given = ask_in_rounds(
            self.session, reading.skill, groups, question, repairs=_REPAIRS, complete=not problem, problem=problem
        ).given
        return {i: abstractive_bundle(reading, sets[i], text) for i, text in given.items() if text.strip()}


def _joined(reading: Reading, examples: ExampleSet) -> Block:
    """All examples of a set as one block, under the index of their first."""
    texts = ["".join(source_of(reading.skill, example)).strip() for example in examples.examples]
    return replace(reading.skill.blocks[examples.blocks[0]], text="\n\n".join(texts) + "\n")
