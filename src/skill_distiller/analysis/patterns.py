"""The protected and advisory patterns of the reference, and those of a user beside them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from math import prod
from time import process_time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from warnings import catch_warnings, simplefilter

from skill_distiller.errors import UsageError
from skill_distiller.language.words import content_words
from skill_distiller.skill.model import Skill

if TYPE_CHECKING:
    import regex


@dataclass(frozen=True)
class Pattern:
    """A named expression, by its lines; without one of its `hints` in the text it can't match and is not tried."""

    name: str
    hints: tuple[str, ...]
    lines: str
    also: str = ""  # has to be found as well, anywhere
    any_case: bool = False

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The expression, compiled at its first use: most texts have no hint of most patterns."""
        return one_of(self.lines, any_case=self.any_case)

    @cached_property
    def _also(self) -> re.Pattern[str] | None:
        return one_of(self.also) if self.also else None

    def found_in(self, text: str, lowered: str) -> bool:
        """Whether a text holds the pattern; the hints are looked for in `lowered`, the text in lower case."""
        for hint in self.hints:  # a loop, not any(): this runs for every block and most find nothing
            if hint in lowered:
                break
        else:
            if self.hints:
                return False
        return bool(self.expression.search(text)) and (self._also is None or bool(self._also.search(text)))


class PatternNames(NamedTuple):
    """The names of the patterns a text holds, and whether it lays down a hard rule."""

    protected: frozenset[str] = frozenset()
    advisory: frozenset[str] = frozenset()
    hard_rule: bool = False


NO_PATTERNS: Final = PatternNames()
_ONLY_A_RULE: Final = PatternNames(hard_rule=True)
WORDS: Final[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))


def one_of(lines: str, *, any_case: bool = False) -> re.Pattern[str]:
    """The expression that matches where any of some lines does."""
    return re.compile("|".join(lines.splitlines()), re.IGNORECASE if any_case else 0)


def _patterns(kind: str) -> tuple[Pattern, ...]:
    return tuple(
        Pattern(row["name"], tuple(row["hints"]), row["expression"], row.get("also", ""), "any_case" in row)
        for row in WORDS[kind]
    )


PROTECTED: Final = _patterns("protected")
ADVISORY: Final = _patterns("advisory")
# A prohibition, or a rule in capitals, is never dropped, whatever it seems to be worth.
(HARD_RULE,) = _patterns("hard_rule")

_QUICK: Final = {kind: frozenset(words.split()) for kind, words in WORDS["quick_words"].items()}
_PARTS: Final = tuple(WORDS["quick_parts"])
_UNHINTED: Final = tuple(pattern for pattern in (*PROTECTED, *ADVISORY) if not pattern.hints)
_FOLDED: Final = "ſ\u212aİı"  # equal s, k and i where case is ignored, and make other words of them


@lru_cache(maxsize=8192)
def find_patterns(text: str) -> PatternNames:
    """The protected and advisory patterns that a block's text holds."""
    words = content_words(text)
    hard_rule = not _QUICK["hard_rule"].isdisjoint(words) and HARD_RULE.found_in(text, text)
    lowered = text.lower()
    if _QUICK["pattern"].isdisjoint(words) and not _may_hold(text, lowered):
        return _ONLY_A_RULE if hard_rule else NO_PATTERNS
    return PatternNames(
        frozenset(p.name for p in PROTECTED if p.found_in(text, lowered)),
        frozenset(p.name for p in ADVISORY if p.found_in(text, lowered)),
        hard_rule,
    )


def _may_hold(text: str, lowered: str) -> bool:
    for part in _PARTS:
        if part in lowered:
            return True
    for pattern in _UNHINTED:
        if pattern.expression.search(text):
            return True
    return not text.isascii() and any(character in text for character in _FOLDED)


def join_patterns(texts: Sequence[str]) -> PatternNames:
    """The patterns that any of several blocks' texts holds."""
    return join_names([find_patterns(text) for text in texts])


def join_names(found: Sequence[PatternNames]) -> PatternNames:
    """What several texts hold together."""
    return PatternNames(
        frozenset[str]().union(*(names.protected for names in found)),
        frozenset[str]().union(*(names.advisory for names in found)),
        any(names.hard_rule for names in found),
    )


EXPRESSION: Final = "re:"  # in front of what is a regular expression
LONGEST: Final = 300  # characters of a phrase or an expression
_SECONDS: Final = 0.5  # of computing, for one expression on one piece of a line; what takes longer would take for ever
SECONDS_OF_A_RUN: Final = 2.0  # of computing, for all expressions of a file together
_PIECE: Final = 4000  # characters that are searched at once; most lines are shorter
_OVERLAP: Final = 500  # so that a match may lie over a cut
_REPETITIONS: Final = re.compile(r"\{(\d*),?(\d*)\}")
_SHOWN: Final = 80  # characters of a source in a message
_MOST_REPETITIONS: Final = 10_000  # of all counts in an expression, one inside the other; each takes memory
# Scripts without spaces between words: a phrase may stand in the middle of a run of letters.
_NO_SPACES: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class PatternError(ValueError):
    """A phrase or expression that can't be used; the text names it and says why."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source[:_SHOWN]!r} {why}")


class SearchTime:
    """The seconds of computing that the expressions of a file may take together in a run."""

    def __init__(self, seconds: float = SECONDS_OF_A_RUN) -> None:
        self._seconds = seconds
        self._spent: Counter[str] = Counter()

    def restart(self) -> None:
        """Begin another run."""
        self._spent.clear()

    def spend(self, seconds: float, name: str) -> None:
        """Take note of what an expression took; raises UsageError, with the slowest one, where it is too much."""
        self._spent[name] += seconds  # type: ignore[assignment]
        if self._spent.total() > self._seconds:
            slowest, took = self._spent.most_common(1)[0]
            raise UsageError(
                f"{slowest} takes too long: the expressions of a file have {self._seconds:g} seconds in a run, "
                f"and it alone took {took:.1f}.",
                "Make it simpler, or name fewer.",
            )


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """A pattern of the user: it is found where any of its phrases or expressions is.

    `origin` says where it was defined; `budget` is shared by the patterns of a file.
    """

    name: str
    phrases: re.Pattern[str] | None
    expressions: tuple[regex.Pattern[str], ...]
    origin: str
    budget: SearchTime = field(compare=False)

    def __repr__(self) -> str:
        """All that results depend on: its name and what it looks for, in full."""
        sources = [found.pattern for found in (self.phrases, *self.expressions) if found]
        return f"OwnPattern({self.name!r}, {sources!r})"

    def found_in(self, text: str) -> bool:
        """Whether a text holds the pattern; phrases may go over line breaks, expressions may not.

        Raises UsageError where an expression takes too long.
        """
        if self.phrases and self.phrases.search(text):
            return True
        return bool(self.expressions) and any(map(self._on_line, text.splitlines()))

    def _on_line(self, line: str) -> bool:
        for expression in self.expressions:
            start = process_time()
            try:
                for at in range(0, len(line), _PIECE - _OVERLAP):
                    if expression.search(line, at, at + _PIECE, timeout=_SECONDS):
                        return True
            except TimeoutError:
                raise UsageError(
                    f"{self.origin}: the expression {expression.pattern!r} takes too long on a line of "
                    f"{len(line):,} characters.",
                    "Make it simpler: a repetition inside a repetition is the usual cause.",
                ) from None
            finally:
                self.budget.spend(process_time() - start, f"{self.origin}: the expression {expression.pattern!r}")
        return False


def own_pattern(name: str, sources: Sequence[str], origin: str = "", budget: SearchTime | None = None) -> OwnPattern:
    """A pattern from phrases and from expressions that begin with `re:`.

    A phrase is found in any case and whatever white space is between its words; where it begins or
    ends with a letter or digit, a word has to begin or end there. Raises PatternError for what can't be used.
    """
    phrases = [_phrase(source) for source in sources if not source.startswith(EXPRESSION)]
    expressions = [_expression(source) for source in sources if source.startswith(EXPRESSION)]
    union = re.compile("|".join(phrases), re.IGNORECASE) if phrases else None
    return OwnPattern(name, union, tuple(expressions), origin, budget or SearchTime())


def _checked(source: str, text: str) -> str:
    if not text:
        raise PatternError(source, "is empty")
    if len(text) > LONGEST:
        raise PatternError(source, f"is longer than {LONGEST} characters")
    return text


def _phrase(source: str) -> str:
    words = _checked(source, source.strip()).split()
    first, last = words[0][0], words[-1][-1]
    opening = r"(?<!\w)" if _is_bounded(first) else ""
    closing = r"(?!\w)" if _is_bounded(last) else ""
    return opening + r"\s+".join(map(re.escape, words)) + closing


def _is_bounded(character: str) -> bool:
    return character.isalnum() and not _NO_SPACES.match(character)


def _expression(source: str) -> regex.Pattern[str]:
    import regex  # unlike `re` it can be given a time

    text = _checked(source, source.removeprefix(EXPRESSION))
    counts = [max(int(low or 1), int(high or 1), 1) for low, high in _REPETITIONS.findall(text)]
    if prod(counts) > _MOST_REPETITIONS:
        raise PatternError(source, f"repeats something more than {_MOST_REPETITIONS:,} times")
    try:
        with catch_warnings():
            simplefilter("error")  # what means something else tomorrow
            re.compile(text)  # what only `regex` knows is not promised
            expression = regex.compile(text)
        matches_nothing = expression.search("", timeout=_SECONDS)
    except (re.error, regex.error, Warning, TimeoutError, RecursionError, OverflowError) as error:
        raise PatternError(source, f"is not a Python regular expression ({error})") from None
    if matches_nothing:
        raise PatternError(source, "also matches an empty line, and so every text")
    return expression


@dataclass(frozen=True, slots=True)
class PatternSet:
    """The patterns that count in a run; those of the reference always do, these are the user's own."""

    protected: tuple[OwnPattern, ...] = ()
    advisory: tuple[OwnPattern, ...] = ()

    def __bool__(self) -> bool:
        """Whether the user has any."""
        return bool(self.protected or self.advisory)

    def begin_run(self) -> None:
        """Give the expressions all of their time again."""
        for pattern in (*self.protected, *self.advisory):
            pattern.budget.restart()

    def find(self, text: str) -> PatternNames:
        """The patterns that a block's text holds."""
        found = find_patterns(text)
        return join_names([found, self.find_own(text)]) if self else found

    def find_own(self, text: str) -> PatternNames:
        """The user's own patterns that a text holds."""
        return PatternNames(_names(self.protected, text), _names(self.advisory, text))

    def find_all(self, skill: Skill) -> PatternNames:
        """The patterns that any block of a skill holds; the user's own count in headings too."""
        texts = [block.text for block in skill.blocks]
        found = join_patterns(texts)
        if not self:
            return found
        texts += [section.heading for section in skill.sections if section.level]
        return join_names([found, *map(self.find_own, texts)])


BUILT_IN: Final = PatternSet()


def _names(patterns: Iterable[OwnPattern], text: str) -> frozenset[str]:
    return frozenset(pattern.name for pattern in patterns if pattern.found_in(text))
