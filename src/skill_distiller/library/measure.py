"""What a library costs and where: three tiers, client limits, copies, descriptions that collide, links and files."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import fsum, log, sqrt
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np

from skill_distiller.errors import BadInputError, SkillDistillerError, reason_of
from skill_distiller.language.words import content_words
from skill_distiller.library.client_fit import WINDOW, Sizes, Stand, sizes_of, stands_of
from skill_distiller.library.find_skills import FoundSkill, PassedOver, same_names
from skill_distiller.library.workers import work_on
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.folder import FileRole, LinkState, SkillFolder
from skill_distiller.skill.links import split_target
from skill_distiller.skill.model import MAX_BYTES, Skill
from skill_distiller.tokens import DEFAULT_ENCODING, TokenCounter, load_counter

MOST_COMPARED: Final = 5_000  # descriptions: the time to compare them is the square of their number
COLLIDES: Final = 0.6  # the cosine of two descriptions, their words weighted by how rare they are
_LONG_BLOCK: Final = 200  # characters: shorter blocks repeat by chance
_MOST_TEXT: Final = 2_000_000  # characters that are looked through for names of files
_MOST_WORDS: Final = 300  # of a description
_MOST_NAME: Final = 200  # characters
_MOST_DESCRIPTION: Final = 5_000
_COLUMNS: Final = 2_048  # that words are hashed to, for a first look


class Tiers(NamedTuple):
    """Tokens of a skill: its line in the listing (paid by every session), its body (by each use), its references."""

    listing: int
    body: int
    references: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What one skill costs. `after` is what its SKILL.md would have, in tokens, None where that was not asked for.

    `refused` says why there would be no smaller one. `dead` are links to nothing, as `file:line target`; nothing names
    the files that are `orphans`.
    """

    place: str
    path: str
    skill: Described
    tiers: Tiers
    sizes: Sizes
    dead: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    after: int | None = None
    refused: str = ""

    @property
    def tokens(self) -> int:
        """Tokens of the whole SKILL.md."""
        return self.skill.tokens

    @property
    def saved(self) -> int:
        """Tokens that compression would take off, 0 where it is not worth it."""
        return self.skill.tokens - self.after if self.after is not None else 0


class Described(NamedTuple):
    """What a skill says of itself, the tokens and the SHA-256 of its SKILL.md, and short hashes of its long blocks."""

    name: str
    description: str
    tokens: int
    digest: str
    blocks: tuple[tuple[int, int], ...]  # of each: hash and tokens


class Broken(NamedTuple):
    """A skill that can't be measured, and why."""

    place: str
    path: str
    reason: str


class Repeated(NamedTuple):
    """Long blocks that stand in several skills: how many of them, and how many tokens, are there once too often."""

    blocks: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What a library costs, and what is wrong in it. `window` is that of the client, in tokens.

    `copies` are places of skills with the same SKILL.md, `names` those of one name, `collisions` pairs of places with
    the likeness of their descriptions (None where there are too many skills to compare).
    """

    skills: tuple[Measured, ...]
    broken: tuple[Broken, ...]
    passed_over: tuple[PassedOver, ...]
    stands: tuple[Stand, ...]
    copies: tuple[tuple[str, ...], ...]
    names: tuple[tuple[str, tuple[str, ...]], ...]
    collisions: tuple[tuple[str, str, float], ...] | None
    repeated: Repeated
    window: int = WINDOW

    @property
    def tiers(self) -> Tiers:
        """All skills together."""
        return Tiers(*(sum(skill.tiers[tier] for skill in self.skills) for tier in range(3)))


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures one skill, in a worker process; `options` are those of a run that is tried, None for none."""

    options: DistillOptions | None = None
    encoding: str = DEFAULT_ENCODING
    max_bytes: int = MAX_BYTES

    @property
    def counter(self) -> TokenCounter:
        """What tokens are counted with."""
        return load_counter(self.encoding)

    def __call__(self, found: FoundSkill) -> Measured | Broken:
        """What it costs."""
        place, path = str(found.place), str(found.file)
        try:
            folder = found.read(self.max_bytes)
            skill, texts = folder.skill, _texts(folder)
            sizes = sizes_of(skill, found.file.parent.name or found.file.resolve().parent.name, self.counter)
            measured = Measured(
                place,
                path,
                _described(skill, self.counter),
                self._tiers(sizes, folder),
                sizes,
                tuple(_dead_links(folder)),
                tuple(_orphans(folder, texts)),
            )
        except (OSError, SkillDistillerError) as error:
            return Broken(place, path, str(error) if isinstance(error, SkillDistillerError) else reason_of(error))
        if self.options is None:
            return measured
        try:
            return replace(measured, after=distill(skill, self.options).output_tokens)
        except SkillDistillerError as error:
            return replace(measured, after=measured.tokens, refused=str(error))

    def _tiers(self, sizes: Sizes, folder: SkillFolder) -> Tiers:
        counts = self.counter.count
        references = 0
        for file in folder.files:
            if file.role is FileRole.REFERENCE and not file.link:
                try:
                    references += counts(file.read_text(self.max_bytes))
                except BadInputError:  # no text, or too large: no agent reads it as such
                    continue
        return Tiers(sizes.listing, sizes.by_part["body"]["tokens"], references)


def _described(skill: Skill, counter: TokenCounter) -> Described:
    long = (block.text for block in skill.blocks if len(block.text) >= _LONG_BLOCK)
    blocks = tuple((_hash(" ".join(text.split())), counter.count(text)) for text in long)
    digest = hashlib.sha256(skill.text.encode("utf-8", "replace")).hexdigest()
    name, description = skill.name[:_MOST_NAME], skill.description[:_MOST_DESCRIPTION]
    return Described(name, description, counter.count(skill.text), digest, blocks)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def _texts(folder: SkillFolder) -> str:
    """The text of a skill and of its files in which others may be named, as far as it is looked through."""
    texts, left = [folder.skill.text], _MOST_TEXT
    for file in folder.files:
        if file.role in (FileRole.REFERENCE, FileRole.SCRIPT) and not file.link and file.size <= left:
            try:
                texts.append(file.read_text(left))
                left -= file.size
            except BadInputError:
                continue
    return "\n".join(texts)


def _dead_links(folder: SkillFolder) -> Iterator[str]:
    """Links to files that are not there; to one of another skill that is there a link may lead."""
    try:
        links = folder.links()
    except BadInputError:  # a reference that is no text
        return
    for source, link, state, _ in links:
        gone = state is LinkState.MISSING
        if state is LinkState.OUTSIDE and folder.root:
            target = folder.root / source.parent / split_target(link.text)[0]
            gone = link.text.startswith("/") or not os.path.lexists(target)
        if gone:
            yield f"{source}:{link.line} {link.text}"


def _orphans(folder: SkillFolder, texts: str) -> Iterator[str]:
    """The files that no text of the skill names: not by name, a script not as a module, and not by their folder."""
    words = frozenset(re.findall(r"\w+", texts))
    above = {str(folder_path) for file in folder.files for folder_path in file.path.parents[:-1]}
    named_folders = {name for name in above if re.search(rf"{re.escape(name)}/(?![\w.])", texts)}
    for file in folder.files:
        path = file.path
        if file.role is FileRole.OTHER or file.link or path.name.startswith((".", "__")):
            continue
        named = path.name in texts or (file.role is FileRole.SCRIPT and path.stem in words)
        if not named and named_folders.isdisjoint(map(str, path.parents[:-1])):
            yield str(path)


def audit(
    found: Iterable[FoundSkill | PassedOver], measure: Measure, *, jobs: int, window: int = WINDOW
) -> Iterator[Measured | Broken | Audit]:
    """Each skill as it is measured, in any order, and at the end the audit of all of them, in order of their places."""
    skills: list[Measured] = []
    broken: list[Broken] = []
    passed: list[PassedOver] = []

    def to_measure() -> Iterator[FoundSkill]:
        for item in found:
            if isinstance(item, PassedOver):
                passed.append(item)
            else:
                yield item

    for task, done in work_on(to_measure(), measure, jobs, preload=__name__):
        if isinstance(done, Measured):
            skills.append(done)
            yield done
        else:
            broken.append(done if isinstance(done, Broken) else Broken(str(task.place), str(task.file), done.reason))
            yield broken[-1]
    skills.sort(key=lambda skill: skill.place)
    broken.sort()
    yield sum_up(skills, broken, passed, window)


def sum_up(
    skills: Sequence[Measured], broken: Sequence[Broken], passed: Sequence[PassedOver], window: int = WINDOW
) -> Audit:
    """The audit of skills that were measured."""
    sizes = [(skill.place, skill.sizes) for skill in skills]
    digests: dict[str, list[str]] = {}
    for skill in skills:
        digests.setdefault(skill.skill.digest, []).append(skill.place)
    names = same_names((skill.skill.name, skill.place) for skill in skills)
    return Audit(
        tuple(skills),
        tuple(broken),
        tuple(passed),
        tuple(stands_of(sizes, window)),
        tuple(tuple(places) for places in digests.values() if len(places) > 1),
        tuple((name, tuple(places)) for name, places in names.items()),
        find_collisions(skills),
        _repeated(skills),
        window,
    )


def find_collisions(skills: Sequence[Measured]) -> tuple[tuple[str, str, float], ...] | None:
    """Pairs of skills that describe themselves alike, the likest first; None for more skills than are compared.

    Copies of one another are none. The likeness, 0-1, is the cosine of the descriptions' words, weighted by how rare
    each is among these skills.
    """
    if len(skills) > MOST_COMPARED:
        return None
    words = [frozenset(sorted(content_words(skill.skill.description))[:_MOST_WORDS]) for skill in skills]
    spread = Counter(word for own in words for word in own)
    weights = {word: log(1 + len(skills) / count) for word, count in spread.items()}
    norms = [sqrt(fsum(weights[word] ** 2 for word in own)) or 1.0 for own in words]
    # Words that share a column only make two descriptions look more alike: what is alike is never missed.
    rows = np.zeros((len(skills), _COLUMNS), dtype=np.float32)
    for number, own in enumerate(words):
        for word in own:
            rows[number, crc32(word.encode()) % _COLUMNS] += weights[word] / norms[number]
    pairs = []
    for number, one in enumerate(skills):
        for other in map(int, np.flatnonzero(rows[number + 1 :] @ rows[number] >= COLLIDES - 1e-4) + number + 1):
            shared = fsum(weights[word] ** 2 for word in words[number] & words[other])
            likeness = round(shared / (norms[number] * norms[other]), 3)
            if likeness >= COLLIDES and one.skill.digest != skills[other].skill.digest:
                pairs.append((one.place, skills[other].place, likeness))
    return tuple(sorted(pairs, key=lambda pair: (-pair[2], pair)))


def _repeated(skills: Sequence[Measured]) -> Repeated:
    """Long blocks that stand in several skills, copies of whole skills left out, each counted once less."""
    seen: dict[int, int] = {}
    texts: set[str] = set()
    blocks = tokens = 0
    for skill in skills:
        if skill.skill.digest in texts:
            continue
        texts.add(skill.skill.digest)
        for block, count in dict(skill.skill.blocks).items():
            if block in seen:
                blocks, tokens = blocks + 1, tokens + count
            seen[block] = count
    return Repeated(blocks, tokens)
