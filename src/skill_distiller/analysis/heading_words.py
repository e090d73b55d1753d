"""What the words of a heading promise of the blocks below it, in the languages skills are written in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.taxonomy import SectionType

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
