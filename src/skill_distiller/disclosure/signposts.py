"""Signposts: what a pointer says of a moved text, in the words of its own headings: when to read it, and its topics."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from math import log
from pathlib import PurePosixPath
from typing import Any, Final

from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.disclosure.model import Passage, Signpost
from skill_distiller.language.lexicon import language_of
from skill_distiller.language.tables import LANGUAGES, words_in
from skill_distiller.language.words import CJK, content_words
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.planning.worth_features import word_number
from skill_distiller.skill.labels import is_label
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.structure.counts import read_place

_MAX_TOPICS: Final = 5
_MIN_TOPICS: Final = 2
# A pointer that is as long as what it points to saves nothing: characters of a passage below which it has at most so
# many topics. All under a heading needs fewer, since the heading stays and says what it is about.
_FEWER_TOPICS: Final = {600: 0, 1600: 3}
_FEWER_TOPICS_IN_PART: Final = {1600: 3}
_MAX_TOPIC: Final = 40  # characters of a topic
_MAX_NAME: Final = 60  # characters of a heading in a sentence
_MAX_CJK: Final = 16  # the same, of characters of which one is as much as half a word
_CLEAR_WORDS: Final = 3  # of a heading: with fewer, the one above is named too
_OFTEN: Final = 2
_STEM: Final = 6  # letters that forms of a word have in common
_FEW: Final = 0.1  # of the letters of a text that are of another script
_SAMPLE: Final = 4000  # characters that tell the language of a skill

_MARKUP: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`~<>\[\]{}|\\\"“”]|(?<!\w)_+|_+(?!\w)|&\w+;")
_TAIL: Final = re.compile(r"[\s:：.,;?？!…—–-]+\Z")
_LABEL_ITEM: Final = re.compile(r"^\s{0,3}(?:[-*+]|\d+[.)])\s+\*\*([^*\n]{2,60})\*\*", re.MULTILINE)
_BOLD_LINE: Final = re.compile(r"\A\*\*([^*\n]{2,60})\*\*")
_SPAN: Final = re.compile(r"`([A-Za-z_@/.$-][\w@/.$:-]{2,30})`")
_WORD: Final = re.compile(r"[^\W\d_][\w-]{3,}")
_LOWER_WORD: Final = re.compile(r"(?<![\w-])[a-z]{2,}\b")
# By the letters that no other language has; the Chinese ones stand in Japanese too.
_SCRIPTS: Final = {
    "ja": re.compile(r"[\u3041-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
}
_CJK: Final = re.compile(rf"[{CJK}]")


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    text = files("skill_distiller.language").joinpath("data/signposts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def _openings() -> tuple[tuple[re.Pattern[str], str, re.Pattern[str] | None, str], ...]:
    """Expression of a heading, opening, and the expression of headings that need no name, with their opening."""
    return tuple(
        (
            re.compile(row["heading"]),
            row["when"],
            re.compile(row["plain_for"]) if row.get("plain_for") else None,
            row.get("plain", ""),
        )
        for row in _data()["openings"]
    )


@lru_cache(maxsize=2)
def words_of_names(table: str) -> frozenset[str]:
    """What stands in no name of a file (`small`), and what is no name of one (`reserved`)."""
    return frozenset(_data()["names"][table].split())


def is_unmissable(word: str) -> bool:
    """Whether a word in capitals says that what it stands in is not to be missed."""
    return word.lower() in words_in("loud") or word.lower() in _data()["generic"]["unmissable"]


def leans(text: str) -> bool:
    """Whether a text opens with a word that speaks of what stands above it: "It", "These"."""
    generic, opening = _data()["generic"], text.lstrip("*_#>-+ \t\"“'").casefold()
    word = re.match(r"[^\W\d_]+", opening)
    return bool(word and word[0] in generic["leaning"]) or opening.startswith(tuple(generic["leaning_signs"]))


def is_main(heading: str) -> bool:
    """Whether a heading is that of what every run of a skill does, or says which way to go."""
    name = clean_heading(heading).casefold()
    return name in _data()["generic"]["main"] or any(part in name for part in _data()["generic"]["routes"])


def write_pointer(signpost: Signpost, path: PurePosixPath) -> str:
    """The sentence that stands in place of a moved text."""
    words = _data()[signpost.language]
    topics = words["topics"].format(topics=", ".join(signpost.topics)) if signpost.topics else ""
    sentence: str = words["sentence"].format(when=signpost.when, file=path, topics=topics)
    return sentence


def heading_of_others(reading: Reading) -> str:
    """The heading over references that no section is about, in the language of the skill."""
    return str(_data()[_language(reading)]["others"])


def make_signpost(reading: Reading, passage: Passage) -> Signpost:
    """When an agent needs a passage, and what it is about: nothing that the skill does not say itself."""
    skill = reading.skill
    language = _language(reading)
    names = [clean_heading(heading) for heading in skill.heading_path(passage.section)]
    name = (names[-1] if names else "") or skill.name
    above = names[-2] if len(names) > 2 else ""
    topics = tuple(islice(_topics(reading, passage, name), _most_topics(reading, passage)))
    words = _data()[language]
    if not passage.whole and topics:  # without any the heading has to say what it is about
        return Signpost(words[_part(reading, passage, name)], name, topics, language)
    if language != "en":
        return Signpost(words["involves"].format(topic=name), name, topics, language)
    return Signpost(_when(_lowered(reading, name), _lowered(reading, above)), name, topics, language)


_PARTS: Final = {
    SectionType.EXAMPLE: "example",
    SectionType.EDGE_CASE: "fails",
    SectionType.EXPLANATION: "more",
    SectionType.VERBOSE_DETAIL: "more",
    SectionType.ADVISORY_PATTERN: "more",
}


def _part(reading: Reading, passage: Passage, name: str) -> str:
    """What opens the pointer to a part of a section: what most of its text is for."""
    place = read_place(reading.skill.sections[passage.section].heading, heading=True)
    does = name.casefold().split(" ", 1)[0] in words_in("imperatives")
    does = does or (place is not None and place.form in words_in("step_words"))
    sizes = Counter[str]()
    for index in passage.blocks:
        sizes[_PARTS.get(reading.verdicts[index].type, "do" if does else "arises")] += len(
            reading.skill.blocks[index].text
        )
    return sizes.most_common(1)[0][0]


def _is_generic(name: str) -> bool:
    """Whether a heading could stand in any skill: "Notes"."""
    words = name.casefold().replace("&", " ").split()
    return name.casefold() in _data()["generic"]["labels"] or set(words) <= set(_data()["generic"]["words"].split())


def _when(name: str, above: str) -> str:
    """The opening of an English pointer to a whole section: "When you need to create a page"."""
    generic = _is_generic(name) and bool(above)
    name, above = (f"{above} ({name})", "") if generic else (name, above)
    small = name.casefold()
    for expression, when, plain_for, plain in _openings():
        match = expression.search(small)
        if match is None:
            continue
        if plain_for and plain_for.match(small) and not above:
            return plain
        rest = match.groupdict().get("rest") or ""
        if len(small) == len(name) and rest:
            rest = name[match.start("rest") : match.end("rest")]
            rest = rest if rest[:2].isupper() else rest[:1].lower() + rest[1:]
        return when.format(topic=name, rest=rest, first=name.split(" ", 1)[0].capitalize())
    context = f" ({above})" if above and len(name.split()) < _CLEAR_WORDS else ""
    return str(_data()["en"]["involves"].format(topic=name)) + context


def clean_heading(text: str) -> str:
    """A heading as a name: without markup, emoji, its number, and what could end a sentence or a comment.

    >>> clean_heading("### Step 3: **Write** the `config`".lstrip("# "))
    'Write the config'
    """
    plain = " ".join(_MARKUP.sub(lambda match: match[1] or "", text).split())
    plain = "".join(char for char in plain if char.isprintable() and not _is_picture(char))
    bare = _number().sub("", plain, count=1)
    bare = _TAIL.sub("", bare or plain).replace("--", "–")
    if bare.count("(") != bare.count(")"):
        bare = bare.replace("(", "").replace(")", "")
    return bare if len(bare) <= _MAX_NAME else bare[:_MAX_NAME].rsplit(" ", 1)[0] + " …"


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
    return char == "\ufe0f" or "\u2190" <= char <= "\u2bff" or char >= "\U0001f000"


@once_per_reading
def _lower_words(reading: Reading) -> frozenset[str]:
    return frozenset(_LOWER_WORD.findall(reading.skill.body))


def _lowered(reading: Reading, name: str) -> str:
    """A name in small letters, where the skill writes each of its capitalized words so elsewhere; else as it is."""
    capitalized = [word for word in name.split(" ") if word[:1].isupper() and word[1:].islower()]
    if not all(word.lower() in _lower_words(reading) for word in capitalized):
        return name
    return " ".join(word.lower() if word in capitalized else word for word in name.split(" "))


@once_per_reading
def _language(reading: Reading) -> str:
    """The language that the skill is written in: by its letters, else by its words; English where neither tells."""
    prose = " ".join(block.text for block in reading.skill.blocks if block.kind is not BlockKind.CODE)[:_SAMPLE].lower()
    for name, letters in _SCRIPTS.items():
        if len(letters.findall(prose)) > _FEW * len(prose):
            return name
    found = language_of(re.findall(r"[^\W\d_]+", prose))
    return found if found in LANGUAGES else "en"


def _most_topics(reading: Reading, passage: Passage) -> int:
    size = sum(len(reading.skill.blocks[block].text) for block in passage.blocks)
    says_little = _is_generic(clean_heading(reading.skill.sections[passage.section].heading))
    limits = _FEWER_TOPICS if passage.whole and not says_little else _FEWER_TOPICS_IN_PART
    return next((most for length, most in limits.items() if size < length), _MAX_TOPICS)


def _topics(reading: Reading, passage: Passage, name: str) -> Iterator[str]:
    """Up to five topics: headings and labels that move, else the words that tell the passage from the rest."""
    skill = reading.skill
    known = {name.casefold()}
    for candidates in (_headings(skill, passage), _labels(skill, passage), _words(reading, passage)):
        found = dict[str, str]()
        for candidate in candidates:
            short = _short(candidate)
            if short and short.casefold() not in known:
                found.setdefault(short.casefold(), short)
        if len(found) >= _MIN_TOPICS:
            yield from list(found.values())[:_MAX_TOPICS]
            return


def _short(topic: str) -> str:
    """A topic as it is written, "" for one that is too long or says nothing."""
    text = clean_heading(topic).replace(",", "")
    most = _MAX_CJK if _CJK.search(text) else _MAX_TOPIC
    return text if len(text) <= most and text.casefold() not in _data()["generic"]["labels"] else ""


def _headings(skill: Skill, passage: Passage) -> list[str]:
    """The highest of the headings that move, those first that stand first."""
    sections = [skill.sections[index] for index in passage.headings]
    top = min((section.level for section in sections), default=0)
    return [section.heading for section in sections if section.level == top]


def _labels(skill: Skill, passage: Passage) -> Iterator[str]:
    """What stands in bold at the beginning of a paragraph or an item."""
    for index in passage.blocks:
        block = skill.blocks[index]
        if block.kind is BlockKind.PARAGRAPH and (is_label(block) or _BOLD_LINE.match(block.text)):
            yield block.text.split("**")[1] if "**" in block.text else block.text
        elif block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
            yield from _LABEL_ITEM.findall(block.text)


@once_per_reading
def _spread(reading: Reading) -> Counter[str]:
    """In how many blocks each word stands."""
    return Counter(word for block in reading.skill.blocks for word in content_words(block.text))


def _words(reading: Reading, passage: Passage) -> Sequence[str]:
    """The names in code spans, then the words, that stand in the passage more than elsewhere (tf·idf)."""
    skill = reading.skill
    texts = [skill.blocks[index].text for index in passage.blocks]
    spans = Counter(span for text in texts for span in _SPAN.findall(text))
    prose = [skill.blocks[i].text for i in passage.blocks if skill.blocks[i].kind is not BlockKind.CODE]
    common = load_worth_model().vocabulary.uses  # words that many skills use name no topic
    words = Counter(
        word
        for text in prose or texts
        for word in map(str.lower, _WORD.findall(text))
        if word_number(word) not in common and not _CJK.search(word)
    )
    spread, total = _spread(reading), len(skill.blocks) + 1
    inside = Counter(word for index in passage.blocks for word in content_words(skill.blocks[index].text))

    def weight(word: str, count: int) -> float:
        return count * log(total / (1 + spread[word.lower()] - inside[word.lower()]))

    best = sorted(spans, key=lambda span: -weight(span, spans[span]))[:_MAX_TOPICS]
    if len(best) >= _MIN_TOPICS + 1:
        return best
    # A word that stands there once may be no more than a turn of phrase.
    ranked = sorted(words, key=lambda word: (words[word] < _OFTEN, -weight(word, words[word])))
    return [*best, *_apart(ranked, best)][:_MAX_TOPICS]


def _apart(words: Iterable[str], taken: Sequence[str]) -> Iterator[str]:
    """The words that are no part of what is taken, nor forms of a word before them."""
    joined = " ".join(taken).lower()
    stems = set[str]()
    for word in words:
        if word not in joined and word[:_STEM] not in stems:
            stems.add(word[:_STEM])
            yield word
