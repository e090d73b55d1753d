"""The part of a language model in `reduce`: it reads, sorts and rewrites blocks, and says when files are needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.checks.receipt import EmbeddedJudge
from skill_distiller.disclosure.model import ContentClass, Passage, Signpost
from skill_distiller.disclosure.topics import clean_heading
from skill_distiller.errors import MalformedReplyError
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.language.lexicon import is_imperative
from skill_distiller.language.modals import restricts
from skill_distiller.language.words import content_words
from skill_distiller.meaning.sentence_tokens import asks, read_tokens
from skill_distiller.prompted.describe import ask_again
from skill_distiller.prompted.exchange import (
    CONTENT,
    SIGNPOSTS,
    BlockQuestion,
    ask_in_rounds,
    batch,
    entries,
    excerpt,
    share,
    undisputed,
)
from skill_distiller.prompted.judge import ConceptReader, PromptedJudge
from skill_distiller.prompted.read_skill import PromptedAnalyzer
from skill_distiller.prompted.rewrite import PromptedRewriter, batches
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Session
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.tokens import count_tokens

MOST_CALLS: Final = 25  # of a skill, whatever its size
_REPAIRS: Final = 2  # with the first that makes three tries; a block without an answer is a core rule
_CONTEXT_ROUNDS: Final = 2
_SURE: Final = 0.6  # a label below is asked about again, with those of its neighbors
_AFTERWARDS: Final = 8  # calls that are held back for what follows on the rewriting: repair, judge, signposts, gate
_MOST_WORDS: Final = 12  # of a "when"
_LONGEST_WHEN: Final = 100  # characters of it: half a sentence says nothing
_TOPICS: Final = (3, 5)
_LONGEST_TOPIC: Final = 40
_SHOWN: Final = 1500  # characters of a passage
_NOT_ASKED: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION})


class _Label(NamedTuple):
    name: ContentClass
    confidence: float


@dataclass(frozen=True, eq=False)
class PromptedReducer:
    """Whatever a model says here is checked by program: a class decides where text stands, never whether it does.

    The judge is asked in the session `judging` where it has one of its own.
    """

    session: Session
    judging: Session | None = None

    def __post_init__(self) -> None:
        """What is promised is held, however many replies are of no use."""
        self.session.most_calls = MOST_CALLS

    @property
    def name(self) -> str:
        """Kind and model."""
        return self.session.name

    @property
    def analyzer(self) -> PromptedAnalyzer:
        """Who reads the skill, once."""
        return PromptedAnalyzer(self.session, TrainedAnalyzer())

    @property
    def judge(self) -> PromptedJudge:
        """Who judges what was said in other words."""
        return PromptedJudge(self.judging or self.session, EmbeddedJudge())

    @property
    def reader(self) -> ConceptReader:
        """Who looks whether blocks still say all that they said (Gate 1)."""
        return ConceptReader(self.session)

    def rewriters(self, skill: Skill, groups: Sequence[frozenset[int]]) -> tuple[PromptedRewriter, ...]:
        """Who says some groups of blocks, by index, in fewer words, each group by itself; of the first as many as fit.

        Of a skill so long that its requests would be more than are left, the last sections stay as they are.
        """
        left = MOST_CALLS - _AFTERWARDS - self.session.usage.calls
        found = []
        for group in groups:
            asked = batches(skill, group)[: max(0, left)]
            left -= len(asked)
            only = frozenset(block.index for block in chain.from_iterable(asked))
            found += [PromptedRewriter(self.session, judged=True, only=only)] if only else []
        return tuple(found)

    def admit(self, skill: Skill) -> None:
        """Look the skill through for secrets, and say about how many requests it takes."""
        self.session.admit(skill.text)
        calls = (1 + _CONTEXT_ROUNDS) * len(self._groups(skill)) + 2  # classes; signposts and a repair
        expected = Expected(calls, 2 * count_tokens(skill.text))
        for part in (self.analyzer, PromptedRewriter(self.session)):
            expected = expected.plus(part.expected(skill))
        expected = expected.plus(self.reader.expected(len(ContentClass), skill.body))
        if self.judging:
            self.judging.expect(self.judge.expected(skill))
        else:
            expected = expected.plus(self.judge.expected(skill))
        self.session.expect(replace(expected, calls=min(MOST_CALLS, expected.calls)))

    def classes(self, skill: Skill) -> dict[int, ContentClass]:
        """What every block is for, by index.

        Labels that are unsure, or unlike those of both neighbors, are asked for again, at most twice, with the labels
        of the neighbors. A block without a valid answer in three tries is a core rule.
        """
        labels = self._sort(skill, self._groups(skill), {})
        asked = [block for group in self._groups(skill) for block in group]
        for _ in range(_CONTEXT_ROUNDS):
            doubtful = [block for place, block in enumerate(asked) if _is_doubtful(labels, asked, place)]
            if not doubtful or self._spent(len(self._groups(skill))):
                break
            again = self._sort(skill, batch(doubtful, lambda block: excerpt(block.text)), labels)
            if all(labels.get(index, label).name is label.name for index, label in again.items()):
                break
            labels |= again
        core = _Label(ContentClass.CORE_RULE, 0.0)
        return {block.index: labels.get(block.index, core).name for block in asked}

    def _spent(self, next_calls: int) -> bool:
        """Whether more of the calls than may go are gone."""
        return self.session.usage.calls + next_calls > MOST_CALLS - 3

    def _groups(self, skill: Skill) -> list[list[Block]]:
        blocks = [block for block in skill.blocks if block.kind not in _NOT_ASKED]
        return batch(blocks, lambda block: excerpt(block.text))

    def _sort(self, skill: Skill, groups: Sequence[Sequence[Block]], known: Mapping[int, _Label]) -> dict[int, _Label]:
        def label(block: Block) -> str:
            beside = [known[i].name.value for i in (block.index - 1, block.index + 1) if i in known]
            return f"{block.kind.value} | neighbors: {', '.join(beside)}" if beside else block.kind.value

        question = BlockQuestion(
            CONTENT,
            label,
            lambda blocks: 100 + 40 * len(blocks),
            lambda value, blocks: _read_labels(value, len(blocks)),
            {"name": skill.name, "description": skill.description},
        )
        return dict(ask_in_rounds(self.session, skill, groups, question, repairs=_REPAIRS).given)

    def signposts(self, reading: Reading, signs: Mapping[Passage, Signpost]) -> dict[Passage, Signpost]:
        """The signposts in the words of the model, where they say nothing that the passage does not."""
        passages = list(signs)
        if not passages or self._spent(1):
            return dict(signs)
        texts = [_text_of(reading.skill, passage) for passage in passages]
        paths = [" > ".join(reading.skill.heading_path(passage.section)) for passage in passages]
        shown = [f"$boundary passage {i} | {paths[i]}\n{text[:_SHOWN]}" for i, text in enumerate(texts)]

        def read(value: dict[str, object]) -> dict[int, tuple[str, tuple[str, ...]]]:
            told = ((i, _read_sign(entry, f"{paths[i]}\n{texts[i]}")) for i, entry in entries(value, len(passages)))
            found = undisputed(((i, sign) for i, sign in told if sign), lambda sign: sign)
            if not found:
                raise MalformedReplyError("It held no signpost in words of its passage.")
            return found

        values = {"passages": "\n".join(shown)}
        found = ask_again(self.session, SIGNPOSTS, values, 60 * len(passages), read, count=len(passages)) or {}
        return {
            passage: replace(sign, when=found[i][0], topics=found[i][1]) if i in found else sign
            for i, (passage, sign) in enumerate(signs.items())
        }


def _is_doubtful(labels: Mapping[int, _Label], blocks: Sequence[Block], place: int) -> bool:
    own = labels.get(blocks[place].index)
    if own is None or own.confidence < _SURE:
        return True
    beside = [
        labels[blocks[i].index].name
        for i in (place - 1, place + 1)
        if 0 <= i < len(blocks) and blocks[i].index in labels
    ]
    return len(beside) == 2 and beside[0] is beside[1] and beside[0] is not own.name


def _read_labels(value: dict[str, object], count: int) -> dict[int, _Label]:
    told = ((place, _read_label(entry)) for place, entry in entries(value, count))
    found = undisputed(((place, label) for place, label in told if label), lambda label: label.name)
    if not found:
        raise MalformedReplyError("It held no block with one of the classes.")
    return found


def _read_label(entry: Mapping[str, object]) -> _Label | None:
    name, confidence = entry.get("class"), share(entry.get("confidence"))
    if not isinstance(name, str) or confidence is None:
        return None
    known = {own.value: own for own in ContentClass}
    own = known.get("_".join(name.lower().replace("-", " ").split()))
    return _Label(own, confidence) if own else None


def _text_of(skill: Skill, passage: Passage) -> str:
    headings = (skill.sections[section].heading for section in passage.headings)
    return "\n\n".join((*headings, *(skill.blocks[block].text for block in passage.blocks)))


def _read_sign(entry: Mapping[str, object], text: str) -> tuple[str, tuple[str, ...]] | None:
    """When and topics of a reply, None where they say or order what the passage does not, or are no such things."""
    when, topics = entry.get("when"), entry.get("topics")
    if not isinstance(when, str) or not isinstance(topics, list):
        return None
    when = clean_heading(when, _LONGEST_WHEN)
    small = text.casefold()
    named = [t.strip() for t in topics if isinstance(t, str) and 0 < len(t.strip()) <= _LONGEST_TOPIC]
    kept = tuple(dict.fromkeys(t for t in named if t.casefold() in small and not set(t) & set(",()`\n")))[: _TOPICS[1]]
    invented = fact_keys(find_facts(when, modals=False)) - fact_keys(find_facts(text, modals=False))
    own, known = content_words(when), content_words(text)
    fits = 2 <= len(when.split()) <= _MOST_WORDS and "…" not in when and 2 * len(own & known) >= len(own)
    orders = restricts(when) or asks(read_tokens(when)) or any(map(is_imperative, own - known))
    return (when, kept) if fits and not invented and not orders and len(kept) >= _TOPICS[0] else None
