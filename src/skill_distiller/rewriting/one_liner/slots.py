"""What fills the other slots of the three lines: results and prohibitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from skill_distiller.analysis.cues import places
from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading
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
# What points elsewhere.
_POINTS: Final = re.compile(r"\b(?:otherwise|above|below|these|those|here|following|either)\b", re.IGNORECASE)
_NEGATED: Final = re.compile(r"(?:not|never|no)\b", re.IGNORECASE)  # two negations are left as they stand
_MAY_FORBID: Final = re.compile(  # a look before a block is read
    r"never|(?<![a-z])not(?![a-z])|don['’]t|不|禁|勿|не|nunca|niemals", re.IGNORECASE
)
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
    if len(rest) < (_FEWEST if rest.isascii() else 2) or _NEGATED.match(rest) or _POINTS.search(rest):
        return ""
    return f"¬({rest})" if _COMPOUND.search(rest) else f"¬{rest}"


def find_prohibitions(reading: Reading) -> Iterator[Piece]:
    """The prohibitions of a skill: hard rules first, then constraints, then those of other instructions."""
    ranked = []
    for place, verdict in zip(places(reading.skill), reading.verdicts, strict=True):
        aside = verdict.type in (SectionType.TRIGGER, SectionType.EXAMPLE)
        if aside or place.block.kind not in PROSE or not _MAY_FORBID.search(place.block.text):
            continue
        # Under a heading or behind a lead-in that says when, a rule would be told without its condition.
        if not any(map(_sets_condition, (place.led_in_by, *place.path[1:]))):
            rank = not verdict.hard_rule, verdict.type is not SectionType.CONSTRAINT, -verdict.importance
            ranked.append((rank, place.block.index))
    blocks = (reading.skill.blocks[index] for _, index in sorted(ranked))
    found = (Piece(text, block.index) for block in blocks for text in _prohibitions(block))
    return islice(found, _MOST_PROHIBITIONS)


@lru_cache(maxsize=1024)  # every block below a heading asks again
def _sets_condition(text: str) -> bool:
    return bool(_CONDITION.search(text))


def _prohibitions(block: Block) -> Iterator[str]:
    """Those that hold by themselves: at the start of an item, or with nothing conditional above in the paragraph."""
    for text in units(block):
        sentence = next(sentences(text), "")
        stress = _STRESS.match(sentence)
        own = "" if text.endswith((":", "：")) else forbid(sentence[stress.end() :] if stress else sentence)
        if own:
            yield own
        elif block.kind is BlockKind.PARAGRAPH and (_CONDITION.search(text) or ": " in text):
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
    r"|prepar)(?:e|es|s|ing|t|tes)?\b|生成|输出|作成|出力|создаёт|создает|genera|gera|crea|cria|oluştur|üret|생성|작성",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+(?P<heading>[^\n]+)|\*\*(?P<label>[^*\n]{2,50})\*\*[ \t]*[:：]?"
    r"|(?P<caps>[A-Z][A-Z /&-]{3,40}):?[ \t]*$)"
)
_OUTPUT_COLUMN: Final = re.compile(r"\bget\b|deliver|output|result|artifact|produc|出力|输出|結果|结果", re.IGNORECASE)
_KEY: Final = re.compile(r"""[ \t]*["']?(\w[\w-]{1,30})["']?[ \t]*:""")
_DATA: Final = frozenset(("json", "jsonc", "yaml", "yml"))
_TEXT: Final = frozenset(("", "md", "markdown", "text", "txt", "plaintext", "html"))
_PLACEHOLDER: Final = re.compile(r"[\[{<(][^\[\]{}<>()\n]*[\]}>)]")
_MOST_BLOCKS: Final = 60  # three lines hold far fewer
_MOST_LINES: Final = 200


def find_results(reading: Reading) -> tuple[Iterator[Piece], Iterator[Piece]]:
    """Sentences that say what comes of it, and names of its parts, each in order of weight."""
    negative = negative_blocks(reading)
    blocks = list(islice((b for b in _output_blocks(reading) if b.index not in negative), _MOST_BLOCKS))
    told = (Piece(u, b.index) for b in blocks if b.kind is BlockKind.PARAGRAPH for u in units(b) if _is_telling(u))
    return told, _result_parts(blocks)


def _result_parts(blocks: Sequence[Block]) -> Iterator[Piece]:
    """The parts of the first template, table or list, of lists also those that follow it at once."""
    last = None
    for block in blocks:
        texts: Iterable[str] = ()
        if block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
            if last is None or last == block.index - 1:
                texts = (step_text(unit) for unit in units(block) if not forbid(unit))
        elif last is None and block.kind is BlockKind.CODE:
            texts = _template_parts(block)
        elif last is None and block.kind is BlockKind.TABLE:
            texts = table_column(block, _OUTPUT_COLUMN)
        for text in filter(None, texts):
            last = block.index
            yield Piece(text, block.index)


def _is_telling(sentence: str) -> bool:
    return not sentence.endswith((":", "：", "?", "？")) and not forbid(sentence)


def _output_blocks(reading: Reading) -> Iterator[Block]:
    """The blocks under headings such as Output, then those that the analyzer takes for an output format."""
    skill = reading.skill
    named = [bool(section.level and _OUTPUT.search(section.heading)) for section in skill.sections]
    for section in skill.sections:
        if named[section.index]:
            yield from section.blocks
    for section in skill.sections:
        if not named[section.index]:
            inside = any(_OUTPUT.search(heading) for heading in skill.heading_path(section.index)[1:])
            for block in section.blocks:
                output = reading.verdicts[block.index].type is SectionType.OUTPUT_FORMAT
                if inside or (output and (block.kind is BlockKind.CODE or produces(block.text[:LONGEST]))):
                    yield block


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
            if len(text) > 2:
                yield text


def produces(sentence: str) -> bool:
    """Whether a sentence says that something is made."""
    return bool(_PRODUCES.match(plain(sentence)))
