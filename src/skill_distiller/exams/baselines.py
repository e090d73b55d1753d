"""Ways to make a skill smaller without looking at what it says: what the tool has to beat at equal tokens.

Each takes a skill, a budget in tokens for its body, and a counter, and gives the body left over;
the frontmatter is not touched.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Final, NamedTuple

from skill_distiller.exams.evidence import WORDS, EvidenceTable, SkillTexts
from skill_distiller.meaning.units import split_sentences
from skill_distiller.skill.model import PROSE, Section, Skill
from skill_distiller.skill.parse import parse_skill, split_lines

Count = Callable[[str], int]
Baseline = Callable[[Skill, int, Count, int], str]  # the last number is a seed
SEEDS: Final = 20  # random blocks is a mean over this many
# Headings that sound as if an agent could do without.
_EXPENDABLE: Final = re.compile(
    rf"\b(?:{'|'.join(' '.join(phrase.split()) for phrase in WORDS['expendable'].split(','))})\b", re.IGNORECASE
)


def truncate(skill: Skill, budget: int, count: Count) -> str:
    """The body's first lines, as many as the budget holds."""
    return _first_lines(split_lines(skill.body), budget, count)


def random_blocks(skill: Skill, budget: int, count: Count, seed: int) -> str:
    """Blocks drawn at random until none fits any more, each with its section's heading, in their order."""
    order = list(skill.blocks)
    random.Random(seed).shuffle(order)
    costs = {section.index: count(section.heading_source) for section in skill.sections}
    kept: list[int] = []
    headings: set[int] = set()
    left = budget
    for block in order:
        section = skill.section_of[block.index]
        cost = count(block.source) + (0 if section in headings else costs[section])
        if cost <= left:
            kept.append(block.index)
            headings.add(section)
            left -= cost
    while count(text := _with_blocks(skill, frozenset(kept))) > budget:  # joined texts may count a token more
        kept.pop()
    return text


def random_sentences(skill: Skill, budget: int, count: Count, seed: int) -> str:
    """Sentences, and lines of what is no prose, drawn at random until the budget is full, in their order."""
    pieces = [piece for section in skill.sections for piece in _sentences(section)]
    order = list(range(len(pieces)))
    random.Random(seed).shuffle(order)

    return _most(lambda number: "".join(pieces[place] for place in sorted(order[:number])), len(pieces), budget, count)


def _sentences(section: Section) -> list[str]:
    found = [section.heading_source] if section.level else []
    for block in section.blocks:
        if block.kind in PROSE:
            found += [f"{sentence}\n" for sentence in split_sentences(block.text)]
        else:
            found += [line for line in split_lines(block.text) if line.strip()]
    return found


def drop_by_heading(skill: Skill, budget: int, count: Count) -> str:
    """Whole sections go: first those whose headings sound expendable, the last first, then the longest.

    Of the others those in the second half of the body go before those in the first. From the
    section that went last, the first lines that still fit come back.
    """
    costs = [count(section.text) for section in skill.sections]
    texts = [section.text for section in skill.sections]
    for index in _drop_order(skill.sections, costs):
        if count("".join(texts)) <= budget:
            break
        whole, texts[index] = texts[index], ""
        left = budget - count("".join(texts))
        texts[index] = _first_lines(split_lines(whole), left, count) if left > 0 else ""
        if count("".join(texts)) > budget:
            texts[index] = ""
    return "".join(texts)


def _drop_order(sections: Sequence[Section], costs: Sequence[int]) -> list[int]:
    expendable = [section.index for section in _with_children(sections)]
    half, before, tail = sum(costs) / 2, 0, set[int]()
    for index, cost in enumerate(costs):
        if before >= half:
            tail.add(index)
        before += cost
    others = sorted(set(range(len(sections))) - set(expendable), key=lambda i: (i not in tail, -costs[i], -i))
    return [*reversed(expendable), *others]


def _with_children(sections: Sequence[Section]) -> list[Section]:
    """The sections with an expendable heading and those nested in them, in order."""
    found, level = list[Section](), 0
    for section in sections:
        if level and section.level > level:
            found.append(section)
            continue
        level = section.level if section.level > 1 and _EXPENDABLE.search(section.heading) else 0
        if level:
            found.append(section)
    return found


def _with_blocks(skill: Skill, kept: frozenset[int]) -> str:
    parts = []
    for section in skill.sections:
        blocks = [block.source for block in section.blocks if block.index in kept]
        if blocks:
            parts += [section.heading_source, *blocks]
    return "".join(parts)


def _first_lines(lines: Sequence[str], budget: int, count: Count) -> str:
    """As many lines from the start as the budget holds."""
    return _most(lambda number: "".join(lines[:number]), len(lines), budget, count)


def _most(first: Callable[[int], str], of: int, budget: int, count: Count) -> str:
    """The text of the first pieces, as many of all as the budget holds."""
    low, high = 0, of
    while low < high:
        middle = (low + high + 1) // 2
        if count(first(middle)) <= budget:
            low = middle
        else:
            high = middle - 1
    return first(low)


# By the names they have in tables and on the command line; those that draw take a seed.
BASELINES: Final[Mapping[str, Baseline]] = {
    "truncation": lambda skill, budget, count, seed: truncate(skill, budget, count),
    "random sentences": random_sentences,
    "random blocks": random_blocks,
    "drop by heading": lambda skill, budget, count, seed: drop_by_heading(skill, budget, count),
}
NO_OTHERS: Final[Mapping[str, Baseline]] = {}
DRAWN: Final = frozenset({"random sentences", "random blocks"})


def baseline_skill(skill: Skill, baseline: Baseline, tokens: int, count: Count, seed: int = 0) -> Skill:
    """What a baseline leaves of a skill whose SKILL.md may take so many tokens, frontmatter included."""
    head = skill.frontmatter.raw
    body = baseline(skill, max(0, tokens - count(head)), count, seed)
    return parse_skill(head + body, skill.path)


class BaselineKept(NamedTuple):
    """What a baseline keeps of the evidence at the tokens of a candidate's SKILL.md; means over draws where it draws.

    `shares` are those (0-1) of the criteria of each task that can be reached.
    """

    name: str
    candidate: str
    tokens: float
    in_core: float
    reachable: float
    shares: tuple[float, ...]


def baselines_kept(
    table: EvidenceTable, original: SkillTexts, draws: int = SEEDS, more: Mapping[str, Baseline] = NO_OTHERS
) -> tuple[BaselineKept, ...]:
    """The baselines, and `more` of them, at the tokens of each candidate; the files beside SKILL.md stay with them."""
    criteria = [(kept.task, kept.criterion) for kept in table.original.kept]
    tasks = [task.id for task in table.exam.tasks]
    skill, count = original.folder.skill, original.counter.count
    rows = []
    for candidate in table.candidates:
        for name, baseline in {**BASELINES, **more}.items():
            found = [
                original.with_skill(baseline_skill(skill, baseline, candidate.core_tokens, count, seed)).kept(
                    name, criteria
                )
                for seed in range(draws if name in DRAWN else 1)
            ]
            rows.append(
                BaselineKept(
                    name,
                    candidate.name,
                    fmean(kept.core_tokens for kept in found),
                    fmean(kept.in_core for kept in found),
                    fmean(kept.reachable for kept in found),
                    tuple(fmean(kept.share_of(task) for kept in found) for task in tasks),
                )
            )
    return tuple(rows)
