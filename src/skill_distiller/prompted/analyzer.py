"""The prompted analyzer: a language model names the types, the program finds what is protected."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from skill_distiller.analysis import Analysis, Analyzer, Verdict
from skill_distiller.analysis.compressible import compressible_blocks
from skill_distiller.analysis.prompted import PromptedAnalysis
from skill_distiller.analysis.taxonomy import PROTECTED_IMPORTANCE, TYPE_TAXONOMY, SectionType
from skill_distiller.document import Skill
from skill_distiller.errors import ProviderError
from skill_distiller.prompted.classify import REPAIRS, REPLY_TOKENS, Label, asked_blocks, classify, groups_of
from skill_distiller.prompted.phrases import score_phrases
from skill_distiller.prompted.prompt import load_prompt
from skill_distiller.providers.session import Expected, Session
from skill_distiller.tokens import load_counter

_LEAST: Final = 0.01  # nothing is worth nothing: a threshold of 1 means every block
# Mean importance (0-1) of labeled real blocks by type: the scale that embedded analyzers are fitted to.
_TYPICAL: Final = {
    SectionType.TRIGGER: 0.34,
    SectionType.CORE_INSTRUCTION: 0.49,
    SectionType.CONSTRAINT: 0.50,
    SectionType.OUTPUT_FORMAT: 0.49,
    SectionType.ADVISORY_PATTERN: 0.30,
    SectionType.EXAMPLE: 0.25,
    SectionType.EDGE_CASE: 0.37,
    SectionType.EXPLANATION: 0.24,
    SectionType.VERBOSE_DETAIL: 0.08,
}


class PromptedAnalyzer:
    """Types and confidences by a language model; all else, and every block it leaves out, by an embedded analyzer."""

    def __init__(self, session: Session, embedded: Analyzer) -> None:
        self._session = session
        self._embedded = embedded
        self._count = load_counter().count
        self._last: Analysis | None = None  # what was expected is asked next: the same skill twice

    @property
    def name(self) -> str:
        """What the report calls it: kind and model of the provider."""
        return self._session.name

    def expected(self, skill: Skill) -> Expected:
        """About what `analyze` will ask, at most and without repairs."""
        groups = groups_of(skill, self._count)
        per_call = self._count(load_prompt("classify").template.template)
        body = self._count(skill.body)
        classification = body + len(groups) * per_call + REPLY_TOKENS // 2 * len(asked_blocks(skill))
        likely = compressible_blocks(skill, self._analysis(skill).verdicts)
        scoring = sum(self._count(block.text) for block in likely)
        calls = len(groups) + (-(-scoring // 6000) if likely else 1 if groups else 0)
        return Expected(calls, classification + 2 * scoring + per_call)

    def analyze(self, skill: Skill) -> PromptedAnalysis:
        """One verdict for each block of the skill.

        Raises RefusedError where the skill holds secrets and would leave the machine, and
        ProviderError where the model can't be asked or answers nothing usable at all.
        """
        self._session.admit(skill.text)
        embedded = self._analysis(skill)
        asked = asked_blocks(skill)
        labels, problem = classify(self._session, skill, groups_of(skill, self._count))
        if asked and not labels:
            raise ProviderError(
                f"{self.name} gave no usable answer for any of {len(asked)} blocks in {REPAIRS + 1} tries. {problem}",
                "Choose another model with --model, or --provider embedded.",
            )
        verdicts = tuple(
            labeled(verdict, labels[i]) if i in labels else verdict for i, verdict in enumerate(embedded.verdicts)
        )
        phrases = score_phrases(self._session, skill, verdicts, self._count)
        unanswered = tuple(block.index for block in asked if block.index not in labels)
        return PromptedAnalysis(skill, verdicts, self.name, unanswered, phrases)

    def _analysis(self, skill: Skill) -> Analysis:
        if self._last is None or self._last.skill is not skill:
            self._last = self._embedded.analyze(skill)
        return self._last


def labeled(verdict: Verdict, label: Label) -> Verdict:
    """An embedded verdict with the type and confidence of a model, and the class that blocks of another type have.

    The importance moves with the type, by the means of labeled blocks, and so stays on the scale of
    the embedded analyzer: blocks with a label can be weighed against those without. What is
    protected, advisory or a hard rule was found by program and stays.
    """
    importance = verdict.importance * _TYPICAL[label.type] / _TYPICAL[verdict.type]
    least = PROTECTED_IMPORTANCE if verdict.protected else _LEAST
    return replace(
        verdict,
        type=label.type,
        taxonomy=verdict.taxonomy if label.type is verdict.type else TYPE_TAXONOMY[label.type],
        confidence=label.confidence,
        importance=min(1.0, max(least, importance)),
    )
