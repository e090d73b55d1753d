"""Texts by a model where choosing is not enough: the three lines of a skill, the sum of a set of examples (RECOMP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis.reading import Reading
from skill_distiller.errors import MalformedReplyError, PromptTooLongError
from skill_distiller.planning.ladders import proposed_by
from skill_distiller.prompted.exchange import (
    ONE_LINER,
    SYNTHESIZE,
    BlockQuestion,
    ask_in_rounds,
    batch,
    excerpt,
    headings,
    new_boundary,
)
from skill_distiller.prompted.rewrite import read_texts
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session
from skill_distiller.rewriting.example_bundles import abstractive_bundle, extractive_bundles, saving
from skill_distiller.rewriting.example_lines import source_of
from skill_distiller.rewriting.example_sets import ExampleSet, find_sets
from skill_distiller.rewriting.model import Bundle, Proposals, Renderer
from skill_distiller.rewriting.one_liner.check import problems
from skill_distiller.rewriting.one_liner.line_text import plain
from skill_distiller.rewriting.one_liner.model import PREFIXES, OneLiner, OneLinerWriter
from skill_distiller.rewriting.one_liner.triggers import quotes
from skill_distiller.rewriting.one_liner.write import with_phrases
from skill_distiller.skill.model import Block, Skill
from skill_distiller.tokens import TokenCounter, count_tokens

_REPAIRS: Final = 1
_MOST_TOKENS: Final = 12_000  # of the skill in a prompt; of a longer one the most important blocks are shown
_REPLY_TOKENS: Final = 400


@dataclass(frozen=True, slots=True)
class PromptedOneLiner:
    """Three lines by a language model, each fact of them checked against the skill.

    Lines that are refused are asked for once more with what was wrong; then those of the embedded
    writer stand, and the method says so.
    """

    session: Session
    embedded: OneLinerWriter

    def expected(self, skill: Skill) -> Expected:
        """About what `write` will ask, without a repair."""
        prompt = count_tokens(ONE_LINER.text)
        reply = _REPLY_TOKENS // 2
        return Expected(1, prompt + min(_MOST_TOKENS, count_tokens(skill.body)) + reply, reply)

    def write(self, reading: Reading, counter: TokenCounter) -> OneLiner:
        """The three lines; raises what the session raises."""
        self.session.admit(reading.skill.text)
        embedded = self.embedded.write(reading, counter)
        problem = ""
        for tries in range(_REPAIRS + 1):
            request = self._request(reading, embedded, problem, tries)
            (answer,) = self.session.ask_all([Question(request, read_lines)])
            if isinstance(answer, PromptTooLongError):
                break
            if isinstance(answer, MalformedReplyError):
                problem = f"Your last answer could not be used. {answer}"
                continue
            written = replace(answer, method=self.session.name)
            found = list(problems(written, reading, counter))
            completed = with_phrases(written, embedded, counter)
            if completed is None:
                found.append("The trigger leaves no room for the quoted phrases that have to stay.")
            elif not found:
                return completed
            problem = f"Your last answer was refused. {' '.join(found)}"
        return replace(embedded, method=f"{embedded.method} (no usable answer of {self.session.name})")

    def _request(self, reading: Reading, embedded: OneLiner, problem: str, tries: int) -> Request:
        skill = reading.skill
        boundary = new_boundary([skill.text])
        kept = [embedded.trigger[start:end] for start, end in quotes(embedded.trigger)]
        values = {
            "problem": problem,
            "name": skill.name,
            "description": skill.description,
            "phrases": " ".join(kept) or "none",
            "blocks": "\n".join(
                f"{boundary} {headings(skill, block)}\n{excerpt(block.text)}" for block in shown_blocks(reading)
            ),
        }
        return ONE_LINER.request(_REPLY_TOKENS, sample=tries, boundary=boundary, values=values)


def shown_blocks(reading: Reading) -> list[Block]:
    """Every block of a skill of ordinary length, in order; of a long one the most important."""
    room, chosen = _MOST_TOKENS, []
    for block in sorted(reading.skill.blocks, key=lambda b: -reading.verdicts[b.index].importance):
        room -= count_tokens(excerpt(block.text))
        if room < 0:
            break
        chosen.append(block)
    return sorted(chosen, key=lambda block: block.index)


def read_lines(value: dict[str, object]) -> OneLiner:
    """The three texts, each on one line. Raises MalformedReplyError where one is missing or empty."""
    texts: list[str] = []
    for name, prefix in zip(ONE_LINER.reply, PREFIXES, strict=True):
        text = value.get(name)
        line = plain(text).removeprefix(prefix.strip()).strip() if isinstance(text, str) else ""
        if not line:
            raise MalformedReplyError(f"It lacked the {name}.")
        texts.append(line)
    trigger, action, result = texts
    return OneLiner(trigger, action, result)


_LONGEST: Final = 3000  # characters; a model is shown no more of a set
_SET_TOKENS: Final = 200  # a set
_AGAIN: Final = (
    "Your last lines for these sets were refused: they lost facts of the examples, held one that the examples lack, "
    "or were too long or too many."
)


@dataclass(frozen=True, slots=True)
class PromptedSynthesizer:
    """Summary examples by a language model, for the sets of which no choice of examples shows 0.8 or more.

    Skill Distiller reference, "Example Compression", phase 2. No call for a skill without such a set, nor for a set of
    which some is said with other blocks by another renderer, the one `beside`.
    """

    session: Session
    beside: Renderer | None = None

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """A bundle for each set whose lines pass the check of facts and cost less; raises what the session raises."""
        said = proposed_by(reading, self.beside, counter).bundles if self.beside else ()
        told = {block for bundle in said for block in bundle.blocks}
        found_sets = (s for s in find_sets(reading) if told.isdisjoint(s.blocks))
        sets = {s.blocks[0]: s for s in found_sets if not any(extractive_bundles(reading, s))}
        asked = [block for s in sets.values() if len((block := _joined(reading, s)).text) <= _LONGEST]
        if not asked:
            return Proposals()
        self.session.admit(reading.skill.text)
        found = self._bundles(reading, sets, asked, "")
        left = [block for block in asked if block.index in found and found[block.index] is None]
        if left:
            found |= self._bundles(reading, sets, left, _AGAIN)
        bundles = [bundle for bundle in found.values() if bundle and saving(reading, bundle, counter) > 0]
        return Proposals(bundles=tuple(bundles), refused=sum(bundle is None for bundle in found.values()))

    def _bundles(
        self, reading: Reading, sets: Mapping[int, ExampleSet], asked: Sequence[Block], problem: str
    ) -> dict[int, Bundle | None]:
        """The bundles by first block of their set, None for lines that were refused."""
        question = BlockQuestion(
            SYNTHESIZE,
            lambda block: f"{len(sets[block.index].examples)} examples",
            lambda blocks: 100 + _SET_TOKENS * len(blocks),
            lambda value, blocks: read_texts(value, len(blocks)),
        )
        groups = batch(asked, lambda block: block.text)
        given = ask_in_rounds(
            self.session, reading.skill, groups, question, repairs=_REPAIRS, complete=not problem, problem=problem
        ).given
        return {i: abstractive_bundle(reading, sets[i], text) for i, text in given.items() if text.strip()}


def _joined(reading: Reading, examples: ExampleSet) -> Block:
    """All examples of a set as one block, under the index of their first."""
    texts = ["".join(source_of(reading.skill, example)).strip() for example in examples.examples]
    return replace(reading.skill.blocks[examples.blocks[0]], text="\n\n".join(texts) + "\n")
