"""Find the words of a skill that can go, with the trained word model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from skill_distiller.document import Skill
from skill_distiller.renderings.edits import Edit
from skill_distiller.renderings.locks import Span

if TYPE_CHECKING:  # numpy is loaded when words are looked at, not before
    from skill_distiller.renderings.words.model import WordModel
    from skill_distiller.weights import Arrays

WEIGHTS: Final = "words"  # the file of weights that ships with the package


@dataclass(frozen=True, eq=False)
class WordPruner:
    """Finds what can be deleted from prose; without `weights` by those that ship with the package."""

    weights: Arrays | None = None

    def edits(
        self, skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]
    ) -> dict[int, tuple[Edit, ...]]:
        """The possible edits of the blocks `prose` (indices of paragraphs, lists and list items), by block.

        No edit overlaps another or a span of `locked`; the edits below any strength give a text to
        read. Text that is not English has none. Raises WeightsError where the weights are missing or
        were fitted for other code.
        """
        from skill_distiller.renderings.words.forming import form_edits
        from skill_distiller.renderings.words.stream import read_stream
        from skill_distiller.weights.single_thread import single_thread

        stream = read_stream(skill, prose, locked)
        if stream is None:
            return {}
        with single_thread():
            probabilities = self._model.probabilities(stream)
        return form_edits(skill, stream, probabilities)

    @cached_property
    def _model(self) -> WordModel:
        from skill_distiller.renderings.words.model import WordModel

        return _shipped() if self.weights is None else WordModel.of(self.weights)


@lru_cache(maxsize=1)
def _shipped() -> WordModel:
    from skill_distiller.renderings.words.features import definition
    from skill_distiller.renderings.words.model import WordModel
    from skill_distiller.weights import load_weights

    return WordModel.of(load_weights(WEIGHTS, definition()))
