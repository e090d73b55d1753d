"""The candidate is a valid skill: the rules of the Agent Skills format, its frontmatter, its size, nothing hidden."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import yaml

from skill_distiller.checks.model import ALREADY, Finding, FindingKind, Level, Pair, Quote
from skill_distiller.language.lexicon import Sense, senses
from skill_distiller.meaning.compare import Difference, compare_texts, restricts
from skill_distiller.meaning.sentence_tokens import asks, read_tokens
from skill_distiller.meaning.units import split_sentences
from skill_distiller.meaning.verdicts import CERTIFIED, Verdict
from skill_distiller.skill.model import BlockKind, FrontmatterState, Skill, count_line_ends

MAX_NAME: Final = 64  # characters, as in all of these
MAX_DESCRIPTION: Final = 1024
MAX_COMPATIBILITY: Final = 500
FIELDS: Final = frozenset({"name", "description", "license", "allowed-tools", "metadata", "compatibility"})
# Fields that clients have added; the specification has none of them.
CLIENT_FIELDS: Final = frozenset(
    "agent argument-hint arguments author category context disable-model-invocation disallowed-tools effort hooks"
    " homepage keywords mode model paths shell tags tools triggers user-invocable version when_to_use".split()
)
_BOM: Final = "\ufeff"
_WORDS: Final = re.compile(r"\w+")


class Fault(NamedTuple):
    """A rule that a frontmatter breaks; `client` is True for a field that only some clients know."""

    field: str
    text: str
    client: bool = False


def format_faults(skill: Skill, folder_name: str = "", allowed_fields: Collection[str] = ()) -> tuple[Fault, ...]:
    """Every rule that a skill's frontmatter breaks.

    `folder_name` is what its name has to equal, "" where that is not known. The fields in
    `allowed_fields` are taken as if the specification had them.
    """
    frontmatter = skill.frontmatter
    if frontmatter.state is not FrontmatterState.OK:
        return (Fault("frontmatter", frontmatter.state.value),)
    return tuple(_faults(skill, folder_name, allowed_fields))


def _faults(skill: Skill, folder_name: str, allowed_fields: Collection[str]) -> Iterator[Fault]:
    fields = skill.frontmatter.fields
    if skill.frontmatter.raw.startswith(_BOM):
        yield Fault("frontmatter", "byte order mark before it")
    for name in _twice(skill.frontmatter.raw):
        yield Fault(name, "given twice")
    for name in fields:
        if name not in FIELDS and name not in allowed_fields:
            yield Fault(name, "unknown field", name in CLIENT_FIELDS)
    yield from _name_faults(fields.get("name"), folder_name)
    yield from _text_faults("description", fields.get("description"), MAX_DESCRIPTION)
    if "compatibility" in fields:
        yield from _length_faults("compatibility", fields["compatibility"], MAX_COMPATIBILITY)


def _name_faults(value: object, folder_name: str) -> Iterator[Fault]:
    yield from _text_faults("name", value, 0)
    if not isinstance(value, str) or not value.strip():
        return
    name = unicodedata.normalize("NFKC", value.strip())
    rules = {
        f"longer than {MAX_NAME} characters": len(name) > MAX_NAME,
        "capital letters": name != name.lower(),
        "a hyphen at its start or end": name.startswith("-") or name.endswith("-"),
        "two hyphens in a row": "--" in name,
        "characters other than letters, digits and hyphens": not all(c.isalnum() or c == "-" for c in name),
        "not the name of the folder": bool(folder_name) and unicodedata.normalize("NFKC", folder_name) != name,
    }
    yield from (Fault("name", text) for text, broken in rules.items() if broken)


def _text_faults(field: str, value: object, most: int) -> Iterator[Fault]:
    if value is None or (isinstance(value, str) and not value.strip()):
        yield Fault(field, "missing or empty")
    else:
        yield from _length_faults(field, value, most)


def _length_faults(field: str, value: object, most: int) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(field, "not a text")
    elif most and len(value) > most:
        yield Fault(field, f"longer than {most} characters")


def _twice(raw: str) -> list[str]:
    """The top-level fields that a frontmatter gives more than once; YAML would take the last."""
    lines = raw.lstrip(_BOM).rstrip().splitlines()
    keys = [line.split(":", 1)[0] for line in lines if ":" in line and not line[:1].isspace()]
    if len(keys) == len(set(keys)):
        return []
    node = yaml.compose("\n".join(lines[1:-1]), Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return []
    names = Counter(str(key.value) for key, _ in node.value)
    return [name for name, times in names.items() if times > 1]


def find_format_faults(pair: Pair) -> Iterator[Finding]:
    """Fails for a fault of the frontmatter that the original does not have; with `strict`, for any.

    Fields that only some clients know, and faults of the original, are warnings.
    """
    faults = format_faults(pair.candidate, pair.folder_name, pair.allowed_fields)
    if not faults:
        return
    same = pair.candidate.frontmatter.raw == pair.original.frontmatter.raw
    known = set(faults if same else format_faults(pair.original, pair.folder_name, pair.allowed_fields))
    for fault in faults:
        old = fault in known
        level = Level.WARNING if (old or fault.client) and not pair.strict else Level.FAILURE
        kind = FindingKind.CLIENT_FIELD if fault.client else FindingKind.FAULT
        text = f"{fault.field}: {fault.text}"
        yield Finding(kind, level, text, 1, ALREADY if old else "", in_candidate=True)


_DESCRIBING: Final = frozenset({"name", "description", "license", "compatibility"})  # may say what is required
# What else a client reads may grant tools, run hooks, or switch the skill on and off.
_TELLING: Final = frozenset({"name", "description", "license", "compatibility", "metadata", "version", "author"})


def find_frontmatter_changes(pair: Pair) -> Iterator[Finding]:
    """Fails where a field was lost or has another value, or a new one may give an agent more leave.

    Another order or quoting, a new field that only tells of the skill, or a description in other words, is
    to be looked at; a new comment, an anchor, and a new field that tells an agent what to do fail.
    """
    before, after = pair.original.frontmatter, pair.candidate.frontmatter
    if before.raw.rstrip() == after.raw.rstrip():
        return
    if before.raw and not after.raw:
        yield Finding(FindingKind.LOST, Level.FAILURE, "the whole frontmatter", 1)
    elif after.state not in (FrontmatterState.OK, before.state):
        yield Finding(FindingKind.CHANGED, Level.FAILURE, after.state.value, 1, "frontmatter", in_candidate=True)
    elif before.raw and before.state is not FrontmatterState.OK and after.state is not FrontmatterState.OK:
        yield Finding(FindingKind.CHANGED, Level.FAILURE, "text that can't be read as fields", 1, "frontmatter")
    elif found := [*_fields(pair), *_new_comments(pair)]:
        yield from found
    else:
        text = "same fields, same values"
        yield Finding(FindingKind.OTHERWISE_WRITTEN, Level.LOOK, text, 1, in_candidate=True)


def _fields(pair: Pair) -> Iterator[Finding]:
    before, after = pair.original.frontmatter.fields, pair.candidate.frontmatter.fields
    for name, value in before.items():
        if name not in after:
            yield Finding(FindingKind.LOST, Level.FAILURE, name, 1, "field")
        elif after[name] != value or type(after[name]) is not type(value):
            yield from _changed_field(name, value, after[name], pair.declared.description)
    for name in (name for name in after if name not in before):
        told = name in _TELLING and (name in _DESCRIBING or not _orders(after[name]))
        level = Level.WARNING if name in pair.allowed_fields else Level.LOOK if told else Level.FAILURE
        yield Finding(FindingKind.NEW, level, name, 1, "field", in_candidate=True)


def _changed_field(name: str, before: object, after: object, declared: str | None) -> Iterator[Finding]:
    """A field with another value; of a description only what it says counts, sentence by sentence.

    Of one that is `declared` words may be gone; what it still says has to be what it said.
    """
    level, kind = Level.FAILURE, FindingKind.CHANGED
    if name == "description" and isinstance(before, str) and isinstance(after, str):
        differences = compare_texts(before, after).differences
        if after == declared and _is_cut(before, after) and not any(_is_turned(d, differences) for d in differences):
            level = Level.DECLARED
        elif not any(difference.firm for difference in differences):
            proved = all(difference.verdict in CERTIFIED for difference in differences)
            level, kind = Level.WARNING if proved else Level.LOOK, FindingKind.REWORDED
        yield Finding(kind, level, before, 1, "description", other=Quote(after, 1))
    else:
        yield Finding(kind, level, name, 1, "field", in_candidate=True)


_TURNED: Final = frozenset({Verdict.CONTRADICTED, Verdict.WEAKENED, Verdict.NEW})


def _is_turned(difference: Difference, differences: Sequence[Difference]) -> bool:
    """Whether something is said otherwise, or anew; what is left of a sentence that limits nothing is not new."""
    if difference.verdict is not Verdict.NEW:
        return difference.verdict in _TURNED
    gone = [unit.text for other in differences if other.verdict is Verdict.GONE for unit in other.before]
    return not all(any(_is_cut(text, unit.text) and not restricts(text) for text in gone) for unit in difference.after)


def _is_cut(before: str, after: str) -> bool:
    """Whether a text is another one with words left out; the "or" of a list may stand before another of its items."""
    known = _WORDS.findall(before.casefold())
    words, joining = iter(known), {word for word in known if not senses(word).isdisjoint((Sense.AND, Sense.OR))}
    return all(word in joining or word in words for word in _WORDS.findall(after.casefold()))


def _orders(value: object) -> bool:
    """Whether a value, or one in it, asks for something, forbids or allows it."""
    if isinstance(value, dict):
        return any(_orders(f"{key} {inner}") or _orders(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(_orders, value))
    sentences = split_sentences(str(value))
    return any(asks(read_tokens(sentence)) or restricts(sentence) for sentence in sentences)


# What stands in YAML beside the values: comments, anchors, keys that merge.
_YAML_COMMENT: Final = re.compile(r"(?:^|(?<=[ \t]))(?:#[^\n]*|&[^\s,{}\[\]]+|<<(?=[ \t]*:))", re.MULTILINE)


def _new_comments(pair: Pair) -> Iterator[Finding]:
    """The comments and anchors that the original's frontmatter does not have: an agent reads them like all else."""
    before, after = pair.original.frontmatter.raw, pair.candidate.frontmatter
    for match in _YAML_COMMENT.finditer(after.raw):
        text = match.group().strip("# \t\r")
        if text and text not in before and not _is_said(text, after.fields.values()):
            yield Finding(FindingKind.NEW, Level.FAILURE, text, 1, "comment", in_candidate=True)


def _is_said(text: str, values: Iterable[object]) -> bool:
    """Whether a text is part of what fields say, so that its `#` begins no comment."""
    return any(text in " ".join(str(value).split()) for value in values)


MOST_LINES: Final = 500  # of a body, as the specification advises
MOST_TOKENS: Final = 5000


def find_growth(pair: Pair) -> Iterator[Finding]:
    """Warns of a long body and of a candidate with more tokens than the original."""
    lines, tokens = count_line_ends(pair.candidate.body), pair.tokens
    if lines > MOST_LINES:
        text = f"{lines} lines, {MOST_LINES} are advised"
        yield Finding(FindingKind.TOO_LARGE, Level.WARNING, text, detail="body", in_candidate=True)
    if tokens.candidate > MOST_TOKENS:
        text = f"{tokens.candidate} tokens, {MOST_TOKENS} are advised"
        yield Finding(FindingKind.TOO_LARGE, Level.WARNING, text, detail="file", in_candidate=True)
    if tokens.candidate > tokens.original:
        text = f"{tokens.original} → {tokens.candidate} tokens"
        yield Finding(FindingKind.LONGER, Level.WARNING, text, in_candidate=True)


_COMMENT: Final = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)[^`]+(?<!`)\1(?!`)")
_UNUSUAL: Final = re.compile(r"[^\x20-\x7e\t\n\r\ufeff]")  # a byte order mark is a fault of the format
_OTHER_SPACE: Final = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_NO_LATIN: Final = re.compile(r"[\u0370-\u03ff\u0400-\u04ff]")
_TWO_SCRIPTS: Final = re.compile(rf"(?=\w*[A-Za-z])(?=\w*{_NO_LATIN.pattern})\w{{1,80}}")


def find_hidden(pair: Pair) -> Iterator[Finding]:
    """What the candidate has for no reader to see, and the original has not.

    That is characters without a shape, other spaces in code, letters of another script that look Latin, comments.
    """
    unseen = (c for c in set(_UNUSUAL.findall(pair.candidate.text)) if unicodedata.category(c) in _UNSEEN)
    for character in sorted(c for c in unseen if c not in pair.original.text):
        line = _line(pair.candidate.text, pair.candidate.text.index(character))
        yield _finding(f"U+{ord(character):04X}", line, "character without a shape")
    yield from _look_alikes(pair)
    if "<!--" in pair.candidate.text:
        known = {text for text, _ in _comments(pair.original)}
        yield from (_finding(text, line, "comment") for text, line in _comments(pair.candidate) if text not in known)


def _look_alikes(pair: Pair) -> Iterator[Finding]:
    before, after = pair.original.text, pair.candidate.text
    words = {match.group(): match.start() for match in _of_two_scripts(after) if match.group() not in before}
    yield from (_finding(word, _line(after, at), "letters of two scripts") for word, at in words.items())
    if _OTHER_SPACE.search(after):
        spans = (match for match in _SPAN.finditer(after) if _OTHER_SPACE.search(match.group()))
        new = (match for match in spans if match.group() not in before)
        yield from (_finding(match.group(), _line(after, match.start()), "another space in code") for match in new)


def _of_two_scripts(text: str) -> Iterator[re.Match[str]]:
    """The words with letters of two scripts, looked for in those lines that have any but Latin ones."""
    end = 0
    while found := _NO_LATIN.search(text, end):
        end = text.find("\n", found.end())
        end = end if end >= 0 else len(text)
        yield from _TWO_SCRIPTS.finditer(text, text.rfind("\n", 0, found.start()) + 1, end)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _finding(text: str, line: int, detail: str) -> Finding:
    return Finding(FindingKind.NEW, Level.FAILURE, text, line, detail, in_candidate=True)


def _comments(skill: Skill) -> Iterator[tuple[str, int]]:
    for block in skill.blocks:
        if block.kind is not BlockKind.CODE and "<!--" in block.text:
            text = block.text
            text = _SPAN.sub(lambda span: " " * len(span.group()), text) if "`" in text else text
            for match in _COMMENT.finditer(text):
                yield " ".join(match.group(1).split()), block.line_at(match.start())
