"""Leads and guards: what says little alone, such as "Follow these steps:" or "If it fails, ask"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from skill_distiller.language.forms import same_word
from skill_distiller.language.lexicon import Sense, senses
from skill_distiller.language.words import small, words_in
from skill_distiller.skill.containers import ends_in_colon, find_containers, is_label, lead_ins, opening_tag
from skill_distiller.skill.model import LISTS, PROSE, Block, BlockKind, Section, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, chained, heading_of
from skill_distiller.structure.pairs import are_sides, names_side
from skill_distiller.structure.pointers import in_text, leading, opens_with
from skill_distiller.structure.sequences import read_place

_SHOWN: Final = frozenset({BlockKind.CODE, BlockKind.TABLE, BlockKind.QUOTE})
_OFFERING: Final = _SHOWN | LISTS
_WORD: Final = re.compile(r"[^\W\d_]+")
_FIRST_WORD: Final = re.compile(r"\W{0,9}([^\W\d_]+)")
_CONDITION_CHARS: Final = 120  # of a block that opens with a condition, where what it is about is named
_CONDITION_END: Final = re.compile(r"[:：,→]|\*\*|\n| - | — ")
_SPEAKER: Final = re.compile(r"\s{0,3}>\s?(?:\*\*|__)[^*_\n]{1,40}(?:[:：](?:\*\*|__)|(?:\*\*|__)[:：])")
# What a condition may be about and a block above it shows: `name`, "A choice", NOT_FOUND.
_NAMED: Final = re.compile(
    r"`(?P<code>[^`\n]{3,60})`|[\"“「](?P<said>[^\"”」\n]{4,60})[\"”」]|\b(?P<loud>[A-Z][A-Z_]{3,40})\b"
)


_COUNTED: Final = re.compile(r"\b(\d{1,6}) ([^\W\d_]{4,40})\b")


def find_leads(skill: Skill) -> Iterator[Edge]:
    """The edges from what introduces, or goes on from, something outside its own block to what that is."""
    parents = {parent for parent in skill.parents if parent is not None}
    first_below = {parent: section for section, parent in reversed([*enumerate(skill.parents)])}
    for section in skill.sections:
        yield from _to_shown(section.blocks)
        yield from _to_labels(section.blocks)
        yield from _to_subjects(section.blocks)
        yield from _conditions(section.blocks)
        yield from _to_others(section.blocks)
        yield from _to_above(section.blocks)
        yield from _dialogues(section.blocks)
        if section.index in parents and section.level and section.blocks:
            yield from _to_sections(section, first_below[section.index])
    yield from _templates(skill)


def _to_shown(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a list whose last item ends in a colon to the code, table or quote below it."""
    for block, following in pairwise(blocks):
        if block.kind in LISTS and following.kind in _SHOWN and block.text.rstrip("*_ \t\r\n").endswith((":", "：")):
            yield Edge(EdgeKind.LABEL, block.index, following.index, "its last item introduces it", mutual=True)


def _to_labels(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a label to another one right below it, and back: "**Ways to pay:**", "**By card:**".

    The first one ends in a colon or is the stronger one. Where their forms differ, it stands over all labels below of
    the second form.
    """
    labels = [(block, _form(block)) for block in blocks if is_label(block)]
    over = under = -1
    outer: Block | None = None
    for (block, form), (following, inner) in pairwise([*labels, (blocks[-1], -1)] if len(labels) > 1 else ()):
        if outer and form == under and block.index > outer.index + 1:
            yield Edge(EdgeKind.LABEL, block.index, outer.index, "stands under it")
        elif form == over:
            outer = None
        if following.index == block.index + 1 and inner >= 0 and (ends_in_colon(block) or form < inner):
            yield Edge(EdgeKind.LABEL, block.index, following.index, "introduces it", mutual=True)
            outer, over, under = (block, form, inner) if form != inner else (None, -1, -1)


def _form(label: Block) -> int:
    """How strong a label is: with a number 0, in bold 1, in italics 2."""
    return 0 if read_place(label.text) else 1 + (not label.text.startswith(("**", "__")))


def _to_sections(section: Section, below: int) -> Iterator[Edge]:
    """From the last block of a section that introduces the sections below it to the first of them."""
    last = section.blocks[-1]
    if last.kind is BlockKind.PARAGRAPH and (ends_in_colon(last) or _speaks_of_steps(last.text)):
        yield Edge(EdgeKind.LABEL, last.index, heading_of(below), "introduces the sections below", mutual=True)


def _speaks_of_steps(text: str) -> bool:
    """Whether a text speaks of what must come after it: "these steps", "the following rules"."""
    words = [word.casefold() for word in _WORD.findall(text)]
    ahead = words_in("near_ahead") | words_in("pointing_ahead_at_nouns")
    return any(one in ahead and other in words_in("list_nouns") for one, other in pairwise(words))


def _to_subjects(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a paragraph whose subject is a pronoun ("It does not ...") to the block above, which names what it is."""
    for above, block in pairwise(blocks):
        if block.kind is BlockKind.PARAGRAPH and opens_with("subject_openings", block.text):
            yield Edge(EdgeKind.LABEL, block.index, above.index, "says what it speaks of")


def _conditions(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a condition on something that is printed, offered or counted to the nearest block that shows it.

    "If NOT_FOUND:" needs what prints that, "If all 5 attempts fail" what makes 5 attempts.
    """
    for at, block in enumerate(blocks):
        first = _FIRST_WORD.match(block.text) if block.kind in LISTS | {BlockKind.PARAGRAPH} else None
        if not at or not first or Sense.CONDITION not in senses(first[1].casefold()):
            continue
        end = _CONDITION_END.search(block.text, first.end(), _CONDITION_CHARS)
        opening = block.text[first.end() : end.start() if end else _CONDITION_CHARS]
        for match in _NAMED.finditer(opening):
            name = match["code"] or match["said"] or match["loud"]
            shown = (b for b in reversed(blocks[:at]) if b.kind in _OFFERING and name in b.text)
            if found := next(shown, None):
                yield Edge(EdgeKind.REFERS, block.index, found.index, name)
        for count, noun in _COUNTED.findall(opening):
            counting = (b for b in reversed(blocks[:at]) if b.kind in _SHOWN and _counts(b.text, count, noun))
            if found := next(counting, None):
                yield Edge(EdgeKind.REFERS, block.index, found.index, f"{count} {noun}")


def _to_others(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a block that opens with what differs ("Other versions may ...", "With another kiln, ...") to what from.

    That is the nearest block above that names it. One more thing ("Another tip: ...") differs from none.
    """
    for at, block in enumerate(blocks):
        opening = block.text[:_OTHER_CHARS].casefold() if at and block.kind in PROSE else ""
        for match in _other().finditer(opening):
            nouns = [word for word in match["what"].split() if len(word) >= _NOUN_CHARS]
            if not _WORD.search(opening, 0, match.start()) and not any(word.endswith("s") for word in nouns):
                continue
            naming = (b for b in reversed(blocks[max(0, at - _MOST_ABOVE) : at]) if _names_any(b.text, nouns))
            if found := next(naming, None):
                yield Edge(EdgeKind.REFERS, block.index, found.index, " ".join(match[0].split()))
                break


_OTHER_CHARS: Final = 60  # of a block, where it says that something differs
_NOUN_CHARS: Final = 3
_MOST_ABOVE: Final = 20  # blocks that are looked through


@lru_cache(maxsize=1)
def _other() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, words_in("differing")), key=len, reverse=True))
    return re.compile(rf"\b(?:{words})\s(?P<what>[^\W\d_]+(?:\s[^\W\d_]+)?)")


def _names_any(text: str, nouns: Sequence[str]) -> bool:
    known = {word.removesuffix("s") for word in nouns}
    return not known.isdisjoint(word.casefold().removesuffix("s") for word in _WORD.findall(text))


def _to_above(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a lead-in or a table that is about what stands right above it to that.

    "With npm instead of pnpm:" needs what is done in all other cases, "For a PDF add also:" what is done in any, a
    table of results below code what has them, and so does "Look for this in the output:".
    """
    for above, block in pairwise(blocks):
        if ends_in_colon(block) and in_text("in_place_of", block.text):
            yield Edge(EdgeKind.LABEL, block.index, above.index, "the other case")
        elif ends_in_colon(block) and in_text("in_addition", block.text):
            yield Edge(EdgeKind.LABEL, block.index, above.index, "says what comes to it")
        elif block.kind is BlockKind.TABLE and above.kind is BlockKind.CODE and _tells_results(block.text):
            yield Edge(EdgeKind.LABEL, block.index, above.index, "has the results")
        elif ends_in_colon(block) and above.kind is BlockKind.CODE and _outcome().search(block.text):
            yield Edge(EdgeKind.LABEL, block.index, above.index, "speaks of what comes of it")


@lru_cache(maxsize=1)
def _outcome() -> re.Pattern[str]:
    """What comes of something that is known already: "in the output"."""
    known, nouns = ("|".join(map(re.escape, words_in(table))) for table in ("definite", "outcome_nouns"))
    return re.compile(rf"\b(?:{known})\s(?:{nouns})\b", re.IGNORECASE)


def _tells_results(table: str) -> bool:
    """Whether the head of a table says that its rows begin with results: "| Exit code | What to do |"."""
    first = table.lstrip(" \t|").partition("|")[0]
    return not words_in("outcome_nouns").isdisjoint(_WORD.findall(first.casefold()))


def _counts(text: str, count: str, noun: str) -> bool:
    """Whether a text has a number and, in any form, the word for what it counts."""
    words = {word.casefold() for word in _WORD.findall(text)}
    return re.search(rf"(?<!\d){count}(?!\d)", text) is not None and any(
        same_word(noun.casefold(), word) for word in words if word[:3] == noun[:3].casefold()
    )


def _dialogues(blocks: Sequence[Block]) -> Iterator[Edge]:
    """The edges that hold quotes together of which each opens with who says it."""
    for first, second in pairwise(blocks):
        if first.kind is second.kind is BlockKind.QUOTE and _SPEAKER.match(first.text) and _SPEAKER.match(second.text):
            yield Edge(EdgeKind.LABEL, first.index, second.index, "one dialogue", mutual=True)


def _templates(skill: Skill) -> Iterator[Edge]:
    """The edges that hold all of a template between tags together: half a form is another form."""
    homes = skill.section_of
    for start, end in sorted(find_containers(skill).partners.items()):
        if start < end and words_in("whole_tags") & {*_WORD.findall(opening_tag(skill.blocks[start]).lower())}:
            pieces: list[Piece] = []
            for block in range(start, end + 1):
                if pieces and homes[block] != homes[block - 1]:
                    pieces += map(heading_of, range(homes[block - 1] + 1, homes[block] + 1))
                pieces.append(block)
            yield from chained(EdgeKind.LABEL, pieces, "one template")


_STEPS: Final = PROSE | {BlockKind.CODE, BlockKind.QUOTE, BlockKind.TABLE}
_ORDERED: Final = re.compile(r"\s{0,3}\d{1,9}[.)]\s")


def find_guards(skill: Skill) -> Iterator[Edge]:
    """The edges from steps to what guards them, and between steps that a code block parts."""
    homes = [section for section in skill.sections if section.level and in_text("guard_headings", section.heading)]
    guarded = {section.index for section in homes}
    yield from _sections(skill, homes)
    for section in skill.sections:
        if section.index not in guarded:
            yield from _beside(section.blocks)
        yield from _going_on(skill, section.blocks)


def _sections(skill: Skill, homes: Sequence[Section]) -> Iterator[Edge]:
    """From the steps of a skill to the first section that says when to stop or whom to ask, and from it to the next."""
    firsts = [section.blocks[0].index for section in homes if section.blocks]
    own = {block.index for section in homes for block in section.blocks}
    for block in skill.blocks if firsts else ():
        if block.index not in own and _is_step(block):
            yield Edge(EdgeKind.LABEL, block.index, firsts[0], "says when to stop or to ask")
    yield from (Edge(EdgeKind.LABEL, one, other, "says when to stop or to ask") for one, other in pairwise(firsts))
    for section in homes:
        blocks = [block.index for block in section.blocks if block.kind is not BlockKind.RULE]
        yield from (Edge(EdgeKind.LABEL, blocks[0], other, "says when to stop or to ask") for other in blocks[1:])


def _is_step(block: Block) -> bool:
    return block.kind in LISTS and _ORDERED.match(block.text) is not None


def _beside(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a block to a paragraph right below it that says when to stop or whom to ask; code and quotes back."""
    for above, block in pairwise(blocks):
        if above.kind in _STEPS and block.kind is BlockKind.PARAGRAPH and in_text("guards", block.text):
            shown = above.kind in (BlockKind.CODE, BlockKind.QUOTE)
            yield Edge(EdgeKind.LABEL, above.index, block.index, "says when to stop or to ask", mutual=shown)


def _going_on(skill: Skill, blocks: Sequence[Block]) -> Iterator[Edge]:
    """The edges that hold steps together of which the second goes on with the first: "Then remove the branch:"."""
    first: Block | None = None
    for at, block in enumerate(blocks):
        if first and block.kind in PROSE and opens_with("sequel_openings", block.text):
            leads = block.index in lead_ins(skill) and blocks[at + 1].kind is BlockKind.CODE
            if leads or (first is blocks[at - 1] and _is_step(first)):
                yield Edge(EdgeKind.LABEL, first.index, block.index, "goes on with it", mutual=True)
        if block.kind is BlockKind.CODE or _is_step(block):
            first = block


_OPENING_CHARS: Final = 120  # of a text, where what it speaks of is named
_SIGN: Final = re.compile("[❌✗✘🚫✅✓✔]")
_SPAN: Final = re.compile(r"`([A-Za-z_][\w.-]{2,40})`")


def find_shown(skill: Skill) -> Iterator[Edge]:
    """The edges from what speaks of what is shown to that, and between the name of a side and its code."""
    for blocks, at in leading(skill, "speaking_openings"):
        if blocks[at - 1].kind in _SHOWN:
            yield Edge(EdgeKind.LABEL, blocks[at].index, blocks[at - 1].index, "speaks of what is shown above it")
    for section in skill.sections:
        for above, block in pairwise(section.blocks):
            speaks = above.kind is BlockKind.CODE and block.kind in PROSE and not ends_in_colon(block)
            if speaks and (part := _part_told(block.text, above.text)):
                yield Edge(EdgeKind.LABEL, block.index, above.index, f"speaks of {part} above it")
    yield from _sides_shown(skill)


def _part_told(text: str, code: str) -> str:
    """What of the code right above it a text opens with: "The key is ...", or the name of a key in back-ticks."""
    opening = text[:_OPENING_CHARS]
    if match := _subject().match(small(opening)):
        return match[1].strip()
    keys = (span for span in _SPAN.findall(opening) if _is_key(span, code))
    return next(keys, "")


def _is_key(name: str, code: str) -> bool:
    """Whether code has a name as a key or as a text in quotes: `name: 1`, `"name"`."""
    if name not in code:
        return False
    escaped = re.escape(name)
    return re.search(rf"(?<![\w.-]){escaped}[ ]?[:=](?!=)|[\"']{escaped}[\"']", code) is not None


@lru_cache(maxsize=1)
def _subject() -> re.Pattern[str]:
    """A subject that is known already, of three words at most, and what is said of it: "the first key is"."""
    known, verbs = ("|".join(map(re.escape, sorted(words_in(table)))) for table in ("definite_articles", "copulas"))
    return re.compile(rf"\W{{0,9}}((?:{known})[ ](?:[^\W\d_]+[ ]){{1,3}}?)(?:{verbs})\b")


def _sides_shown(skill: Skill) -> Iterator[Edge]:
    """Between a tag or heading that names a side ("<Bad>") and its code: a remark on code that is gone says nothing.

    Of headings those that open with a sign, or have the other side right behind or before them.
    """
    around = find_containers(skill).around
    for block in skill.blocks:
        start = around[block.index] if block.kind is BlockKind.CODE else -1
        if start >= 0 and names_side(tag := opening_tag(skill.blocks[start])):
            yield Edge(EdgeKind.LABEL, start, block.index, f"shows {tag.casefold()}", mutual=True)
    two = [(one, other) for one, other in pairwise(skill.sections) if are_sides(one.heading, other.heading)]
    sides = {section.index for pair in two if pair[0].level == pair[1].level for section in pair}
    for section in skill.sections:
        code = next((block for block in section.blocks[:1] if block.kind is BlockKind.CODE), None)
        if code and (section.index in sides or _SIGN.match(section.heading)):
            yield Edge(EdgeKind.LABEL, heading_of(section.index), code.index, "shows a side", mutual=True)
