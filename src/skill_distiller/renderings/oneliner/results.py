"""What comes of a skill: its output section, the OUTPUT_FORMAT blocks, or what its description says it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from skill_distiller.analysis import Analysis, SectionType
from skill_distiller.document import Block, BlockKind
from skill_distiller.renderings.oneliner.line import Piece
from skill_distiller.renderings.oneliner.negative import negative_blocks
from skill_distiller.renderings.oneliner.plain import LONGEST, plain
from skill_distiller.renderings.oneliner.prohibitions import forbid
from skill_distiller.renderings.oneliner.step_text import heading_text, step_text
from skill_distiller.renderings.oneliner.units import table_column, units

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
                made = block.kind is BlockKind.CODE or produces(block.text[:LONGEST])
                if section.index in inside or (output and made):
                    yield block


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
