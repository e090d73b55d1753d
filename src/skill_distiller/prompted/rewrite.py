"""Rewrite a skill with a language model; each text is held against its blocks, mended once, and taken part by part."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.errors import MalformedReplyError
from skill_distiller.language.fact import FactKind
from skill_distiller.language.forms import bases
from skill_distiller.language.words import words_in
from skill_distiller.meaning.units import VERBATIM
from skill_distiller.planning.excuses import excuses
from skill_distiller.prompted.exchange import (
    REPAIR,
    REWRITE,
    BlockQuestion,
    ask_in_rounds,
    entries,
    excerpt,
    headings,
    new_boundary,
    number_within,
    undisputed,
)
from skill_distiller.prompted.read_skill import asked_blocks
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session
from skill_distiller.rewriting.model import Bundle, Doubt, Proposals, Refusal, Rendering, RenderingKind
from skill_distiller.rewriting.retell import Leniency, Retold, Telling, home_of, retell
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.tokens import TokenCounter, count_tokens

LONGEST: Final = 3000  # characters; of a longer block a model sees no middle, so that it can't be said anew
_BATCH_TOKENS: Final = 6000  # of the blocks of one request: whole sections, as far as they fit
_BATCH_BLOCKS: Final = 150
_MAX_FACTS_NAMED: Final = 40  # facts of a block that a model is reminded of
_FACT: Final = 80  # characters of each
_THOUSANDS: Final = re.compile(r"\d{3}(?!\d)")
_NEAR: Final = 8  # characters between the numbers of several steps: "phases 1, 2 and 3"
_COUNTED: Final = re.compile(r"[ \u00a0][^\W\d]+")  # what stands behind a number
_REPAIRS: Final = 1
_MAX_FAULTS_NAMED: Final = 8  # faults of a text that the model is told
# The part of its tokens (0-1) that a piece is asked to become. A piece is prose and facts; the facts stay.
_PROSE: Final = 0.5
_FACTS: Final = 0.95
_LEAST, _MOST = 0.55, 0.95
# Of 160 criteria of exam skills none was lost when a strong model rewrote them to 60 % of their tokens, so with 95 %
# certainty less than 3 / 160 = 1.9 % are (rule of three). A weaker model is held to the same check. So the price of a
# rewriting lies between nothing and that bound. Below about half of the tokens nobody has measured: it rises there.
SHARE: Final = 0.985
_MEASURED: Final = 0.5  # of the tokens left
_STEEPNESS: Final = 0.1


@dataclass(frozen=True, slots=True)
class PromptedRewriter:
    """Texts by a language model for blocks and for several together: one call for a skill of ordinary length.

    One more where texts were refused. With `accept_unproved` it is enough that no change of meaning is found in a text;
    else all that its blocks say has to be accounted for. With `judged` a judge will be asked about plain words that are
    not found again; else they are faults. Asked about are all blocks, or `only` some (by index).
    """

    session: Session
    accept_unproved: bool = False
    judged: bool = False
    only: frozenset[int] | None = None

    def expected(self, skill: Skill) -> Expected:
        """About what `offer` will ask, at most; a repair is one more call."""
        groups = batches(skill, self.only)
        blocks = list(chain.from_iterable(groups))
        text = sum(count_tokens(excerpt(block.text)) for block in blocks)
        return Expected(len(groups), len(groups) * count_tokens(REWRITE.text) + 2 * text, text)

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """The texts that are shorter and say the same; of the others the good parts, and why they were refused.

        Raises what the session raises. A model that gives no usable text offers nothing.
        """
        groups = batches(reading.skill, self.only)
        if not groups:
            return Proposals()
        self.session.admit(reading.skill.text)
        told = [retell(reading.skill, telling, self._leniency()) for telling in self._ask(reading, groups)]
        first = self._leaning(reading, told)
        refused = [one for one in first if one.faults]
        second: dict[tuple[int, ...], Retold] = {}
        if refused:
            mended = (retell(reading.skill, telling, self._leniency()) for telling in self._mend(reading, refused))
            second = {one.telling.blocks: one for one in mended}
        best = [_better(one, second.get(one.telling.blocks)) for one in first]
        return _proposals(reading, self._leaning(reading, best), counter)

    def _leaning(self, reading: Reading, told: Sequence[Retold]) -> list[Retold]:
        """The texts, where one that lacks only what is said elsewhere in the result is whole.

        What another text says is there whether it is taken or not: else its blocks stay as they were.
        """
        skill = reading.skill
        texts = {block.index: block.text for block in skill.blocks}
        for one in told:
            said = one.text or one.telling.text
            home = home_of(skill, one.telling.blocks, said)
            texts |= {block: said if block == home else "" for block in one.telling.blocks}
        found: list[Retold] = []
        for one in told:
            elsewhere = _elsewhere(skill, texts, one.telling.blocks) if one.faults or one.doubts else ""
            again = retell(skill, one.telling, self._leniency(elsewhere)) if elsewhere else one
            better = len(again.faults) < len(one.faults) or len(again.doubts) < len(one.doubts)
            found.append(self._without_excused(reading, again if better else one, elsewhere))
        return found

    def _without_excused(self, reading: Reading, whole: Retold, elsewhere: str) -> Retold:
        """A text held against its blocks without those that may go anyway, where these are at fault."""
        told = whole.telling
        left = tuple(block for block in told.blocks if block not in excuses(reading))
        if not whole.faults or not self.judged or not left or left == told.blocks:
            return whole
        rest = retell(reading.skill, Telling(left, told.text), self._leniency(elsewhere))
        return rest if len(rest.faults) < len(whole.faults) else whole

    def _leniency(self, elsewhere: str = "") -> Leniency:
        return Leniency(self.judged and not self.accept_unproved, self.accept_unproved, elsewhere)

    def _ask(self, reading: Reading, groups: Sequence[Sequence[Block]]) -> list[Telling]:
        """What the model says for which blocks; no block is said twice."""
        question = BlockQuestion(
            REWRITE,
            lambda block: _label(reading, block, groups),
            lambda blocks: 200 + sum(30 + count_tokens(excerpt(block.text)) for block in blocks),
            lambda value, blocks: read_tellings(value, blocks),
        )
        answers = ask_in_rounds(self.session, reading.skill, groups, question, repairs=_REPAIRS, complete=False)
        return [answers.given[first] for first in sorted(answers.given)]

    def _mend(self, reading: Reading, refused: Sequence[Retold]) -> list[Telling]:
        """The mended texts of those that were refused."""
        wanted = {one.telling.blocks for one in refused}
        question = Question(
            _repair_request(reading.skill, refused),
            lambda value: list(read_tellings(value, reading.skill.blocks).values()),
        )
        (reply,) = self.session.ask_all([question])
        return [told for told in reply if told.blocks in wanted] if isinstance(reply, list) else []


def _elsewhere(skill: Skill, texts: Mapping[int, str], blocks: Collection[int]) -> str:
    """What is said outside of some blocks, given the texts of all, with the headings under which something is."""
    found: list[str] = []
    for section in skill.sections:
        left = [texts[b.index] for b in section.blocks if texts[b.index] and b.index not in blocks]
        if section.level and any(texts[b.index] for b in section.blocks):
            found.append(section.heading_source.strip())
        found += left
    return "\n\n".join(found)


def batches(skill: Skill, only: frozenset[int] | None = None) -> list[list[Block]]:
    """The blocks that a model is asked to rewrite, in groups of one request each: whole sections as far as they fit."""
    groups: list[list[Block]] = []
    filled = 0
    asked = {block.index for block in asked_blocks(skill) if only is None or block.index in only}
    for section in skill.sections:
        own = [block for block in section.blocks if block.index in asked]
        for part in _parts(own):
            size = sum(count_tokens(excerpt(block.text)) for block in part)
            if not groups or filled + size > _BATCH_TOKENS or len(groups[-1]) + len(part) > _BATCH_BLOCKS:
                groups.append([])
                filled = 0
            groups[-1] += part
            filled += size
    return groups


def _parts(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks of a section, in as many parts as it has to be cut into."""
    part: list[Block] = []
    filled = 0
    for block in blocks:
        size = count_tokens(excerpt(block.text))
        if part and (filled + size > _BATCH_TOKENS or len(part) >= _BATCH_BLOCKS):
            yield part
            part, filled = [], 0
        part.append(block)
        filled += size
    if part:
        yield part


def _label(reading: Reading, block: Block, groups: Sequence[Sequence[Block]]) -> str:
    """What stands over a block: its construct, its tokens and those wanted, what is alike, what is to be kept."""
    tokens = count_tokens(block.text)
    if len(block.text) > LONGEST:
        return f"{block.kind.value} | {tokens} tokens, too long to be said anew"
    parts = [block.kind.value, f"{tokens} tokens to about {wanted_tokens(reading, block)}"]
    places = next({b.index: place for place, b in enumerate(group)} for group in groups if block in group)
    part = reading.analysis.model_part
    if part and part.repeats.get(block.index, -1) in places:
        parts.append(f"repeats {places[part.repeats[block.index]]}")
    alike = {i for own in (part.alike if part else ()) if block.index in own for i in own} - {block.index}
    if shown := sorted(places[i] for i in alike if i in places):
        parts.append(f"alike: {', '.join(map(str, shown))}")
    if named := _named_facts(reading, block):
        parts.append(f"keep: {' · '.join(named)}")
    return " | ".join(parts)


def _named_facts(reading: Reading, block: Block) -> list[str]:
    """The facts of a block of prose as they stand, numbers with what they count; code is kept or cut as a whole.

    A number that counts nothing is left out ("1 · 2 · 3" of three phases).
    """
    if block.kind is BlockKind.CODE:
        return []
    spans: list[tuple[int, int]] = []
    number = -_NEAR  # where the last number of a step ends
    for fact in reading.facts[block.index]:
        start, end = fact.start, fact.end
        if fact.kind is FactKind.MODAL or len(fact.text) > _FACT:
            continue
        if fact.kind is FactKind.NUMBER:
            if spans and block.text[spans[-1][1] : start] == "," and _THOUSANDS.match(block.text, start):
                start = spans.pop()[0]  # "5,000"
            elif block.text[start:end].isdigit() and not _THOUSANDS.match(block.text, end + 1):
                counted = _COUNTED.match(block.text, end)
                if counted is None or start - number < _NEAR or _counts_steps(block.text[:start]):
                    number = end  # alone it says nothing
                    continue
                end = counted.end()
        spans.append((start, end))
    named = dict.fromkeys(" ".join(block.text[start:end].split("\n")).strip() for start, end in spans)
    return list(named)[:_MAX_FACTS_NAMED]


def _counts_steps(before: str) -> bool:
    """Whether what stands before a number says that it is that of a step, phase or the like."""
    word = before.split()[-1].lower() if before.split() else ""
    return not bases(word).isdisjoint(words_in("counting"))


def wanted_tokens(reading: Reading, block: Block) -> int:
    """To about how many tokens a block can be said: what is facts stays, of prose the half."""
    tokens = count_tokens(block.text)
    spans = sorted((f.start, f.end) for f in reading.facts[block.index] if f.kind is not FactKind.MODAL)
    covered, at = 0, 0
    for start, end in spans:
        covered += max(0, end - max(start, at))
        at = max(at, end)
    fixed = 1.0 if block.kind not in PROSE and block.kind is not BlockKind.TABLE else covered / max(1, len(block.text))
    form = 0.3 if block.kind is BlockKind.TABLE else 0.0
    left = _PROSE + (_FACTS - _PROSE) * min(1.0, fixed * 1.5 + form)
    return max(1, round(min(_MOST, max(_LEAST, left)) * tokens))


def _repair_request(skill: Skill, refused: Sequence[Retold]) -> Request:
    """What is asked about texts that were refused: originals, last texts, and the exact words that are wrong."""
    boundary = new_boundary([skill.text, *(one.telling.text for one in refused)])
    shown = []
    for one in refused:
        numbers = ", ".join(map(str, one.telling.blocks))
        under = headings(skill, skill.blocks[one.telling.blocks[0]])
        wrong = " · ".join(dict.fromkeys(str(fault) for fault in one.faults[:_MAX_FAULTS_NAMED]))
        shown.append(
            f"{boundary} blocks {numbers} | {under}\n{one.before.strip()}\n"
            f"{boundary} last text\n{one.telling.text.strip()}\n{boundary} wrong in it\n{wrong}"
        )
    values = {"problem": "", "blocks": "\n".join(shown), "count": str(len(refused))}
    tokens = 200 + sum(30 + 2 * count_tokens(one.telling.text) for one in refused)
    return REPAIR.request(tokens, sample=0, boundary=boundary, values=values)


def read_tellings(value: dict[str, object], blocks: Sequence[Block]) -> dict[int, Telling]:
    """The texts of a reply about some blocks, by place of the first that each says; no block is said twice.

    What names no block, or says nothing, is passed over. Raises MalformedReplyError for a reply without `texts`.
    """
    texts = value.get("texts")
    if not isinstance(texts, list):
        raise MalformedReplyError("It held no list of texts.")
    taken: set[int] = set()
    found: dict[int, Telling] = {}
    for entry in texts:
        places = _places(entry, len(blocks))
        text = entry.get("text") if isinstance(entry, dict) else None
        if not places or not isinstance(text, str) or not text.strip() or taken & set(places):
            continue
        taken |= set(places)
        if all(len(blocks[place].text) <= LONGEST for place in places):
            found[places[0]] = Telling(tuple(blocks[place].index for place in places), text)
    return found


def _places(entry: object, count: int) -> list[int]:
    """The blocks that an entry names, in order; none where one of them is not there."""
    named = entry.get("blocks") if isinstance(entry, dict) else None
    numbers = [number_within(place, count - 1) for place in (named if isinstance(named, list) else [])]
    if any(number is None or not number.is_integer() for number in numbers):
        return []
    return sorted({int(number) for number in numbers if number is not None})


def read_texts(value: dict[str, object], count: int) -> dict[int, str]:
    """The texts of a reply, by place, "" for a piece that is to stay; what is none of a piece is passed over.

    A place that is given two different texts has none. Raises MalformedReplyError for a reply without any.
    """
    found = ((place, text) for place, entry in entries(value, count) if isinstance(text := entry.get("text"), str))
    texts = undisputed(found, str)
    if not texts:
        raise MalformedReplyError("It held no text for any of the pieces.")
    return texts


def _better(first: Retold, second: Retold | None) -> Retold:
    """Of a text and its mended form the one that is whole, else the one of which less is left."""
    if second is None or not first.faults:
        return first
    if not second.faults:
        return second
    texts = [one for one in (first, second) if one.text]
    return min(texts, key=lambda one: count_tokens(one.text)) if texts else second


def _proposals(reading: Reading, told: Sequence[Retold], counter: TokenCounter) -> Proposals:
    renderings: dict[int, tuple[Rendering, ...]] = {}
    bundles: list[Bundle] = []
    refusals: list[Refusal] = []
    doubts: list[Doubt] = []
    for one in told:
        if one.faults:
            faults = tuple(dict.fromkeys(map(str, one.faults)))
            refusals.append(Refusal(one.telling.blocks, one.before, one.telling.text, faults, bool(one.text)))
        if not one.text:
            continue
        blocks = [reading.skill.blocks[i] for i in one.telling.blocks]
        source = one.text.rstrip("\r\n") + one.before[len(one.before.rstrip("\r\n")) :] if len(blocks) > 1 else one.text
        home = home_of(reading.skill, one.telling.blocks, one.text)
        source += blocks[-1].gap if _are_next(blocks) else reading.skill.blocks[home].gap
        before, after = counter.count(one.before), counter.count(source)
        if after >= before:
            continue
        share = share_kept(after / before)
        doubts += _doubts(one)
        if len(blocks) > 1:
            texts = tuple(source if block.index == home else "" for block in blocks)
            bundles.append(Bundle(_kind(reading, blocks), one.telling.blocks, texts, (), share))
        else:
            renderings[blocks[0].index] = (Rendering(RenderingKind.REWRITTEN, source, after, share, proved=True),)
    return Proposals(renderings, tuple(bundles), refusals=tuple(refusals), doubts=tuple(doubts))


def _doubts(told: Retold) -> Iterator[Doubt]:
    """What is in question of a text, by the sentence of the original that it is about; lines of a sample as one."""
    by_sides: dict[tuple[str, str], list[str]] = {}
    lines: list[str] = []
    for fault in told.doubts:
        if fault.old and not fault.new and fault.old[0].kind in VERBATIM:
            lines.append(fault.old[0].text)
            continue
        before, after = (" ".join(unit.text for unit in units) for units in (fault.old, fault.new))
        by_sides.setdefault((before, after), []).append(str(fault))
    for (before, after), faults in by_sides.items():
        yield Doubt(told.telling.blocks, before, after, tuple(dict.fromkeys(faults)))
    if lines:
        yield Doubt(told.telling.blocks, "\n".join(lines), "", (_LINES,))


_LINES: Final = "lost: lines of a sample"


def _are_next(blocks: Sequence[Block]) -> bool:
    return all(b.index == a.index + 1 for a, b in pairwise(blocks))


def _kind(reading: Reading, blocks: Sequence[Block]) -> RenderingKind:
    """Edge cases that are said together are summed up, as the reference calls it."""
    cases = all(reading.verdicts[block.index].type is SectionType.EDGE_CASE for block in blocks)
    return RenderingKind.SUMMARIZED if cases else RenderingKind.MERGED


def share_kept(left: float) -> float:
    """The part of a block's worth (0-1) that a rewriting keeps, by the part of the tokens (0-1) that is left."""
    return SHARE - _STEEPNESS * max(0.0, _MEASURED - left)
