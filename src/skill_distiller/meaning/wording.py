"""Two texts that stand for one another, word by word: what is the same, what is proved harmless, what is turned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.language.lexicon import Sense, are_opposites, are_synonyms, is_imperative, same_word
from skill_distiller.meaning.statements import Clause, Statement, Token, TokenKind, read_statements


class Verdict(StrEnum):
    """What is said of a piece of the original and what stands for it, from the best to the worst.

    PROVED: only edits that can't change what is said. REWORDED: other words, and nobody can tell by program. MOVED: the
    same words under another heading, label or count, or in another order. The others are changes of meaning.
    """

    IDENTICAL = "identical"
    PROVED = "proved"
    REWORDED = "reworded"
    MOVED = "moved"
    WEAKENED = "weakened"
    CHANGED = "changed"
    CONTRADICTED = "contradicted"
    GONE = "gone"
    NEW = "new"


RANK: Final = {verdict: place for place, verdict in enumerate(Verdict)}
CERTIFIED: Final = frozenset({Verdict.IDENTICAL, Verdict.PROVED})


class Edit(NamedTuple):
    """One difference in the words: what it means, the tokens on both sides, and what it is about ("fact", a sense)."""

    verdict: Verdict
    before: tuple[Token, ...]
    after: tuple[Token, ...]
    what: str


# What may go without a trace in a text that says the same, and come.
_SOFT: Final = frozenset(
    {Sense.ADVICE, Sense.AND, Sense.OR, Sense.THEN, Sense.BUT, Sense.BECAUSE, Sense.ALL, Sense.SOME}
)
_SOFT_WHEN_NEW: Final = _SOFT | {Sense.DUTY, Sense.BEFORE, Sense.AFTER}
_NO_LABELS: Final = frozenset({Sense.EXCEPTION, Sense.UNTIL, Sense.BEFORE})  # what a mere label can't say
# Senses of which one may stand in the place of another, and means something else then.
_FAMILIES: Final = (
    frozenset({Sense.DUTY, Sense.ADVICE, Sense.LEAVE}),
    frozenset({Sense.ALL, Sense.SOME, Sense.ONLY, Sense.NEGATION}),
    frozenset({Sense.AND, Sense.OR}),
    frozenset({Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.THEN}),
    frozenset({Sense.CONDITION, Sense.EXCEPTION, Sense.LACK, Sense.OTHERWISE, Sense.INSTEAD}),
)
_FORCE: Final = {Sense.DUTY: 3, Sense.ADVICE: 2, Sense.LEAVE: 1}
_TURNING: Final = frozenset({Sense.NEGATION, Sense.LACK, Sense.AVOIDANCE, Sense.EXCEPTION})
# With one of these in it, a statement whose words were exchanged is not taken on trust.
_BINDING: Final = frozenset({Sense.NEGATION, Sense.DUTY, Sense.APPROVAL, Sense.AVOIDANCE, Sense.LACK, Sense.ONLY})
_MAX_CELLS: Final = 250_000  # of a table of two texts; a longer one is not compared word by word
_MAX_PAIRS: Final = 10_000  # of statements; of more the first is taken for the first
_MIN_TYPO: Final = 5  # letters of a word that may have been misspelt


@lru_cache(maxsize=8192)
def compare_wording(before: str, after: str) -> tuple[Edit, ...]:
    """The differences of two texts that stand for one another; () where they are the same but for white space.

    Cached: a rendering that is proved is looked at again in the result.
    """
    return tuple(_Comparison().edits(read_statements(before), read_statements(after)))


def worst(edits: Iterable[Edit]) -> Verdict:
    """The verdict of some edits taken together."""
    return max((edit.verdict for edit in edits), key=RANK.__getitem__, default=Verdict.PROVED)


def asks(tokens: Sequence[Token]) -> bool:
    """Whether a text begins with what to do: "Keep the log."."""
    first = next((token for token in tokens if token.kind is not TokenKind.SMALL), None)
    return first is not None and is_imperative(first.word)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a statement something stands: in a label, in what it says itself, in one that binds or asks approval."""

    binding: bool
    main: bool = False
    label: bool = False
    approval: bool = False


@dataclass(slots=True)
class _Gap:
    """What stands between two places that are the same: tokens of the original, and of the new text."""

    before: list[Token]
    after: list[Token]
    place: _Place

    def of_kind(self, kind: TokenKind) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
        """The tokens of a kind on both sides."""
        return tuple(t for t in self.before if t.kind is kind), tuple(t for t in self.after if t.kind is kind)


@dataclass
class _Comparison:
    """The work of comparing two lists of statements."""

    found: list[Edit] = field(default_factory=list)
    gaps: list[_Gap] = field(default_factory=list)
    kept: list[tuple[Token, Token]] = field(default_factory=list)  # words and facts that are the same

    def edits(self, before: Sequence[Statement], after: Sequence[Statement]) -> Iterator[Edit]:
        for old, new in _match_statements(before, after):
            self._statements(old or Statement(()), new or Statement(()))
        for gap in self.gaps:
            self._replaced(gap)
        for gap in self.gaps:
            self._moved(gap)
        for gap in self.gaps:
            self.found += _left(gap, len(self.kept))
        yield from self.found

    def _statements(self, old: Statement, new: Statement) -> None:
        binding = bool(old.conditions) or any(token.sense in _BINDING for token in old.main) or asks(old.main)
        approval = any(token.sense is Sense.APPROVAL for token in old.main)
        self._diff(old.main, new.main, _Place(binding, main=True, approval=approval))
        for clause, other in _match_clauses(old.conditions, new.conditions):
            if clause and other:
                self._clauses(clause, other)
            else:
                self._clause_alone(clause, other)

    def _clauses(self, old: Clause, new: Clause) -> None:
        if old.sense is not new.sense:
            senses = {old.sense, new.sense}
            harmless = Sense.BECAUSE in senses or (None in senses and not senses & _NO_LABELS)
            verdict = Verdict.REWORDED if harmless else Verdict.CONTRADICTED
            self.found.append(Edit(verdict, old.tokens, new.tokens, str(old.sense or new.sense)))
        binding = old.sense is not None and old.sense is not Sense.BECAUSE
        self._diff(old.tokens, new.tokens, _Place(binding, label=not (old.sense and new.sense)))

    def _clause_alone(self, old: Clause | None, new: Clause | None) -> None:
        """A condition without a counterpart is a loss; a reason only where facts go with it; a label is mere words."""
        clause = old or new
        tokens = old.tokens if old else (), new.tokens if new else ()
        if clause is None or clause.sense is None:
            self._diff(*tokens, _Place(binding=False, label=True))
            return
        reason = clause.sense is Sense.BECAUSE
        self.found.append(Edit(Verdict.REWORDED if reason else Verdict.CHANGED, *tokens, clause.sense.value))
        lost, come = (tuple(t for t in side if t.kind is TokenKind.FACT) for side in tokens)
        if reason and (lost or come):
            self.found.append(Edit(Verdict.CHANGED, lost, come, "fact"))

    def _diff(self, old: Sequence[Token], new: Sequence[Token], place: _Place) -> None:
        pairs = _same_places(old, new)
        at, at_new = 0, 0
        for i, j in [*pairs, (len(old), len(new))]:
            lost, come = list(old[at:i]), list(new[at_new:j])
            if len(lost) * len(come) > _MAX_CELLS:
                self.found.append(Edit(Verdict.CHANGED, (), (), "too long to compare"))
            elif lost or come:
                self.gaps.append(_Gap(lost, come, place))
            at, at_new = i + 1, j + 1
        for i, j in pairs:
            if old[i].kind <= TokenKind.WORD:
                self.kept.append((old[i], new[j]))
            self.found += _same(old[i], new[j])

    def _replaced(self, gap: _Gap) -> None:
        """Pair the words of a gap that stand for one another: opposites, synonyms, forms, strengths."""
        for one in list(gap.before):
            for other in gap.after:
                if edit := _replacement(one, other):
                    self.found.append(edit)
                    gap.before.remove(one)
                    gap.after.remove(other)
                    break
        lost, come = _joined(gap.before), _joined(gap.after)
        # Words of scripts without blanks may be several tokens.
        if lost and come and (are_opposites(lost, come) or are_synonyms(lost, come)):
            opposite = are_opposites(lost, come)
            verdict = Verdict.CONTRADICTED if opposite else Verdict.REWORDED
            self.found.append(Edit(verdict, tuple(gap.before), tuple(gap.after), "opposite" if opposite else "synonym"))
            gap.before, gap.after = [], []

    def _moved(self, gap: _Gap) -> None:
        """Words that went here and came in another place: an order that is turned, unless none stands between."""
        for one in [token for token in gap.before if token.kind <= TokenKind.WORD]:
            for target in self.gaps:
                other = next((t for t in target.after if t.value == one.value and t.kind is one.kind), None)
                if other is None or target is gap:
                    continue
                gap.before.remove(one)
                target.after.remove(other)
                labels = gap.place.label or target.place.label
                kept = gap.place.main and target.place.main and self._keeps_order(one, other)
                verdict = Verdict.REWORDED if labels or kept else Verdict.CHANGED
                self.found.append(Edit(verdict, (one,), (other,), "order"))
                self.kept.append((one, other))
                break

    def _keeps_order(self, one: Token, other: Token) -> bool:
        """Whether a word still stands behind all that it stood behind, and before all that it stood before."""
        return all((one.start < old.start) is (other.start < new.start) for old, new in self.kept)


def _same(one: Token, other: Token) -> Iterator[Edit]:
    """Two tokens of one value may still differ: in their form, in capitals."""
    if one.loud and not other.loud and one.kind is TokenKind.SENSE:
        yield Edit(Verdict.WEAKENED, (one,), (other,), "capitals")
    elif one.kind is TokenKind.WORD and one.word != other.word:
        verdict = Verdict.REWORDED if same_word(one.word, other.word) else Verdict.CHANGED
        yield Edit(verdict, (one,), (other,), "word")
    elif one.kind is TokenKind.SENSE and one.word != other.word:
        yield Edit(Verdict.REWORDED, (one,), (other,), str(one.sense))


def _replacement(one: Token, other: Token) -> Edit | None:
    """What it means that one token stands in the place of another; None where they have nothing to do with another."""
    pair = (one,), (other,)
    forces = one.sense in _FORCE and other.sense in _FORCE  # "should" for "must" is weaker, not the opposite
    if not forces and are_opposites(one.word, other.word):
        return Edit(Verdict.CONTRADICTED, *pair, "opposite")
    if one.sense and other.sense:
        return _other_sense(one, other)
    if not {one.kind, other.kind} <= {TokenKind.SENSE, TokenKind.WORD, TokenKind.LIGHT}:
        return None
    if same_word(one.word, other.word) or are_synonyms(one.word, other.word):
        return Edit(Verdict.REWORDED, *pair, "synonym")
    if one.kind is other.kind is TokenKind.WORD and _is_typo(one.word, other.word):
        return Edit(Verdict.REWORDED, *pair, "spelling")
    return None


def _other_sense(one: Token, other: Token) -> Edit | None:
    senses = {one.sense, other.sense}
    if one.sense in _FORCE and other.sense in _FORCE:
        verdict = Verdict.WEAKENED if _FORCE[other.sense] < _FORCE[one.sense] else Verdict.CHANGED
    elif len(senses) == 1 or any(senses <= family for family in _FAMILIES):
        verdict = Verdict.CONTRADICTED if senses & _TURNING else Verdict.CHANGED
    else:
        return None
    return Edit(verdict, (one,), (other,), str(one.sense))


def _is_typo(one: str, other: str) -> bool:
    """Whether two words differ by one letter more, less or other, or by two that changed places."""
    if min(len(one), len(other)) < _MIN_TYPO or abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, rest_other = one[start:], other[start:]
    swapped = rest[:2] == rest_other[1::-1] and rest[2:] == rest_other[2:]
    return swapped or rest[1:] == rest_other[1:] or rest[1:] == rest_other or rest == rest_other[1:]


def _joined(tokens: Sequence[Token]) -> str:
    return "".join(token.word for token in tokens if token.kind in (TokenKind.WORD, TokenKind.SENSE))


def _left(gap: _Gap, kept: int) -> Iterator[Edit]:
    """What of a gap has no counterpart anywhere."""
    yield from _words_left(gap, kept)
    lost, come = gap.of_kind(TokenKind.FACT)
    if lost or come:
        yield Edit(Verdict.CHANGED, lost, come, "fact")
    gone, new = gap.of_kind(TokenKind.SENSE)
    yield from (Edit(_sense_gone(token), (token,), (), str(token.sense)) for token in gone)
    yield from (Edit(_sense_new(token, gap.place), (), (token,), str(token.sense)) for token in new)
    for kind, verdict in ((TokenKind.LIGHT, Verdict.REWORDED), (TokenKind.SMALL, Verdict.PROVED)):
        lost, come = gap.of_kind(kind)
        if lost or come:
            yield Edit(verdict, lost, come, "small word")


def _words_left(gap: _Gap, kept: int) -> Iterator[Edit]:
    """Words in the place of others are a change where the rest is as it was; words that only go or come mostly none."""
    lost, come = gap.of_kind(TokenKind.WORD)
    if bool(lost) is not bool(come):  # a soft word in the place of a word is another word
        lost = lost or tuple(token for token in gap.before if token.sense in _SOFT)
        come = come or tuple(token for token in gap.after if token.sense in _SOFT)
    if lost and come:
        firm = gap.place.binding or len(lost) + len(come) <= max(2, kept)
    else:
        firm = bool(lost and gap.place.approval) or bool(come and gap.place.binding and gap.place.main)
    if lost or come:
        yield Edit(Verdict.CHANGED if firm else Verdict.REWORDED, lost, come, "word")


def _sense_gone(token: Token) -> Verdict:
    if token.sense in _SOFT:
        return Verdict.REWORDED
    return Verdict.CONTRADICTED if token.sense in _TURNING else Verdict.CHANGED


def _sense_new(token: Token, place: _Place) -> Verdict:
    if token.sense is Sense.ADVICE and place.binding:
        return Verdict.WEAKENED
    if token.sense in _SOFT_WHEN_NEW:
        return Verdict.REWORDED
    return Verdict.CONTRADICTED if token.sense in _TURNING else Verdict.CHANGED


def _match_statements(
    before: Sequence[Statement], after: Sequence[Statement]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    """Each statement with the one that shares most with it; what is left over by itself."""
    if len(before) == len(after) == 1:
        yield before[0], after[0]
        return
    if len(before) * len(after) > _MAX_PAIRS:
        shared = [(0, 0, i, i) for i in range(min(len(before), len(after)))]
    else:
        shared = [
            (len(old.content & new.content), -abs(i - j), i, j)
            for i, old in enumerate(before)
            for j, new in enumerate(after)
        ]
    taken: dict[int, int] = {}
    free = set(range(len(after)))
    for count, _, i, j in sorted(shared, reverse=True):
        if i not in taken and j in free and (count or i == j):
            taken[i] = j
            free.remove(j)
    yield from ((old, after[taken[i]] if i in taken else None) for i, old in enumerate(before))
    yield from ((None, after[j]) for j in sorted(free))


def _match_clauses(before: Sequence[Clause], after: Sequence[Clause]) -> Iterator[tuple[Clause | None, Clause | None]]:
    """The conditions of two statements, paired by sense and then by their words."""
    left = list(after)
    rest = []
    for clause in before:
        values = {token.value for token in clause.tokens}
        same = [other for other in left if other.sense is clause.sense]
        if same:
            best = max(same, key=lambda other: len(values & {token.value for token in other.tokens}))
            left.remove(best)
            yield clause, best
        else:
            rest.append(clause)
    for clause in rest:
        says = _says(clause)
        alike = next((other for other in left if says & _says(other)), None)
        if alike:
            left.remove(alike)
        yield clause, alike
    yield from ((None, clause) for clause in left)


def _says(clause: Clause) -> set[str]:
    return {token.value for token in clause.tokens if token.kind <= TokenKind.WORD}


def _same_places(old: Sequence[Token], new: Sequence[Token]) -> list[tuple[int, int]]:
    """The places of a longest common subsequence of values; the same tokens at both ends are no work."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i].value != new[i].value), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i].value != new[-1 - i].value), shorter - start)
    inner = _common(
        [token.value for token in old[start : len(old) - end]], [token.value for token in new[start : len(new) - end]]
    )
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in inner),
        *((len(old) - end + i, len(new) - end + i) for i in range(end)),
    ]


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    if len(old) * len(new) > _MAX_CELLS or not old or not new:
        return []
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below, value = table[i], table[i + 1], old[i]
        for j in range(len(new) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if value == new[j] else max(below[j], row[j + 1])
    pairs, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
