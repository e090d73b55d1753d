"""The part of a language model in `reduce`: it sorts blocks, says when files are needed, tightens, looks for losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.disclosure.model import ContentClass, Passage, Signpost
from skill_distiller.disclosure.tighten import Reworded, says_as_much
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
    SHORTENED,
    SIGNPOSTS,
    TIGHTEN,
    BlockQuestion,
    ask_in_rounds,
    batch,
    entries,
    excerpt,
    share,
    undisputed,
)
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Session
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.tokens import TokenCounter, count_tokens

MOST_CALLS: Final = 25  # of a skill, whatever its size
_REPAIRS: Final = 2  # with the first that makes three tries; a block without an answer is a core rule
_CONTEXT_ROUNDS: Final = 2
_SURE: Final = 0.6  # a label below is asked about again, with those of its neighbors
_LEAST: Final = 12  # tokens of a block that is worth a request
_MOST_WORDS: Final = 12  # of a "when"
_TOPICS: Final = (3, 5)
_LONGEST_TOPIC: Final = 40
_SHOWN: Final = 1500  # characters of a passage
_COVERED: Final = 0.6  # of the words of a concept, from which on it stands in a text
_NOT_ASKED: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION})


class _Label(NamedTuple):
    name: ContentClass
    confidence: float


@dataclass(frozen=True, eq=False)
class PromptedReducer:
    """Whatever a model says here is checked by program: a class decides where text stands, never whether it does."""

    session: Session
    counter: TokenCounter

    @property
    def name(self) -> str:
        """Kind and model."""
        return self.session.name

    def admit(self, skill: Skill) -> None:
        """Look the skill through for secrets, and say about how many requests it takes."""
        self.session.admit(skill.text)
        sizes, tokens = len(self._groups(skill)), count_tokens(skill.text)
        self.session.expect(Expected(min(MOST_CALLS, 2 * sizes + 3), 3 * tokens, tokens))

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

    def tighten(self, skill: Skill, blocks: Collection[int]) -> dict[int, str]:
        """Shorter texts of some blocks, by index; each keeps every fact, and no change of meaning is found in it."""
        asked = [
            block
            for block in skill.blocks
            if block.index in blocks and block.kind in PROSE and self.counter.count(block.text) >= _LEAST
        ]
        groups = batch(asked, lambda block: excerpt(block.text))
        if not groups or self._spent(len(groups)):
            return {}
        question = BlockQuestion(
            TIGHTEN,
            lambda block: block.kind.value,
            lambda own: 100 + sum(count_tokens(block.text) for block in own),
            _read_texts,
        )
        given = ask_in_rounds(self.session, skill, groups, question, repairs=0, complete=False).given
        return {i: text for i, text in given.items() if says_as_much(skill.blocks[i], text, self.counter)}

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

    def lost(self, reworded: Sequence[Reworded], everything: str) -> frozenset[int]:
        """The blocks of which a concept is gone: quoted by the model, found nowhere in `everything`."""
        if not reworded or self._spent(1):
            return frozenset()
        pairs = [f"$boundary pair {i}\nwas:\n{own.before}\nis:\n{own.after}" for i, own in enumerate(reworded)]

        def read(value: dict[str, object]) -> dict[int, list[str]]:
            told = {i: entry.get("missing") for i, entry in entries(value, len(reworded))}
            lists = {
                i: [q for q in quotes if isinstance(q, str)] for i, quotes in told.items() if isinstance(quotes, list)
            }
            if not lists:
                raise MalformedReplyError("It held no list for a pair.")
            return lists

        values = {"pairs": "\n".join(pairs)}
        found = ask_again(self.session, SHORTENED, values, 60 * len(pairs), read, count=len(pairs)) or {}
        return frozenset(
            reworded[i].block
            for i, quotes in found.items()
            if any(_is_missing(quote, reworded[i].before, everything) for quote in quotes)
        )


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


def _read_texts(value: dict[str, object], blocks: Sequence[Block]) -> dict[int, str]:
    told = (
        (i, entry["text"].strip()) for i, entry in entries(value, len(blocks)) if isinstance(entry.get("text"), str)
    )
    found = undisputed(told, str)
    if not found:
        raise MalformedReplyError("It held no text.")
    return {place: text for place, text in found.items() if text}


def _text_of(skill: Skill, passage: Passage) -> str:
    headings = (skill.sections[section].heading for section in passage.headings)
    return "\n\n".join((*headings, *(skill.blocks[block].text for block in passage.blocks)))


def _read_sign(entry: Mapping[str, object], text: str) -> tuple[str, tuple[str, ...]] | None:
    """When and topics of a reply, None where they say or order what the passage does not, or are no such things."""
    when, topics = entry.get("when"), entry.get("topics")
    if not isinstance(when, str) or not isinstance(topics, list):
        return None
    when = clean_heading(when).replace("…", "").strip()
    small = text.casefold()
    named = [t.strip() for t in topics if isinstance(t, str) and 0 < len(t.strip()) <= _LONGEST_TOPIC]
    kept = tuple(dict.fromkeys(t for t in named if t.casefold() in small and not set(t) & set(",()`\n")))[: _TOPICS[1]]
    invented = fact_keys(find_facts(when, modals=False)) - fact_keys(find_facts(text, modals=False))
    own, known = content_words(when), content_words(text)
    fits = 2 <= len(when.split()) <= _MOST_WORDS and 2 * len(own & known) >= len(own)
    orders = restricts(when) or asks(read_tokens(when)) or any(map(is_imperative, own - known))
    return (when, kept) if fits and not invented and not orders and len(kept) >= _TOPICS[0] else None


def _is_missing(quote: str, before: str, everything: str) -> bool:
    """Whether a concept stands in the original, and neither its facts nor six tenths of its words anywhere now."""
    if not quote.strip() or " ".join(quote.split()) not in " ".join(before.split()):
        return False
    facts = fact_keys(find_facts(quote, modals=False))
    words = Counter(content_words(quote))
    kept = sum(word in content_words(everything) for word in words)
    return bool(facts - fact_keys(find_facts(everything, modals=False))) or kept < _COVERED * len(words)
