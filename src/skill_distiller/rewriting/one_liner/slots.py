"""What fills the other slots of the three lines: results and prohibitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from skill_distiller.analysis.cues import Place, places
from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.rewriting.one_liner.line_text import (
    LONGEST,
    clauses,
    plain,
    sentences,
    table_column,
    units,
    without_end,
)
from skill_distiller.rewriting.one_liner.model import Piece, negative_blocks
from skill_distiller.rewriting.one_liner.steps import heading_text, step_text
from skill_distiller.skill.model import PROSE, Block, BlockKind

_FORBIDS: Final = re.compile(
    r"(?:(?:you |agents? )?(?:never|do not|don['’]t|must not|must never|should never)\s+(?!ever\b)"
    r"|(?:绝不|绝对不要|切勿|不要|禁止|不得|严禁|請勿|请勿)|(?:никогда )?не\s+|nunca\s+|niemals\s+)",
    re.IGNORECASE,
)
# What follows makes it no plain prohibition: "do not only …", "don't forget to …".
_NO_PROHIBITION: Final = re.compile(
    r"(?:only|just|merely|simply|always|necessarily|forget|hesitate|worry|need|have to|be afraid|stop|assume that"
    r"|только|solo|só|sólo|nur|仅|只|忘)",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:unless|except|only|if|when|whenever|until|without|before|after|while|but|sauf|excepto|salvo|si|se"
    r"|cuando|quando|sin|sem|wenn|außer|если|кроме|без|пока)\b|除非|如果|若|只|之前|之后|前|后|时",
    re.IGNORECASE,
)
_COMPOUND: Final = re.compile(r",|，|、|\b(?:and|or|nor|y|o|e|ou|и|или|und|oder)\b|或|和", re.IGNORECASE)
# Words of stress before a rule. Any other label may be its condition: "In dry runs: do not …".
_STRESS: Final = re.compile(
    r"(?:important|critical|warning|caution|note|rule|hard rule|security|attention|重要|注意|警告|важно"
    r"|importante)\s*[:：]\s*",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(
    r"\b(?:otherwise|above|below|these|those|here|following|either)\b", re.IGNORECASE
)  # elsewhere
_MOST_PROHIBITIONS: Final = 200
_FEWEST: Final = 6  # characters of a rule that says something


def forbid(sentence: str) -> str:
    """The prohibition with ¬ before what it forbids, its conditions kept; "" for a sentence that is none."""
    match = _FORBIDS.match(sentence)
    if not match or _NO_PROHIBITION.match(sentence, match.end()):
        return ""
    rest = without_end(sentence[match.end() :])
    parts = clauses(rest)
    if len(parts) > 1 and not _CONDITION.search(rest, len(parts[0])):
        rest = without_end(parts[0])
    if len(rest) < (_FEWEST if rest.isascii() else 2) or is_modal_start(rest) or _POINTS.search(rest):
        return ""
    return f"¬({rest})" if _COMPOUND.search(rest) else f"¬{rest}"


def is_modal_start(rest: str) -> bool:
    """Whether what is forbidden begins with another negation: two of them are left as they stand."""
    return bool(re.match(r"(?:not|never|no)\b", rest, re.IGNORECASE))


def find_prohibitions(analysis: Analysis) -> Iterator[Piece]:
    """The prohibitions of a skill: hard rules first, then constraints, then those of other instructions."""
    ranked = []
    for place, verdict in zip(places(analysis.skill), analysis.verdicts, strict=True):
        aside = verdict.type in (SectionType.TRIGGER, SectionType.EXAMPLE)
        if place.block.kind in PROSE and not aside and not _sets_condition(place):
            rule = not verdict.hard_rule, verdict.type is not SectionType.CONSTRAINT
            ranked.append((rule, -verdict.importance, place.block.index))
    blocks = (analysis.skill.blocks[index] for _, _, index in sorted(ranked))
    found = (Piece(text, block.index) for block in blocks for text in _prohibitions(units(block), block.kind))
    return islice(found, _MOST_PROHIBITIONS)


def _sets_condition(place: Place) -> bool:
    """Whether a heading or a lead-in says when the rules below it hold: they are left out, as it would be."""
    return any(_CONDITION.search(text) for text in (place.led_in_by, *place.path[1:]))


def _prohibitions(texts: list[str], kind: BlockKind) -> Iterator[str]:
    """Those that hold by themselves: at the start of an item, or with nothing conditional above in the paragraph."""
    for text in texts:
        sentence = next(sentences(text), "")
        stress = _STRESS.match(sentence)
        own = "" if text.endswith((":", "：")) else forbid(sentence[stress.end() :] if stress else sentence)
        if own:
            yield own
        elif kind is BlockKind.PARAGRAPH and (_CONDITION.search(text) or ": " in text):
            return


_OUTPUT: Final = re.compile(
    r"\A\W*(?:\d+\W+)?(?:(?:expected|final|required|your|the|agent|example|standard) )?(?:outputs?|deliverables?"
    r"|results?|report(?:ing)?|return|handoff|verdict|response|summary)(?: (?:formats?|templates?|structure"
    r"|artifacts?|contract|style|requirements?|to user|examples?))?\W*\Z|\boutput (?:formats?|templates?|artifacts?"
    r"|structure)\b|\b(?:exit conditions?|success criteria|definition of done|done when|what you get"
    r"|expected (?:output|result)s?)\b|输出|輸出|交付|结果|出力|結果|成果物|レポート|\bвывод|результат|\bsalida"
    r"|resultado|\bsaída|entreg|çıktı|sonuç|rapor|출력|결과|보고|ausgabe|ergebnis|sortie|résultat|livrable",
    re.IGNORECASE,
)
_PRODUCES: Final = re.compile(
    r"\b(?:generat|creat|produc|return|output|build|writ|deliver|provid|report|present|draft|emit|render|compil"
    r"|prepar)(?:e|es|s|ing|t|tes)?\b|生成|输出|作成|出力|создаёт|создает|genera|gera|crea|cria|oluştur|üret|생성"
    r"|작성",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+(?P<heading>[^\n]+)|\*\*(?P<label>[^*\n]{2,50})\*\*[ \t]*[:：]?"
    r"|(?P<caps>[A-Z][A-Z /&-]{3,40}):?[ \t]*$)"
)
_OUTPUT_COLUMN: Final = re.compile(r"\bget\b|deliver|output|result|artifact|produc|出力|输出|結果|结果", re.IGNORECASE)
_KEY: Final = re.compile(r"""[ \t]*["']?(\w[\w-]{1,30})["']?[ \t]*:""")
_PLACEHOLDER: Final = re.compile(r"[\[{<(][^\[\]{}<>()\n]*[\]}>)]")
_MOST_BLOCKS: Final = 60  # three lines hold far fewer
_MOST_LINES: Final = 200


def find_results(analysis: Analysis) -> tuple[list[Piece], list[Piece]]:
    """Sentences that say what comes of it, and names of its parts, each in order of weight."""
    sentences: list[Piece] = []
    parts: list[Piece] = []
    negative = negative_blocks(analysis)
    blocks = (block for block in _output_blocks(analysis) if block.index not in negative)
    for block in islice(blocks, _MOST_BLOCKS):
        if block.kind is BlockKind.CODE:
            parts = parts or [Piece(text, block.index) for text in _parts(block)]
        elif block.kind is BlockKind.TABLE:
            parts = parts or [Piece(text, block.index) for text in table_column(block, _OUTPUT_COLUMN) if text]
        elif block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
            own = [Piece(text, block.index) for unit in units(block) if (text := step_text(unit)) and not forbid(unit)]
            parts += own if not parts or parts[-1].block == block.index - 1 else []
        elif block.kind is BlockKind.PARAGRAPH:
            sentences += [Piece(u, block.index) for u in units(block) if _is_telling(u)]
    return sentences, parts


def _is_telling(sentence: str) -> bool:
    return not sentence.endswith((":", "：", "?", "？")) and not forbid(sentence)


def _output_blocks(analysis: Analysis) -> Iterator[Block]:
    """The blocks under headings such as Output, then those that the analyzer takes for an output format."""
    skill = analysis.skill
    named = [s for s in skill.sections if s.level and _OUTPUT.search(s.heading)]
    first = {s.index for s in named}
    inside = {s.index for s in skill.sections if any(_OUTPUT.search(h) for h in skill.heading_path(s.index)[1:])}
    for section in named:
        yield from section.blocks
    for section in skill.sections:
        if section.index not in first:
            for block in section.blocks:
                output = analysis.verdicts[block.index].type is SectionType.OUTPUT_FORMAT
                if section.index in inside or (output and _is_made(block)):
                    yield block


def _is_made(block: Block) -> bool:
    return block.kind is BlockKind.CODE or produces(block.text[:LONGEST])


def _parts(block: Block) -> Iterator[str]:
    """The headings and labels of a template; of JSON or YAML the keys of its first level."""
    lines = block.text.split("\n")[1:-1] if block.text.lstrip().startswith(("`", "~")) else block.text.split("\n")
    lines = [line for line in islice(lines, _MOST_LINES) if len(line) <= LONGEST]
    if block.info.split()[:1] in (["json"], ["yaml"], ["yml"], ["jsonc"]):
        yield from _keys(lines)
        return
    is_text = not block.info.split() or block.info.split()[0].lower() in (
        "md",
        "markdown",
        "text",
        "txt",
        "plaintext",
        "html",
    )
    for line in lines if is_text else ():  # elsewhere # begins a comment
        match = _PART.match(line)
        if match:
            text = heading_text(_PLACEHOLDER.sub("", match["heading"] or match["label"] or match["caps"]))
            if len(text) > 2:
                yield text


def _keys(lines: list[str]) -> Iterator[str]:
    keyed = [(len(line) - len(line.lstrip()), match[1]) for line in lines if (match := _KEY.match(line))]
    least = min((indent for indent, _ in keyed), default=0)
    for key in dict.fromkeys(key for indent, key in keyed if indent == least):
        yield f"`{key}`"


def produces(sentence: str) -> bool:
    """Whether a sentence says that something is made."""
    return bool(_PRODUCES.match(plain(sentence)))
