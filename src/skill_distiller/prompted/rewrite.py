"""Have a model say blocks in fewer words; only what passes the fact check is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from skill_distiller.analysis import Analysis
from skill_distiller.document import Block, Skill
from skill_distiller.prompted.batches import batch
from skill_distiller.prompted.pieces import Piece, Wish, is_prose, pieces_of
from skill_distiller.prompted.prompt import load_prompt
from skill_distiller.prompted.replies import entries, list_schema, undisputed
from skill_distiller.prompted.request import BlockQuestion, block_request
from skill_distiller.prompted.rounds import ask_in_rounds
from skill_distiller.providers.model import Request, Schema
from skill_distiller.providers.parse_json import MalformedReplyError
from skill_distiller.providers.session import Expected, Question, Session
from skill_distiller.renderings import Rendering, RenderingKind
from skill_distiller.renderings.fact_check import Loss
from skill_distiller.renderings.offers import Bundle, Offers
from skill_distiller.tokens import TokenCounter, load_counter

_REPAIRS: Final = 1
_AGAIN: Final = "Your last texts for these pieces lost or changed something, or were long; each piece says what."
_GOAL: Final = 0.55  # of the tokens: what is left of careful rewritings is mostly more than was asked for
_LONG: Final = 0.75  # of the tokens: of a text that is no shorter, another one is asked for
_MANY: Final = 0.5  # of the tokens of all pieces: so much has to be too long that this alone is worth a call
_WORTH_IT: Final = 20  # tokens of the piece; of shorter ones it is not
_NAMED: Final = 6  # faults of a text that the model is told
# Of 160 criteria of exam skills none was lost when a strong model rewrote them to 60 % of their tokens, so with 95 %
# certainty less than 3 / 160 = 1.9 % are (rule of three). A weaker model is held to the fact check. So the price of a
# rewriting lies between nothing and that bound. Below about half of the tokens nobody has measured: it rises there.
SHARE: Final = 0.985
_MEASURED: Final = 0.5  # of the tokens left
_STEEPNESS: Final = 0.1


class PromptedRewriter:
    """Rewritings and summaries by a language model: one call for a skill of ordinary length, one more for repairs."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._count = load_counter().count

    def expected(self, skill: Skill) -> Expected:
        """About what `offer` will ask, at most and without repairs."""
        blocks = [block for block in skill.blocks if is_prose(block)]
        groups = batch(blocks, lambda block: block.text, self._count)
        per_call = self._count(load_prompt("rewrite").template.template)
        text = sum(self._count(block.text) for block in blocks)
        return Expected(len(groups), len(groups) * per_call + 2 * text)

    def offer(self, analysis: Analysis, counter: TokenCounter) -> Offers:
        """The rewritings that are shorter and lose nothing that the fact check knows of; the others are refused.

        Raises RefusedError where the skill holds secrets and would leave the machine, and ProviderError
        where the model can't be asked. A model that gives no usable text offers nothing.
        """
        pieces = pieces_of(analysis)
        if not pieces:
            return Offers()
        skill = analysis.skill
        self._session.admit(skill.text)
        first = self._texts(skill, pieces, {})
        faults = {i: found for i, (piece, text) in first.items() if (found := piece.faults(text))}
        good = {i: item for i, item in first.items() if i not in faults}
        problems = {i: _wrong(found) for i, found in faults.items()}
        long = self._too_long(good)
        if problems or self._tokens(first[i][0] for i in long) > _MANY * self._tokens(pieces):
            problems |= long
        if problems:
            again = [piece for piece in pieces if piece.block.index in problems]
            second = self._texts(skill, again, problems)
            good |= {i: item for i, item in second.items() if self._is_better(item, good.get(i))}
        return _offers(good, len(faults.keys() - good.keys()), counter)

    def _tokens(self, pieces: Iterable[Piece]) -> int:
        return sum(self._count(piece.block.text) for piece in pieces)

    def _too_long(self, good: Mapping[int, tuple[Piece, str]]) -> dict[int, str]:
        """What the model is told about the texts that save little, by index; one that saves nothing is left alone."""
        found = {}
        for i, (piece, text) in good.items():
            before, after = self._count(piece.block.text), self._count(text)
            if before >= _WORTH_IT and _LONG * before < after < before:
                found[i] = f"too long: your last text has {after} tokens"
        return found

    def _is_better(self, item: tuple[Piece, str], last: tuple[Piece, str] | None) -> bool:
        piece, text = item
        return not piece.faults(text) and (last is None or self._count(text) < self._count(last[1]))

    def _texts(
        self, skill: Skill, pieces: Sequence[Piece], problems: Mapping[int, str]
    ) -> dict[int, tuple[Piece, str]]:
        """The replies by index of the piece's first block; after `problems` they are asked for again."""
        by_index = {piece.block.index: piece for piece in pieces}

        def ask(blocks: Sequence[Block], problem: str, tries: int) -> Question[dict[int, str]]:
            own = [by_index[block.index] for block in blocks]
            request = _request(skill, own, problems, problem or (_AGAIN if problems else ""), tries, self._count)
            return Question(request, lambda value: read_texts(value, len(blocks)))

        blocks = [piece.block for piece in pieces]
        groups = batch(blocks, lambda block: block.text, self._count)
        repairs = 0 if problems else _REPAIRS
        answers = ask_in_rounds(self._session, groups, ask, repairs=repairs, complete=not problems)
        return {i: (by_index[i], by_index[i].fit(text)) for i, text in answers.given.items() if text.strip()}


def _request(
    skill: Skill,
    pieces: Sequence[Piece],
    problems: Mapping[int, str],
    problem: str,
    tries: int,
    count: Callable[[str], int],
) -> Request:
    by_index = {piece.block.index: piece for piece in pieces}

    def label(block: Block) -> str:
        return _label(by_index[block.index], problems.get(block.index, ""), count)

    reply_tokens = 200 + sum(30 + count(piece.block.text) for piece in pieces)
    question = BlockQuestion("rewrite", label, text_schema(len(pieces)), reply_tokens)
    return block_request(skill, [piece.block for piece in pieces], question, problem, tries)


def _label(piece: Piece, problem: str, count: Callable[[str], int]) -> str:
    kind = "blocks" if piece.wish is Wish.SUMMARY else piece.block.kind.value
    wish = piece.wish.value
    parts = [kind, f"{wish} to {_GOAL * count(piece.block.text):.0f} tokens" if piece.wish is Wish.REWRITE else wish]
    if piece.facts:
        parts.append(f"keep: {' · '.join(piece.facts)}")
    if problem:
        parts.append(" ".join(problem.split()))
    return " | ".join(parts)


def _wrong(faults: Sequence[Loss]) -> str:
    """What the model is told about a text that the fact check refused."""
    shown = (f"{fault.kind.value}: {' '.join(fault.text.split())}" for fault in faults[:_NAMED])
    return f"wrong in your last text: {' · '.join(shown)}"


def text_schema(count: int) -> Schema:
    """The JSON Schema of a reply about so many pieces."""
    return list_schema("texts", count, {"text": {"type": "string"}})


def read_texts(value: dict[str, object], count: int) -> dict[int, str]:
    """The texts of a reply, by place, "" for a piece that is to stay; what is none of a piece is passed over.

    A place that is given two different texts has none. Raises MalformedReplyError for a reply without any.
    """
    found = ((place, text) for place, entry in entries(value, count) if isinstance(text := entry.get("text"), str))
    texts = undisputed(found, str)
    if not texts:
        raise MalformedReplyError("It held no text for any of the pieces.")
    return texts


def _offers(good: Mapping[int, tuple[Piece, str]], refused: int, counter: TokenCounter) -> Offers:
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
    return Offers(renderings, tuple(bundles), refused)


def share_kept(left: float) -> float:
    """The part of a block's worth (0-1) that a rewriting keeps, by the part of the tokens (0-1) that is left."""
    return SHARE - _STEEPNESS * max(0.0, _MEASURED - left)
