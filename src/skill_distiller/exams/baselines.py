"""Ways to make a skill smaller without looking at what it says: what the tool has to beat at equal tokens.

Each takes a skill, a budget in tokens for its body, and a counter, and gives the body left over;
the frontmatter is not touched.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from statistics import fmean
from typing import Any, Final, NamedTuple

from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.exams.evidence import WORDS, EvidenceTable, SkillTexts
from skill_distiller.meaning.units import split_sentences
from skill_distiller.skill.model import PROSE, Section, Skill, split_lines
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import serve_offline

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


LINGUA: Final = "llmlingua-2"
# One of them has to be in the name of a model.
_LINGUA_MODELS: Final = ("bert-base-multilingual-cased", "xlm-roberta-large")
_TRIES: Final = 5  # its budget is met about: asked again for less, then cut
_KEPT: Final = ("\n",)  # what it may not throw out, or there would be no lines left

Shorten = Callable[[str, int], str]  # a text and about how many tokens to leave


def load_llmlingua(model: str, *, offline: bool = False) -> Baseline:
    """The baseline with a model: a folder, or a name on the hub, from where it is fetched unless `offline`.

    Raises UsageError without the extra and for a model that the library can't use, BadInputError where it can't be
    loaded.
    """
    missing = [name for name in ("llmlingua", "torch", "transformers") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"The baseline {LINGUA} needs {', '.join(missing)}.", "Run `pip install 'skill-distiller[llmlingua]'`."
        )
    if not any(name in model for name in _LINGUA_MODELS):
        raise UsageError(
            f"{model!r} is no model for {LINGUA}.",
            f"Its name has to hold {' or '.join(_LINGUA_MODELS)}, as those of its authors do.",
        )
    return baseline_of(_open(model, offline))


def _open(model: str, offline: bool) -> Shorten:
    serve_offline()  # it counts in one of tiktoken's encodings, which it would fetch
    from llmlingua import PromptCompressor

    settings: dict[str, Any] = {"trust_remote_code": False, "local_files_only": offline, "use_safetensors": True}
    try:
        compressor = PromptCompressor(model, "cpu", settings, use_llmlingua2=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BadInputError(
            f"Can't load {model!r}: {reason_of(error)}.", "Name a folder, or a name on the hub."
        ) from None

    def shorten(text: str, tokens: int) -> str:
        found = compressor.compress_prompt_llmlingua2([text], target_token=tokens, force_tokens=list(_KEPT))
        return str(found["compressed_prompt"])

    return shorten


def baseline_of(shorten: Shorten) -> Baseline:
    """The baseline of whatever shortens a text to about so many tokens; the body that is left fits the budget."""

    def baseline(skill: Skill, budget: int, count: Count, seed: int) -> str:
        text, asked = skill.body, budget
        if budget < 1:
            return ""
        for _ in range(_TRIES):
            text = shorten(skill.body, max(1, asked)).rstrip() + "\n"
            takes = count(text)
            if takes <= budget:
                return text
            asked = int(asked * budget / takes)
        return truncate(parse_skill(text), budget, count)

    return baseline
