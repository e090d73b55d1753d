"""Whether a result kept the promises of the tool: checked on the two texts, not on what the run says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from skill_distiller.language.facts import inventory
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.result import Result
from skill_distiller.skill.parse import parse_skill


@dataclass(frozen=True, slots=True)
class Fidelity:
    """The promises, each kept or not; `unreported` are facts lost unsaid, `overreported` facts said lost that stand."""

    frontmatter: bool
    full_blocks: bool
    tokens: bool
    unreported: tuple[str, ...]
    overreported: tuple[str, ...]

    @property
    def receipt(self) -> bool:
        """Whether the receipt lists the lost facts, no fewer and no more."""
        return not self.unreported and not self.overreported


def check_fidelity(distillation: Result) -> Fidelity:
    """Compare the two texts of a run, both parsed afresh, with its plan, its receipt and its counts."""
    before, after = parse_skill(distillation.original.text), parse_skill(distillation.text)
    lost = inventory(before).keys() - inventory(after).keys()
    said = {fact.key for fact in distillation.evidence.receipt.lost}
    count = distillation.run.counter.count
    tokens_in, tokens_out = count(distillation.original.text), count(distillation.text)
    return Fidelity(
        frontmatter=before.frontmatter.raw == after.frontmatter.raw
        and distillation.text.startswith(before.frontmatter.raw),
        full_blocks=_full_blocks_stand(distillation),
        tokens=(tokens_in, tokens_out) == (distillation.input_tokens, distillation.output_tokens)
        and tokens_out <= tokens_in,
        unreported=tuple(sorted(lost - said)),
        overreported=tuple(sorted(said - lost)),
    )


def _full_blocks_stand(distillation: Result) -> bool:
    """Whether every block planned as FULL stands in the result byte for byte, in order, none inside another."""
    result, at = distillation.text.encode(), len(distillation.original.frontmatter.raw.encode())
    for decision, block in zip(distillation.plan.decisions, distillation.original.blocks, strict=True):
        if decision.rendering.kind is not RenderingKind.FULL:
            continue
        wanted = block.text.encode()
        found = result.find(wanted, at)
        if found < 0:
            return False
        at = found + len(wanted)
    return True
