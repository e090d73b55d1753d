"""Two texts that stand for one another, word by word: what is the same, what is proved harmless, what is turned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from skill_distiller.language.forms import same_word
from skill_distiller.language.lexicon import (
    Sense,
    are_declined,
    are_opposites,
    is_bleached,
    is_imperative,
    is_implied,
    is_kind,
    is_lacking,
    is_leading,
    is_particle,
    is_pronoun,
    is_qualifier,
    senses,
)
from skill_distiller.language.words import words_in
from skill_distiller.meaning.punctuation import Marked, comma_behind_condition, parted_otherwise
from skill_distiller.meaning.readings import (
    is_by_means_of,
    is_fronted,
    is_negated_form,
    limits_the_same,
    says_joined,
    senses_of_one_side,
    stands_for,
    without_start,
)
from skill_distiller.meaning.sentence_tokens import asks, read_language
from skill_distiller.meaning.statements import (
    MAX_CELLS,
    Clause,
    Statement,
    match_clauses,
    match_statements,
    read_statements,
    same_places,
)
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.verdicts import (
    SOFT,
    SOFT_WHEN_NEW,
    Edit,
    Verdict,
    replaced,
    sense_gone,
    sense_new,
)
from skill_distiller.meaning.word_order import Gap, crosses_negation, is_turned, keeps_order, lost_items

_NO_LABELS: Final = frozenset({Sense.EXCEPTION, Sense.UNTIL, Sense.BEFORE})  # what a mere label can't say
# "When the tests pass", "after the tests pass"; "while it runs", "as long as it runs".
_WHEN: Final = ({Sense.CONDITION, Sense.AFTER}, {Sense.CONDITION, Sense.WHILE})
# With one of these in it, a statement whose words were exchanged is not taken on trust.
_BINDING: Final = frozenset({Sense.NEGATION, Sense.DUTY, Sense.APPROVAL, Sense.AVOIDANCE, Sense.LACK, Sense.ONLY})
# What an edit of tokens that are no words is.
_OTHERS: Final = (
    (TokenKind.FACT, Verdict.CHANGED, "fact"),
    (TokenKind.LIGHT, Verdict.REWORDED, "small word"),
    (TokenKind.SMALL, Verdict.PROVED, "small word"),
)
_WRITTEN: Final = frozenset({TokenKind.FACT, TokenKind.WORD})
_MAX_DROPPED: Final = 2  # words that may be a detail on which all depends: "manually", "by hand", "wait for a yes"
_LEAST_KEPT: Final = 2  # words that stayed, with which another word beside them may say the same
_FEW_LOOSE: Final = 12  # loose words among which forms and synonyms are looked for too
_MAX_LOOSE: Final = 2_000_000  # pairs of words that went, came or stayed; of more nobody looks for the order


@lru_cache(maxsize=8192)
def compare_wording(before: str, after: str, around: str = "") -> tuple[Edit, ...]:
    """The differences of two texts that stand for one another; () where they are the same but for white space.

    `around` is the language of what they stand in.
    """
    language = read_language(before, after) or around  # of both: a short text alone may tell none
    old, new = Marked(before, language), Marked(after, language)
    if at := comma_behind_condition(old, new):
        return (Edit(Verdict.REWORDED, (old.tokens[at],), (new.tokens[at],), "punctuation"),)
    otherwise = senses_of_one_side(old.tokens, new.tokens)
    sides = [read_statements(text, language, otherwise) for text in (before, after)]
    edits = tuple(_Comparison(sides[0], sides[1]).edits())
    if any(edit.what == "order" and edit.verdict is Verdict.CHANGED for edit in edits):
        ends = [i for i, (one, other) in enumerate(zip(old.marks, new.marks, strict=False)) if one and other]
        parts = without_start(old.tokens, new.tokens, ends)
        bare = [[token for token in side if token.word not in words_in("means")] for side in parts]
        start = len(old.tokens) - len(parts[0])
        parted = [i + 1 - start for i, mark in enumerate(old.marks) if mark and i >= start]
        if is_fronted(parts[0], parts[1], parted) or is_by_means_of(*bare):
            return (Edit(Verdict.REWORDED, tuple(parts[0]), tuple(parts[1]), "order"),)
    if otherwise:
        edits += (Edit(Verdict.REWORDED, (), (), "word"),)
    return (*edits, *parted_otherwise(old, new), *lost_items(before, old.tokens, new.tokens))


@dataclass
class _Comparison:
    """The work of comparing two lists of statements."""

    before: Sequence[Statement]
    after: Sequence[Statement]
    found: list[Edit] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    kept: list[tuple[Token, Token]] = field(default_factory=list)  # words and facts that are the same
    asked: bool = False
    told: bool = False
    alone: bool = False  # whether the texts differ in one place only: who says a sentence shortly drops words in many
    turned: bool = False  # whether what does something now has it done to it, or the other way

    def edits(self) -> Iterator[Edit]:
        for old, new in match_statements(self.before, self.after):
            self._pair(old or Statement(()), new or Statement(()))
        bare = [sum(not one.main and bool(one.conditions) for one in side) for side in (self.before, self.after)]
        if bare[1] > bare[0]:  # "if it fails, stop" became "if it fails. Stop"
            self.found.append(Edit(Verdict.CHANGED, (), (), "condition"))
        said = (any(t.kind is not TokenKind.SMALL for t in (*gap.before, *gap.after)) for gap in self.gaps)
        self.alone = sum(said) == 1
        for gap in self.gaps:
            self._resolve(gap)
        self._exchanged()
        self.turned = is_turned(self.gaps, self.kept)
        self._only_moved()
        self._moved()
        for gap in self.gaps:
            self._left(gap)
        yield from self.found

    def _pair(self, old: Statement, new: Statement) -> None:
        binding = bool(old.conditions) or any(token.sense in _BINDING for token in old.main) or asks(old.main)
        self.asked = not asks(old.main) and asks(new.main)
        self.told = asks(old.main)
        self._diff(old.main, new.main, binding=binding, main=True)
        for clause, other in match_clauses(old.conditions, new.conditions):
            self._clauses(clause, other)

    def _clauses(self, old: Clause | None, new: Clause | None) -> None:
        """A condition and what stands for it: one that goes is a loss but for reasons and labels."""
        tokens = old.tokens if old else (), new.tokens if new else ()
        lost, come = old.sense if old else None, new.sense if new else None
        if old and new and lost is not come:
            labels = None in (lost, come) and not {lost, come} & _NO_LABELS
            reason = Sense.BECAUSE in (lost, come) and Sense.CONDITION not in (lost, come)
            alike = labels or reason or {lost, come} in _WHEN
            verdict = Verdict.REWORDED if alike else Verdict.CONTRADICTED
            self.found.append(Edit(verdict, old.head or old.tokens, new.head or new.tokens, str(lost or come)))
        elif not (old and new) and (lost or come):  # a condition or reason by itself; a label is looked at word by word
            reason = Sense.BECAUSE in (lost, come)
            gone, fresh = ((*side.head, *side.tokens) if side else () for side in (old, new))
            self.found.append(Edit(Verdict.REWORDED if reason else Verdict.CHANGED, gone, fresh, str(lost or come)))
            if reason:
                facts = [tuple(t for t in side if t.kind is TokenKind.FACT) for side in tokens]
                if any(facts):
                    self.found.append(Edit(Verdict.CHANGED, facts[0], facts[1], "fact"))
            return
        elif old and new and old.head != new.head and old.head[:1] and new.head[:1]:
            self._same(old.head[0], new.head[0])
        self._diff(*tokens, binding=lost is not None and lost is not Sense.BECAUSE, label=not (lost and come))

    def _diff(
        self, old: Sequence[Token], new: Sequence[Token], *, binding: bool, main: bool = False, label: bool = False
    ) -> None:
        approval = any(token.sense is Sense.APPROVAL for token in old)
        pairs = same_places(old, new)
        at, at_new = 0, 0
        for i, j in [*pairs, (len(old), len(new))]:
            lost, come = list(old[at:i]), list(new[at_new:j])
            if len(lost) * len(come) > MAX_CELLS:
                self.found.append(Edit(Verdict.CHANGED, (), (), "too long to compare"))
            elif lost or come:
                self.gaps.append(
                    Gap(lost, come, binding, approval, main, label, main and self.asked, main and self.told)
                )
            at, at_new = i + 1, j + 1
        for i, j in pairs:
            if old[i].kind <= TokenKind.WORD:
                self.kept.append((old[i], new[j]))
            self._same(old[i], new[j])

    def _same(self, one: Token, other: Token) -> None:
        """Two tokens of one value may still differ: in their form, in capitals."""
        if one.loud and not other.loud and one.kind is TokenKind.SENSE:
            verdict = Verdict.REWORDED if one.sense is Sense.NEGATION else Verdict.WEAKENED  # "do NOT" as "don't"
            self.found.append(Edit(verdict, (one,), (other,), "capitals"))
        elif one.word != other.word and one.kind in _WRITTEN and (one.word + other.word).replace("'", "").isalpha():
            quoted = one.kind is other.kind is TokenKind.FACT  # in its form too: "blocked", "blocking"
            verdict = (
                Verdict.CHANGED if quoted or not same_word(one.word, other.word, one.language) else Verdict.REWORDED
            )
            self.found.append(Edit(verdict, (one,), (other,), "fact" if quoted else "word"))
        elif one.spoken != other.spoken:
            self.found.append(Edit(Verdict.REWORDED, (one,), (other,), "word"))
        elif one.word != other.word and one.kind is TokenKind.SENSE:
            opposite = are_opposites(one.word, other.word, one.language)
            self.found.append(
                Edit(Verdict.CONTRADICTED if opposite else Verdict.REWORDED, (one,), (other,), str(one.sense))
            )

    def _resolve(self, gap: Gap) -> None:
        """Pair the words of a gap that stand for one another: opposites, synonyms, forms, strengths."""
        self._joined(gap)
        for one in list(gap.before):
            for other in gap.after:
                edit = replaced(one, other) or _negated(gap, one, other)
                if edit:
                    if edit.what == "opposite" and (_unnegated(gap.before, one) or _unnegated(gap.after, other)):
                        edit = edit._replace(verdict=Verdict.REWORDED)  # "not clear" is "unclear"
                    self.found.append(edit)
                    gap.before.remove(one)
                    gap.after.remove(other)
                    break
        self._joined(gap)

    def _joined(self, gap: Gap) -> None:
        if says_joined(gap.before, gap.after):  # "time stamp", "Ctrl+C" as code
            self.found.append(Edit(Verdict.REWORDED, tuple(gap.before), tuple(gap.after), "spelling"))
            gap.before.clear()
            gap.after.clear()

    def _exchanged(self) -> None:
        """Two words that stand for one another and changed places: "keep A, store B"."""
        edits = {(edit.before[0].value, edit.after[0].value) for edit in self.found if edit.what == "synonym"}
        for number, edit in enumerate(self.found):
            if edit.what == "synonym" and (edit.after[0].value, edit.before[0].value) in edits:
                self.found[number] = edit._replace(verdict=Verdict.CHANGED, what="order")

    def _only_moved(self) -> None:
        """An "only" before an instruction that now stands elsewhere in it: "only send it if ...", "send it only if"."""
        mains = [[one.main for one in side] for side in (self.before, self.after)]
        for gap, target in ((gap, target) for gap in self.gaps for target in self.gaps if gap is not target):
            one = next((token for token in gap.before if token.sense is Sense.ONLY), None)
            other = next((token for token in target.after if token.sense is Sense.ONLY), None)
            if one and other and limits_the_same(mains, one, other):
                gap.before.remove(one)
                target.after.remove(other)
                self.found.append(Edit(Verdict.REWORDED, (one,), (other,), "order"))

    def _moved(self) -> None:
        """Words that went in one place and came in another: an order that is turned, unless it says the same."""
        loose = sum(len(gap.before) + len(gap.after) for gap in self.gaps)
        if loose * (loose + len(self.kept)) > _MAX_LOOSE:
            self.found.append(Edit(Verdict.CHANGED, (), (), "too long to compare"))
            return
        for gap in self.gaps:
            for one in [token for token in gap.before if token.kind <= TokenKind.WORD]:
                for target in self.gaps:
                    other = next((t for t in target.after if stands_for(one, t, loosely=loose <= _FEW_LOOSE)), None)
                    if other and target is not gap:
                        gap.before.remove(one)
                        target.after.remove(other)
                        named = any(map(_is_pronoun, gap.after)) and any(map(_is_pronoun, target.before))
                        harmless = (
                            named
                            or is_lacking(one.word) is not is_lacking(other.word)
                            or gap.label
                            or target.label
                            or (gap.main is target.main and self._keeps_order((one, other), gap, target))
                        )
                        verdict = Verdict.REWORDED if harmless else Verdict.CHANGED
                        self.found.append(Edit(verdict, (one,), (other,), "order"))
                        self.kept.append((one, other))
                        break

    def _keeps_order(self, pair: tuple[Token, Token], gap: Gap, target: Gap) -> bool:
        if not gap.main:  # the words of a condition stay in order
            return crosses_negation(pair, self.kept)
        return self.turned or keeps_order(pair, (gap, target), self.kept)

    def _left(self, gap: Gap) -> None:
        """What of a gap has no counterpart anywhere."""
        lost = [token for token in gap.before if token.kind is TokenKind.WORD and not is_kind(token.word)]
        come = [token for token in gap.after if token.kind is TokenKind.WORD and not is_kind(token.word)]
        named, named_now = ([t for t in side if is_kind(t.word)] for side in (gap.before, gap.after))
        if (named and named_now) or lost or come:
            lost, come = [*lost, *named], [*come, *named_now]
        elif named or named_now:  # "the file `a.txt`"
            self.found.append(Edit(Verdict.REWORDED, tuple(named), tuple(named_now), "word"))
        if bool(lost) is not bool(come):  # a word that stands for one of those is another word
            lost = lost or [token for token in gap.before if token.sense in SOFT]
            come = come or [token for token in gap.after if token.sense in SOFT_WHEN_NEW]
        said = [[token.word for token in side if not is_bleached(token.word)] for side in (lost, come)]
        particles = [[t.word for t in side if is_particle(t.word)] for side in (gap.before, gap.after)]
        if lost and come and not all(said) and (particles[0] == particles[1] or not all(particles)):
            self.found.append(Edit(Verdict.REWORDED, tuple(lost), tuple(come), "word"))
        elif lost and come:
            verdict = Verdict.CHANGED if gap.binding or len(self.kept) < _LEAST_KEPT else Verdict.REWORDED
            self.found.append(Edit(verdict, tuple(lost), tuple(come), "word"))
        elif lost or come:
            verdict = Verdict.CHANGED if self._matters(gap, lost, come) else Verdict.REWORDED
            self.found.append(Edit(verdict, tuple(lost), tuple(come), "word"))
        self._others_left(gap)
        self._senses_left(gap)

    def _others_left(self, gap: Gap) -> None:
        """The same for facts, small words and what is smaller: articles, fillers."""
        for kind, verdict, what in _OTHERS:
            lost, come = ([t for t in side if t.kind is kind] for side in (gap.before, gap.after))
            if lost or come:
                for turned, other in ((False, Verdict.REWORDED), (True, Verdict.CHANGED)):  # "den Kunden", "der Kunde"
                    if any(are_declined(a.word, b.word, turned=turned) for a in lost for b in come):
                        verdict = other
                degrees = [any(is_qualifier(token.word) for token in side) for side in (lost, come)]
                if gap.binding and not gap.main and degrees[0] is not degrees[1]:  # "if it is (very) slow"
                    verdict = Verdict.CHANGED
                self.found.append(Edit(verdict, tuple(lost), tuple(come), what))

    def _matters(self, gap: Gap, lost: Sequence[Token], come: Sequence[Token]) -> bool:
        """Whether a statement that lost words, or got some, says something else for it: one that asks or forbids does.

        So does what lost something to do, got it, or had the words behind a number or an "all".
        """
        at, side = (lost[0].start, 0) if lost else (come[0].start, 1)
        before = [pair[side] for pair in self.kept if pair[side].end <= at]
        few = self.alone and 0 < len(lost) <= _MAX_DROPPED
        if lost and all(is_implied(token.word) for token in lost):
            near = [old.kind for old, _ in self.kept if 0 <= old.start - lost[0].end <= 1]
            return len(lost) == 1 and is_imperative(lost[0].word) and TokenKind.FACT not in near
        if come and all(is_bleached(token.word) for token in come):
            return False
        return (
            (gap.approval and bool(lost))
            or (gap.main and gap.binding and bool(come))
            or (gap.main and few and (gap.told or any(token.sense in _BINDING for token in before)))
            or ((gap.asked or gap.label) and any(is_imperative(token.word) for token in come))
            or (few and any(is_imperative(token.word) for token in lost))
            or any(t.value[-1:].isdigit() or t.sense is Sense.ALL for t in before if at - t.end <= 1)
        )

    def _senses_left(self, gap: Gap) -> None:
        """The same for the words with a sense."""
        for token in gap.before:
            if token.kind is TokenKind.SENSE:
                kept = self._forbids_still(token) or (gap.asked and _is_bare_duty(token)) or self._is_excepted(token)
                late = gap.binding and gap.main and is_leading(token.word) and self._is_late(token)
                verdict = Verdict.REWORDED if kept else Verdict.CHANGED if late else sense_gone(token)
                self.found.append(Edit(verdict, (token,), (), str(token.sense)))
        for token in gap.after:
            if token.kind is TokenKind.SENSE:
                forbidden = token.sense is Sense.ABILITY and any(old.sense is Sense.NEGATION for old, _ in self.kept)
                verdict = (
                    Verdict.REWORDED if forbidden else sense_new(token, binding=gap.binding)
                )  # "can never", "may in no case"
                self.found.append(Edit(verdict, (), (token,), str(token.sense)))

    def _is_late(self, token: Token) -> bool:
        """Whether "first" stands at the end or behind a duty, where it says that something comes before all else."""
        before = max((old for old, _ in self.kept if old.start < token.start), key=lambda old: old.start, default=None)
        last = all(old.start < token.start for old, _ in self.kept)
        return before is not None and (last or before.sense is Sense.DUTY)

    def _is_excepted(self, token: Token) -> bool:
        """Whether an "otherwise" only says once more that all but an exception is meant: "除非…，否则…"."""
        sides = (self.before, self.after)
        return token.sense is Sense.OTHERWISE and all(
            len(side) == 1 and any(clause.sense is Sense.EXCEPTION for clause in side[0].conditions) for side in sides
        )

    def _forbids_still(self, token: Token) -> bool:
        """Whether a duty is one not to do something, and that is still said: "must not" is "do not"."""
        return token.sense is Sense.DUTY and any(
            old.sense is Sense.NEGATION and token.start <= old.start <= token.end + 1 for old, _ in self.kept
        )


def _negated(gap: Gap, one: Token, other: Token) -> Edit | None:
    """The edit of "unreachable" for "not reached", which takes the negation with it."""
    for word, side, counterpart in ((one, gap.after, other), (other, gap.before, one)):
        negation = next((token for token in side if token.sense is Sense.NEGATION), None)
        if negation and is_negated_form(word.word, counterpart.word):
            side[:] = [token for token in side if token is not negation and token.sense is not Sense.ABILITY]
            return Edit(Verdict.REWORDED, (one,), (other,), "negation")
    return None


def _is_bare_duty(token: Token) -> bool:
    """Whether a duty says no more than the form that asks does: not "always"."""
    return token.sense is Sense.DUTY and Sense.ALL not in senses(token.word, token.language)


def _is_pronoun(token: Token) -> bool:
    return token.kind is TokenKind.LIGHT and is_pronoun(token.word)


def _unnegated(tokens: list[Token], word: Token) -> bool:
    """Whether a word stands behind a negation, which is taken out then; "no ... nunca" is one negation."""
    at = tokens.index(word)
    if not at or word.sense is Sense.NEGATION or tokens[at - 1].sense is not Sense.NEGATION:
        return False
    del tokens[at - 1]
    return True
