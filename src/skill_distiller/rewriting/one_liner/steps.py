"""What the agent does, as a sequence of short steps taken from headings, lists or sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby, islice
from typing import Final, NamedTuple

from skill_distiller.analysis.cues import IMPERATIVES, heading_promises
from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading
from skill_distiller.rewriting.one_liner.line_text import (
    balanced,
    is_modal,
    is_ordered,
    one_line,
    plain,
    shorter,
    units,
)
from skill_distiller.rewriting.one_liner.model import Piece, is_negative, negative_blocks
from skill_distiller.skill.model import Block, BlockKind, Section

_STEP_WORD: Final = (
    r"steps?|phases?|stages?|part|étape|paso|passo|schritt|adım|faz|aşama|шаг|этап|fase"
    r"|ステップ|フェーズ|阶段|步骤|階段|단계"
)
_STEP: Final = re.compile(
    rf"\W*(?:(?:{_STEP_WORD})\s*[\dA-Z一二三四五六七八九十]{{1,3}}(?:\.\d+)?\b|第[\d一二三四五六七八九十]+[步阶段章]+|\d{{1,2}}\s?단계)\W*\s*",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\(?\d{1,2}(?:\.\d{1,2})*[.):、]?\s+|\(?\d{1,2}[.):、]\s*")
_LABELED: Final = re.compile(r"(.{2,60}?)(?:\s*[:：]\s+|\s+[—–-]\s+|：)(?=\S)")
_NO_TEXT: Final = re.compile(r"\A[^\w`(“「\"'/@.$¬<&]+|[\s:：.—–-]+\Z")  # around the text of a heading
_MOST_WORDS: Final = 14  # of a step
_BLANK: Final = re.compile(r"[\[<{(][^\[\]<>{}()]*[\]>})]")  # left for the author to fill in


def heading_text(heading: str) -> str:
    """A heading without its number and emoji; "" where nothing else is in it, or it is too long for a step."""
    text = _without_number(plain(heading).strip("#").strip())
    return _first_short(_NO_TEXT.sub("", text))


def step_text(unit: str) -> str:
    """A list item or sentence as a step: its label or its first part, "" where it can't be said shortly."""
    unit = _without_number(unit)
    if unit.endswith((":", "：", "?", "？")) or _BLANK.fullmatch(unit):
        return ""
    label = _LABELED.match(unit)
    if label and len(label[1].split()) <= 6 and balanced(label[1]) and not is_modal(unit[label.end() :]):
        return label[1].strip()
    return _first_short(unit)


def _without_number(text: str) -> str:
    for expression in (_STEP, _NUMBER):
        if match := expression.match(text):
            text = text[match.end() :]
    return text


def _first_short(text: str) -> str:
    short = (t for t in shorter(text) if len(t.split()) <= _MOST_WORDS and (t.isascii() or len(t) <= 6 * _MOST_WORDS))
    return next(short, "")


def _is_numbered(heading: str) -> bool:
    return bool(_STEP.match(heading) or _NUMBER.match(heading))


_WORKFLOW: Final = re.compile(
    r"\b(?:workflow|process|steps?|procedure|instructions?|protocol|execution|how (?:to|it works)|method"
    r"|what to do|task|loop|approach|pipeline|playbook|phases?)\b|流程|步骤|步驟|手順|ワークフロー|実行|プロセス|шаг"
    r"|процесс|порядок|pasos?\b|flujo|passos?\b|fluxo|proceso|processo|adım|süreç|akış|ablauf|schritt|단계|절차"
    r"|워크플로|作業|使い方|작동",
    re.IGNORECASE,
)
_ASIDE: Final = frozenset({
    SectionType.EXAMPLE, SectionType.EDGE_CASE, SectionType.TRIGGER, SectionType.VERBOSE_DETAIL,
    SectionType.OUTPUT_FORMAT, SectionType.EXPLANATION, SectionType.ADVISORY_PATTERN,
})  # fmt: skip
_SETUP: Final = re.compile(
    r"\b(?:install\w*|set-?up|prerequisites?|requirements?|references?|related|resources?|troubleshooting|faq"
    r"|tips|notes?|post-execution|changelog|preflight|configuration|scripts?|further reading|see also|limitations"
    r"|author|audience|when not to|tables? of contents|quick start|quick reference|flags|config|tools?|documentation"
    r"|source|usage|parameters?|introduction|extracted)\b|параметр|nasıl çalışır|仕組み|相关|参考|関連|관련|前提"
    r"|안티패턴|связанн|ilgili|relacionad",
    re.IGNORECASE,
)
_LISTS: Final = (BlockKind.LIST, BlockKind.LIST_ITEM)
_MOST_STEPS: Final = 40
_MOST_BLOCKS: Final = 80  # of a list that is looked at
_POINTS: Final = re.compile(r"\b(?:above|below|that file|these|those)\b", re.IGNORECASE)
_SHELLS: Final = frozenset("bash sh shell zsh console powershell ps1 cmd".split())
_MOST_COMMANDS: Final = 3
_LONGEST_COMMAND: Final = 100  # characters
TELLING: Final = 1.0
_COMMANDS_SCORE: Final = 0.9
_SENTENCE_SCORE: Final = 0.95
_SENTENCES_SCORE: Final = 1.1


class Steps(NamedTuple):
    """Steps in order; `ordered` is False where they are parts rather than a sequence."""

    pieces: tuple[Piece, ...]
    ordered: bool
    score: float


_Source = tuple[float, Callable[[], Steps | None]]  # the score that steps may have at most, and what reads them


def find_steps(reading: Reading, least: float) -> Steps | None:
    """The most telling sequence, of those with a score of at least `least` and above 0; the first of equals.

    A score below `TELLING` says little of what is done.
    """
    sources: list[_Source] = [
        *_headings(reading),
        *_lists(reading),
        (_SENTENCES_SCORE, partial(_from_sentences, reading)),
        (_COMMANDS_SCORE, partial(_from_commands, reading)),
    ]
    best, best_rank = None, (max(least, 0.0), -len(sources))
    for place, (most, read) in sorted(enumerate(sources), key=lambda row: -row[1][0]):
        if most < best_rank[0]:
            break
        steps = read()
        if steps and steps.score > 0 and (steps.score, -place) >= best_rank:
            best, best_rank = steps, (steps.score, -place)
    return best


def _headings(reading: Reading) -> Iterator[_Source]:
    sections = reading.skill.sections
    importance = _section_importance(reading)
    total = sum(importance) or 1.0
    for parent, children in _siblings(sections):
        named = [(s, _STEP.match(s.heading), _NUMBER.match(s.heading)) for s in children]
        counted = [s for s, step, number in named if step or number]
        chosen = (counted if len(counted) >= 2 else children)[:_MOST_STEPS]
        pieces = tuple(p for s in chosen if (p := _heading_piece(s)).text)
        if len(pieces) < 2:
            continue
        steps = any(step for _, step, _ in named)
        workflow = bool(parent and _WORKFLOW.search(parent.heading))
        verbs = _mostly(_is_imperative, pieces)
        if len(counted) >= 2:
            base = 3.0 if steps else 2.2 if workflow or verbs else 1.4
        else:
            base = 1.8 if workflow else 1.2 if verbs else 0.3
        mass = 0.6 * sum(importance[i] for s in chosen for i in _under(sections, s)) / total
        score = base + mass + _aside(parent)
        yield score, partial(Steps, pieces, steps or workflow or verbs, score)


def _siblings(sections: Sequence[Section]) -> Iterator[tuple[Section | None, list[Section]]]:
    """For each heading, and for the top, the headings right below it."""
    groups: dict[int, list[Section]] = {}
    stack: list[Section] = []
    for section in sections[1:] if sections and not sections[0].level else sections:
        while stack and stack[-1].level >= section.level:
            stack.pop()
        groups.setdefault(stack[-1].index if stack else -1, []).append(section)
        stack.append(section)
    for parent, children in groups.items():
        told = [s for s in children if not _is_aside(s) and not is_negative(s.heading)]
        # One title above all is no parent of its own.
        if len(told) >= 2:
            yield (sections[parent] if parent >= 0 and sections[parent].level > 1 else None), told


def _is_aside(section: Section) -> bool:
    heading = section.heading
    if _is_numbered(heading):
        return False
    promises = heading_promises(heading)
    return bool(_SETUP.search(heading)) or (bool(promises) and promises[0][0] in _ASIDE)


def _aside(parent: Section | None) -> float:
    return -1.5 if parent is not None and (_is_aside(parent) or is_negative(parent.heading)) else 0.0


def _under(sections: Sequence[Section], section: Section) -> Iterator[int]:
    yield section.index
    for index in range(section.index + 1, len(sections)):
        if sections[index].level <= section.level:
            return
        yield index


def _section_importance(reading: Reading) -> list[float]:
    kinds = (SectionType.CORE_INSTRUCTION, SectionType.CONSTRAINT)
    return [
        sum(reading.verdicts[b.index].importance for b in s.blocks if reading.verdicts[b.index].type in kinds)
        for s in reading.skill.sections
    ]


def _heading_piece(section: Section) -> Piece:
    """The heading as a step; of "Step 1" and nothing more what stands below it."""
    steps = (Piece(step_text(unit), block.index) for block in section.blocks for unit in units(block))
    texts = chain((Piece(heading_text(section.heading)),), steps)
    return next((piece for piece in texts if piece.text), Piece(""))


def _lists(reading: Reading) -> Iterator[_Source]:
    total = sum(v.importance for v in reading.verdicts) or 1.0
    negative = negative_blocks(reading)
    for section in reading.skill.sections:
        heading = section.heading if section.level else ""
        workflow = bool(_WORKFLOW.search(heading)) and not _is_numbered(heading)
        aside = -1.5 if section.level and _is_aside(section) else 0.0
        lists = (b for b in section.blocks if b.kind in _LISTS and b.index not in negative)
        for ordered, group in groupby(lists, key=is_ordered):
            blocks = list(group)
            verdicts = [reading.verdicts[b.index] for b in blocks]
            core = sum(v.importance for v in verdicts if v.type is SectionType.CORE_INSTRUCTION)
            rest = 0.8 * workflow + (0.3 if core else -0.5) + 2 * core / total + aside
            most = rest + _list_score(ordered, verbs=True, workflow=workflow)
            yield most, partial(_from_list, blocks, ordered, workflow, rest)


def _list_score(ordered: bool, verbs: bool, workflow: bool) -> float:
    base = 0.7 + 0.7 * (verbs or workflow) if ordered else 0.8 * verbs
    return base + 0.4 * verbs


def _from_list(blocks: Sequence[Block], ordered: bool, workflow: bool, rest: float) -> Steps | None:
    """The items as steps; `rest` is what is known of their score without reading them."""
    texts = (Piece(t, b.index) for b in blocks[:_MOST_BLOCKS] for u in units(b) if (t := step_text(u)))
    pieces = tuple(islice(texts, _MOST_STEPS))
    if len(pieces) < 2:
        return None
    # Of other languages no verb is known.
    verbs = _mostly(_is_imperative, pieces) or any(_is_foreign(p.text) for p in pieces)
    # A list of parameters or files is no list of steps.
    score = rest + _list_score(ordered, verbs, workflow) - _mostly(_is_code, pieces)
    return Steps(pieces, ordered, score)


def _from_sentences(reading: Reading) -> Steps | None:
    found, negative = [], negative_blocks(reading)
    for block, verdict in zip(reading.skill.blocks, reading.verdicts, strict=True):
        told = verdict.type is SectionType.CORE_INSTRUCTION and block.kind is BlockKind.PARAGRAPH
        if told and block.index not in negative:
            steps = (step_text(unit) for unit in units(block) if _is_imperative(unit))
            found += [Piece(text, block.index) for text in steps if text and not _POINTS.search(text)]
    several = len(found) > 1
    score = _SENTENCES_SCORE if several else _SENTENCE_SCORE
    return Steps(tuple(found[:_MOST_STEPS]), several, score) if found else None


def _from_commands(reading: Reading) -> Steps | None:
    pieces = []
    negative = negative_blocks(reading)
    for block in reading.skill.blocks:
        shell = block.kind is BlockKind.CODE and next(iter(block.info.lower().split()), "") in _SHELLS
        if shell and block.index not in negative:
            lines = (line.strip().removeprefix("$ ") for line in block.text.split("\n", 12)[1:-1])
            command = next((line for line in lines if line and not line.startswith("#")), "")
            if 0 < len(command) <= _LONGEST_COMMAND and "`" not in command and not command.endswith("\\"):
                pieces.append(Piece(f"`{one_line(command)}`", block.index))
    return Steps(tuple(pieces[:_MOST_COMMANDS]), ordered=False, score=_COMMANDS_SCORE) if pieces else None


def _mostly(holds: Callable[[str], bool], pieces: Sequence[Piece]) -> bool:
    return sum(holds(piece.text) for piece in pieces) >= len(pieces) / 2


def _is_code(text: str) -> bool:
    return text[:1] == "`" and text.find("`", 1) == len(text) - 1


def _is_foreign(text: str) -> bool:
    return any(character.isalpha() and not character.isascii() for character in text)


def _is_imperative(text: str) -> bool:
    words = text.split(maxsplit=1)
    return bool(words) and words[0].strip("`,.:").lower() in IMPERATIVES
