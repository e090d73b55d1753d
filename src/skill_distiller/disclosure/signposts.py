"""Signposts: what a pointer says of a moved text, in the words of its own headings: when to read it, and its topics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType, once_per_reading
from skill_distiller.disclosure.model import Passage, Signpost
from skill_distiller.disclosure.topics import MOST_TOPICS, clean_heading, find_topics, is_generic_label, signpost_data
from skill_distiller.language.forms import bases
from skill_distiller.language.lexicon import is_article, is_imperative, is_light, language_of, senses
from skill_distiller.language.words import LANGUAGES, words_in
from skill_distiller.skill.model import PROSE, BlockKind
from skill_distiller.structure.sequences import read_place

# A pointer that is as long as what it points to saves nothing: characters of a passage below which it has at most so
# many topics. All under a heading needs fewer, since the heading stays and says what it is about.
_FEWER_TOPICS: Final = {600: 0, 1600: 2, 3000: 3}
_FEWER_TOPICS_IN_PART: Final = {1600: 2, 3000: 3}
SHOWN: Final = frozenset({BlockKind.CODE, BlockKind.TABLE})  # what may stand elsewhere than its lead-in
_CLEAR_WORDS: Final = 3  # of a heading: with fewer, the one above is named too
_FEW: Final = 0.1  # of the letters of a text that are of another script
_SAMPLE: Final = 4000  # characters that tell the language of a skill

_LOWER_WORD: Final = re.compile(r"(?<![\w-])[a-z]{2,}\b")
_NAME: Final = re.compile(r"(?<![\w'-])[a-z][\w'-]*,? ([A-Z][a-z]+)\b")
_SPAN: Final = re.compile(r"`[^`\n]*`|\*\*[^*\n]*\*\*")  # code, and labels, which are often written like headings
_POSSESSIVE: Final = re.compile(r"['’]s\Z")
# By the letters that no other language has; the Chinese ones stand in Japanese too.
_SCRIPTS: Final = {
    "ja": re.compile(r"[\u3041-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
}


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
        for row in signpost_data()["openings"]
    )


def is_unmissable(word: str) -> bool:
    """Whether a word in capitals says that what it stands in is not to be missed."""
    return word.lower() in words_in("loud") or word.lower() in signpost_data()["generic"]["unmissable"]


def leans(text: str) -> bool:
    """Whether a text opens with a word that speaks of what stands above it: "It", "These"."""
    generic, opening = signpost_data()["generic"], text.lstrip("*_#>-+ \t\"“'").casefold()
    word = re.match(r"[^\W\d_]+", opening)
    return bool(word and word[0] in generic["leaning"]) or opening.startswith(tuple(generic["leaning_signs"]))


def calls(text: str) -> bool:
    """Whether a text says when it, or what it belongs to, is to be used: "**When to use this section:**"."""
    plain = text.lstrip("*_#>-+ \t\"“'").casefold()
    generic = signpost_data()["generic"]
    return plain.startswith(tuple(generic["calls"])) or any(own in plain for own in generic["calls_anywhere"])


def asks_first(heading: str) -> bool:
    """Whether a heading is that of what needs approval: "Ask first"."""
    return any(part in clean_heading(heading).casefold() for part in signpost_data()["generic"]["approvals"])


def introduces(heading: str) -> bool:
    """Whether a heading is that of what says what the whole skill is for: "Overview"."""
    return clean_heading(heading).casefold().startswith(tuple(signpost_data()["generic"]["introductions"]))


def is_choice(form: str) -> bool:
    """Whether what is counted in this form ("option") is one of several ways, and not done one after the other."""
    return form in signpost_data()["generic"]["choices"]


@lru_cache(maxsize=4096)
def is_main(heading: str) -> bool:
    """Whether a heading is that of what every run of a skill does, or says which way to go."""
    name = clean_heading(heading).casefold()
    return name in signpost_data()["generic"]["main"] or any(
        part in name for part in signpost_data()["generic"]["routes"]
    )


def write_pointer(signpost: Signpost, path: PurePosixPath) -> str:
    """The sentence that stands in place of a moved text."""
    words = signpost_data()[signpost.language]
    said = all(topic in signpost.when for topic in signpost.topics)
    topics = "" if said else words["topics"].format(topics=", ".join(signpost.topics))
    sentence: str = words["sentence"].format(when=signpost.when, file=path, topics=topics)
    return sentence


def heading_of_others(reading: Reading) -> str:
    """The heading over references that no section is about, in the language of the skill."""
    return str(signpost_data()[_language(reading)]["others"])


def make_signpost(reading: Reading, passage: Passage) -> Signpost:
    """When an agent needs a passage, and what it is about: nothing that the skill does not say itself."""
    skill = reading.skill
    language = _language(reading)
    names = [clean_heading(heading) for heading in skill.heading_path(passage.section)]
    name = (names[-1] if names else "") or skill.name
    above = names[-2] if len(names) > 2 else ""
    topics = tuple(islice(find_topics(reading, passage, name), _most_topics(reading, passage)))
    if language == "en":
        topics = _lowered_alike(reading, topics)
    words = signpost_data()[language]
    if _is_shown(reading, passage):  # its lead-in, which stays right above the pointer, says when
        return Signpost(words["shown"], name, topics, language)
    if not passage.whole and topics:  # without any the heading has to say what it is about
        part = _part(reading, passage, name)
        clear = bool(passage.headings) or all(" " in topic for topic in topics)  # one word says too little
        vague = part == "about" and (not clear or any(map(_is_clause, topics)))
        when = words["more" if vague else part].format(topics=", ".join(topics))
        return Signpost(when, name, topics, language)
    if language != "en":
        return Signpost(words["involves"].format(topic=name), name, topics, language)
    return Signpost(_when(_lowered(reading, name), _lowered(reading, above)), name, topics, language)


def _is_shown(reading: Reading, passage: Passage) -> bool:
    """Whether a passage is code or a table alone, of which the lead-in stays."""
    first = reading.skill.blocks[passage.blocks[0]]
    return len(passage.pieces) == 1 and first.kind in SHOWN and first.index - 1 in reading.lead_ins


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
    does = _is_task(name) if _language(reading) == "en" else name.casefold().split(" ", 1)[0] in words_in("imperatives")
    does = does or (place is not None and place.form in words_in("step_words"))
    shows = any(noun in word for word in _called(reading, passage) for noun in words_in("example_nouns"))
    sizes = Counter[str]()
    for index in passage.blocks:
        part = _PARTS.get(reading.verdicts[index].type, "do" if does else "about")
        sizes["more" if part == "example" and not shows else part] += len(reading.skill.blocks[index].text)
    return sizes.most_common(1)[0][0]


def _called(reading: Reading, passage: Passage) -> Iterator[str]:
    """The words of the headings of a passage, and of the first lines of its blocks."""
    skill = reading.skill
    for section in (passage.section, *passage.headings):
        yield from skill.sections[section].heading.casefold().split()
    for block in passage.blocks:
        yield from skill.blocks[block].text.lstrip().split("\n", 1)[0].casefold().split()


def _is_task(name: str) -> bool:
    """Whether an English heading says what is done: "Add a page", and not "Add-ons"."""
    small = name.casefold()
    return any(re.search(row["heading"], small) for row in signpost_data()["openings"] if row.get("does"))


def _is_clause(topic: str) -> bool:
    """Whether a topic gives an order or asks, so that "for" can't stand before it: "Generate the figure first"."""
    first = topic.split(" ", 1)[0].casefold()
    return is_imperative(first) or bool(senses(first)) or is_light(first)


def _is_generic(name: str) -> bool:
    """Whether a heading could stand in any skill: "Notes"."""
    words = name.casefold().replace("&", " ").split()
    return is_generic_label(name) or set(words) <= set(signpost_data()["generic"]["words"].split())


def _when(name: str, above: str) -> str:
    """The opening of an English pointer to a whole section: "When you need to create a page"."""
    generic = _is_generic(name) and bool(above)
    name, above = (f"{above} ({name})", "") if generic else (name, above)
    small = (name.split(" (", 1)[0] or name).casefold()  # what stands in brackets is not what it is about
    for expression, when, plain_for, plain in _openings():
        match = expression.search(small)
        if match is None:
            continue
        if plain_for and plain_for.match(small) and not above:
            return plain
        rest = match.groupdict().get("rest") or ""
        if name[: len(small)].casefold() == small and rest:
            rest = name[match.start("rest") : match.end("rest")]
            rest = rest if rest[:2].isupper() else rest[:1].lower() + rest[1:]
        return when.format(topic=name, rest=rest, first=name.split(" ", 1)[0].capitalize())
    context = f" ({above})" if above and len(name.split()) < _CLEAR_WORDS else ""
    return str(signpost_data()["en"]["involves"].format(topic=name)) + context


@once_per_reading
def _lower_words(reading: Reading) -> frozenset[str]:
    return frozenset(_LOWER_WORD.findall(_prose(reading)))


def _lowered(reading: Reading, name: str) -> str:
    """A name in small letters, but for what are names in the skill too; as it is where one of its words is unknown.

    A word is known that its text writes in small letters, or that is a verb or an article; a name is one that it
    writes with a capital in the middle of a sentence.
    """
    words = name.split(" ")
    if is_article(words[0].lower()):
        words[0] = words[0].lower()
    capitalized = [word for word in words if word[:1].isupper() and word[1:].islower()]
    bare = {word: _POSSESSIVE.sub("", word).rstrip(",:;") for word in capitalized}
    names = {word for word, own in bare.items() if own in _names(reading) and own.lower() not in _lower_words(reading)}
    if not all(word in names or _is_plain(reading, own.lower()) for word, own in bare.items()):
        return " ".join(words)
    return " ".join(word.lower() if word in capitalized and word not in names else word for word in words)


def _lowered_alike(reading: Reading, topics: tuple[str, ...]) -> tuple[str, ...]:
    """Topics in small letters, where all may be written so: a list of both looks as if they were of two kinds."""
    lowered = tuple(_lowered(reading, topic) for topic in topics)
    firsts = (topic.split(" ", 1)[0] for topic in lowered)
    odd = any(first[:1].isupper() and first[1:].islower() and first not in _names(reading) for first in firsts)
    return topics if odd else lowered


def _is_plain(reading: Reading, word: str) -> bool:
    return word in _lower_words(reading) or is_article(word) or not words_in("imperatives").isdisjoint(bases(word))


@once_per_reading
def _names(reading: Reading) -> frozenset[str]:
    """The words that stand with a capital in the middle of a sentence."""
    return frozenset(_NAME.findall(_prose(reading)))


@once_per_reading
def _prose(reading: Reading) -> str:
    blocks = (block.text for block in reading.skill.blocks if block.kind in PROSE)
    return _SPAN.sub(" ", "\n".join((reading.skill.description, *blocks)))


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
    return next((most for length, most in limits.items() if size < length), MOST_TOPICS)
