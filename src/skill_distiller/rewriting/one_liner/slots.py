"""What fills the other slots of the three lines: prohibitions and results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType, once_per_reading
from skill_distiller.analysis.safeguards import places
from skill_distiller.language.words import words_in
from skill_distiller.rewriting.one_liner.line_text import (
    LONGEST,
    first_clause,
    has,
    is_foreign,
    is_label,
    plain,
    sentences,
    shorter,
    table_column,
    units,
    without_end,
    words,
)
from skill_distiller.rewriting.one_liner.model import Piece, alternative_blocks, conditional_blocks, negative_blocks
from skill_distiller.rewriting.one_liner.steps import heading_text, step_text
from skill_distiller.skill.model import Block, BlockKind

_MOST_PROHIBITIONS: Final = 200
_FEWEST: Final = 6  # characters of a rule that says something
_RULE_WORDS: Final = 25
_OPENING: Final = re.compile(r"\A[^\w`\"'“「『(<$@/.~¬]+")  # a mark before a text
_CONTRAST: Final = re.compile(r"\s+[✅✓❌✗]")
_AFTER_STRESS: Final = re.compile(r"\s*[:：!—–-]+\s*")
_NO_REST: Final = re.compile(r"(?:not|never|no)\b|[(（]", re.IGNORECASE)  # two negations are left as they stand
_SHOUT: Final = re.compile(r"\b(?:NEVER|NOT)\b|^[ \t]*>[ \t]*\[!", re.MULTILINE)


def forbids(sentence: str) -> bool:
    """Whether a sentence forbids something."""
    match = words("forbids").match(sentence) or words("forbids_inside").search(sentence)
    return bool(match and not words("no_prohibition").match(sentence[match.end() :].strip()))


def forbid(sentence: str) -> str:
    """The prohibition with ¬ before what it forbids, or in its own words; "" for one that can't be told alone, or none.

    Its conditions are kept.
    """
    if not forbids(sentence):
        return ""
    match = words("forbids").match(sentence)
    if not match:
        fitting = (text for text in shorter(sentence) if len(text.split()) <= _RULE_WORDS and forbids(text))
        return "" if has("points", sentence) or words("pronouns").match(sentence) else next(fitting, "")
    rest = without_end(sentence[match.end() :]).strip()
    clause = first_clause(rest)
    rest = rest if has("condition", rest[len(clause) :]) else without_end(clause)
    if (
        len(rest) < (_FEWEST if rest.isascii() else 2)
        or _NO_REST.match(rest)
        or has("points", rest)
        or has("pronouns", rest)
    ):
        return ""
    return _negated(rest) if len(rest.split()) <= _RULE_WORDS else ""


def _negated(text: str) -> str:
    return f"¬({text})" if has("compound", text) else f"¬{text}"


@once_per_reading
def find_prohibitions(reading: Reading) -> tuple[Piece, ...]:
    """The prohibitions of a skill, the weightiest first: hard rules, what is shouted, constraints, then others.

    The text of one that would be told without its condition, or at too great a length, is "".
    """
    ranked = []
    for place, verdict in zip(places(reading.skill), reading.verdicts, strict=True):
        block, text = place.block, place.block.text
        aside = (
            verdict.type in (SectionType.TRIGGER, SectionType.EXAMPLE) or block.info or block.kind is BlockKind.TABLE
        )
        above = _OPENING.sub("", plain(place.led_in_by) or plain(place.path[-1] if place.path[1:] else "")).rstrip(
            ":： "
        )
        listed = bool(words("forbids_items").fullmatch(above))
        if not aside and (listed or words("forbids").search(text) or words("forbids_inside").search(text)):
            quiet = not (_SHOUT.search(text) or block.kind is BlockKind.HTML)
            rank = not verdict.hard_rule, quiet, verdict.type is not SectionType.CONSTRAINT, -verdict.importance
            ranked.append((rank, block.index, listed))
    bound = conditional_blocks(reading)
    found = (
        Piece("" if index in bound else text, index)
        for _, index, listed in sorted(ranked)
        for text in _prohibitions(reading.skill.blocks[index], listed=listed)
    )
    return tuple(islice(found, _MOST_PROHIBITIONS))


def _prohibitions(block: Block, *, listed: bool) -> Iterator[str]:
    """Those of a block, "" for each that hangs on a sentence before; `listed`: its items are what is forbidden."""
    bound = False
    for unit in units(block, deep=True):
        bound = bound and block.kind is not BlockKind.LIST
        for sentence in sentences(unit):
            own = _CONTRAST.split(_OPENING.sub("", sentence))[0]
            stress = words("stress").match(own)
            after = stress and _AFTER_STRESS.match(own, stress.end())
            own = own[after.end() :] if after else own
            if forbids(own) and not own.endswith((":", "：")):
                cut = block.kind is BlockKind.PARAGRAPH and own[:1].islower()  # the end of a sentence
                yield "" if bound or cut else forbid(own)
            elif listed and block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM) and sentence == next(sentences(unit)):
                yield next((_negated(t) for t in shorter(own) if len(t.split()) <= _RULE_WORDS), "")
            else:
                bound = bound or has("condition", own) or ": " in own or bool(words("opens_clause").match(own))


_PART: Final = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+(?P<heading>[^\n]+)|\*\*(?P<label>[^*\n]{2,50})\*\*[ \t]*[:：]?"
    r"|(?P<caps>[A-Z][A-Z /&-]{3,40}):?[ \t]*$)"
)
_KEY: Final = re.compile(r"""[ \t]*["']?(\w[\w-]{1,30})["']?[ \t]*:""")
_DATA: Final = frozenset(("json", "jsonc", "yaml", "yml"))
_TEXT: Final = frozenset(("", "md", "markdown", "text", "txt", "plaintext", "html"))
_PLACEHOLDER: Final = re.compile(r"[\[{<(][^\[\]{}<>()\n]*[\]}>)]")
_AROUND: Final = re.compile(r"\A(?:\W|\d)+|\W+\Z")
_NEXT_VERB: Final = re.compile(r"(?:,|\b(?:and|that|to))\s+(?:and\s+)?", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+")
_TAG: Final = re.compile(r"\s*<([\w-]+)")
_MOST_BLOCKS: Final = 60  # three lines hold far fewer
_FEWEST_PARTS: Final = 2  # of a template that says what there is
_MOST_LINES: Final = 200


def find_results(reading: Reading) -> tuple[Iterator[Piece], Iterator[Piece]]:
    """Sentences that say what comes of it, and names of its parts, each in order of weight."""
    aside = {*negative_blocks(reading), *alternative_blocks(reading)}
    blocks = list(islice((b for b in _output_blocks(reading) if b.index not in aside), _MOST_BLOCKS))
    prose = (b for b in blocks if b.kind in (BlockKind.PARAGRAPH, BlockKind.HTML))
    told = (Piece(u, b.index) for b in prose for u in units(b, deep=True))
    asides = (is_label, forbids, words("reminds").match)
    return (piece for piece in told if not any(says(piece.text) for says in asides)), _result_parts(blocks)


def by_case(block: Block) -> bool:
    """Whether the rows of a table are each for a case of their own: "| When you ask for | You get |"."""
    head = block.text.lstrip(" |").partition("|")[0] if block.kind is BlockKind.TABLE else ""
    return not words_in("case_nouns").isdisjoint(_WORD.findall(head.casefold()))


def _result_parts(blocks: Sequence[Block]) -> Iterator[Piece]:
    """The parts of the first template, table or list, of lists also those that follow it at once."""
    last = None
    for block in blocks:
        texts: Iterable[str] = ()
        if block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
            if last is None or last == block.index - 1:
                texts = (step_text(u) for u in units(block) if not forbids(u) and not words("no_telling").match(u))
        elif last is None and block.kind is BlockKind.CODE:
            texts = list(_template_parts(block))
            texts = texts if len(texts) >= _FEWEST_PARTS else ()
        elif last is None and block.kind is BlockKind.TABLE:
            texts = table_column(block, "output_column")
        for text in filter(None, texts):
            last = block.index
            yield Piece(text, block.index)


def _output_blocks(reading: Reading) -> Iterable[Block]:
    """The blocks under headings such as Output, then what the analyzer takes for an output format and says so."""
    skill = reading.skill
    named = (b for s in skill.sections if s.level and _is_output(s.heading) for b in s.blocks)
    inside = (b for s in skill.sections if any(map(_is_output, skill.heading_path(s.index)[1:])) for b in s.blocks)
    tags = (skill.blocks[tag].text if tag >= 0 else "" for tag in reading.containers.around)
    types = (verdict.type for verdict in reading.verdicts)
    said = (b for b, tag, kind in zip(skill.blocks, tags, types, strict=True) if _says_output(b, tag, kind))
    return {block.index: block for block in chain(named, inside, said)}.values()


def _says_output(block: Block, around: str, kind: SectionType) -> bool:
    """Whether a block says by itself what comes of it: by its tag, as a document, or in its first sentence."""
    tag, is_format = _TAG.match(around or block.text), kind is SectionType.OUTPUT_FORMAT
    document = block.kind is BlockKind.CODE and block.info in _TEXT and "\n# " in block.text[:LONGEST]
    told = block.kind is BlockKind.PARAGRAPH and produces(block.text[:LONGEST])
    return bool(tag and _is_output(tag[1].replace("_", " "))) or (is_format and (document or told))


def _is_output(heading: str) -> bool:
    if has("input", heading) or has("aside", heading):
        return False
    return has("output", heading) or bool(words("output_whole").fullmatch(_AROUND.sub("", heading)))


def _template_parts(block: Block) -> Iterator[str]:
    """The headings and labels of a template; of JSON or YAML the keys of its first level."""
    lines = block.text.split("\n")[1:-1] if block.text.lstrip().startswith(("`", "~")) else block.text.split("\n")
    lines = [line for line in islice(lines, _MOST_LINES) if len(line) <= LONGEST]
    language = next(iter(block.info.lower().split()), "")
    if language in _DATA:
        keyed = [(len(line) - len(line.lstrip()), match[1]) for line in lines if (match := _KEY.match(line))]
        least = min((indent for indent, _ in keyed), default=0)
        yield from dict.fromkeys(f"`{key}`" for indent, key in keyed if indent == least)
    elif language in _TEXT:  # elsewhere # begins a comment
        for match in filter(None, map(_PART.match, lines)):
            text = heading_text(_PLACEHOLDER.sub("", match["heading"] or match["label"] or match["caps"]))
            if len(text) > 2 and not has("negative", text):
                yield text


def produces(sentence: str) -> bool:
    """Whether a sentence says that something is made."""
    text = plain(sentence)
    found = [match.start() for match in words("produces").finditer(text)]
    begins = {0, *(match.end() for match in _NEXT_VERB.finditer(text))}
    return bool(found) and (is_foreign(text) or not begins.isdisjoint(found))
