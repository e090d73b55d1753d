"""The proof of a move: nothing is lost, every check of two folders passes, and the original comes back."""

from __future__ import annotations

from dataclasses import replace

from skill_distiller.analysis.patterns import PatternSet
from skill_distiller.checks.conservation import Conservation, verify_folders
from skill_distiller.checks.model import Check, Declared, Tokens, Verification
from skill_distiller.disclosure.ledger import make_ledger, restore_folder
from skill_distiller.disclosure.model import Split
from skill_distiller.disclosure.split import MARK
from skill_distiller.run.moving.reduce_run import added_by
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.tokens import TokenCounter, count_skill

Proof = tuple[Verification, Conservation]


def prove_folders(
    before: SkillFolder,
    after: SkillFolder,
    patterns: PatternSet,
    counter: TokenCounter,
    split: Split | None,
) -> Proof:
    """What is found of a folder of which text moved, by a split whose pointers and headers are known; None for none."""
    tokens = Tokens(*(count_skill(side.skill, {}, counter) for side in (before, after)))
    announced = {part for span in (split.spans if split else ()) for part in added_by(span)}
    for reference in split.references if split else ():
        file = after.file(reference.path)
        announced.add(file.read_text().splitlines()[0] if file else MARK)
    text = after.skill.description
    declared = Declared(description=text if text != before.skill.description else None)
    return verify_folders(before, after, tokens=tokens, declared=declared, patterns=patterns, announced=announced)


def comes_back(split: Split) -> bool:
    """Whether the original comes back from the split byte for byte."""
    back = restore_folder(split.after, make_ledger(split))
    return back.skill.text == (split.original or split.before.skill).text and back.files == split.before.files


def together(rewriting: Verification, move: Verification) -> Verification:
    """What was found of a skill in fewer words, and of what then moved out of it, as one verification of both."""
    findings = {check.name: check.findings for check in rewriting.checks}
    checks = (Check(check.name, (*findings.get(check.name, ()), *check.findings)) for check in move.checks)
    tokens = move.tokens._replace(original=rewriting.tokens.original)
    return replace(move, checks=tuple(checks), tokens=tokens, changed=True)
