"""What the place of a block says of its type: headings above it, lead-ins, pointers, position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.analysis.model import SectionType
from skill_distiller.skill.labels import is_lead_in
from skill_distiller.skill.model import Block, BlockKind, Skill

_PROMISES: Final = (
    (
        SectionType.TRIGGER,
        3.0,
        r"\bwhen (?:not )?to\b|\buse (?:this|when|for)\b|trigger|activat|何时|什么时候|适用|触发|いつ使"
        r"|使用する|使用タイミング|何時|使用时"
        r"|使用場面|когда|cuándo|quando|ne zaman|언제|사용 시|활성화",
    ),
    (
        SectionType.OUTPUT_FORMAT,
        2.2,
        r"output|format|template|deliverable|report\b|schema|输出|格式|模板|出力|テンプレート|вывод"
        r"|формат|salida|formato|saída|çıktı|출력|형식",
    ),
    (
        SectionType.EXAMPLE,
        2.6,
        r"examples?\b|samples?\b|\bdemo|示例|例子|例$|サンプル|пример|ejemplo|exemplo|örnek|beispiel|예시"
        r"|예제",
    ),
    (
        SectionType.EDGE_CASE,
        2.4,
        r"error|troubleshoot|edge|fail|fallback|common (?:issues|problems)|gotcha|pitfall|faq|recover"
        r"|错误|故障|异常|エラー|トラブル|ошибк|error|hata|fehler|오류|문제",
    ),
    (
        SectionType.CONSTRAINT,
        2.2,
        r"rules?\b|constraint|critical|guideline|anti-?pattern|never|must|requirement|principle|do not"
        r"|don'?t|mistake|red flag|limit|important|mandatory|规则|约束|原则|注意|禁止|ルール|制約|原則"
        r"|правил|огранич|regla|regra|kural|regel|규칙|원칙|주의",
    ),
    (
        SectionType.ADVISORY_PATTERN,
        2.6,
        r"best practices?|\btips?\b|advice|recommend|performance|optimi[sz]|最佳实践|建议"
        r"|ベストプラクティス|совет|consejo|dica|mejores|boas práticas|ipuç|모범|팁",
    ),
    (
        SectionType.EXPLANATION,
        2.4,
        r"overview|background|\bwhy\b|what (?:is|are|this)|introduction|\babout\b|philosophy|concepts?\b"
        r"|purpose|how it works|rationale|motivation|概述|背景|介绍|简介|概要|背景|обзор|введение|resumen"
        r"|visão geral|genel bakış|überblick|개요|소개",
    ),
    (
        SectionType.VERBOSE_DETAIL,
        2.4,
        r"reference|related|resource|credit|licen[sc]e|version|changelog|see also|\blinks?\b|further"
        r"|authors?\b|contents|next steps?"
        r"|acknowledg|summary|conclusion|remember\b|参考|相关|参照|関連|ссылк|referencias?|referências"
        r"|kaynak|참고|관련",
    ),
    (
        SectionType.CORE_INSTRUCTION,
        1.6,
        r"step|workflow|process|phase|usage|commands?\b|instruction|procedure|set-?up|quick start|how to"
        r"|implementation|\brun\b|checklist|method|protocol|步骤|流程|用法|命令|手順|ワークフロー|使い方"
        r"|шаг|процесс|использование|pasos?\b|flujo|passos?\b|fluxo|adım|kullanım|schritt|단계|절차"
        r"|사용법",
    ),
)
_EXPRESSIONS: Final = tuple((kind, points, re.compile(words)) for kind, points, words in _PROMISES)


@lru_cache(maxsize=1024)
def heading_promises(heading: str) -> tuple[tuple[SectionType, float], ...]:
    """The types that a heading's words speak for, with points. Cached: every block below asks again."""
    lowered = heading.lower()
    return tuple((kind, points) for kind, points, expression in _EXPRESSIONS if expression.search(lowered))


T = SectionType
Points = dict[SectionType, float]

IMPERATIVES: Final = frozenset(
    "add analyze apply ask assess assign attach build call capture change check choose clarify classify clean clone"
    " close collect combine commit compare compile compute configure confirm connect convert copy count create"
    " define delete deploy derive describe design detect determine disable display document download draft edit"
    " enable enter establish estimate evaluate examine execute explain export extract fetch fill filter find fix"
    " flag focus follow format gather generate get give go group handle highlight identify implement import include"
    " infer initialize inject insert inspect install invoke iterate keep launch lead let link list load locate log"
    " look make map mark match measure merge monitor move name navigate note notify offer open order organize output"
    " parse pass paste pause perform pick place plan post prepare present preserve print prioritize produce prompt"
    " propose provide publish pull push put query read record reduce refactor reference remove rename render repeat"
    " replace reply report request require research resolve respond restart return review rewrite run save scan"
    " score search select send set share show skip sort specify split start state stop store structure submit"
    " suggest summarize switch sync tell test track transform trigger try turn update upload use validate verify"
    " wait walk warn watch write".split()
)
CONDITION: Final = re.compile(r"\W*(?i:if|when|in case|unless)\b|\W*(?:如果|若|当|もし|если|si|se|eğer|falls|만약)")
_POINTER: Final = re.compile(r"\b(?i:see|refer|read|load|full|details?)\b[^\n]{0,200}\.md\b")
_ANCHOR_ITEM: Final = re.compile(r"[-*+\d.)\s]*\[[^\]]*\]\(#[^)]*\)")


class Place(NamedTuple):
    """A block where it stands: the headings above, and its neighbours in the section."""

    block: Block
    path: tuple[str, ...]
    first: bool
    leads_in: bool
    led_in_by: str


def places(skill: Skill) -> Iterator[Place]:
    """Every block of a skill in its place."""
    for section in skill.sections:
        path = skill.heading_path(section.index)
        led_in_by = ""
        for i, block in enumerate(section.blocks):
            following = section.blocks[i + 1] if i + 1 < len(section.blocks) else None
            leads_in = is_lead_in(block, following)
            yield Place(block, path, i == 0, leads_in, led_in_by)
            led_in_by = block.text if leads_in else ""


def heading_cue(place: Place) -> Points:
    """What the headings above promise; the nearest counts most."""
    return _path_promises(place.path)


@lru_cache(maxsize=1024)
def _path_promises(path: tuple[str, ...]) -> Points:
    points: Points = {}
    for depth, heading in enumerate(reversed(path[1:] or path)):
        share = 1.0 if depth == 0 else 0.4 / depth
        for kind, value in heading_promises(heading):
            points[kind] = points.get(kind, 0.0) + value * share
    return points


def lead_in_cue(place: Place) -> Points:
    """A bare lead-in says nothing, unless it carries a condition or an order."""
    if not place.leads_in:
        return {}
    text = place.block.text
    words = text.split()
    if len(words) > 12 or CONDITION.match(text) or (len(words) > 4 and words[0].strip("*_").lower() in IMPERATIVES):
        return {T.CORE_INSTRUCTION: 1.5}
    return {T.VERBOSE_DETAIL: 4.0}


def position_cue(place: Place) -> Points:
    """The first paragraph of a skill, or of its first section, says what it is about."""
    if place.block.kind is BlockKind.PARAGRAPH and place.block.index == 0 and not place.leads_in:
        return {T.EXPLANATION: 1.6}
    if place.first and place.block.kind is BlockKind.PARAGRAPH and len(place.path) == 1:
        return {T.EXPLANATION: 1.0}
    return {}


def pointer_cue(place: Place) -> Points:
    """Tables of contents, and pointers to other files."""
    text = place.block.text
    if "](#" in text and place.block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM) and _only_anchors(text):
        return {T.VERBOSE_DETAIL: 5.0}  # a table of contents
    if place.block.kind is BlockKind.PARAGRAPH and ".md" in text and _POINTER.search(text):
        return {T.VERBOSE_DETAIL: 1.2, T.CORE_INSTRUCTION: 0.4}
    return {}


def _only_anchors(text: str) -> bool:
    return all(_ANCHOR_ITEM.match(line) for line in text.split("\n") if line.strip())


CUES: Final[tuple[Callable[[Place], Points], ...]] = (heading_cue, lead_in_cue, position_cue, pointer_cue)


def place_points(place: Place) -> Points:
    """The points of all cues together."""
    points: Points = {}
    for cue in CUES:
        for kind, value in cue(place).items():
            points[kind] = points.get(kind, 0.0) + value
    return points
