"""reduce(): a whole skill folder in, a smaller one out; what leaves SKILL.md stands in references, and it is proved."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.checks.model import Verification
from skill_distiller.disclosure.digest import late_rules, write_digest
from skill_distiller.disclosure.disclose import disclose, find_faults, only, settle
from skill_distiller.disclosure.model import (
    ContentClass,
    Passage,
    Split,
)
from skill_distiller.disclosure.passages import Aim
from skill_distiller.disclosure.signposts import make_signpost
from skill_distiller.disclosure.split import annotate, find_breaks, is_new_reference, write_split
from skill_distiller.errors import RefusedError, TargetError, UsageError
from skill_distiller.planning.saved_plan import find_pieces
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.run.describe_skill import DescriptionResult
from skill_distiller.run.moving.move_pieces import Places, Proof, comes_back, prove_folders, together
from skill_distiller.run.moving.reduce_run import (
    Figures,
    Outcome,
    ReduceModel,
    ReduceOptions,
    Reduction,
    Rewritten,
    Stages,
    find_unnamed,
)
from skill_distiller.run.result import check_skill
from skill_distiller.run.run import Backends
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, count_skill, load_counter

_NO_MODEL: Final = "--compact says in fewer words what moves, which takes a language model, and there is none."
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
    repeated = not options.again and any(is_new_reference(file.read_text()) for file in folder.references)
    stages = (stages or Stages()) if not repeated else Stages()
    if stages.model:
        stages.model.admit(folder.skill)
    elif options.extras.compact and not repeated:
        raise UsageError(_NO_MODEL, "Name one with --provider, or leave --compact out.")
    described = stages.describe(folder.skill) if stages.describe else None
    saved = _saved_by(described, folder, options, counter) if described else 0
    # A model that says the body in fewer words is to know which description it will stand under.
    read = described.skill if described and saved and stages.model else folder.skill
    analysis = (stages.model or backends).analyzer.analyze(read)
    analysis = with_patterns(analysis, options.patterns) if options.patterns else analysis
    reading = Reading(replace(analysis, skill=folder.skill))
    notes = check_skill(reading, strict=options.strict)
    keep = find_pieces(folder.skill, options.keep.ids, options.keep.sections)
    aim = Aim(options.share, options.core_tokens and options.core_tokens + saved, options.load_rate, keep)
    classes = stages.model.classes(read) if stages.model else {}
    aim = _sorted(aim, classes)
    if repeated:
        found, proof = Outcome(), prove_folders(folder, folder, options.patterns, counter, None)
    else:
        own = described if saved else None
        job = _Job(reading, folder, options, counter, backends, stages.model, own, classes, folder.skill)
        told = replace(job, reading=Reading(analysis), folder=folder.with_skill(read), described=None)
        found, proof = (_told(told, aim) if stages.model else None) or _sound(job, aim)
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
    """What the rounds of one reduction share; `original` is the skill as it was given."""

    reading: Reading
    folder: SkillFolder
    options: ReduceOptions
    counter: TokenCounter
    backends: Backends
    model: ReduceModel | None
    described: DescriptionResult | None
    classes: Mapping[int, ContentClass]
    original: Skill


def _sorted(aim: Aim, classes: Mapping[int, ContentClass]) -> Aim:
    """The aim with what a model says of every block: core rules stay, others need no step to stay with."""
    core = frozenset(index for index, name in classes.items() if name is ContentClass.CORE_RULE)
    return replace(aim, core=core, free=frozenset(classes) - core)


def _sound(job: _Job, aim: Aim) -> tuple[Outcome, Proof]:
    """A split that passes every check, with its proof; what the checks refuse goes back where it stood."""
    for _ in range(_REPAIRS):
        found = disclose(job.reading, job.folder, job.counter, aim, job.backends.models.worth)
        outcome, proof = _finished(job, found.split, found.pinned)
        if outcome.split is None or _holds(outcome, proof):
            return outcome, proof
        aim = replace(aim, keep=aim.keep | _at_fault(outcome.split, proof, job.options, job.counter))
    failed = ", ".join(check.name for check in proof[0].failed) or "conservation"
    raise RefusedError(
        f"What would move fails its own verification ({failed}); nothing is written.",
        "Keep the sections at fault with --keep-section, and report the skill as a bug.",
    )


def _finished(job: _Job, split: Split | None, pinned: Mapping[int, str]) -> tuple[Outcome, Proof]:
    """A split with whatever else changes in SKILL.md, and the proof of the move."""
    split = _with_extras(split, job.reading, job.folder, job.options, job.backends)
    if job.described and split and split.references:
        split = _with_frontmatter(split, job.described)
    references = split.references if split else ()
    outcome = Outcome(split, references, pinned, model=job.model.name if job.model else "")
    after = split.after if split else job.folder
    return outcome, prove_folders(job.folder, after, job.options.patterns, job.counter, split)


def _holds(outcome: Outcome, proof: Proof) -> bool:
    return proof[0].passed and proof[1].complete and (outcome.split is None or comes_back(outcome.split))


def _told(job: _Job, aim: Aim) -> tuple[Outcome, Proof] | None:
    """What comes of a model's words: what stays in fewer of them, and pointers; None where nothing moves or holds.

    What moves is chosen first, so that it moves as it was. Where the shorter text does not hold, the text as it was.
    """
    found = disclose(job.reading, job.folder, job.counter, aim, job.backends.models.worth)
    if job.model is None or found.split is None:
        return None
    from skill_distiller.run.moving.rewrite_first import Rewriting  # a run without a model has no use for it

    passages = tuple(passage for _, passage in found.split.passages)
    moved = frozenset(block for passage in passages for block in passage.blocks)
    rewriting = Rewriting(job.folder, job.reading, job.model, job.options, job.classes, moved, aim.keep)
    rewritten = rewriting.carry_out()
    done = _moved_after(job, job.model, rewritten, passages, found.pinned) if rewritten else None
    return done or _moved_after(job, job.model, None, passages, found.pinned)


def _moved_after(
    job: _Job,
    model: ReduceModel,
    rewritten: Rewritten | None,
    passages: Sequence[Passage],
    pinned: Mapping[int, str],
) -> tuple[Outcome, Proof] | None:
    """The passages moved out of the skill as it is or was rewritten, with a model's pointers; None where that fails.

    A passage stays that does not stand by itself there, or is now too little for a file.
    """
    own, placed = job, {passage: passage for passage in passages}
    if rewritten:
        places = Places(job.folder.skill, rewritten.proof.draft)
        placed = {there: passage for passage in passages if (there := places.passage(passage))}
        own = replace(job, reading=rewritten.reading, folder=job.folder.with_skill(rewritten.reading.skill))
    signs = {passage: make_signpost(own.reading, passage) for passage in placed}
    files = settle(own.reading, own.folder, own.counter, tuple(placed), signs)
    said = model.signposts(
        own.reading, {p: sign for f in files for p, sign in zip(f.passages, f.signposts, strict=True)}
    )
    files = tuple(replace(f, signposts=tuple(said[passage] for passage in f.passages)) for f in files)
    split = replace(write_split(own.folder, files), original=job.original)
    if not files or find_breaks(split):
        return None
    outcome, proof = _finished(own, split, pinned)
    if not _holds(outcome, proof):
        return None
    references = tuple(replace(f, passages=tuple(placed[passage] for passage in f.passages)) for f in files)
    outcome = replace(outcome, references=references, rewritten=rewritten)
    first = rewritten.proof.verification if rewritten else None
    return outcome, (together(first, proof[0]) if first else proof[0], proof[1])


def _with_extras(
    split: Split | None, reading: Reading, folder: SkillFolder, options: ReduceOptions, backends: Backends
) -> Split | None:
    """What moved, with what else SKILL.md is to get; None where it stays as it is."""
    made = split or Split(folder, folder, (), ())
    if options.extras.pin:
        counter = load_counter(options.counting.encoding, offline=options.counting.offline)
        rules = late_rules(reading, made, counter)
        made = write_digest(reading, made, rules, counter, backends.models.worth or load_worth_model())
    if options.extras.annotate:
        made = annotate(reading, made, find_unnamed(made.after))
    return made if made.spans else None


def _at_fault(split: Split, proof: Proof, options: ReduceOptions, counter: TokenCounter) -> frozenset[int]:
    """The blocks of the passages of which the move is refused, alone or together with a few others.

    Those that the findings are about are asked first: each question takes the proof of a whole skill.
    """

    def fails(passages: Sequence[Passage]) -> bool:
        alone = write_split(split.before, tuple(only(split, passages)))
        verification, conservation = prove_folders(split.before, alone.after, options.patterns, counter, alone)
        return not (verification.passed and conservation.complete and comes_back(alone))

    return frozenset(block for passage in find_faults(split, _near(split, proof[0]), fails) for block in passage.blocks)


def _near(split: Split, verification: Verification) -> list[Passage]:
    """The passages that hold a block that a failure is about, or are the last ones before one."""
    passages = sorted((passage for _, passage in split.passages if passage.blocks), key=lambda one: one.blocks[0])
    firsts = [passage.blocks[0] for passage in passages]
    places = {bisect_right(firsts, finding.block) - 1 for finding in verification.failures if finding.block >= 0}
    return [passages[place] for place in sorted(places) if place >= 0]


def _figures(before: SkillFolder, after: SkillFolder, options: ReduceOptions, counter: TokenCounter) -> Figures:
    skill = after.skill
    activation = count_skill(skill, {}, counter)
    known = {file.path for file in before.files}
    new = [counter.count(file.read_text()) for file in after.references if file.path not in known]
    disk = len(skill.text.encode("utf-8", "surrogatepass")) + sum(file.size for file in after.files)
    listing = counter.count(f"{skill.name}: {skill.description}") if skill.description else counter.count(skill.name)
    return Figures(disk, listing, activation, activation + options.load_rate * sum(new))
