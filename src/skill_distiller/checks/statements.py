"""What an agent must, may and must not do is still said and not turned round."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Final, NamedTuple

from skill_distiller.checks.model import Finding, FindingKind, Level, Pair, Place
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import block_facts, sentence_around
from skill_distiller.language.modals import CONTRACTIONS, LIMITS
from skill_distiller.meaning.clauses import Sentence, sentences
from skill_distiller.meaning.compare import missing
from skill_distiller.skill.model import PROSE, Block

NEGATION: Final = "not"
_GROUPS: Final = {
    NEGATION: "not never no none nothing nor neither cannot avoid forbidden prohibited nicht nie niemals kein keine"
    " keinen ne pas jamais nunca não не нет никогда нельзя değil asla",
    "must": "must shall require required requires mandatory always ensure muss müssen doit debe deben deve devem"
    " должен должна должно должны обязательно zorunlu gerekir gerekli",
    "may": "may optional darf",
    "only": "only nur seulement solo sólo só apenas somente только sadece yalnızca",
    "without": "without unless except otherwise ohne außer sans sauf sin excepto salvo sem exceto без кроме olmadan"
    " hariç",
    "before": "before bevor avant antes перед önce",
    "if": "if when whenever while wenn quando если когда eğer",
    "instead": "instead rather",
}
_GROUP_OF: Final = {
    **dict.fromkeys(CONTRACTIONS, NEGATION),
    **{word: group for group, words in _GROUPS.items() for word in words.split()},
}


def modal_group(key: str) -> str:
    """The group of a modal fact, given its key: by its first word; a word that is in no group is its own."""
    word = key.split(" ", 1)[0]
    if word in _GROUP_OF or word.isascii() or (word[0].isalpha() and word[0] < "\u0600"):
        return _GROUP_OF.get(word, word)
    return word[:1]  # scripts without spaces: the key is the phrase


STATEMENT_END: Final = re.compile(r"[.!?;](?=[*_\"”)]{0,4}(?:\s|\Z))|[。！？；]|\n\s*\n|\n\s*(?:[-*+>]|\d+[.)])\s")
_STATEMENT_CHARS: Final = 120  # characters after a modal word that it may govern
_GOVERNED: Final = 5  # words of them that are compared
_WORD: Final = re.compile(r"[^\W_]+(?:['’]t)?")
_ENDING: Final = re.compile(r"(?:ing|ions?|ed|es|e|s)\Z")
_MIN_SHARE_SHARED: Final = 2 / 3
_SHORT: Final = 2  # letters: at, in, to
_STEM: Final = 6  # letters
_SMALL_WORDS: Final = frozenset(
    "the and for are was has have that this with from you your its use used any all been"
    " more than least most less fewer greater equal minimum maximum".split()  # of limits, which symbols may stand for
)


class Statement(NamedTuple):
    """A modal fact, the group of its word and the stems of the words that it governs."""

    place: Place
    group: str
    governed: frozenset[str]

    def means(self, other: Statement) -> bool:
        """Whether another can stand for this one: of the same group, with most of the words of the shorter one."""
        if self.group != other.group:
            return False
        fewer = min(len(self.governed), len(other.governed))
        return not fewer or len(self.governed & other.governed) > _MIN_SHARE_SHARED * fewer


def read_statement(place: Place) -> Statement:
    """The statement that a modal fact makes."""
    text, fact = place.block.text, place.fact
    tail = text[fact.start : fact.end + _STATEMENT_CHARS]
    end = STATEMENT_END.search(tail, len(fact.key.split(" ", 1)[0]))
    return Statement(place, modal_group(fact.key), _stems(tail[: end.start() if end else None]))


def _stems(text: str) -> frozenset[str]:
    """The first words of a text without modal and small ones, each cut to its stem."""
    return frozenset(islice(filter(None, map(_stem, _WORD.findall(text))), _GOVERNED))


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """The stem of a word, "" for one that says nothing by itself. Cached: a vocabulary is small."""
    word = word.lower().replace("’", "'")
    if word in _GROUP_OF or word in _SMALL_WORDS:
        return ""
    if len(word) <= _SHORT and word.isascii() and not word.isdigit():
        return ""
    return _ENDING.sub("", word)[:_STEM] or word


_MARKS: Final = "*_`"
# Words that a rewriting may take out without a change of meaning.
_DETERMINERS: Final = frozenset("the a an your its their our any this that these those very just also".split())
_EDGES: Final = ".,;:!?()[]{}\"'“”‘’…"
_ENDS: Final = (".", ";", "!", "?", ":")  # of a clause
_MAX_PHRASE_WORDS: Final = 4  # words of a phrase
_NEW_LONGEST: Final = 3
_PROHIBITION_CHARS: Final = 80  # characters behind a negation
_MAX_PROHIBITIONS_COMPARED: Final = 1000  # prohibitions of the original that a new one is compared with
_BEFORE: Final = 4  # words before a phrase that may negate it
_NEGATIONS: Final = frozenset("without unless".split())
Phrase = tuple[str, ...]


def find_reversals(gone: Iterable[Place], pair: Pair) -> tuple[Finding, ...]:
    """The prohibitions whose words the candidate says without one, more often than the original does."""
    forbidden = (place for place in gone if modal_group(place.fact.key) == NEGATION)
    places = {phrase: place for place in forbidden if len(phrase := _phrase(place)) > 1}
    if not places or not pair.candidate_alone:
        return ()
    suspects = _said(places, pair.candidate_alone)
    if not suspects:
        return ()
    before, after = _said(suspects, pair.original.blocks), _said(suspects, pair.candidate.blocks)
    return tuple(_reversed(place) for phrase, place in places.items() if after[phrase] > before[phrase])


def find_new_prohibitions(new: Iterable[Place], pair: Pair) -> tuple[Finding, ...]:
    """The prohibitions of the candidate whose words the original says without one, more often than the candidate."""
    forbidden = (p for p in new if modal_group(p.fact.key) == NEGATION and p.fact.key not in pair.original_keys)
    wanted = {phrase: place for place in forbidden if (phrase := _forbidden(place))}
    suspects = _said(wanted, pair.original_alone) if wanted else Counter[Phrase]()
    if not suspects:
        return ()
    before, after = _said(suspects, pair.original.blocks), _said(suspects, pair.candidate.blocks)
    found = [place for phrase, place in wanted.items() if before[phrase] > after[phrase]]
    if not found:
        return ()
    before_too = (place for place in _modals(pair.original.blocks) if modal_group(place.fact.key) == NEGATION)
    known = [read_statement(place) for place in islice(before_too, _MAX_PROHIBITIONS_COMPARED)]
    return tuple(
        _reversed(place, in_candidate=True) for place in found if not any(map(read_statement(place).means, known))
    )


def _forbidden(place: Place) -> Phrase:
    """The first words behind a negation, as far as its sentence goes; () where they say nothing by themselves."""
    tail = place.block.text[place.fact.start : place.fact.start + _PROHIBITION_CHARS]
    end = STATEMENT_END.search(tail)
    words = [word.strip(_EDGES) for word in _phrase_words(tail[: end.start() if end else None])[1 : _NEW_LONGEST + 1]]
    said = [word for word in words if word and modal_group(word) != NEGATION]
    return tuple(words) if 1 < len(words) == len(said) else ()


def _reversed(place: Place, *, in_candidate: bool = False) -> Finding:
    text = sentence_around(place.block.text, place.fact)
    return Finding(FindingKind.REVERSED, Level.FAILURE, text, place.line, place.fact.text, in_candidate)


def _phrase(place: Place) -> Phrase:
    """The first words after the negation."""
    return tuple(word.strip(_EDGES) for word in _phrase_words(place.fact.key.partition(" ")[2])[:_MAX_PHRASE_WORDS])


def _said(phrases: Collection[Phrase], blocks: Iterable[Block]) -> Counter[Phrase]:
    """How often each phrase is said without a negation before it."""
    text = _plain("\n".join(block.text for block in blocks))
    said = Counter[Phrase]()
    wanted = {phrase for phrase in phrases if all(word in text for word in phrase)}
    if not wanted:
        return said
    firsts, lengths = {phrase[0] for phrase in wanted}, sorted({len(phrase) for phrase in wanted})
    words = [word for word in text.split() if word not in _DETERMINERS]
    plain = [word.strip(_EDGES) for word in words]
    for at, word in enumerate(plain):
        if word not in firsts:
            continue
        for length in lengths:
            phrase = tuple(plain[at : at + length])
            if phrase in wanted and not _is_negated(words, at):
                said[phrase] += 1
    return said


def _is_negated(words: Sequence[str], at: int) -> bool:
    """Whether one of the words before a place, back to the end of another clause, negates what stands there."""
    for word in reversed(words[max(0, at - _BEFORE) : at]):
        if word.endswith(_ENDS):
            return False
        plain = word.strip(_EDGES).replace("’", "'")
        if plain in _NEGATIONS or modal_group(plain or "-") == NEGATION:
            return True
    return False


def _phrase_words(text: str) -> list[str]:
    """The words of a text in small letters, without marks and small words."""
    return [word for word in _plain(text).split() if word not in _DETERMINERS]


def _plain(text: str) -> str:
    for mark in _MARKS:  # faster than a table, which is looked up for every character
        text = text.replace(mark, "")
    return text.lower()


_TRACE: Final = 0.34  # of its words and facts: so much at least stands in one sentence of the candidate
_FEWEST: Final = 2  # of them
_COMMON: Final = 500  # sentences that share a word; it tells nothing then
_MAX_SHARE_LOST: Final = 0.9  # of the long words of a sentence, where it was shortened and not taken out
_NEAR: Final = 8  # blocks of the candidate that are looked through for it
_FEW: Final = 100  # words to look for; for more it is quicker to read all that the candidate says
_LONG_WORD: Final = re.compile(r"\w{4,}")
_PIECE_END: Final = re.compile(r"[.!?;:。！？；]\s|\n")
_MAX_BLOCK_CHARS: Final = 20_000  # characters of a block that is looked at


def find_lost_instructions(pair: Pair, known: Collection[str] = ()) -> Iterator[Finding]:
    """The instructions of which no sentence of the candidate holds a third; those with a text in `known` apart.

    A block that the receipt says was removed is declared with all its instructions.
    """
    found = ((block, sentence) for block in _to_look_at(pair) for sentence in _instructions(block))
    # Of which a fact is lost is told already.
    gone = [(block, sentence) for block, sentence in found if pair.candidate_keys.issuperset(sentence.keys)]
    for texts in _candidate_texts(pair) if gone else ():
        places = _places(_near(texts, [sentence for _, sentence in gone]))
        gone = [(block, sentence) for block, sentence in gone if not _is_left(sentence, places)]
    for block, sentence in gone:
        if sentence.text not in known:
            line = block.line_at(max(0, block.text.find(sentence.text)))
            yield Finding(FindingKind.LOST, Level.FAILURE, " ".join(sentence.text.split()), line, "instruction")


def _to_look_at(pair: Pair) -> Iterator[Block]:
    """The blocks that are neither in the candidate nor declared, but for those of which only small words went.

    Of these a block of the candidate, not far behind the one before, has nearly all long words of each piece.
    """
    changed = [frozenset(_LONG_WORD.findall(block.text.lower())) for block in pair.candidate_alone]
    at = 0
    for block in pair.original_alone:
        if block.text in pair.declared.removed:
            continue
        found = map(_LONG_WORD.findall, _PIECE_END.split(block.text.lower()))
        pieces = [frozenset(words) for words in found if words]
        for place in range(at, min(at + _NEAR, len(changed))):
            if all(len(words & changed[place]) >= _MAX_SHARE_LOST * len(words) for words in pieces):
                at = place + 1
                break
        else:
            yield block


def _is_left(sentence: Sentence, places: Mapping[str, Sequence[int]]) -> bool:
    shared = Counter(place for word in _instruction_words(sentence) for place in places.get(word, ())[:_COMMON])
    return max(shared.values(), default=0) >= _trace(sentence)


def _trace(sentence: Sentence) -> int:
    """How many of its words and facts have to stand in one sentence of the candidate."""
    return math.ceil(_TRACE * len(_instruction_words(sentence)))


def _candidate_texts(pair: Pair) -> Iterator[list[str]]:
    """The changed blocks, where it mostly stands; then all, with the headings."""
    yield [block.text for block in pair.candidate_alone]
    skill = pair.candidate
    yield [*(block.text for block in skill.blocks), *(section.heading for section in skill.sections)]


def _near(texts: Sequence[str], wanted: Sequence[Sentence]) -> list[str]:
    """The texts with the letters of enough words of a wanted sentence: cheaper than to read all their sentences."""
    if sum(len(sentence.stems) for sentence in wanted) > _FEW:
        return list(texts)
    known = [(sentence.stems, _trace(sentence) - len(sentence.keys)) for sentence in wanted]
    lowered = ((text, text.lower()) for text in texts)
    return [text for text, low in lowered if any(sum(stem in low for stem in stems) >= n for stems, n in known)]


def _instructions(block: Block) -> Iterator[Sentence]:
    for sentence in sentences(block.text) if block.kind in PROSE and len(block.text) <= _MAX_BLOCK_CHARS else ():
        if sentence.asks and not sentence.signals and len(_instruction_words(sentence)) >= _FEWEST:
            yield sentence


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    """For each word and fact the sentences of some texts that hold it, by number."""
    places = defaultdict[str, list[int]](list)
    for number, sentence in enumerate(sentence for text in texts for sentence in sentences(text)):
        for word in _instruction_words(sentence):
            places[word].append(number)
    return places


def _instruction_words(sentence: Sentence) -> frozenset[str]:
    return sentence.stems.union(sentence.keys)


_AFTER: Final = 48  # characters after a modal fact that have to be the same for it to be the same statement
_MAX_STATEMENTS_COMPARED: Final = 200  # statements of a candidate that one of the original is compared with


def find_changed_statements(pair: Pair) -> Iterator[Finding]:
    """Fails where a modal statement has no counterpart in the candidate, or where what it forbids is now said.

    So it does where something is forbidden that the original says, and where nothing is left of an instruction.
    """
    gone = list(_modals(pair.original_alone))
    reversals = find_reversals(gone, pair) if gone else ()
    said = {finding.text for finding in reversals}
    yield from reversals
    yield from (finding for finding in _lost(gone, pair) if finding.text not in said)
    yield from find_new_prohibitions(_modals(pair.candidate_alone), pair)
    yield from find_lost_instructions(pair, said)


def _modals(blocks: Iterable[Block]) -> Iterator[Place]:
    return (Place(block, fact) for block in blocks for fact in block_facts(block) if fact.kind is FactKind.MODAL)


def _lost(gone: Iterable[Place], pair: Pair) -> Iterator[Finding]:
    left = _Left(pair)
    for place in gone:
        declared = place.fact.key in pair.declared.facts
        if not declared and (left.has(place) or place.block.text in left.reworded):
            continue
        # A statement with its key is left, about something else: then the receipt names no fact, but the block.
        if declared or (place.fact.key in pair.candidate_keys and place.block.text in pair.declared.removed):
            yield Finding(FindingKind.LOST, Level.DECLARED, place.fact.text, place.line, place.fact.kind.value)
        else:
            text = sentence_around(place.block.text, place.fact)
            yield Finding(FindingKind.LOST, Level.FAILURE, text, place.line, place.fact.text)


class _Statements(NamedTuple):
    """The statements of one group of modal words, by key and by the stems that they govern."""

    by_key: dict[str, list[Statement]]
    by_stem: dict[str, list[Statement]]


class _Left:
    """The statements of a candidate, to be found by key and by the words that they govern."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._read: dict[str, _Statements] = {}

    def has(self, gone: Place) -> bool:
        """Whether one of them can stand for a statement of the original."""
        key, written = gone.fact.key, self._said[0]
        if modal_group(key) in LIMITS:  # what is at least 3 is not at least 5
            return key in written
        if _statement_words(gone) in written.get(key, ()):  # nearly always, and quick to see
            return True
        statement = read_statement(gone)
        same = self._of_group(statement.group)
        near = (other for stem in statement.governed for other in same.by_stem.get(stem, ()))
        return any(map(statement.means, islice(chain(same.by_key.get(key, ()), near), _MAX_STATEMENTS_COMPARED)))

    @cached_property
    def reworded(self) -> frozenset[str]:
        """The blocks of the original that stand in other words, with every negation and condition by the fact check."""
        text = self._pair.candidate.text
        return frozenset(
            before
            for before, after in self._pair.declared.reworded
            if after.strip() and after.strip() in text and not missing(before, after)
        )

    @cached_property
    def _said(self) -> tuple[dict[str, set[str]], dict[str, list[Place]]]:
        """What is written from each key on, and where the statements of each group are."""
        written, groups = defaultdict[str, set[str]](set), defaultdict[str, list[Place]](list)
        for place in _modals(self._pair.candidate.blocks):
            written[place.fact.key].add(_statement_words(place))
            groups[modal_group(place.fact.key)].append(place)
        return written, groups

    def _of_group(self, group: str) -> _Statements:
        """The statements of a group, read when the first of it is asked for."""
        if group not in self._read:
            found = self._read[group] = _Statements(defaultdict(list), defaultdict(list))
            for statement in map(read_statement, self._said[1].get(group, ())):
                found.by_key[statement.place.fact.key].append(statement)
                for stem in statement.governed:
                    found.by_stem[stem].append(statement)
        return self._read[group]


def _statement_words(place: Place) -> str:
    """A modal word with what follows it, as written."""
    return place.block.text[place.fact.start : place.fact.end + _AFTER]
