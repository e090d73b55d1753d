"""Skills distilled with the help of a language model at the default threshold, and what of their exams is lost then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.common.exam import SkillExam
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.meaning.accounting.account import lost_in
from skill_distiller.planning.plan import Decision
from skill_distiller.providers.model import Provider
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import RENDERINGS, Proof, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DEFAULT_THRESHOLD, DistillOptions, prompted_backends
from skill_distiller.skill.read import read_skill

HERE: Final = Path(__file__).resolve().parent
SKILLS: Final = HERE / "skills"
VERDICTS: Final = HERE / "verdicts"
EXAM: Final = "evals/exam.json"


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests that were announced, and those that were sent."""

    announced: int
    sent: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader says of a result: the criteria that are lost, whether its author would ship it, and notes.

    `of` is the digest of the result that was read.
    """

    reader: str
    of: str
    lost: tuple[str, ...]
    ships: bool
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """The criteria of an exam that a result lost: by the words of their evidence, and by the comparison of meaning."""

    criteria: int
    by_evidence: tuple[str, ...]
    by_meaning: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One skill: its result with a model, body tokens without one, and what was lost.

    `verdict` is that of a reader of this very result, None for none.
    """

    name: str
    result: Result
    plain: int
    calls: Calls
    lost: Lost
    verdict: Verdict | None

    @property
    def before(self) -> int:
        """Body tokens of the original."""
        return self.result.run.counter.count(self.result.original.body)

    @property
    def after(self) -> int:
        """Body tokens of the result."""
        return self.result.run.counter.count(self.result.distilled.body)

    @property
    def left(self) -> float:
        """Body tokens of the result over those of the original, 0-1."""
        return self.after / self.before

    @property
    def rewritten(self) -> int:
        """How many blocks are said in other words."""
        return sum(RENDERINGS[d.rendering.kind].proof is Proof.WORDING for d in self.result.plan.decisions)

    @property
    def dropped(self) -> tuple[Decision, ...]:
        """The blocks of which nothing is left and that no other text stands for."""
        return tuple(d for d in self.result.plan.decisions if d.rendering.kind is RenderingKind.DROPPED)


def skill_folders(*roots: Path) -> Iterator[Path]:
    """The folders that hold a skill, by name."""
    for root in roots:
        yield from sorted(path.parent for path in root.glob("*/SKILL.md"))


def measure(folder: Path, provider: Provider) -> Measured:
    """One skill at the default threshold, with a provider and without one."""
    skill = read_skill(folder)
    session = Session(provider)
    backends = prompted_backends(session, [skill])
    options = DistillOptions(threshold=DEFAULT_THRESHOLD)
    result, plain = distill(skill, options, backends), distill(skill, options)
    count = plain.run.counter.count
    return Measured(
        folder.name,
        result,
        count(plain.distilled.body),
        Calls(session.expected.calls, session.usage.calls),
        losses(folder, result),
        verdict_of(folder.name, result.text),
    )


def write_results(folder: Path, results: Iterable[Measured]) -> None:
    """Write what the skills became, one `NAME.md` each, to be read."""
    folder.mkdir(parents=True, exist_ok=True)
    for measured in results:
        (folder / f"{measured.name}.md").write_text(measured.result.text, encoding="utf-8")


def losses(folder: Path, result: Result) -> Lost:
    """What of the exam of a folder a result lost; nothing where there is no exam."""
    path = folder / EXAM
    if not path.is_file():
        return Lost(0, (), ())
    exam = SkillExam(result.original, read_exam(path).criteria)
    return Lost(
        len(exam.criteria),
        tuple(c.id for c in exam.criteria if not SkillExam(result.original, (c,)).kept(result.text)),
        tuple(c.id for c in exam.criteria if any(_is_lost(quote, result) for quote in c.evidence)),
    )


def _is_lost(quote: str, result: Result) -> bool:
    """Whether what stands for the block of a quote lacks something of it that binds."""
    decisions = result.plan.decisions
    block = next((b for b in result.original.blocks if quote in b.text), None)
    if block is None or quote in result.text:
        return False
    rendering = decisions[block.index].rendering
    if not rendering.text and rendering.stands_in >= 0:
        rendering = decisions[rendering.stands_in].rendering
    return any(not fault.doubt for fault in lost_in(quote, rendering.text))


def digest(text: str) -> str:
    """What a result is called in the file of a verdict."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def verdict_of(name: str, text: str) -> Verdict | None:
    """What a reader said of this very text; None where nobody read it."""
    path = VERDICTS / f"{name}.json"
    if not path.is_file():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    verdict = Verdict(said["reader"], said["of"], tuple(said["lost"]), said["ships"], said.get("notes", ""))
    return verdict if verdict.of == digest(text) else None
