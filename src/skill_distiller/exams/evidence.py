"""Evidence kept: which criteria of an exam a skill still carries, and where; an exam of evidence, made by program."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Analysis, SectionType
from skill_distiller.errors import BadInputError
from skill_distiller.exams.model import BY_PROGRAM, Criterion, Exam, Task
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import find_facts
from skill_distiller.language.modals import restricts
from skill_distiller.meaning.units import Unit, UnitKind, block_units
from skill_distiller.skill.folder import SKILL_PATH, FileRole, SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

WORDS: Final = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
_LIGHT: Final = frozenset(WORDS["light"].split())
_SYMBOLS: Final = {symbol: f" {said} " for symbol, said in WORDS["symbols"].items()}
_SYMBOL: Final = re.compile("|".join(_SYMBOLS))
_NOT: Final = re.compile(r"n't\b")
_WORD: Final = re.compile(r"\w+")
_SHARE: Final = 0.8  # of a quote's words that have to stand in one window
_WINDOW: Final = 3  # lengths of the quote
_LEAST_WINDOW: Final = 12  # words


class Passages:
    """A text in which quotes are looked for.

    A quote survives where at least 80 % of its words (numbers and negations among them, articles and the like not)
    stand in one window of three times its length: a lower bound, for a faithful paraphrase may miss.
    """

    def __init__(self, text: str) -> None:
        self._words = _words_of(text)

    @cached_property
    def _places(self) -> Mapping[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, word in enumerate(self._words):
            places.setdefault(word, []).append(place)
        return places

    def hold(self, quote: str) -> bool:
        """Whether a quote survives; one without a word always does."""
        said = _words_of(quote)
        want = {word for word in said if word not in _LIGHT} or set(said)
        if not want:
            return True
        size, need = max(_LEAST_WINDOW, _WINDOW * len(said)), _SHARE * len(want)
        known = [word for word in want if word in self._places]
        if len(known) < need:
            return False
        return _most_in_window(sorted((at, word) for word in known for at in self._places[word]), size) >= need

    def hold_all(self, quotes: Iterable[str]) -> bool:
        """Whether every one of some quotes survives."""
        return all(map(self.hold, quotes))


def _most_in_window(found: Sequence[tuple[int, str]], size: int) -> int:
    """The most different words that stand in a window of so many words, given each place of each of them, in order."""
    inside: Counter[str] = Counter()
    most = last = 0
    for start, word in found:
        while last < len(found) and found[last][0] < start + size:
            inside[found[last][1]] += 1
            last += 1
        most = max(most, len(inside))
        inside[word] -= 1
        if not inside[word]:
            del inside[word]
    return most


def _words_of(text: str) -> list[str]:
    text = _SYMBOL.sub(lambda match: _SYMBOLS[match.group()], text)
    return _WORD.findall(_NOT.sub(" not", text.lower()))


def criteria_kept(criteria: Iterable[Criterion], text: str) -> int:
    """How many criteria have all their quotes in a text."""
    passages = Passages(text)
    return sum(passages.hold_all(criterion.evidence) for criterion in criteria)


class Place(StrEnum):
    """Where the evidence of a criterion stands: in SKILL.md, in it and the files beside it, or not at all."""

    CORE = "core"
    REFERENCES = "references"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Kept:
    """A criterion with the place of its evidence, the quotes that are gone, and the files to load besides SKILL.md."""

    task: str
    criterion: Criterion
    place: Place
    gone: tuple[str, ...] = ()
    load: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceKept:
    """What one skill carries of the evidence of an exam: of the criteria that the original carries.

    `core_tokens` are those of SKILL.md, `reference_tokens` of each text file beside it. `load_tokens` is the mean over
    the criteria of what has to be read for one: SKILL.md, and the fewest files that hold the rest.
    """

    name: str
    kept: tuple[Kept, ...]
    core_tokens: int
    reference_tokens: Mapping[PurePosixPath, int]

    @property
    def in_core(self) -> int:
        """The criteria whose evidence is all in SKILL.md."""
        return sum(kept.place is Place.CORE for kept in self.kept)

    @property
    def reachable(self) -> int:
        """The criteria whose evidence is in SKILL.md or in files beside it."""
        return sum(kept.place is not Place.LOST for kept in self.kept)

    @property
    def lost(self) -> tuple[Kept, ...]:
        """The criteria that lost evidence."""
        return tuple(kept for kept in self.kept if kept.place is Place.LOST)

    def share_of(self, task: str) -> float:
        """The share (0-1) of a task's criteria that can be reached; 1 for a task of which none counts."""
        own = [kept.place is not Place.LOST for kept in self.kept if kept.task == task]
        return sum(own) / len(own) if own else 1.0

    @property
    def load_tokens(self) -> float:
        """Mean tokens to load for a criterion that can be reached; 0 where none can."""
        found = [kept for kept in self.kept if kept.place is not Place.LOST]
        sizes = [self.core_tokens + sum(self.reference_tokens[path] for path in kept.load) for kept in found]
        return sum(sizes) / len(sizes) if sizes else 0.0


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """The evidence of an exam in an original and in what was made of it.

    `without` counts the criteria that quote nothing, `foreign` are those whose quotes the original does not hold:
    neither says anything of what was kept.
    """

    exam: Exam
    original: EvidenceKept
    candidates: tuple[EvidenceKept, ...]
    without: int
    foreign: tuple[Kept, ...]

    @property
    def criteria(self) -> int:
        """How many criteria count."""
        return len(self.original.kept)


def text_files(folder: SkillFolder) -> dict[PurePosixPath, str]:
    """The references beside a SKILL.md by their paths; one that can't be read as text is none."""
    found: dict[PurePosixPath, str] = {}
    for file in folder.files:
        if file.role is FileRole.REFERENCE and not file.link and file.path.parts[0].lower() not in HIDDEN_FOLDERS:
            try:
                found[file.path] = file.read_text()
            except BadInputError:
                continue
    return found


# What tells the answers is in nobody's reach.
HIDDEN_FOLDERS: Final = frozenset({"evals", "eval", "evaluation", "evaluations", "tests", "exam", "exams"})


class SkillTexts:
    """The texts of a skill folder, in which evidence is looked for."""

    def __init__(self, folder: SkillFolder, counter: TokenCounter) -> None:
        texts = text_files(folder)
        self.folder = folder
        self.counter = counter
        self.reference_tokens: Mapping[PurePosixPath, int] = {path: counter.count(text) for path, text in texts.items()}
        self._files = {path: Passages(text) for path, text in texts.items()}
        self._look_at(folder.skill)

    def _look_at(self, skill: Skill) -> None:
        self.core_tokens = self.counter.count(skill.text)
        self._core = Passages(skill.text)

    def with_skill(self, skill: Skill) -> SkillTexts:
        """The same with another SKILL.md, the files beside it looked through once."""
        other = copy(self)
        other.folder = self.folder.with_skill(skill)
        other._look_at(skill)
        return other

    def find(self, task: str, criterion: Criterion) -> Kept:
        """Where the evidence of a criterion is; of several files that hold a quote the smallest is loaded."""
        missing = [quote for quote in criterion.evidence if not self._core.hold(quote)]
        if not missing:
            return Kept(task, criterion, Place.CORE)
        load: list[PurePosixPath] = []
        gone = []
        for quote in missing:
            holders = [path for path, passages in self._files.items() if passages.hold(quote)]
            if not holders:
                gone.append(quote)
            elif not any(path in load for path in holders):
                load.append(min(holders, key=lambda path: (self.reference_tokens[path], path)))
        if gone:
            return Kept(task, criterion, Place.LOST, tuple(gone))
        return Kept(task, criterion, Place.REFERENCES, load=tuple(load))

    def kept(self, name: str, criteria: Iterable[tuple[str, Criterion]]) -> EvidenceKept:
        """Where the evidence of some criteria is, each with the id of its task."""
        return EvidenceKept(name, tuple(self.find(*each) for each in criteria), self.core_tokens, self.reference_tokens)


def evidence_table(exam: Exam, original: SkillTexts, candidates: Sequence[tuple[str, SkillTexts]]) -> EvidenceTable:
    """Where the evidence of an exam is in an original, and in each candidate, by the name it is shown with."""
    quoting = [(task.id, criterion) for task in exam.tasks for criterion in task.criteria if criterion.evidence]
    found = original.kept("original", quoting).kept
    counted = [(kept.task, kept.criterion) for kept in found if kept.place is not Place.LOST]
    rows = [texts.kept(name, counted) for name, texts in [("original", original), *candidates]]
    foreign = tuple(kept for kept in found if kept.place is Place.LOST)
    return EvidenceTable(exam, rows[0], tuple(rows[1:]), len(exam.criteria) - len(quoting), foreign)


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
