"""Pairs and sets: halves of a comparison, a branch and its else, a rule and its exception, a section's one command."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice, pairwise
from typing import Final

from skill_distiller.language.lexicon import Sense, senses
from skill_distiller.language.modals import CONTRACTIONS
from skill_distiller.language.words import parts, texts, words_in
from skill_distiller.skill.containers import is_label, lead_ins, opening_tag
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, chained, heading_of
from skill_distiller.structure.pointers import leading, opens_with

_SAID: Final = frozenset({BlockKind.PARAGRAPH, BlockKind.QUOTE})
_DEFINING: Final = frozenset({BlockKind.TABLE, BlockKind.LIST})
_SPAN: Final = re.compile(r"`([^`\n]{1,60})`")
_SHELL: Final = frozenset("bash sh shell zsh console fish powershell pwsh cmd bat terminal".split())
_COMMAND: Final = re.compile(r"`[\w./-]+ [^`\n]+`")
_SIGNS: Final = {"❌": "bad", "✗": "bad", "✘": "bad", "🚫": "bad", "✅": "good", "✓": "good", "✔": "good"}
_LABEL: Final = re.compile(r"\W{0,8}(?:\*\*|__)(?P<label>[^*_\n:：]{1,80})[:：]?(?:\*\*|__)")
_NAME: Final = re.compile(r"\s*(?:[-*+]\s+)?(?:\*\*[^*\n]{1,60}\*\*|__[^_\n]{1,60}__|`[^`\n]{1,60}`)")
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_Named = tuple[Piece, str]
_DASH: Final = re.compile(r"\s[-–—]\s")
_DIGITS: Final = re.compile(r"\d+")
_NUMBERED: Final = re.compile(r"(\D*)(\d{1,9})")
# A sentence of a denial and a verb: "Do not defer."
_ENDS_AT_ONCE: Final = re.compile(r"\W{0,9}(?:[Dd]o[ ])?[\w'’]+ [\w-]+(?: it| them| this)?[*_]{0,3}[.!]")
_MOST_CASES: Final = 12  # blocks before an "otherwise"
_MAX_LABEL_CHARS: Final = 80
_FEWEST_SECTIONS: Final = 3  # that say the same of each
_FEWEST_ALIKE: Final = 2  # words behind a dash
_FEWEST_SAME: Final = 2  # words of labels that differ in the one after them
_CASE: Final = re.compile(r"\W{0,9}(?P<of>[^\n]{2,60}?)\s*(?:\s[-–—]\s|[:：,(（])\s*(?P<when>[^\W\d_]+)[^\n]*")
_FIRST_WORD: Final = re.compile(r"[^\w❌✗✘🚫✅✓✔]*([❌✗✘🚫✅✓✔]|[\w'’]+)")


def find_pairs(skill: Skill) -> Iterator[Edge]:
    """The edges between the halves of pairs and the members of sets."""
    yield from _contrasts(skill)
    yield from _branches(skill)
    yield from _commands(skill)
    yield from _terms(skill)
    yield from _denials(skill)
    yield from _asked(skill)
    yield from _remedies(skill)


def opening_label(text: str) -> str:
    """The words in bold that a text opens with, nothing where there are none.

    >>> opening_label("> **Not in scope:** queues"), opening_label("Queues are **not** in scope")
    ('Not in scope', '')
    """
    match = _LABEL.match(text)
    return match["label"] if match else ""


def _contrasts(skill: Skill) -> Iterator[Edge]:
    """Headings, labels and tags beside each other in a section that name the sides of one thing."""
    siblings = dict[tuple[int | None, int], list[_Named]]()
    introducing = lead_ins(skill)
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        siblings.setdefault((parent, section.level), []).append((heading_of(section.index), section.heading))
        leading_in = [block for block in section.blocks if block.index in introducing]
        yield from _sides([(block.index, block.text) for block in leading_in])
        plain = (b for b in leading_in if len(b.text) <= _MAX_LABEL_CHARS and not opening_label(b.text))
        yield from _variants([(block.index, block.text) for block in plain])
        yield from _asking_alike(leading_in)
        labels = [(b.index, label) for b in section.blocks if b.kind in PROSE and (label := opening_label(b.text))]
        yield from _sides(labels)
        yield from _negated(labels)
        yield from _variants(labels)
        yield from _sides([(block.index, tag) for block in section.blocks if (tag := opening_tag(block))])
    yield from _repeated(skill)
    yield from _members(skill)
    for own in siblings.values():
        yield from _sides(own)
        yield from _negated(own)
        yield from _variants(own)
        yield from _cases(own)


def _asking_alike(blocks: Sequence[Block]) -> Iterator[Edge]:
    """Lead-ins that say the same of two cases, numbers apart: "A branch — offer these 3:", "Else — offer these 2:"."""
    said = [tuple(_WORD.findall(_DIGITS.sub("", _DASH.split(block.text)[-1].casefold()))) for block in blocks]
    for (one, first), (other, second) in pairwise(zip(blocks, said, strict=True)):
        if first == second and len(first) >= _FEWEST_ALIKE and _DASH.search(one.text) and _DASH.search(other.text):
            yield Edge(EdgeKind.LABEL, one.index, other.index, " ".join(first)[:60], mutual=True)


def _repeated(skill: Skill) -> Iterator[Edge]:
    """The labels that say the same of several sections beside each other: "**Map of huts:**".

    Those of three sections or more hang together, but of examples, of which some may stand for all. Two labels that
    follow each other in two sections are what is told of each, such as "Request:" and "Reply:": within one section they
    hang together, examples or not. Labels are the same but for the last of three words or more.
    """
    found = dict[tuple[int | None, int, tuple[str, ...]], dict[int, int]]()
    told = defaultdict[tuple[int | None, int, str, str], list[Edge]](list)
    introducing = lead_ins(skill)
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        above = skill.sections[parent].heading if parent is not None else ""
        shows = names_examples(section.heading) or names_examples(above)
        last, before = -1, ""
        for block in section.blocks:
            said = opening_label(block.text) if block.kind in PROSE else ""
            said = said or (block.text if block.index in introducing else "")
            words = tuple(_WORD.findall(said.casefold())) if len(said) <= _MAX_LABEL_CHARS else ()
            if not words:
                continue
            if before:
                why = f"{before}, {' '.join(words)}"[:60]
                pair = Edge(EdgeKind.LABEL, last, block.index, why, mutual=True)
                told[parent, section.level, before, " ".join(words)].append(pair)
            last, before = block.index, " ".join(words)
            if not shows and not names_examples(said):
                name = words[:-1] if len(words) > _FEWEST_SAME else words
                found.setdefault((parent, section.level, name), {}).setdefault(section.index, block.index)
    for (_, _, name), labels in found.items():
        if len(labels) >= _FEWEST_SECTIONS:
            yield from chained(EdgeKind.LABEL, labels.values(), " ".join(name))
    for pairs in told.values():
        yield from pairs if len({skill.section_of[pair.source] for pair in pairs}) > 1 else ()


def names_examples(text: str) -> bool:
    """Whether a heading or a label says that examples follow."""
    words = (word.casefold().removesuffix("s") for word in _WORD.findall(text))
    return not words_in("example_nouns").isdisjoint(words)


def _members(skill: Skill) -> Iterator[Edge]:
    """The items of a long list that all have names."""
    for section in skill.sections:
        for is_item, run in groupby(section.blocks, lambda block: block.kind is BlockKind.LIST_ITEM):
            items = list(run) if is_item else []
            if are_named([block.text for block in items]):
                yield from chained(EdgeKind.LABEL, (block.index for block in items), "the members of one set")


def _sides(pieces: Sequence[_Named]) -> Iterator[Edge]:
    for (first, text), (second, other) in pairwise(pieces):
        sides = f"{_side(text)}, {_side(other)}" if are_sides(text, other) else _opposed(text, other)
        if sides:
            yield Edge(EdgeKind.LABEL, first, second, sides, mutual=True)


def are_sides(first: str, second: str) -> bool:
    """Whether two texts open with the sides of one thing.

    >>> are_sides("**Good:** a name", "**Bad:** a number"), are_sides("Good morning", "Good evening")
    (True, False)
    """
    return _share_group(_side(first), _side(second), "contrasts")


def names_side(text: str) -> bool:
    """Whether a text opens with the name of a side, such as "Bad"."""
    return _side(text) in _groups_of("contrasts")


def _opposed(first: str, second: str) -> str:
    """The sides on which two lead-ins speak of one thing: "A sample of a good log:", "A sample of a bad log:"."""
    one, two = (_WORD.findall(text[:_MAX_LABEL_CHARS].casefold()) for text in (first, second))
    apart = next((at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), -1)
    after = slice(apart + 1, apart + 2)
    if apart > 0 and one[after] == two[after] != [] and _share_group(one[apart], two[apart], "contrasts"):
        return f"{one[apart]}, {two[apart]}"
    return ""


def are_steps(first: str, second: str) -> bool:
    """Whether two texts open with steps of one scale, in words or with the next number.

    >>> are_steps("High: today", "Low: some day"), are_steps("SEV1", "SEV2 (minor)"), are_steps("v1", "w2")
    (True, True, False)
    """
    one, two = _side(first), _side(second)
    if _share_group(one, two, "scales"):
        return True
    low, high = _NUMBERED.fullmatch(one), _NUMBERED.fullmatch(two)
    return bool(low and high and low[1] == high[1] and int(high[2]) == int(low[2]) + 1)


def are_variants(first: str, second: str) -> bool:
    """Whether two labels name one thing for two: two platforms, or words that differ in one before the last.

    >>> are_variants("Python SDK", "Rust SDK"), are_variants("Use it", "Use us"), are_variants("macOS", "Linux")
    (True, False, True)
    """
    one, two = (_WORD.findall(text.casefold()) for text in (first, second))
    apart = [at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]]
    if len(one) != len(two) or len(apart) != 1:
        return False
    pair = (one[apart[0]], two[apart[0]])
    if len(one) == 1:
        return words_in("platforms").issuperset(pair)
    if any(word.isdecimal() or senses(word) for word in pair) or not words_in("example_nouns").isdisjoint(one):
        return False
    return apart[0] < len(one) - 1 or words_in("platforms").issuperset(pair) or _share_group(*pair, "contrasts")


def are_named(items: Sequence[str]) -> bool:
    """Whether each of some items opens with a name in bold or in back-ticks: the members of a set, not advice."""
    return len(items) > 1 and all(map(_NAME.match, items))


def _variants(pieces: Sequence[_Named]) -> Iterator[Edge]:
    """Labels one after the other that say for what each is: "For Python", "For TypeScript"."""
    for (first, text), (second, other) in pairwise(pieces):
        one, two = text.casefold().split(" ", 1), other.casefold().split(" ", 1)
        alike = len(one) == len(two) == 2 and one[0] == two[0] and one[0] in words_in("variant_openings")
        if alike or are_variants(text, other):
            yield Edge(EdgeKind.LABEL, first, second, f"{text.strip()}, {other.strip()}"[:60], mutual=True)


def are_cases(first: str, second: str) -> bool:
    """Whether two texts are cases of one thing: both name the same before a dash, and then a condition.

    >>> are_cases("Handler - if there is one", "Handler - if there is none"), are_cases("A - if so", "B - if so")
    (True, False)
    """
    one, two = _CASE.fullmatch(first), _CASE.fullmatch(second)
    return bool(one and two and one["of"].casefold() == two["of"].casefold()) and all(
        Sense.CONDITION in senses(match["when"].casefold()) for match in (one, two) if match
    )


def _cases(pieces: Sequence[_Named]) -> Iterator[Edge]:
    for (first, text), (second, other) in pairwise(pieces):
        if are_cases(text, other):
            yield Edge(EdgeKind.LABEL, first, second, "two cases of one thing", mutual=True)


def _negated(pieces: Sequence[_Named]) -> Iterator[Edge]:
    """A name and the same with a negation: "Use it for", "Never use it for"."""
    found = defaultdict[tuple[frozenset[str], bool], list[Piece]](list)
    for piece, text in pieces if len(pieces) > 1 else ():
        said = [word for word in map(str.casefold, _WORD.findall(text)) if word not in words_in("articles")]
        if said and said[0][0] in words_in("negating_signs"):
            said[:1] = [said[0][0], said[0][1:]]
        denied = {word for word in said if word in CONTRACTIONS or Sense.NEGATION in senses(word)}
        rest = frozenset(word for word in said if word not in denied and not _joins(word))
        own, others = found[rest, bool(denied)], found[rest, not denied]
        # One edge joins it to all others, where these hang together already by what is like it.
        for other in (others[-1:] if own else others) if rest else ():
            yield Edge(EdgeKind.LABEL, other, piece, "one is what the other is not", mutual=True)
        own.append(piece)


def _joins(word: str) -> bool:
    """Whether a word of a label only leads to what it is about: "when" and "for" in "Use when", "Do not use for"."""
    return word in words_in("variant_openings") or not senses(word).isdisjoint((Sense.ONLY, Sense.CONDITION))


def _side(text: str) -> str:
    match = _FIRST_WORD.match(text)
    word = match[1].casefold().replace("’", "'") if match else ""
    return _SIGNS.get(word, word)


def _share_group(one: str, other: str, table: str) -> bool:
    """Whether two words that are not the same stand in one group of a table."""
    known = _groups_of(table)
    return one != other and one in known and other in known and not known[one].isdisjoint(known[other])


@lru_cache(maxsize=2)
def _groups_of(table: str) -> Mapping[str, set[int]]:
    """By word the numbers of the groups that it stands in."""
    found: dict[str, set[int]] = {}
    for number, group in enumerate(group for text in texts(table) for group in parts(text)):
        for word in group:
            found.setdefault(word, set()).add(number)
    return found


def _branches(skill: Skill) -> Iterator[Edge]:
    """What opens with "otherwise" and what it is otherwise to; a block that leans on the one before it."""
    last = -1  # the block up to which the items of its list hang together already
    for blocks, at in leading(skill, "else_openings"):
        start = at - 1
        if blocks[at].kind is BlockKind.LIST_ITEM:
            while start and blocks[start].kind is blocks[start - 1].kind is BlockKind.LIST_ITEM:
                if blocks[start].index == last:
                    break
                start -= 1
            start += blocks[start].kind is not BlockKind.LIST_ITEM
            last = blocks[at].index
        else:
            start = _first_case(blocks, start)
        own = [block.index for block in blocks[start : at + 1]]
        yield from chained(EdgeKind.LABEL, own, "a branch and its else")
    for blocks, at in leading(skill, "leaning_openings"):
        yield Edge(EdgeKind.LABEL, blocks[at].index, blocks[at - 1].index, "goes on from it")


def _first_case(blocks: Sequence[Block], last: int) -> int:
    """The place of the first of the cases, each a label with what it shows, of which the last ends at a place."""
    first = last
    for at in range(last, max(-1, last - _MOST_CASES), -1):
        if blocks[at].kind in PROSE:
            word = _FIRST_WORD.match(opening_label(blocks[at].text))
            if not word or Sense.CONDITION not in senses(word[1].casefold()):
                break
            first = at
    return first


def _denials(skill: Skill) -> Iterator[Edge]:
    """From "Do not write one for" to the block right above it that opens with the same verb, "Write an entry when"."""
    for section in skill.sections:
        for above, block in pairwise(section.blocks):
            if above.kind in PROSE and block.kind in PROSE:
                said = [match[0].casefold().replace("’", "'") for match in islice(_WORD.finditer(block.text), 3)]
                denied = said[:1] if said and said[0] in CONTRACTIONS else said[:2] if said[:1] == ["do"] else said[:1]
                verb = said[len(denied) :][:1]
                denies = any(word in CONTRACTIONS or Sense.NEGATION in senses(word) for word in denied)
                first = _WORD.search(above.text)
                if denies and verb and first and first[0].casefold() == verb[0]:
                    yield Edge(EdgeKind.LABEL, block.index, above.index, "says the opposite")
                elif denies and verb and _ENDS_AT_ONCE.match(block.text):
                    yield Edge(EdgeKind.LABEL, block.index, above.index, "says what is not to be done")


def _commands(skill: Skill) -> Iterator[Edge]:
    """The one shell block of a section, needed by the prose beside it that names no command of its own."""
    for section in skill.sections:
        shell = [place for place, block in enumerate(section.blocks) if is_shell(block)]
        for at in shell if len(shell) == 1 else ():
            command = section.blocks[at]
            for block in (*section.blocks[max(0, at - 1) : at], *section.blocks[at + 1 : at + 2]):
                if block.kind in PROSE and not _COMMAND.search(block.text):
                    yield Edge(EdgeKind.LABEL, block.index, command.index, "the command of the section")


def _terms(skill: Skill) -> Iterator[Edge]:
    """From a paragraph to the table or list right above it that alone says what a name in back-ticks stands for."""
    known = set[str]()
    for section in skill.sections:
        above = set[str]()
        for block, before in zip(section.blocks, (None, *section.blocks), strict=False):
            own = set(_SPAN.findall(block.text)) if "`" in block.text and block.kind is not BlockKind.CODE else set()
            terms = sorted((own & above) - known) if block.kind is BlockKind.PARAGRAPH else []
            if terms and before and before.kind in _DEFINING:
                yield Edge(EdgeKind.LABEL, block.index, before.index, f"what {terms[0]} stands for")
            known |= above
            above = own


def _asked(skill: Skill) -> Iterator[Edge]:
    """From a line that says what somebody asks ("User: ...") to the block below it that answers, and back.

    A label below it ("Call:") is none: what it is for can be told in a line with the request, without the label.
    """
    for section in skill.sections:
        for block, below in pairwise(section.blocks):
            asked = _asking().match(block.text) if block.kind in _SAID else None
            answers = below.kind is not BlockKind.RULE and not is_label(below)
            if asked and answers and not _asking().match(below.text):
                yield Edge(EdgeKind.LABEL, block.index, below.index, "what it is answered with", mutual=True)


def _remedies(skill: Skill) -> Iterator[Edge]:
    """From "**Problem:** wide margins" to the code right below it, which says what to do about it, and back."""
    for section in skill.sections:
        for block, below in pairwise(section.blocks):
            label = opening_label(block.text) if block.kind is BlockKind.PARAGRAPH else ""
            if label and below.kind is BlockKind.CODE and opens_with("problem_labels", label):
                yield Edge(EdgeKind.LABEL, block.index, below.index, "a problem and what to do", mutual=True)


@lru_cache(maxsize=1)
def _asking() -> re.Pattern[str]:
    phrases = (phrase.strip() for text in texts("asking_labels") for phrase in text.split(","))
    known = "|".join(re.escape(phrase).replace("\\ ", r"\s") for phrase in phrases)
    return re.compile(rf"\W{{0,4}}(?:{known})(?:[:：][*_]{{0,3}}|[*_]{{1,3}}[:：])", re.IGNORECASE)


def runs_command(block: Block) -> bool:
    """Whether a block is commands for a shell, or a paragraph that opens by saying to run one: "Run `make all`"."""
    if block.kind is not BlockKind.PARAGRAPH:
        return is_shell(block)
    first = _FIRST_WORD.match(block.text)
    return bool(first and first[1].casefold() in words_in("imperatives") and _COMMAND.search(block.text))


def is_shell(block: Block) -> bool:
    """Whether a block shows commands for a shell."""
    return block.kind is BlockKind.CODE and block.info.split(" ")[0].lower() in _SHELL
