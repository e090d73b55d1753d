"""reduce(): a whole skill folder in, a smaller one out; what leaves SKILL.md stands in references, and it is proved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.checks.conservation import Conservation, verify_folders
from skill_distiller.checks.model import Declared, Tokens, Verification
from skill_distiller.checks.resolve_links import reached_from_core
from skill_distiller.disclosure.digest import Rule, late_rules, write_digest
from skill_distiller.disclosure.disclose import Disclosed, disclose
from skill_distiller.disclosure.ledger import make_ledger, restore_folder
from skill_distiller.disclosure.model import DEFAULT_LOAD_RATE, NewReference, Passage, Span, Split
from skill_distiller.disclosure.passages import Aim
from skill_distiller.disclosure.split import MARK, annotate, is_new_reference, write_split
from skill_distiller.errors import RefusedError, TargetError, UsageError
from skill_distiller.planning.saved_plan import find_pieces
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.run.backends import Backends
from skill_distiller.run.describe_skill import DescriptionResult
from skill_distiller.run.distill import check_skill
from skill_distiller.run.notes import Note
from skill_distiller.run.run import Counting, KeptPieces
from skill_distiller.skill.folder import SKILL_PATH, SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.edges import heading_of
from skill_distiller.tokens import TokenCounter, count_skill, load_counter

# The least share of the worth that stays. Below it little more moves; at it SKILL.md holds more than six tenths of the
# evidence of every second exam of the corpus (python -m lab.reduce).
DEFAULT_SHARE: Final = 0.1
_REPAIRS: Final = 3  # rounds in which passages go back that the checks refuse


class Additions(NamedTuple):
    """What SKILL.md gets besides pointers.

    `annotate`: the references that it leads nowhere to, at its end. `pin`: rules that stand behind its first 5,000
    tokens, in at most 50 tokens near the top.
    """

    annotate: bool = False
    pin: bool = False


_NO_ADDITIONS: Final = Additions()


@dataclass(frozen=True, slots=True)
class ReduceOptions:
    """What to aim at: the least share (0-1) of the worth that stays in SKILL.md, or the most tokens of it.

    `load_rate` (0-1) is how often a new reference is taken to be read per use. The pieces to `keep` stay. With `again`
    a folder that was reduced before is reduced once more. `strict`: what the skill lacks is an error.
    """

    share: float = DEFAULT_SHARE
    core_tokens: int | None = None
    load_rate: float = DEFAULT_LOAD_RATE
    keep: KeptPieces = field(default_factory=KeptPieces)
    counting: Counting = field(default_factory=Counting)
    patterns: PatternSet = BUILT_IN
    again: bool = False
    strict: bool = False
    additions: Additions = _NO_ADDITIONS

    def check(self) -> None:
        """Raise UsageError for options that make no sense."""
        for name, value in (("threshold", self.share), ("load rate", self.load_rate)):
            if not 0 <= value <= 1:
                raise UsageError(f"The {name} {value:g} is not between 0 and 1.", "Use for example 0.3.")
        if self.core_tokens is not None and self.core_tokens < 1:
            raise UsageError(f"{self.core_tokens} is not a number of tokens.", "Use for example --core-tokens=1500.")


class Figures(NamedTuple):
    """What a folder costs, four figures that are never added up.

    `disk`: bytes of all files. `listing`: tokens of name and description, which an agent holds for every skill it could
    use. `activation`: tokens of SKILL.md, read when the skill is used. `path`: the same and the new references as often
    as they are read, in tokens.
    """

    disk: int
    listing: int
    activation: int
    path: float


@dataclass(frozen=True, eq=False)
class Reduction:
    """What came out of a run over a folder; where nothing moved `after` is `before`.

    `found` says what moved, and why blocks stay that could not; `described` what became of the description, None where
    it was not looked at.
    """

    options: ReduceOptions
    reading: Reading
    before: SkillFolder
    found: Disclosed
    figures: tuple[Figures, Figures]
    proof: tuple[Verification, Conservation]
    notes: tuple[Note, ...]
    described: DescriptionResult | None = None
    repeated: bool = False

    @property
    def split(self) -> Split | None:
        """What moved, None for nothing."""
        return self.found.split

    @property
    def pinned(self) -> Mapping[int, str]:
        """Why blocks stay that could not move, by index."""
        return self.found.pinned

    @property
    def after(self) -> SkillFolder:
        """The folder that came out."""
        return self.split.after if self.split else self.before

    @property
    def skill(self) -> Skill:
        """The skill that was given."""
        return self.before.skill

    @property
    def counter(self) -> TokenCounter:
        """What tokens are counted with."""
        return load_counter(self.options.counting.encoding, offline=self.options.counting.offline)

    def tokens_of(self, reference: NewReference) -> int:
        """The tokens of a new reference."""
        file = self.after.file(reference.path)
        return self.counter.count(file.read_text()) if file else 0

    def unnamed(self) -> tuple[PurePosixPath, ...]:
        """The references, not counting those of skills within, that SKILL.md and the files it names lead to nowhere."""
        return find_unnamed(self.after)

    def late_rules(self) -> tuple[Rule, ...]:
        """The rules that stand behind the first 5,000 tokens of SKILL.md as it came out, and nowhere before."""
        return late_rules(self.reading, self.split or Split(self.before, self.before, (), ()), self.counter)


def reduce_folder(
    folder: SkillFolder,
    options: ReduceOptions | None = None,
    backends: Backends | None = None,
    describe: Callable[[Skill], DescriptionResult] | None = None,
) -> Reduction:
    """Move what may move out of SKILL.md into new references of the folder; no other file changes, nothing is dropped.

    With `describe` the description is shortened first. A folder that was reduced before comes out as it is, and so does
    one of which nothing moves: a second run could not tell that its description was shortened.

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
    described = describe(folder.skill) if describe and not repeated else None
    saved = _saved_by(described, folder, options, counter) if described else 0
    aim = Aim(options.share, options.core_tokens and options.core_tokens + saved, options.load_rate, keep)
    if repeated:
        found, proof = Disclosed(None, {}), prove_folders(folder, folder, options.patterns, counter, None)
    else:
        found, proof = _sound(reading, folder, options, counter, aim, backends, described if saved else None)
    after = found.split.after if found.split else folder
    figures = (_figures(folder, folder, options, counter), _figures(folder, after, options, counter))
    if options.core_tokens is not None and figures[1].activation > options.core_tokens and not repeated:
        raise _beyond(options.core_tokens, figures[1].activation)
    return Reduction(options, reading, folder, found, figures, proof, notes, described, repeated)


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


Proof = tuple[Verification, Conservation]


def _sound(
    reading: Reading,
    folder: SkillFolder,
    options: ReduceOptions,
    counter: TokenCounter,
    aim: Aim,
    backends: Backends,
    described: DescriptionResult | None,
) -> tuple[Disclosed, Proof]:
    """A split that passes every check, with its proof; what the checks refuse goes back where it stood."""
    for _ in range(_REPAIRS):
        found = disclose(reading, folder, counter, aim, backends.models.worth)
        found = found._replace(split=_with_additions(found.split, reading, folder, options, backends))
        if described and found.split and found.split.references:
            found = found._replace(split=_with_frontmatter(found.split, described))
        after = found.split.after if found.split else folder
        proof = prove_folders(folder, after, options.patterns, counter, found.split)
        if found.split is None or (proof[0].passed and proof[1].complete and comes_back(found.split)):
            return found, proof
        aim = replace(aim, keep=aim.keep | _at_fault(found.split, options, counter))
    failed = ", ".join(check.name for check in proof[0].failed) or "conservation"
    raise RefusedError(
        f"What would move fails its own verification ({failed}); nothing is written.",
        "Keep the sections at fault with --keep-section, and report the skill as a bug.",
    )


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


def prove_folders(
    before: SkillFolder, after: SkillFolder, patterns: PatternSet, counter: TokenCounter, split: Split | None
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


def added_by(span: Span) -> tuple[str, ...]:
    """The texts that stand in place of a stretch: its pointer; or the heading and list of what was named nowhere."""
    if span.length:
        return (span.written.strip(),)
    return tuple(part.strip() for part in re.split(r"(?:\r\n|\n|\r){2}", span.written.strip()))


def comes_back(split: Split) -> bool:
    """Whether the original comes back from the split byte for byte."""
    back = restore_folder(split.after, make_ledger(split))
    return back.skill.text == split.before.skill.text and back.files == split.before.files


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


def find_unnamed(folder: SkillFolder) -> tuple[PurePosixPath, ...]:
    """The references that SKILL.md leads to by no link or mention; those of a skill within are its own."""
    found = reached_from_core(folder.links())
    inner = {file.path.parent for file in folder.files if file.path.name == SKILL_PATH.name}
    folders = {path for path in found if folder.file(path) is None}  # a folder that is named, with what is in it
    return tuple(
        file.path
        for file in folder.references
        if file.path not in found and not folders & {*file.path.parents} and not inner & {*file.path.parents}
    )


def pieces_by_place(reduction: Reduction) -> dict[int, PurePosixPath]:
    """Where each piece is that moved: blocks by index, headings as `~section`."""
    return {
        piece: reference.path
        for reference, passage in (reduction.split.passages if reduction.split else ())
        for piece in (*passage.blocks, *map(heading_of, passage.headings))
    }
