"""An evidence exam: the prohibitions, steps, outputs and facts of a skill as criteria, found by program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.exams.evidence import text_files
from skill_distiller.exams.model import BY_PROGRAM, Criterion, Exam, Task
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import find_facts
from skill_distiller.language.modals import restricts
from skill_distiller.meaning.units import Unit, UnitKind, block_units
from skill_distiller.skill.folder import SKILL_PATH, SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill

# The kinds of tasks, in the order in which a sentence is claimed, with what each asks of a text.
QUESTIONS: Final = {
    "constraint": "What does the skill forbid, or do only after a yes?",
    "procedure": "Which numbered steps does the skill have?",
    "format": "What does the skill say that results look like?",
    "fact": "Which commands, paths, names, addresses and numbers does the skill give?",
}
_TELLING: Final = frozenset(FactKind) - {FactKind.MODAL, FactKind.HEADING, FactKind.LINK, FactKind.QUOTED}
_LEAST_WORDS: Final = 3
_MOST_CHARS: Final = 600  # of a quote
_MOST: Final = 300  # criteria of a task; of more, as many are taken at equal distances
_SAID: Final = 160  # characters that the text of a criterion repeats of its quote
_SKIPPED: Final = frozenset({UnitKind.HEADING, UnitKind.FENCE, UnitKind.MARKUP})


class _Sentence(NamedTuple):
    """A unit of a file with whether its block is about the form of results."""

    file: PurePosixPath
    unit: Unit
    output: bool


def program_exam(folder: SkillFolder, analysis: Analysis) -> Exam:
    """The evidence exam of a skill and the references beside it, `analysis` being that of its SKILL.md.

    Nobody is asked its tasks: each stands for criteria of one kind, whose quotes are looked for in other texts. A
    sentence is the evidence of one criterion at most.
    """
    outputs = {block for block, verdict in enumerate(analysis.verdicts) if verdict.type is SectionType.OUTPUT_FORMAT}
    core = _sentences(SKILL_PATH, folder.skill, outputs)
    beside = (s for path, text in text_files(folder).items() for s in _sentences(path, parse_skill(text), frozenset()))
    tasks = (*_tasks(core, "core"), *_tasks(beside, "reference"))
    return Exam(folder.skill.name, tasks, BY_PROGRAM)


def _sentences(path: PurePosixPath, skill: Skill, outputs: Iterable[int]) -> Iterator[_Sentence]:
    about_output = frozenset(outputs)
    for block in skill.blocks:
        for unit in block_units(block, skill.section_of[block.index]):
            if unit.kind not in _SKIPPED and len(unit.text.split()) >= _LEAST_WORDS and len(unit.text) <= _MOST_CHARS:
                yield _Sentence(path, unit, block.index in about_output)


def _tasks(sentences: Iterable[_Sentence], needs: str) -> Iterator[Task]:
    found: dict[str, dict[str, _Sentence]] = {kind: {} for kind in QUESTIONS}
    for sentence in sentences:
        kind = _kind(sentence)
        if kind:
            found[kind].setdefault(" ".join(sentence.unit.text.split()), sentence)
    for kind, quotes in found.items():
        name = kind if needs == "core" else f"{kind}-{needs}"
        chosen = _spread(list(quotes))
        criteria = (_criterion(f"{name}.{n}", quote, quotes[quote].file) for n, quote in enumerate(chosen, 1))
        if chosen:
            yield Task(name, QUESTIONS[kind], tuple(criteria), kind=kind, needs=needs)


def _kind(sentence: _Sentence) -> str:
    text, code = sentence.unit.text, sentence.unit.kind is UnitKind.CODE
    if not code and restricts(text):
        return "constraint"
    if sentence.unit.number:
        return "procedure"
    if sentence.output:
        return "format"
    return "fact" if any(fact.kind in _TELLING for fact in find_facts(text, code=code)) else ""


def _criterion(name: str, quote: str, file: PurePosixPath) -> Criterion:
    shown = quote if len(quote) <= _SAID else f"{quote[: _SAID - 1]}…"
    return Criterion(name, f"The skill says: {shown}", (quote,), extra={"file": str(file)})


def _spread(quotes: list[str]) -> list[str]:
    if len(quotes) <= _MOST:
        return quotes
    return [quotes[round(place * (len(quotes) - 1) / (_MOST - 1))] for place in range(_MOST)]
