"""The labels of examples and of their parts, in the languages skills are written in: `Example 2:`, `Output:`."""

from __future__ import annotations

import re
from typing import Final

_EXAMPLE: Final = (
    r"(?:worked |code |usage )?examples?|samples?|demo|case|scenario|示例|例子|例|案例|サンプル|пример|ejemplo|exemplo"
    r"|exemple|örnek|beispiel|esempio|예시|예제|예"
)
_NUMBER: Final = r"(?:\s*(?:#\s*)?(?:\d{1,3}|[A-Z](?![A-Za-z])|[ivx]{1,4}(?![a-z])|[一二三四五六七八九十]))?"
_NAME_OF_EXAMPLE: Final = re.compile(
    rf"(?:\d{{1,3}}[.)]\s*)?(?:{_EXAMPLE}){_NUMBER}\s*(?:[:：.)–—|]|\s-(?=\s)|\Z)\s*", re.IGNORECASE
)
# What an answer to the part before it is called.
_ANSWER: Final = re.compile(
    r"(?:the |mcp |expected |sample |example |tool |actual |your |agent )*"
    r"(?:outputs?|results?|responses?|returns?|replies|reply|answers?|actions?|calls?|tool calls?|alternative|after"
    r"|good|better|correct|right|yes|assistant|agent|claude|expected|produces|becomes|then|why|explanation|fix(?:ed)?"
    r"|solution|输出|结果|响应|返回|回答|回复|正确|之后|出力|結果|応答|回答例|正しい|良い|출력|결과|응답|답변|вывод|результат|ответ"
    r"|ausgabe|ergebnis|antwort|salida|resultado|respuesta|saída|resposta|sortie|résultat|réponse|çıktı|sonuç|yanıt|cevap)"
    r"(?![\w-])",
    re.IGNORECASE,
)
# The whole of a heading that goes on with the example above it.
_OUTPUT: Final = re.compile(
    r"(?:the |expected |sample |example |your )*(?:outputs?|results?|responses?|answers?"
    r"|输出|结果|响应|出力|結果|출력|결과|вывод|результат|ответ|ausgabe|ergebnis|antwort|salida|resultado|respuesta|saída"
    r"|resposta|sortie|résultat|réponse|çıktı|sonuç|yanıt)",
    re.IGNORECASE,
)
_SINGULAR: Final = re.compile(
    r"\b(?:example|sample|demo|beispiel|ejemplo|exemplo|exemple|esempio|пример|örnek)\b", re.IGNORECASE
)
_PLURAL: Final = re.compile(
    r"\b(?:examples|samples|demos|beispiele|ejemplos|exemplos|exemples|esempi|примеры|örnekler\w*)\b", re.IGNORECASE
)
_MARKS: Final = re.compile(r"[*_`#>~\s✅❌✓✗☑→•·-]+")


def label_of(text: str) -> str:
    """The first line of a lead-in as compared: without marks, colon and number, in lower case.

    >>> label_of("**Expected Output:**")
    'expected output'
    """
    first = text.strip().split("\n", 1)[0]
    return re.sub(r"\d+", "", _MARKS.sub(" ", first)).strip(" :：.").lower()


def is_answer(text: str) -> bool:
    """Whether a lead-in goes on with an example: it announces output, or the better way."""
    first = text.strip().split("\n", 1)[0]
    bare = _MARKS.sub(" ", first).strip()
    return "✅" in first or bool(_ANSWER.match(bare))


def is_output(heading: str) -> bool:
    """Whether a heading says no more than that the output of the example above follows."""
    return bool(_OUTPUT.fullmatch(heading.strip(" *_:：")))


def is_one_example(heading: str) -> bool:
    """Whether a heading announces a single example: `Example: a bug fix`, not `Examples`."""
    return bool(_SINGULAR.search(heading)) and not _PLURAL.search(heading)


def names_an_example(heading: str) -> bool:
    """Whether a heading begins as one of several examples do: `Example 2: Remote jobs`."""
    return bool(_NAME_OF_EXAMPLE.match(heading.strip("*_ \t")))


def without_example_name(text: str) -> str:
    """A heading without what only numbers the example.

    >>> without_example_name("Example 2: Remote jobs")
    'Remote jobs'
    >>> without_example_name("Example 2")
    ''
    """
    bare = text.strip("*_ \t")
    match = _NAME_OF_EXAMPLE.match(bare)
    return bare[match.end() :].strip() if match else text.strip()
