"""Rewrite blocks with a language model; what is not shown to say the same is asked for once more, then refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Final

from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading
from skill_distiller.errors import MalformedReplyError
from skill_distiller.language.fact import FactKind
from skill_distiller.language.lexicon import is_directional
from skill_distiller.meaning.compare import Difference, compare_texts
from skill_distiller.meaning.sentence_tokens import TokenKind
from skill_distiller.meaning.verdicts import CERTIFIED, Edit
from skill_distiller.prompted.exchange import REWRITE, BlockQuestion, ask_in_rounds, batch, entries, undisputed
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.model import Bundle, Proposals, Rendering, RenderingKind
from skill_distiller.skill.model import PROSE, Block, BlockKind, Section, Skill
from skill_distiller.tokens import TokenCounter, count_tokens

SHORTEST: Final = 30  # characters; less is not worth asking for
LONGEST: Final = 3000  # characters; a model is shown no more of a block
_FORMS: Final = frozenset({BlockKind.QUOTE, BlockKind.TABLE})  # prose, but where they are a form to be filled in
_KINDS: Final = PROSE | _FORMS
_CLAUSE: Final = frozenset({SectionType.EXPLANATION, SectionType.VERBOSE_DETAIL})
_STEP: Final = re.compile(r"^[ \t]*\d{1,9}[.)][ \t]", re.MULTILINE)
_MAX_FACTS_NAMED: Final = 40  # facts that a model is reminded of
_FACT: Final = 80  # characters of each


class Wish(StrEnum):
    """What is asked for; the value is the word in the prompt."""

    REWRITE = "rewrite"
    CLAUSE = "one clause"
    SUMMARY = "sum up"


@dataclass(frozen=True, slots=True)
class Piece:
    """One or more blocks to be written as one; `block` holds their joined text under the index of the first."""

    wish: Wish
    members: tuple[Block, ...]
    block: Block
    facts: tuple[str, ...]

    def faults(self, text: str, *, accept_unproved: bool) -> tuple[Difference, ...]:
        """What of a new text for it is a change of meaning, or is not proved to be none; () for nothing."""
        found = compare_texts(self.block.text, text)
        if accept_unproved:
            return tuple(one for one in found.differences if one.firm or _says_more(one))
        return tuple(difference for difference in found.differences if difference.verdict not in CERTIFIED)

    def fit(self, text: str) -> str:
        """The new text with the outer white space and the line ends of the piece."""
        own, first = self.block.text, self.members[0].text
        ends = "\r\n" if "\r\n" in own else "\n"
        lines = text.strip("\r\n").rstrip().replace("\r\n", "\n").split("\n")
        lines[0] = first[: len(first) - len(first.lstrip(" \t"))] + lines[0].lstrip(" \t")
        tail = own[len(own.rstrip("\r\n")) :]
        return ends.join(lines) + tail


def _says_more(difference: Difference) -> bool:
    """Whether a word came that stands for none, or "by" for "to": nobody can tell that it is harmless."""
    return any(_is_new(edit) for edit in difference.edits)


def _is_new(edit: Edit) -> bool:
    if edit.what == "word":
        known = {token.value for token in edit.before}
        return any(token.kind is TokenKind.WORD and token.value not in known for token in edit.after)
    alone = len(edit.before) == len(edit.after) == 1
    directions = alone and all(is_directional(token.word) for token in (*edit.before, *edit.after))
    return directions or edit.what == "capitals"  # the US, us


def pieces_of(reading: Reading) -> list[Piece]:
    """The pieces of a skill, in order: runs of edge cases in one section, and every other block of prose by itself."""
    found: list[Piece] = []
    for section in reading.skill.sections:
        for summed, run in groupby(section.blocks, key=lambda block: _may_be_summed(reading, block)):
            blocks = tuple(run)
            if summed and _stands_apart(section, blocks):
                found.append(_piece(reading, blocks, Wish.SUMMARY))
            else:
                found += _single(reading, blocks)
    return found


def is_prose(block: Block) -> bool:
    """Whether a block is prose, or a table, of a length that is worth rewriting."""
    return block.kind in _KINDS and SHORTEST <= len(block.text) <= LONGEST


def _single(reading: Reading, blocks: tuple[Block, ...]) -> Iterator[Piece]:
    for block in blocks:
        kind = reading.verdicts[block.index].type
        if is_prose(block) and not (block.kind in _FORMS and kind is SectionType.OUTPUT_FORMAT):
            clause = kind in _CLAUSE and block.kind is BlockKind.PARAGRAPH
            yield _piece(reading, (block,), Wish.CLAUSE if clause else Wish.REWRITE)


def _may_be_summed(reading: Reading, block: Block) -> bool:
    verdict = reading.verdicts[block.index]
    whole = block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST)  # one item can't become a paragraph inside its list
    return (
        verdict.type is SectionType.EDGE_CASE
        and not verdict.protected_by_kind
        and whole
        and not _STEP.search(block.text)
    )


def _stands_apart(section: Section, blocks: tuple[Block, ...]) -> bool:
    """Whether several blocks can be written as one of any kind: blank lines keep it from the blocks around it."""
    place = section.blocks.index(blocks[0])
    above = place == 0 or bool(section.blocks[place - 1].gap)
    below = place + len(blocks) == len(section.blocks) or bool(blocks[-1].gap)
    return len(blocks) > 1 and above and below and sum(len(block.source) for block in blocks) <= LONGEST


def _piece(reading: Reading, blocks: tuple[Block, ...], wish: Wish) -> Piece:
    first, last = blocks[0], blocks[-1]
    text = "".join(block.source for block in blocks[:-1]) + last.text
    facts = (fact for block in blocks for fact in reading.facts[block.index] if fact.kind is not FactKind.MODAL)
    named = dict.fromkeys(" ".join(fact.text.split()) for fact in facts if len(fact.text) <= _FACT)
    return Piece(
        wish,
        blocks,
        replace(first, text=text, gap=last.gap),
        tuple(named)[:_MAX_FACTS_NAMED],
    )


_REPAIRS: Final = 1
_AGAIN: Final = "Your last texts for these pieces lost or changed something, or were long; each piece says what."
_GOAL: Final = 0.55  # of the tokens: what is left of careful rewritings is mostly more than was asked for
_LONG: Final = 0.75  # of the tokens: of a text that is no shorter, another one is asked for
_MANY: Final = 0.5  # of the tokens of all pieces: so much has to be too long that this alone is worth a call
_WORTH_IT: Final = 20  # tokens of the piece; of shorter ones it is not
_MAX_QUOTED: Final = 160  # characters of a fault
_MAX_FAULTS_NAMED: Final = 6  # faults of a text that the model is told
# Of 160 criteria of exam skills none was lost when a strong model rewrote them to 60 % of their tokens, so with 95 %
# certainty less than 3 / 160 = 1.9 % are (rule of three). A weaker model is held to the fact check. So the price of a
# rewriting lies between nothing and that bound. Below about half of the tokens nobody has measured: it rises there.
SHARE: Final = 0.985
_MEASURED: Final = 0.5  # of the tokens left
_STEEPNESS: Final = 0.1


@dataclass(frozen=True, slots=True)
class PromptedRewriter:
    """Rewritings and summaries by a language model: one call for a skill of ordinary length, one more for repairs.

    With `accept_unproved` it is enough that no change of meaning is found in a text; else it has to be proved.
    """

    session: Session
    accept_unproved: bool = False

    def expected(self, skill: Skill) -> Expected:
        """About what `offer` will ask, at most and without repairs."""
        blocks = [block for block in skill.blocks if is_prose(block)]
        groups = batch(blocks, lambda block: block.text)
        per_call = count_tokens(REWRITE.text)
        text = sum(count_tokens(block.text) for block in blocks)
        return Expected(len(groups), len(groups) * per_call + 2 * text)

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """The rewritings that are shorter and say the same; the others are refused.

        Raises what the session raises. A model that gives no usable text offers nothing.
        """
        pieces = pieces_of(reading)
        if not pieces:
            return Proposals()
        skill = reading.skill
        self.session.admit(skill.text)
        first = self._texts(skill, pieces, {})
        faults = {i: found for i, (piece, text) in first.items() if (found := self._faults(piece, text))}
        good = {i: item for i, item in first.items() if i not in faults}
        problems = {i: _wrong(found) for i, found in faults.items()}
        long = _too_long(good)
        if problems or _tokens(first[i][0] for i in long) > _MANY * _tokens(pieces):
            problems |= long
        if problems:
            again = [piece for piece in pieces if piece.block.index in problems]
            second = self._texts(skill, again, problems)
            good |= {i: item for i, item in second.items() if self._is_better(item, good.get(i))}
        return _offers(good, len(faults.keys() - good.keys()), counter)

    def _faults(self, piece: Piece, text: str) -> tuple[Difference, ...]:
        return piece.faults(text, accept_unproved=self.accept_unproved)

    def _is_better(self, item: tuple[Piece, str], last: tuple[Piece, str] | None) -> bool:
        return not self._faults(*item) and (last is None or count_tokens(item[1]) < count_tokens(last[1]))

    def _texts(
        self, skill: Skill, pieces: Sequence[Piece], problems: Mapping[int, str]
    ) -> dict[int, tuple[Piece, str]]:
        """The replies by index of the piece's first block; after `problems` they are asked for again."""
        by_index = {piece.block.index: piece for piece in pieces}

        question = BlockQuestion(
            REWRITE,
            lambda block: _label(by_index[block.index], problems.get(block.index, "")),
            lambda blocks: 200 + sum(30 + count_tokens(block.text) for block in blocks),
            lambda value, blocks: read_texts(value, len(blocks)),
        )
        groups = batch([piece.block for piece in pieces], lambda block: block.text)
        answers = ask_in_rounds(
            self.session,
            skill,
            groups,
            question,
            repairs=0 if problems else _REPAIRS,
            complete=not problems,
            problem=_AGAIN if problems else "",
        )
        return {i: (by_index[i], by_index[i].fit(text)) for i, text in answers.given.items() if text.strip()}


def _tokens(pieces: Iterable[Piece]) -> int:
    return sum(count_tokens(piece.block.text) for piece in pieces)


def _too_long(good: Mapping[int, tuple[Piece, str]]) -> dict[int, str]:
    """What the model is told about the texts that save little, by index; one that saves nothing is left alone."""
    found = {}
    for i, (piece, text) in good.items():
        before, after = count_tokens(piece.block.text), count_tokens(text)
        if before >= _WORTH_IT and _LONG * before < after < before:
            found[i] = f"too long: your last text has {after} tokens"
    return found


def _label(piece: Piece, problem: str) -> str:
    kind = "blocks" if piece.wish is Wish.SUMMARY else piece.block.kind.value
    goal = f" to {_GOAL * count_tokens(piece.block.text):.0f} tokens" if piece.wish is Wish.REWRITE else ""
    parts = [kind, piece.wish.value + goal]
    if piece.facts:
        parts.append(f"keep: {' · '.join(piece.facts)}")
    if problem:
        parts.append(" ".join(problem.split()))
    return " | ".join(parts)


def _wrong(faults: Sequence[Difference]) -> str:
    """What the model is told about a text that the fact check refused."""
    shown = (f"{fault.verdict.value} ({fault.what}): {_quoted(fault)}" for fault in faults[:_MAX_FAULTS_NAMED])
    return f"wrong in your last text: {' · '.join(shown)}"


def _quoted(fault: Difference) -> str:
    """The words that differ, or the text that is gone or new."""
    words = [" ".join(token.word for token in tokens) for edit in fault.edits for tokens in edit[1:3] if tokens]
    text = " / ".join(words) or " ".join(unit.text for unit in fault.before or fault.after)
    return " ".join(text.split())[:_MAX_QUOTED]


def read_texts(value: dict[str, object], count: int) -> dict[int, str]:
    """The texts of a reply, by place, "" for a piece that is to stay; what is none of a piece is passed over.

    A place that is given two different texts has none. Raises MalformedReplyError for a reply without any.
    """
    found = ((place, text) for place, entry in entries(value, count) if isinstance(text := entry.get("text"), str))
    texts = undisputed(found, str)
    if not texts:
        raise MalformedReplyError("It held no text for any of the pieces.")
    return texts


def _offers(good: Mapping[int, tuple[Piece, str]], refused: int, counter: TokenCounter) -> Proposals:
    renderings: dict[int, tuple[Rendering, ...]] = {}
    bundles: list[Bundle] = []
    for index, (piece, text) in sorted(good.items()):
        source = text + piece.block.gap
        before, after = counter.count(piece.block.source), counter.count(source)
        if after >= before:
            continue
        if piece.wish is Wish.SUMMARY:
            blocks = tuple(block.index for block in piece.members)
            texts = (source, *("" for _ in blocks[1:]))
            bundles.append(Bundle(RenderingKind.SUMMARIZED, blocks, texts, (), share_kept(after / before)))
        else:
            kept = share_kept(after / before)
            renderings[index] = (Rendering(RenderingKind.REWRITTEN, source, after, kept),)
    return Proposals(renderings, tuple(bundles), refused)


def share_kept(left: float) -> float:
    """The part of a block's worth (0-1) that a rewriting keeps, by the part of the tokens (0-1) that is left."""
    return SHARE - _STEEPNESS * max(0.0, _MEASURED - left)
