"""reduce(): a whole skill folder in, a smaller one out; what leaves SKILL.md stands in references, and it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.checks.model import Level
from skill_distiller.disclosure.digest import late_rules, write_digest
from skill_distiller.disclosure.disclose import disclose
from skill_distiller.disclosure.model import (
    ContentClass,
    NewReference,
    Passage,
    Split,
)
from skill_distiller.disclosure.passages import Aim
from skill_distiller.disclosure.split import annotate, is_new_reference, write_split
from skill_distiller.disclosure.tighten import Reworded, tighten
from skill_distiller.errors import RefusedError, TargetError
from skill_distiller.planning.saved_plan import find_pieces
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.run.backends import Backends
from skill_distiller.run.describe_skill import DescriptionResult
from skill_distiller.run.moving.prove_moves import Proof, comes_back, prove_folders
from skill_distiller.run.moving.reduce_run import (
    Figures,
    Outcome,
    ReduceModel,
    ReduceOptions,
    Reduction,
    Stages,
    find_unnamed,
)
from skill_distiller.run.notes import check_skill
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, count_skill, load_counter

_GATE_ROUNDS: Final = 2  # in which blocks come back that lost a concept
_REPAIRS: Final = 3  # rounds in which passages go back that the checks refuse


def reduce_folder(
    folder: SkillFolder,
    options: ReduceOptions | None = None,
    backends: Backends | None = None,
    stages: Stages | None = None,
) -> Reduction:
    """Move what may move out of SKILL.md into new references of the folder; no other file changes, nothing is dropped.

    The `stages` are what is done besides: the description is shortened first. A folder that was reduced before comes
    out as it is, and so does one of which nothing moves: a second run could not tell what had been done.

    Raises UsageError for options that make no sense, TargetError
    where SKILL.md can't be made to fit, BadInputError with `strict` for what the skill lacks, and RefusedError for a
    result that does not pass its own verification.
    """
    options, backends = options or ReduceOptions(), backends or Backends()
    options.check()
    options.patterns.begin_run()
    counter = load_counter(options.counting.encoding, offline=options.counting.offline)
    analysis = backends.analyzer.analyze(folder.skill)
    reading = Reading(with_patterns(analysis, options.patterns) if options.patterns else analysis)
    notes = check_skill(reading, strict=options.strict)
    keep = find_pieces(folder.skill, options.keep.ids, options.keep.sections)
    repeated = not options.again and any(is_new_reference(file.read_text()) for file in folder.references)
    stages = (stages or Stages()) if not repeated else Stages()
    described = stages.describe(folder.skill) if stages.describe else None
    saved = _saved_by(described, folder, options, counter) if described else 0
    aim = Aim(options.share, options.core_tokens and options.core_tokens + saved, options.load_rate, keep)
    if stages.model:
        aim = _sorted(aim, stages.model, folder.skill)
    if repeated:
        found, proof = Outcome(), prove_folders(folder, folder, options.patterns, counter, None)
    else:
        found, proof = _sound(
            _Job(reading, folder, options, counter, backends, stages.model, described if saved else None), aim
        )
    after = found.split.after if found.split else folder
    figures = (_figures(folder, folder, options, counter), _figures(folder, after, options, counter))
    if options.core_tokens is not None and figures[1].activation > options.core_tokens and not repeated:
        raise _beyond(options.core_tokens, figures[1].activation)
    return Reduction(
        options,
        reading,
        folder,
        found,
        figures,
        proof,
        notes,
        described,
        repeated,
    )


def _saved_by(result: DescriptionResult, folder: SkillFolder, options: ReduceOptions, counter: TokenCounter) -> int:
    """The tokens that a new description saves in SKILL.md; 0 where it may not stand there."""
    before, after = folder.skill, result.skill
    saved = counter.count(before.frontmatter.raw) - counter.count(after.frontmatter.raw)
    if saved <= 0 or after.body != before.body or not before.description:
        return 0
    verification, conservation = prove_folders(folder, folder.with_skill(after), options.patterns, counter, None)
    return saved if verification.passed and conservation.complete else 0


def _with_frontmatter(split: Split, described: DescriptionResult) -> Split:
    """The split with the frontmatter of another description."""
    frontmatter, core = described.skill.frontmatter, split.after.skill
    made = replace(parse_skill(frontmatter.raw + core.body, core.path), frontmatter=frontmatter)
    return replace(split, after=split.after.with_skill(made))


def _beyond(budget: int, smallest: int) -> TargetError:
    return TargetError(
        f"SKILL.md can't be made to fit {budget} tokens by moving text; with what has to stay it takes {smallest}.",
        f"Ask for --core-tokens={smallest} or more, or drop text too: skill-distiller compress --tokens={budget}.",
        smallest=smallest,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """What the rounds of one reduction share."""

    reading: Reading
    folder: SkillFolder
    options: ReduceOptions
    counter: TokenCounter
    backends: Backends
    model: ReduceModel | None
    described: DescriptionResult | None


def _sorted(aim: Aim, model: ReduceModel, skill: Skill) -> Aim:
    """The aim with what a model says of every block: core rules stay, others need no step to stay with."""
    model.admit(skill)
    classes = model.classes(skill)
    core = frozenset(index for index, name in classes.items() if name is ContentClass.CORE_RULE)
    return replace(aim, core=core, free=frozenset(classes) - core)


def _sound(job: _Job, aim: Aim) -> tuple[Outcome, Proof]:
    """A split that passes every check, with its proof; what the checks refuse goes back where it stood.

    What a model wrote goes first.
    """
    told = _told(job, aim) if job.model else None
    if told:
        return told
    for _ in range(_REPAIRS):
        found = disclose(job.reading, job.folder, job.counter, aim, job.backends.models.worth)
        outcome, proof = _finished(job, found.split, found.pinned)
        if outcome.split is None or _holds(outcome, proof):
            return outcome, proof
        aim = replace(aim, keep=aim.keep | _at_fault(outcome.split, job.options, job.counter))
    failed = ", ".join(check.name for check in proof[0].failed) or "conservation"
    raise RefusedError(
        f"What would move fails its own verification ({failed}); nothing is written.",
        "Keep the sections at fault with --keep-section, and report the skill as a bug.",
    )


def _finished(
    job: _Job, split: Split | None, pinned: Mapping[int, str], reworded: tuple[Reworded, ...] = ()
) -> tuple[Outcome, Proof]:
    """A split with whatever else changes in SKILL.md, and its proof."""
    split = _with_additions(split, job.reading, job.folder, job.options, job.backends)
    if job.described and split and split.references:
        split = _with_frontmatter(split, job.described)
    outcome = Outcome(split, pinned, reworded, job.model.name if job.model else "")
    after = split.after if split else job.folder
    return outcome, prove_folders(job.folder, after, job.options.patterns, job.counter, split, reworded)


def _holds(outcome: Outcome, proof: Proof) -> bool:
    return proof[0].passed and proof[1].complete and (outcome.split is None or comes_back(outcome.split))


def _told(job: _Job, aim: Aim) -> tuple[Outcome, Proof] | None:
    """What comes of the words of a model: signposts, and shorter texts of what stays; None where they don't hold.

    Blocks come back as they were that lost a concept, and those that a check refuses.
    """
    model, skill = job.model, job.folder.skill
    found = disclose(job.reading, job.folder, job.counter, aim, job.backends.models.worth)
    if model is None or found.split is None:
        return None
    signs = {p: sign for r in found.split.references for p, sign in zip(r.passages, r.signposts, strict=True)}
    said = model.signposts(job.reading, signs)
    files = [replace(r, signposts=tuple(said[passage] for passage in r.passages)) for r in found.split.references]
    bare = write_split(job.folder, files)
    moved = {block for _, passage in bare.passages for block in passage.blocks}
    texts = dict(model.tighten(skill, [block.index for block in skill.blocks if block.index not in moved]))
    for turn in range(_GATE_ROUNDS + _REPAIRS):
        made, reworded = tighten(bare, texts)
        everything = "\n\n".join((made.after.skill.text, *_texts_of(made)))
        lost = set(model.lost(reworded, everything)) if turn < _GATE_ROUNDS else set[int]()
        outcome, proof = _finished(job, made, found.pinned, reworded)
        if not lost and _holds(outcome, proof):
            return outcome, proof
        lost |= _refused(reworded, proof)
        texts = {index: text for index, text in texts.items() if index not in lost} if lost else {}
    return None


def _refused(reworded: Sequence[Reworded], proof: Proof) -> set[int]:
    """The blocks in fewer words that a failed check speaks of."""
    texts = {finding.text for check in proof[0].failed for finding in check.findings if finding.level is Level.FAILURE}
    return {own.block for own in reworded for text in texts if text in own.before or text in own.after}


def _texts_of(split: Split) -> Iterator[str]:
    files = (split.after.file(reference.path) for reference in split.references)
    return (file.read_text() for file in files if file)


def _with_additions(
    split: Split | None, reading: Reading, folder: SkillFolder, options: ReduceOptions, backends: Backends
) -> Split | None:
    """What moved, with what else SKILL.md is to get; None where it stays as it is."""
    made = split or Split(folder, folder, (), ())
    if options.additions.pin:
        counter = load_counter(options.counting.encoding, offline=options.counting.offline)
        rules = late_rules(reading, made, counter)
        made = write_digest(reading, made, rules, counter, backends.models.worth or load_worth_model())
    if options.additions.annotate:
        made = annotate(reading, made, find_unnamed(made.after))
    return made if made.spans else None


def _at_fault(split: Split, options: ReduceOptions, counter: TokenCounter) -> frozenset[int]:
    """The blocks of the passages of which one alone is refused; of all where none is."""
    refused = list[Passage]()
    for reference, passage in split.passages:
        sign = reference.signposts[reference.passages.index(passage)]
        alone = write_split(split.before, (NewReference(reference.path, (passage,), (sign,)),))
        verification, conservation = prove_folders(split.before, alone.after, options.patterns, counter, alone)
        if not (verification.passed and conservation.complete):
            refused.append(passage)
    passages = refused or [passage for _, passage in split.passages]
    return frozenset(block for passage in passages for block in passage.blocks)


def _figures(before: SkillFolder, after: SkillFolder, options: ReduceOptions, counter: TokenCounter) -> Figures:
    skill = after.skill
    activation = count_skill(skill, {}, counter)
    known = {file.path for file in before.files}
    new = [counter.count(file.read_text()) for file in after.references if file.path not in known]
    disk = len(skill.text.encode("utf-8", "surrogatepass")) + sum(file.size for file in after.files)
    listing = counter.count(f"{skill.name}: {skill.description}") if skill.description else counter.count(skill.name)
    return Figures(disk, listing, activation, activation + options.load_rate * sum(new))
