"""The model card: what the models are, what they were trained on, how good they are and where they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.common.tables import table
from lab.training.agreement import Agreement
from lab.training.block_report import render_blocks
from lab.training.block_validation import BlockReport
from lab.training.labels import Alignment
from lab.training.worth import WorthReport
from lab.training.worth_report import worth_report
from lab.training.worth_rivals import Rival
from skill_distiller.planning.worth import WorthModel


@dataclass(frozen=True)
class Findings:
    """Everything that was measured."""

    alignment: Alignment
    agreement: Agreement
    blocks: BlockReport
    worth: WorthModel
    worth_report: WorthReport
    exams: Sequence[Rival]
    rivals: Sequence[Rival]
    sizes: Mapping[str, int]
    fingerprint: str


_HEAD = """# Model card

Written by `python -m lab.training`; the same data give the same weights, byte for byte, and this page.

Two small models ship in the wheel. They read a skill and nothing else, need no network and no key, and run on numpy.

- **blocks** says of every block its section type, its class (core rule, background, example, template, redundant),
  both with a calibrated confidence, and its importance. A kernel ridge regression over hashed words and columns of
  numbers (form, place, neighbours, what is repeated, what headings promise), with multinomial logistic maps on top.
- **worth** says how much of what is asked of an agent hangs on a part: a sentence, an item of a list, a row of a table,
  a block of code. A conditional logit over the parts of a skill, with a table of how many skills use a word (hashed).
"""
_DATA = """## Data

{labels}

- Labels: one careful reader of each whole skill, by a guide of nine section types, five classes and an importance of
  0-10, in 2026-11. {agreement}
- Exams: {criteria} criteria with verbatim evidence for {exams} skills of several repositories, {parts} parts in all.
- The skills are public, under licences of their own. No text of theirs is in this repository: the weights are sums over
  hashed words and numbers, and counts of words and pairs that several repositories use; no sentence can be read back.

Splits are by repository throughout: whatever is measured here was measured on repositories that the model in question
had not seen.

## Known faults

- ADVISORY_PATTERN, EDGE_CASE and EXPLANATION are often taken for CORE_INSTRUCTION, and most of what readers call
  background for a core rule: the confusion matrices below. The difference is often a matter of degree, and how often
  readers say "background" varies widely between repositories.
- Ambiguous in the labels themselves: a bare lead-in is VERBOSE_DETAIL unless it carries a condition; a pointer to a
  reference file is CORE_INSTRUCTION where reading it is the step, else VERBOSE_DETAIL; lists of triggers have no
  natural class of the five.
- Skills of a few blocks are unlike those it was trained on; its confidence is lower there.
- Types are weakest in Chinese and Japanese: the tables by language.
- Two settings of the planner, the exponent and what importance is required, were chosen on the very exams that they are
  reported on (the coefficients were not).
"""


def model_card(found: Findings) -> str:
    """The page."""
    pooled, both = found.blocks.pooled, found.agreement
    data = _DATA.format(
        labels=f"Corpus of real skills, SHA-256 {found.fingerprint}…; {pooled.blocks} labelled blocks"
        f" ({found.alignment.exact} labels match a block exactly, {found.alignment.partial} in part,"
        f" {found.alignment.lost} none).",
        agreement=f"A second reader who labelled {both.labels} of them independently agreed on the type of"
        f" {both.type_accuracy:.0%}, on the class of {both.taxonomy_accuracy:.0%}, and in importance with"
        f" r = {both.r:.2f}: the ceiling of these figures.",
        criteria=found.worth_report.criteria,
        exams=found.worth_report.skills,
        parts=found.worth_report.parts,
    )
    sizes = table(["file", "bytes"], [[f"{name}.npz", f"{size:,}"] for name, size in found.sizes.items()])
    parts = [
        _HEAD,
        sizes,
        data,
        "## Blocks",
        render_blocks(found.blocks),
        "## Worth",
        worth_report(found.worth, found.worth_report, found.exams, found.rivals),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"
