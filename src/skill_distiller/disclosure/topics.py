"""Names and topics: what a moved text is called and what it is about, in its own words.

Of the topics the first kind that a passage has is taken: the headings in it, its labels, the names that its items and
rows begin with, the names in its code spans, and last the noun phrases that it says more often than the rest does.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import takewhile
from math import log
from typing import Any, Final

from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.disclosure.model import Passage
from skill_distiller.language.forms import bases
from skill_distiller.language.lexicon import is_article, is_directional, is_imperative, is_light, is_mobile, senses
from skill_distiller.language.words import CJK, content_words, words_in
from skill_distiller.planning.worth import load_worth_model, word_number
from skill_distiller.skill.containers import is_label
from skill_distiller.skill.model import Block, BlockKind, Skill

MOST_TOPICS: Final = 5
_LONGEST_NAME: Final = 60  # characters of a heading in a sentence
_FEWEST: Final = 2  # topics of one kind; fewer say too little of what a passage holds
_FEWEST_SPANS: Final = 3  # the same of code spans: one or two may be anything
_LONGEST: Final = 40  # characters of a topic
_LONGEST_CJK: Final = 16  # the same, of characters of which one is as much as half a word
_LEAD_WORDS: Final = 4  # of the name that an item begins with
_LEADS: Final = 0.5  # of the items that have to begin with a name
_PHRASE_WORDS: Final = 3
_LEAST_LETTERS: Final = 3  # of a word in a phrase
_PHRASE: Final = 1.5  # what several words count for, where one counts 1: they say more
_COMMON: Final = 0.1  # of the skills whose authors use a word that is then no topic by itself
_STEM: Final = 6  # letters that forms of a word have in common

_MARKUP: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`~<>\[\]{}|\\\"“”]|(?<!\w)_+|_+(?!\w)|&\w+;")
_TAIL: Final = re.compile(r"[\s:：.,;?？!…—–-]+\Z")
_LABEL_ITEM: Final = re.compile(r"^\s{0,3}(?:[-*+]|\d+[.)])\s+\*\*([^*\n]{2,60})\*\*", re.MULTILINE)
_BOLD_LINE: Final = re.compile(r"\A\*\*([^*\n]{2,60})\*\*")
_SPAN: Final = re.compile(r"`((?!\d)[\w@/.$-][\w@/.$:-]{2,30})`")
_ITEM: Final = re.compile(r"^[ \t]{0,3}(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(.+)$", re.MULTILINE)
_ROW: Final = re.compile(r"^[ \t]*\|([^|\n]+)\|.*$", re.MULTILINE)
_LEAD_END: Final = re.compile(r"[,;:.!?()（），。：；|]|\s[—–-]\s|\s?→")
_TOKEN: Final = re.compile(r"[^\W\d_][\w'’-]*|\S")
_CJK: Final = re.compile(rf"[{CJK}]")


@lru_cache(maxsize=1)
def signpost_data() -> dict[str, Any]:
    """The words of signposts as they are written: openings by heading, frames by language, what names nothing."""
    text = files("skill_distiller.language").joinpath("data/signposts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=2)
def words_of_names(table: str) -> frozenset[str]:
    """What stands in no name of a file (`small`), and what is no name of one (`reserved`)."""
    return frozenset(signpost_data()["names"][table].split())


def is_generic_label(name: str) -> bool:
    """Whether a label says what a text is for, and not what it is about: "Note"."""
    return name.casefold() in signpost_data()["generic"]["labels"]


def is_topic(text: str) -> bool:
    """Whether a text names something, and says nothing of somebody: "I'm a founder"."""
    first = re.split(r"['’ ]", text, maxsplit=1)
    return not (len(first) > 1 and first[0].casefold() in signpost_data()["generic"]["persons"])


@lru_cache(maxsize=4096)
def clean_heading(text: str, longest: int = _LONGEST_NAME) -> str:
    """A heading as a name: without markup, emoji, its number, and what could end a sentence or a comment.

    One of more than the `longest` characters is cut behind a word, and says so.

    >>> clean_heading("### Step 3: **Write** the `config`".lstrip("# "))
    'Write the config'
    """
    plain = _MARKUP.sub(lambda match: match[1] or "", text)
    plain = "".join(char if char.isprintable() and not _is_picture(char) else " " for char in plain)
    plain = " ".join(plain.split())
    bare = _number().sub("", plain, count=1)
    bare = _TAIL.sub("", bare or plain).replace(" -- ", " – ")
    if bare.count("(") != bare.count(")"):
        bare = bare.replace("(", "").replace(")", "")
    return bare if len(bare) <= longest else bare[:longest].rsplit(" ", 1)[0] + " …"


@lru_cache(maxsize=1)
def _number() -> re.Pattern[str]:
    """The number that a heading opens with, in whatever form: "3.2 ", "Step 3: ", "第三步"."""
    counting = "|".join(sorted(map(re.escape, words_in("counting")), key=len, reverse=True))
    return re.compile(
        rf"""^[\W_]*(?:(?:{counting})\s+(?:\d+(?:\.\d+)*|[a-z])\b|§?\s*\d+(?:\.\d+)*[a-z]?(?=[\s.:)、—–-])
            |[a-z][.)](?=\s)|第[一二三四五六七八九十\d]+\w?[、\W]*)?[\W_]*""",
        re.VERBOSE | re.IGNORECASE,
    )


def _is_picture(char: str) -> bool:
    return char == "\ufe0f" or "\u2300" <= char <= "\u2bff" or char >= "\U0001f000"


def find_topics(reading: Reading, passage: Passage, name: str) -> Iterator[str]:
    """Up to five topics of a passage under a heading of this name, of the first kind that it has two of."""
    skill = reading.skill
    known = {name.casefold()}
    kinds: tuple[Callable[[], Iterable[str]], ...] = (
        lambda: _headings(skill, passage),
        lambda: _labels(skill, passage),
        lambda: _leads(skill, passage),
        lambda: _spans(reading, passage),
        lambda: _apart([*_spans(reading, passage, fewest=1), *_phrases(reading, passage)]),
    )
    for candidates in kinds:
        found = dict[str, str]()
        for candidate in candidates():
            short = _short(candidate)
            if short and short.casefold() not in known:
                found.setdefault(short.casefold(), short)
        if len(found) >= _FEWEST:
            yield from list(found.values())[:MOST_TOPICS]
            return


def _short(topic: str) -> str:
    """A topic as it is written, "" for one that is too long or says nothing."""
    text = clean_heading(topic).replace(",", "")
    if not is_topic(text):
        return ""
    most = _LONGEST_CJK if _CJK.search(text) else _LONGEST
    return text if len(text) <= most and not is_generic_label(text) else ""


def _headings(skill: Skill, passage: Passage) -> list[str]:
    """The highest of the headings that move, those first that stand first."""
    sections = [skill.sections[index] for index in passage.headings]
    top = min((section.level for section in sections), default=0)
    return [section.heading for section in sections if section.level == top]


def _labels(skill: Skill, passage: Passage) -> Iterator[str]:
    """What stands in bold at the beginning of paragraphs; of items where there are not two of those."""
    above, below = list[str](), list[str]()
    for block in _blocks(skill, passage):
        if block.kind is BlockKind.PARAGRAPH and (is_label(block) or _BOLD_LINE.match(block.text)):
            above.append(block.text.split("**")[1] if "**" in block.text else block.text)
        elif block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
            below += _LABEL_ITEM.findall(block.text)
    yield from above if len(above) >= _FEWEST else (*above, *below)


def _leads(skill: Skill, passage: Passage) -> Sequence[str]:
    """The names that items and rows begin with; none where most begin otherwise."""
    openings = [opening for block in _blocks(skill, passage) for opening in _openings(block)]
    found = [name for name in map(_lead, openings) if name]
    return found if len(found) >= _LEADS * len(openings) else ()


def _openings(block: Block) -> Sequence[str]:
    if block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
        return _ITEM.findall(block.text)
    return _ROW.findall(block.text)[2:] if block.kind is BlockKind.TABLE else ()


def _lead(text: str) -> str:
    """The name that a text begins with, "" where it begins with an order, a condition or half a sentence."""
    words = _LEAD_END.split(clean_heading(text), maxsplit=1)[0].split()
    if words and is_article(words[0].lower()):
        words = words[1:]
    words = list(takewhile(lambda word: not is_light(word.lower()), words))
    if not 0 < len(words) <= _LEAD_WORDS:
        return ""
    first = words[0].lower()
    if is_light(first.split("'")[0].split("’")[0]):  # "I'm"
        return ""
    says = is_imperative(first) or senses(first) or is_mobile(first) or not first[0].isalpha()
    return "" if says or any(_is_verb(word.lower()) for word in words[1:]) else " ".join(words)


def _spans(reading: Reading, passage: Passage, fewest: int = _FEWEST_SPANS) -> Sequence[str]:
    """The names in code spans that stand in the passage more than elsewhere; none where there are few."""
    spans = Counter(span for block in _blocks(reading.skill, passage) for span in _SPAN.findall(block.text))
    weights = _weights(reading, passage, spans)
    best = sorted(spans, key=lambda span: -weights[span])
    return best[:MOST_TOPICS] if len(best) >= fewest else ()


def _phrases(reading: Reading, passage: Passage) -> Sequence[str]:
    """The noun phrases behind an article that the passage says more often than the rest does (tf·idf)."""
    blocks = [block for block in _blocks(reading.skill, passage) if block.kind is not BlockKind.CODE]
    counts = Counter(phrase for block in blocks for phrase in noun_phrases(block.text) if not _is_common(phrase))
    weights = _weights(reading, passage, counts)
    return sorted(weights, key=lambda phrase: -weights[phrase] * (_PHRASE if " " in phrase else 1))


def noun_phrases(text: str) -> Iterator[str]:
    """What stands behind the articles of a text, up to the first word that belongs to no name; lower case.

    >>> list(noun_phrases("Write the customer summary, then close an old incident."))
    ['customer summary', 'old incident']
    """
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    for at, token in enumerate(tokens):
        if not is_article(token):
            continue
        words = list[str]()
        for place in range(at + 1, min(at + 1 + _PHRASE_WORDS, len(tokens))):
            word = tokens[place]
            after = tokens[place + 1] if place + 1 < len(tokens) else ""
            if not _names(word) or (words and (_is_verb(word) or (_may_be_verb(word) and is_light(after)))):
                break
            words.append(word)
        if words:
            yield " ".join(words)


def _names(word: str) -> bool:
    """Whether a word may stand in a name."""
    return (
        len(word) >= _LEAST_LETTERS
        and word[0].isalpha()
        and not (is_light(word) or is_article(word) or senses(word) or is_directional(word))
        and not (is_mobile(word) and word.endswith("ly"))
    )


def _is_verb(word: str) -> bool:
    """Whether a word is a verb rather than a noun: of another time."""
    return word.endswith("ed") and not words_in("imperatives").isdisjoint(bases(word))


def _may_be_verb(word: str) -> bool:
    return word.endswith("s") and not words_in("imperatives").isdisjoint(bases(word))


def _is_common(phrase: str) -> bool:
    """Whether a phrase is one word that many skills use: it tells no passage from another."""
    vocabulary = load_worth_model().vocabulary
    uses = vocabulary.uses.get(word_number(phrase), 0)
    return " " not in phrase and (uses > _COMMON * vocabulary.skills or phrase in words_in("meta"))


@once_per_reading
def _spread(reading: Reading) -> Counter[str]:
    """In how many blocks each word stands."""
    return Counter(word for block in reading.skill.blocks for word in content_words(block.text))


def _weights(reading: Reading, passage: Passage, topics: Counter[str]) -> dict[str, float]:
    """How much each topic, by how often a passage names it, tells the passage from the rest of the skill."""
    blocks = _blocks(reading.skill, passage)
    spread, inside = _spread(reading), Counter(word for block in blocks for word in content_words(block.text))
    of_all = len(reading.skill.blocks) + 1

    def weight(topic: str) -> float:
        outside = min((spread[word] - inside[word] for word in content_words(topic)), default=0)
        return topics[topic] * log(of_all / (1 + outside))

    return {topic: weight(topic) for topic in topics}


def _apart(phrases: Iterable[str]) -> Iterator[str]:
    """The phrases that share no word, in whatever form, with one before them."""
    stems = set[str]()
    for phrase in phrases:
        own = {word[:_STEM] for word in phrase.split()}
        if stems.isdisjoint(own):
            stems |= own
            yield phrase


def _blocks(skill: Skill, passage: Passage) -> Iterator[Block]:
    return (skill.blocks[index] for index in passage.blocks)
