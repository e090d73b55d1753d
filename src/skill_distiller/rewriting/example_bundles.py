"""Choose which examples of a set stand in full, write the others as lines, and offer that as one rendering (RECOMP).

Skill Distiller reference, "Example Compression"; after Xu et al., RECOMP (2023).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import fsum
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.language.facts import fact_keys
from skill_distiller.rewriting.example_lines import (
    Element,
    Shown,
    example_elements,
    fold,
    read_lines,
    source_of,
    stays_whole,
    warns_as_much,
)
from skill_distiller.rewriting.example_sets import (
    ENOUGH,
    Example,
    ExampleSelection,
    ExampleSet,
    SelectionMode,
    find_sets,
)
from skill_distiller.rewriting.model import ONE_LINERS, Bundle, Proposals, RenderingKind
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

_MIN_SAVING: Final = 0.1  # of the tokens of a set: for less, no example is taken apart
_MAX_BUNDLES: Final = 4  # of one set: steps between the shortest and the original
_SCATTERED: Final = 0.25  # of the worth of what is shown, but not word for word
_VERBATIM: Final = 0.8  # of the words of a code line or a sentence: the rest is taken for wording
_MIN_VERBATIM_WORDS: Final = 5  # a few words may stand in a line by chance
_GENERALIZED: Final = 0.5  # of the words of a code line or sentence; the rest is what a summary leaves out
_CLARITY, _UNIQUENESS = 0.1, 0.1  # beside coverage
_MODERATE_CHARS: Final = range(80, 1601)  # of an example that is neither a scrap nor a document


class _Draft(NamedTuple):
    """An example as it may be written: in full (`source`), for which `appeal` speaks, or as a `line` ("" for none)."""

    example: Example
    name: str
    source: tuple[str, ...]
    line: str
    elements: Mapping[str, Element]
    appeal: float


class ExampleRenderer:
    """A renderer without a model: it chooses examples and pieces of them (RECOMP's extractive way)."""

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """For each set of examples the bundles that make it shorter by a tenth or more and still show 0.8 of it."""
        found = (bundle for examples in find_sets(reading) for bundle in extractive_bundles(reading, examples))
        return Proposals(bundles=tuple(b for b in found if saving(reading, b, counter) >= _MIN_SAVING))


def saving(reading: Reading, bundle: Bundle, counter: TokenCounter) -> float:
    """The share (0-1, below 0 where it is longer) of the tokens that a bundle saves, its headings included."""
    skill = reading.skill
    before = [skill.blocks[block].source for block in bundle.blocks]
    before += [skill.sections[section].heading_source for section in bundle.headings]
    return 1 - sum(map(counter.count, bundle.texts)) / (sum(map(counter.count, before)) or 1)


def extractive_bundles(reading: Reading, examples: ExampleSet) -> Iterator[Bundle]:
    """Some examples in full, the others as one line each: the shortest that still shows 0.8, then one more in full."""
    drafts = _draft_examples(reading, examples)
    if any(draft.line for draft in drafts):
        for selected in islice(_selections(drafts), _MAX_BUNDLES):
            lines = [draft.line for i, draft in enumerate(drafts) if i not in selected]
            if bundle := _bundle(reading, examples, drafts, selected, lines):
                yield bundle


def abstractive_bundle(reading: Reading, examples: ExampleSet, text: str) -> Bundle | None:
    """The lines of `text`, such as `When X → do Y → expect Z`, in place of the examples of a set that may be folded.

    None where they are refused: more lines than examples, a line that is long or no plain text, a fact
    that the examples lack, less than 0.8 of what they show (half of the words of code and sentences will do).
    """
    drafts = _draft_examples(reading, examples)
    lines = read_lines(text, [piece for draft in drafts for piece in draft.source])
    selected = tuple(i for i, draft in enumerate(drafts) if stays_whole(reading.skill, draft.example))
    source = [piece for i, draft in enumerate(drafts) if i not in selected for piece in draft.source]
    shown = Shown([*lines, *(piece for i in selected for piece in drafts[i].source)])
    enough = (
        0 < len(lines) <= len(drafts) - len(selected)
        and warns_as_much(source, "\n".join(lines))
        and shown.share(_all_elements(drafts), _GENERALIZED) >= ENOUGH
    )
    return _bundle(reading, examples, drafts, selected, lines) if enough else None


def selection_of(reading: Reading, examples: ExampleSet, texts: Mapping[int, str]) -> ExampleSelection:
    """What became of a set, read from the texts that were written for its blocks, by index."""
    drafts, blocks = _draft_examples(reading, examples), reading.skill.blocks
    lines = written_lines(texts[examples.blocks[-1]])
    whole = [all(blocks[b].text.rstrip("\r\n") in texts[b] for b in draft.example.blocks) for draft in drafts]
    selected, folded = (tuple(i for i, full in enumerate(whole) if full is kind) for kind in (True, False))
    headings = [piece for i in selected for piece in drafts[i].source[: len(drafts[i].example.sections)]]
    shown = Shown([*headings, *(texts[b] for b in examples.blocks)])
    own = lines == [drafts[i].line for i in folded]
    mode = SelectionMode.EXTRACTIVE if own else SelectionMode.ABSTRACTIVE
    coverage, names = shown.share(_all_elements(drafts)), tuple(draft.name for draft in drafts)
    return ExampleSelection(len(drafts), selected, folded, coverage, mode, names, len(lines))


def written_lines(text: str) -> list[str]:
    """The one-liners at the end of a text, without their bullets; none where it has no title for them."""
    lines = text.splitlines()
    titles = [i for i, line in enumerate(lines) if line.lstrip("# *").rstrip("*") == ONE_LINERS]
    return [line.removeprefix("- ") for line in lines[titles[-1] :] if line.startswith("- ")] if titles else []


def _draft_examples(reading: Reading, examples: ExampleSet) -> list[_Draft]:
    """Every example of a set with its line, what it shows and what speaks for it."""
    elements = [example_elements(reading, example) for example in examples.examples]
    words = Counter(word for own in elements for word in {word for element in own.values() for word in element.words})
    common = frozenset(word for word, count in words.items() if count > max(1, len(elements) // 2))
    spread = Counter(key for facts in reading.facts for key in fact_keys(facts))
    drafts = []
    for example, own in zip(examples.examples, elements, strict=True):
        source, (name, line) = source_of(reading.skill, example), fold(reading, example, own, common)
        facts = Counter(key for i in example.blocks for key in fact_keys(reading.facts[i]))
        unique = sum(spread[key] == count for key, count in facts.items()) / max(1, len(facts))
        clear = (bool(name) + (sum(map(len, source)) in _MODERATE_CHARS)) / 2
        drafts.append(_Draft(example, name, source, line, own, _CLARITY * clear + _UNIQUENESS * unique))
    return drafts


def _selections(drafts: Sequence[_Draft]) -> Iterator[tuple[int, ...]]:
    """The choices of drafts to keep in full that still show `ENOUGH`: those without a line, then one more each time."""
    elements = _all_elements(drafts)
    total = fsum(element.weight for element in elements.values()) or 1.0
    chosen = [i for i, draft in enumerate(drafts) if not draft.line]
    while len(chosen) < len(drafts):
        texts = [text for i, d in enumerate(drafts) for text in (d.source if i in chosen else (d.line,))]
        missing = Shown(texts).missing(elements)
        if chosen and 1 - fsum(missing.values()) / total >= ENOUGH:
            yield tuple(sorted(chosen))
        gains = [fsum(missing.get(key, 0.0) for key in d.elements) / total + d.appeal for d in drafts]
        chosen.append(max((i for i in range(len(drafts)) if i not in chosen), key=gains.__getitem__))


def _bundle(
    reading: Reading, examples: ExampleSet, drafts: Sequence[_Draft], selected: Sequence[int], lines: Sequence[str]
) -> Bundle | None:
    """The bundle, None where the lines would not stand as a list at the end of the set."""
    skill, blocks = reading.skill, examples.blocks
    full = {block for i in selected for block in drafts[i].example.blocks}
    texts = [skill.blocks[i].source if i in full else "" for i in blocks]
    texts[-1] = _with_lines(skill, blocks[-1], texts[-1], examples.level, lines)
    if not _stands(texts[-1], lines, heading=bool(examples.level)):
        return None
    headings = tuple(section for i, d in enumerate(drafts) if i not in selected for section in d.example.sections)
    shown = [piece for i in selected for piece in drafts[i].source]
    worths = [fsum(reading.verdicts[block].importance for block in draft.example.blocks) for draft in drafts]
    kept = [
        worth * (1.0 if i in selected else _share_kept(draft.elements, lines, shown))
        for i, (draft, worth) in enumerate(zip(drafts, worths, strict=True))
    ]
    share = fsum(kept) / fsum(worths) if fsum(worths) else 1.0
    return Bundle(RenderingKind.ONE_LINERS, blocks, tuple(texts), headings, share)


def _with_lines(skill: Skill, index: int, text: str, level: int, lines: Sequence[str]) -> str:
    """The last block with the lines: after it where it stays, in front of it where it is a separator."""
    end = "\r\n" if "\r\n" in skill.text else "\n" if "\n" in skill.text or "\r" not in skill.text else "\r"
    title = f"{'#' * level} {ONE_LINERS}" if level else f"**{ONE_LINERS}**"
    listed = end.join([title, "", *(f"- {line}" for line in lines), ""])
    last = skill.blocks[index]
    if text and last.kind is BlockKind.RULE:
        return listed + end + text
    above = last.text + ("" if last.text.endswith(("\n", "\r")) else end) + end if text else ""
    return above + listed + last.gap


def _stands(text: str, lines: Sequence[str], *, heading: bool) -> bool:
    """Whether the lines come out as a title and a list of their own, whatever stands above them in the text."""
    sections = parse_skill(f"# Title\n\n{text}").sections
    if len(sections) != 2 + heading or (heading and sections[-1].heading != ONE_LINERS):
        return False
    lists = [b.text for b in sections[-1].blocks if b.kind in (BlockKind.LIST, BlockKind.LIST_ITEM)]
    return [line for listed in lists for line in listed.splitlines()] == [f"- {line}" for line in lines]


def _all_elements(drafts: Sequence[_Draft]) -> dict[str, Element]:
    return {key: element for draft in drafts for key, element in draft.elements.items()}


def _share_kept(elements: Mapping[str, Element], lines: Sequence[str], full: Sequence[str]) -> float:
    """The part (0-1) of an example's worth that stays, its line and other examples in full being there."""
    each, whole = [Shown([line]).words for line in lines], Shown([*full, *lines])
    verbatim = 0.0
    for key, (weight, words) in elements.items():
        enough = _VERBATIM * len(words) if len(words) >= _MIN_VERBATIM_WORDS else len(words) + 1
        if (words <= whole.words and whole.holds(key)) or any(len(words & own) >= enough for own in each):
            verbatim += weight
    share = verbatim / fsum(element.weight for element in elements.values()) if elements else 1.0
    return share + _SCATTERED * max(0.0, whole.share(elements) - share)
