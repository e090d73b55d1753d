"""From an aim to a split that keeps its promises: choose, name, lay out, write, and take back what does not hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.disclosure.layout import OWN_TOKENS, lay_out
from skill_distiller.disclosure.model import NewReference, Passage, Signpost, Split
from skill_distiller.disclosure.passages import MIN_SAVED, Aim, choose_passages, survey
from skill_distiller.disclosure.signposts import make_signpost, write_pointer
from skill_distiller.disclosure.split import breaks_near, find_breaks, write_split
from skill_distiller.planning.worth import WorthModel, load_worth_model
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter, count_skill

# Of the tokens of SKILL.md, and in tokens: for less nobody should have to look in two places, unless it fills a file.
WORTH_A_FILE: Final = 0.05
LEAST_SAVED: Final = 50


class Disclosed(NamedTuple):
    """A split (None where it is not worth it), and why blocks stay that could not move, by index."""

    split: Split | None
    pinned: Mapping[int, str]


def disclose(
    reading: Reading, folder: SkillFolder, counter: TokenCounter, aim: Aim, model: WorthModel | None = None
) -> Disclosed:
    """Move what may move from a skill into new references of its folder."""
    ground = survey(reading, folder, counter, aim, model or load_worth_model())
    while True:
        chosen = choose_passages(ground, aim, counter.count(reading.skill.frontmatter.raw))
        signs = {passage: make_signpost(reading, passage) for passage in chosen.passages}
        references = settle(reading, folder, counter, chosen.passages, signs)
        split = write_split(folder, references) if references else None
        if split is None or not find_breaks(split):
            break
        ground = ground.keeping({block for passage in _at_fault(split) for block in passage.blocks})
    if split is None or not _is_worth_it(folder.skill, split, counter):
        return Disclosed(None, chosen.pinned)
    return Disclosed(split, chosen.pinned)


def settle(
    reading: Reading,
    folder: SkillFolder,
    counter: TokenCounter,
    passages: Sequence[Passage],
    signs: Mapping[Passage, Signpost],
) -> tuple[NewReference, ...]:
    """The files of the passages that save enough beside the pointers that they really get."""
    sizes = {passage: _size(reading.skill, passage, counter) for passage in passages}
    left = list(passages)
    while left:
        found = lay_out(reading, folder, left, sizes.__getitem__, signs.__getitem__)
        pointers = {
            passage: counter.count(write_pointer(sign, reference.path) + "\n\n")
            for reference in found
            for passage, sign in zip(reference.passages, reference.signposts, strict=True)
        }
        dear = [p for p in left if p not in pointers or sizes[p] - pointers[p] < MIN_SAVED]
        if not dear:
            return found
        left = [passage for passage in left if passage not in dear]
    return ()


def _size(skill: Skill, passage: Passage, counter: TokenCounter) -> int:
    blocks = sum(counter.count(skill.blocks[block].source) for block in passage.blocks)
    return blocks + sum(counter.count(skill.sections[section].heading_source) for section in passage.headings)


def _at_fault(split: Split) -> Collection[Passage]:
    """The passages of which the move is read otherwise than it stood: alone, or with the few that it is so with."""

    def breaks(passages: Sequence[Passage]) -> bool:
        return find_breaks(write_split(split.before, tuple(only(split, passages))))

    return find_faults(split, breaks_near(split), breaks)


def find_faults(
    split: Split, near: Sequence[Passage], fails: Callable[[Sequence[Passage]], bool]
) -> Collection[Passage]:
    """The passages at fault of a split that fails; those that may be are asked first, as each question is dear."""
    whole = near if near and fails(near) else [passage for _, passage in split.passages]
    return find_by_halves(whole, fails)


def find_by_halves(whole: Sequence[Passage], fails: Callable[[Sequence[Passage]], bool]) -> Collection[Passage]:
    """The passages that fail, of some that do together: alone, or with the few that it is so with.

    They are looked for by halves: to read a skill once for each of a thousand passages would take minutes.
    """
    faults, waiting = set[Passage](), [(whole, whole)]  # what may be at fault, of what is so together
    while waiting:
        group, known = waiting.pop()
        first, second = group[: len(group) // 2], group[len(group) // 2 :]
        if len(group) == 1:
            faults.update(group if group == known or fails(group) else _fewest((), known, fails))
        elif fails(first):
            waiting += [(half, half) for half in (first, second) if half is first or fails(half)]
        else:  # then it is the other half, or both together
            waiting.append((second, known))
    return faults


def _fewest(
    others: Sequence[Passage], group: Sequence[Passage], fails: Callable[[Sequence[Passage]], bool], new: bool = False
) -> Sequence[Passage]:
    """Those of a group without which it would not fail together with some others (QuickXplain); `new` are not asked."""
    if new and fails(others):
        return ()
    if len(group) == 1:
        return group
    first, second = group[: len(group) // 2], group[len(group) // 2 :]
    later = _fewest((*others, *first), second, fails, new=True)
    return (*_fewest((*others, *later), first, fails, new=bool(later)), *later)


def only(split: Split, passages: Collection[Passage]) -> Iterator[NewReference]:
    """The new references of a split with some of their passages alone."""
    chosen = frozenset(passages)
    for reference in split.references:
        both = zip(reference.passages, reference.signposts, strict=True)
        own = [(passage, sign) for passage, sign in both if passage in chosen]
        if own:
            yield replace(reference, passages=tuple(p for p, _ in own), signposts=tuple(sign for _, sign in own))


def _is_worth_it(skill: Skill, split: Split, counter: TokenCounter) -> bool:
    before, after = count_skill(skill, {}, counter), count_skill(split.after.skill, {}, counter)
    return before - after >= max(LEAST_SAVED, min(WORTH_A_FILE * before, OWN_TOKENS))
