"""The faithfulness gate (SkillReducer's first): what stays in other words still says all that it said, by its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.reading import TYPE_NAMES
from skill_distiller.exams.evidence import Passages, text_files
from skill_distiller.exams.model import Criterion
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import block_facts, fact_keys
from skill_distiller.run.gates.bring_back import MOST_ROUNDS, Found, Made
from skill_distiller.run.result import Basis
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import piece_ids
from skill_distiller.skill.parse import parse_skill

if TYPE_CHECKING:
    from skill_distiller.prompted.judge import ConceptReader

_SHOWN: Final = 5  # facts of a block that are named


@dataclass(frozen=True, slots=True)
class FaithfulnessGate:
    """Fails the blocks that were shortened and no longer say all: a program looks for their facts, then a model reads.

    What is left out whole is told in the receipt and no fault here. A model is asked once for each kind of content of
    which the program has nothing to say against; what it finds missing counts only with a quote of the original that
    the result does not hold. What fails comes back; in the last round all that was shortened of the kinds that fail.
    The kind of a block is its type, or what `kinds` says by its index.
    """

    original: SkillFolder
    reader: ConceptReader | None = None
    name: str = "faithfulness"
    kinds: Mapping[int, str] = field(default_factory=dict)

    def find(self, made: Made[object], tries: int) -> Found:
        """What no longer says all that it said; raises ProviderError where a model is of no use."""
        skill, ids = self.original.skill, piece_ids(self.original.skill).blocks
        by_kind: dict[str, list[int]] = {}
        for block in sorted(made.shortened):
            by_kind.setdefault(self._kind(made, block), []).append(block)
        losses: dict[int, list[Criterion]] = {}
        known, texts = _facts_in(made.folder), _texts_of(made.folder)
        for kind, blocks in by_kind.items():
            own = {block: found for block in blocks if (found := self._lost_facts(block, ids[block], known))}
            if not own and self.reader is not None:
                sources = [skill.blocks[block].source for block in blocks]
                own = self._lost_concepts(self.reader, kind, dict(zip(blocks, sources, strict=True)), texts)
            losses |= own
        failing = {self._kind(made, block) for block in losses}
        back = losses if tries + 1 < MOST_ROUNDS else [b for kind in failing for b in by_kind[kind]]
        kept = 1 - len(losses) / len(made.shortened) if made.shortened else 1.0
        failed = tuple(criterion for block in sorted(losses) for criterion in losses[block])
        return Found(kept, failed, Basis.CONCEPTS, frozenset(ids[block] for block in back))

    def _kind(self, made: Made[object], block: int) -> str:
        return self.kinds.get(block) or TYPE_NAMES[made.reading.verdicts[block].type][1]

    def _lost_facts(self, block: int, name: str, known: frozenset[str]) -> list[Criterion]:
        facts = block_facts(self.original.skill.blocks[block])
        # What only has another word for "must" or "if" was accounted for sentence by sentence when it was written.
        told = (fact for fact in facts if fact.kind is not FactKind.MODAL)
        lost = [fact.text for fact in told if not fact_keys([fact]) <= known]
        if not lost:
            return []
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        return [Criterion(name, f"It still says {', '.join(lost[:_SHOWN])}{more}.")]

    def _lost_concepts(
        self, reader: ConceptReader, kind: str, sources: Mapping[int, str], texts: Sequence[str]
    ) -> dict[int, list[Criterion]]:
        ids, held = piece_ids(self.original.skill).blocks, [Passages(text) for text in texts]
        blocks = list(sources)
        found: dict[int, list[Criterion]] = {}
        for loss in reader.find(kind, list(sources.values()), "\n\n".join(texts)):
            if not any(passages.hold(loss.quote) for passages in held):
                block = blocks[loss.place]
                found.setdefault(block, []).append(Criterion(ids[block], loss.concept, (loss.quote,)))
        return found


def _texts_of(folder: SkillFolder) -> list[str]:
    return [folder.skill.text, *text_files(folder).values()]


def _facts_in(folder: SkillFolder) -> frozenset[str]:
    """The keys of all facts in a SKILL.md and the references beside it."""
    skills = [folder.skill, *(parse_skill(text) for text in text_files(folder).values())]
    return frozenset().union(*(fact_keys(block_facts(block)) for skill in skills for block in skill.blocks))
