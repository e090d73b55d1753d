"""What a reduction is asked for, and what came out of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.analysis.reading import Analyzer, Reading
from skill_distiller.checks.conservation import Conservation
from skill_distiller.checks.model import Verification
from skill_distiller.checks.receipt import Functionality, Judge
from skill_distiller.checks.structure import reached_from_core
from skill_distiller.disclosure.digest import Rule, late_rules
from skill_distiller.disclosure.model import (
    DEFAULT_LOAD_RATE,
    ContentClass,
    NewReference,
    Passage,
    Signpost,
    Span,
    Split,
)
from skill_distiller.errors import UsageError
from skill_distiller.rewriting.model import Renderer
from skill_distiller.run.describe_skill import DescriptionResult
from skill_distiller.run.proof import Proved
from skill_distiller.run.result import Note
from skill_distiller.run.run import Counting, KeptPieces
from skill_distiller.skill.folder import SKILL_PATH, SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.structure.edges import heading_of
from skill_distiller.tokens import TokenCounter, load_counter

if TYPE_CHECKING:
    from skill_distiller.prompted.judge import ConceptReader

# The least share of the worth that stays. Below it little more moves; at it SKILL.md holds more than six tenths of the
# evidence of every second exam of the corpus (python -m lab.reduce).
DEFAULT_SHARE: Final = 0.1


class Extras(NamedTuple):
    """What is done besides moving.

    `annotate`: SKILL.md gets the references that it leads nowhere to, at its end. `pin`: besides, rules that stand
    behind its first 5,000 tokens, in at most 50 tokens near the top. `compact`: what moves is said in fewer words too,
    with one example of several alike, which takes a model.
    """

    annotate: bool = False
    pin: bool = False
    compact: bool = False


_NO_EXTRAS: Final = Extras()


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
    extras: Extras = _NO_EXTRAS

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
class Rewritten:
    """A skill in fewer words, by a model: its `proof`, what came out as a `reading`, and what the judge says of it.

    The `unfaithful` blocks, by index, came back as they were, for something that they say was missing.
    """

    proof: Proved
    reading: Reading
    functionality: Functionality
    unfaithful: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What moved (None for nothing), why blocks stay that could not, by index, and what was said in fewer words first.

    The `references` are those of the split, with the indices of the original. `model` is who had a part in it, "" for
    nobody.
    """

    split: Split | None = None
    references: tuple[NewReference, ...] = ()
    pinned: Mapping[int, str] = field(default_factory=dict)
    rewritten: Rewritten | None = None
    model: str = ""


class ReduceModel(Protocol):
    """A language model that has a part in a reduction; all that it says is checked before it counts."""

    @property
    def name(self) -> str:
        """Kind and model."""

    @property
    def analyzer(self) -> Analyzer:
        """Who reads the skill."""

    @property
    def judge(self) -> Judge:
        """Who judges what was said in fewer words."""

    @property
    def reader(self) -> ConceptReader:
        """Who looks whether blocks still say all that they said."""

    def rewriters(self, skill: Skill, groups: Sequence[frozenset[int]]) -> tuple[Renderer, ...]:
        """Who says groups of blocks, by index, in fewer words."""

    def admit(self, skill: Skill) -> None:
        """Look the skill through, and announce the requests; raises where it may not be sent."""

    def classes(self, skill: Skill) -> Mapping[int, ContentClass]:
        """What every block is for, by index."""

    def signposts(self, reading: Reading, signs: Mapping[Passage, Signpost]) -> Mapping[Passage, Signpost]:
        """When each passage is needed."""


class Stages(NamedTuple):
    """Who has a part in it: `describe` shortens the description; a `model` reads, sorts, rewrites, writes pointers."""

    describe: Callable[[Skill], DescriptionResult] | None = None
    model: ReduceModel | None = None


@dataclass(frozen=True, eq=False)
class Reduction:
    """What came out of a run over a folder; where nothing moved `after` is `before`.

    `found` says what moved, what is said in fewer words, and why blocks stay; `described` what became of the
    description, None where it was not looked at.
    """

    options: ReduceOptions
    reading: Reading
    before: SkillFolder
    found: Outcome
    figures: tuple[Figures, Figures]
    proof: tuple[Verification, Conservation]
    notes: tuple[Note, ...]
    described: DescriptionResult | None = None
    repeated: bool = False

    @property
    def split(self) -> Split | None:
        """What moved, None for nothing; its indices are those of the skill that it moved out of."""
        return self.found.split

    @property
    def references(self) -> tuple[NewReference, ...]:
        """The new references, with the indices of the original."""
        return self.found.references

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
        reading = self.found.rewritten.reading if self.found.rewritten else self.reading
        return late_rules(reading, self.split or Split(self.before, self.before, (), ()), self.counter)


def added_by(span: Span) -> tuple[str, ...]:
    """The texts that stand in place of a stretch: its pointer; or the heading and list of what was named nowhere."""
    if span.length:
        return (span.written.strip(),)
    if span.text:
        return ()
    return tuple(part.strip() for part in re.split(r"(?:\r\n|\n|\r){2}", span.written.strip()))


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
        for reference in reduction.references
        for passage in reference.passages
        for piece in (*passage.blocks, *map(heading_of, passage.headings))
    }
