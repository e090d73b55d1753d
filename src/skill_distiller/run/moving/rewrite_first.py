"""What a language model says in fewer words before anything moves, with the proof and the judge that `compress` has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.disclosure.model import ContentClass
from skill_distiller.errors import ProviderError, RefusedError
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.required import put_in_full
from skill_distiller.planning.worth import block_worths, load_worth_model
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import carry_out, with_blocks
from skill_distiller.run.gates.bring_back import MOST_ROUNDS, Made
from skill_distiller.run.gates.faithfulness_gate import FaithfulnessGate
from skill_distiller.run.moving.reduce_run import ReduceModel, ReduceOptions, Rewritten
from skill_distiller.run.proof import Proved, planned, prove
from skill_distiller.run.run import Backends, DistillOptions, KeptPieces, Run
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill, piece_ids

_FEWEST_WORDS: Final = 8  # of a text that stands twice: a shorter one may well be meant to


@dataclass(frozen=True, slots=True)
class _AsRead:
    """Gives the analysis of a skill that was read before."""

    analysis: Analysis

    @property
    def name(self) -> str:
        """Who read it."""
        return self.analysis.analyzer

    def analyze(self, skill: Skill) -> Analysis:
        """The analysis; it is that of this skill."""
        return self.analysis


@dataclass(frozen=True, eq=False)
class Rewriting:
    """A skill to be said in fewer words: as it was read, of which `moved` blocks will leave it and `kept` ones stay."""

    folder: SkillFolder
    reading: Reading
    model: ReduceModel
    options: ReduceOptions
    classes: Mapping[int, ContentClass]
    moved: frozenset[int]
    kept: frozenset[int]

    def carry_out(self) -> Rewritten | None:
        """What came of it; None where nothing is proved that is shorter.

        What stays is rewritten, with `compact` also what moves, each by itself, so that no text is for blocks of both.
        """
        skill, compact = self.folder.skill, self.options.extras.compact
        stays = frozenset(range(len(skill.blocks))) - self.moved - self.kept
        analysis = self.reading.analysis
        if compact:
            analysis = _with_repeats(self.reading, self.classes)
        groups = (stays, self.moved - self.kept) if compact else (stays,)
        backends = Backends(_AsRead(analysis), self.model.judge, renderers=self.model.rewriters(skill, groups))
        everything = KeptPieces(everything=True)
        options = DistillOptions(counting=self.options.counting, patterns=self.options.patterns, keep=everything)
        run = Run(options, backends)
        try:
            result = carry_out(run, skill)
        except RefusedError:
            return None
        held = self.kept if compact else self.kept | self.moved
        plan = put_in_full(skill, result.plan, held)
        proof = prove(run, result.reading, planned(skill, plan))
        proof, unfaithful = self._faithful(run, result.reading, proof)
        passed = proof.verification is not None and proof.verification.passed
        if not passed or proof.tokens.candidate >= proof.tokens.original:
            return None
        made = Reading(with_patterns(Backends().analyzer.analyze(proof.draft.distilled), self.options.patterns))
        return Rewritten(proof, made, result.functionality, unfaithful)

    def _faithful(self, run: Run, reading: Reading, proof: Proved) -> tuple[Proved, frozenset[int]]:
        """The proof with whatever no longer says all that it said as it was (Gate 1), and those blocks.

        It is looked at class by class: what is missed comes back, in the second round all of the class. Where the model
        gives no usable answer, nobody knows that nothing is missing, and all of it comes back.
        """
        kinds = {block: name.value.replace("_", " ") for block, name in self.classes.items()}
        gate = FaithfulnessGate(self.folder, self.model.reader, kinds=kinds)
        places = {name: block for block, name in enumerate(piece_ids(self.folder.skill).blocks)}
        back = frozenset[int]()
        for turn in range(MOST_ROUNDS):
            shortened = frozenset(_in_other_words(proof))
            if not shortened:
                break
            folder = self.folder.with_skill(proof.draft.distilled)
            made = Made(proof, reading, folder, proof.tokens.candidate, None, shortened, frozenset())
            try:
                lost = frozenset(places[name] for name in gate.find(made, turn).pieces)
            except ProviderError:
                lost = shortened
            if not lost:
                break
            back |= lost
            proof = with_blocks(run, reading, proof, lost, Reason.MISSED)
        return proof, back


def _in_other_words(proof: Proved) -> Iterator[int]:
    """The blocks that are written otherwise than they stood; one that another repeats is not."""
    for decision in proof.draft.plan.decisions:
        if decision.rendering.kind not in (RenderingKind.FULL, RenderingKind.DROPPED):
            yield decision.block


def _with_repeats(reading: Reading, classes: Mapping[int, ContentClass]) -> Analysis:
    """The analysis where, besides what the model says, a text that stands twice repeats the first of the two.

    So does every example that it calls alike: of each concept the one that is worth most stays, if the judge says that
    nothing is lost.
    """
    analysis, part = reading.analysis, reading.analysis.model_part
    if part is None:
        return analysis
    repeats, asked = dict(_stands_twice(reading.skill)) | dict(part.repeats), set[int]()
    worths = block_worths(reading, load_worth_model())
    for alike in part.alike:
        examples = [i for i in alike if classes.get(i) is ContentClass.EXAMPLE and not _is_tied(i, repeats)]
        best = max(examples, key=lambda block: worths[block], default=-1)
        others = {block for block in examples if block != best}
        repeats |= dict.fromkeys(others, best)
        asked |= others
    return replace(analysis, model_part=replace(part, repeats=repeats, asked=part.asked | asked))


def _is_tied(block: int, repeats: Mapping[int, int]) -> bool:
    return block in repeats or block in repeats.values()


def _stands_twice(skill: Skill) -> Iterator[tuple[int, int]]:
    """The blocks with the very text of one above, and that."""
    first = dict[str, int]()
    for block in skill.blocks:
        words = block.text.split()
        above = first.setdefault(" ".join(words), block.index)
        if above != block.index and len(words) >= _FEWEST_WORDS:
            yield block.index, above
