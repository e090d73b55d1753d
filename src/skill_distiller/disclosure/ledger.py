"""The ledger of a split: where every stretch went, so that the original can be put together again byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final, TypeVar

from skill_distiller.disclosure.model import Span, Split
from skill_distiller.errors import BadInputError
from skill_distiller.skill.folder import SKILL_PATH, SkillFolder, check_path
from skill_distiller.skill.model import source_digest
from skill_distiller.skill.parse import parse_skill

SCHEMA: Final = "skill-distiller/moves/1"
MAX_BYTES: Final = 20_000_000  # of a ledger
_HINT: Final = "Give the file that `skill-distiller reduce --save-plan=FILE` wrote for this folder."
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was moved: every stretch in the order of the original, and the SHA-256 (hex) of what it is about.

    `source` and `core` are those of SKILL.md before and after, `files` those of the new references, by path.
    `empty_folders` are what the original held besides its files, `frontmatter` is its own where the run changed it.
    `rewritten` are the stretches of the original that were said otherwise before anything moved; the `spans` are of
    what came of that.
    """

    source: str
    core: str
    files: Mapping[PurePosixPath, str]
    spans: tuple[Span, ...]
    empty_folders: tuple[PurePosixPath, ...] = ()
    frontmatter: str | None = None
    rewritten: tuple[Span, ...] = ()


def make_ledger(split: Split) -> Ledger:
    """The ledger of a split."""
    files = {reference.path: digest_of(_text_of(split.after, reference.path)) for reference in split.references}
    before, after = split.before, split.after
    original, own = split.original or before.skill, before.skill.frontmatter.raw
    return Ledger(
        source_digest(original),
        source_digest(after.skill),
        files,
        split.spans,
        before.empty_folders,
        own if own != after.skill.frontmatter.raw else None,
        tuple(_changed_stretches(original.text, before.skill.text)),
    )


def _changed_stretches(before: str, after: str) -> Iterator[Span]:
    """The lines of a text that another one says otherwise, as stretches of the first."""
    if before == after:  # of most splits; to compare line by line takes seconds for a long text
        return
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    for what, start, stop, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            at, text = len("".join(old[:start])), "".join(old[start:stop])
            yield Span(at, at + len(text), "".join(new[first:last]), SKILL_PATH, 0, 0, (), text)


def restore_folder(folder: SkillFolder, ledger: Ledger) -> SkillFolder:
    """The folder as it was given, from the one after the split.

    Raises BadInputError where SKILL.md or a new reference is not as the split left it, and where what comes out is not
    what the ledger says.
    """
    if source_digest(folder.skill) != ledger.core:
        raise BadInputError("SKILL.md is not as the run left it.", "Restore from an unchanged copy of the folder.")
    texts = dict[PurePosixPath, str]()
    for path, digest in ledger.files.items():
        texts[path] = _text_of(folder, path)
        if digest_of(texts[path]) != digest:
            raise BadInputError(f"{str(path)!r} is not as the run left it.", "Restore from an unchanged copy.")
    core = folder.skill.text if ledger.frontmatter is None else ledger.frontmatter + folder.skill.body
    text = restore_text(restore_text(core, texts, ledger.spans), {}, ledger.rewritten)
    skill = parse_skill(text, folder.skill.path)
    if source_digest(skill) != ledger.source:
        raise BadInputError("The plan does not give the original back.", _HINT)
    for path in ledger.files:
        folder = folder.without_file(path)
    full = {above for file in folder.files for above in file.path.parents}
    empty = tuple(path for path in ledger.empty_folders if path not in full)
    return replace(folder.with_skill(skill), empty_folders=empty)


def restore_text(core: str, files: Mapping[PurePosixPath, str], spans: Sequence[Span]) -> str:
    """SKILL.md with every stretch where it was, and links as they were; raises BadInputError where one is not there."""
    parts = list[str]()
    at = gone = 0  # in the core; how much less of the original has been written there
    for span in spans:
        start = span.start - gone
        if (
            start < at
            or core[start : start + len(span.written)] != span.written
            or (span.length and span.path not in files)
        ):
            raise BadInputError("The plan does not fit this folder.", _HINT)
        parts += (core[at:start], _as_it_was(files.get(span.path, ""), span))
        at = start + len(span.written)
        gone += span.end - span.start - len(span.written)
    return "".join((*parts, core[at:]))


def _as_it_was(content: str, span: Span) -> str:
    if span.text:
        return span.text
    text = content[span.at : span.at + span.length]
    for at, written, original in sorted(span.links, reverse=True):
        if text[at : at + len(written)] != written:
            raise BadInputError("The plan does not fit this folder.", _HINT)
        text = text[:at] + original + text[at + len(written) :]
    return text


def digest_of(text: str) -> str:
    """The SHA-256 (hex) of a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _text_of(folder: SkillFolder, path: PurePosixPath) -> str:
    file = folder.file(path)
    if file is None:
        raise BadInputError(f"The folder has no file {str(path)!r}.", _HINT)
    return file.read_text()


def write_ledger(ledger: Ledger) -> str:
    """The ledger as JSON."""
    record = {
        "schema": SCHEMA,
        "source_sha256": ledger.source,
        "core_sha256": ledger.core,
        "files": {str(path): digest for path, digest in ledger.files.items()},
        "empty_folders": list(map(str, ledger.empty_folders)),
        "frontmatter": ledger.frontmatter,
        "moved": [{**span._asdict(), "path": str(span.path)} for span in ledger.spans],
        "rewritten": [{**span._asdict(), "path": str(span.path)} for span in ledger.rewritten],
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def is_ledger(text: str) -> bool:
    """Whether a text is one that `write_ledger` made, rather than a plan of another kind."""
    return text.lstrip()[:1] == "{" and f'"schema": "{SCHEMA}"' in text[:200]


def read_ledger(text: str) -> Ledger:
    """The ledger in a text; raises BadInputError where it is none."""
    try:
        record = json.loads(text)
        if _typed(record, dict).get("schema") != SCHEMA:
            raise TypeError
        return Ledger(
            _typed(record["source_sha256"], str),
            _typed(record["core_sha256"], str),
            {check_path(_typed(path, str)): _typed(d, str) for path, d in _typed(record["files"], dict).items()},
            tuple(map(_read_span, _typed(record["moved"], list))),
            tuple(check_path(_typed(path, str)) for path in _typed(record["empty_folders"], list)),
            None if record.get("frontmatter") is None else _typed(record["frontmatter"], str),
            tuple(map(_read_span, _typed(record.get("rewritten", []), list))),
        )
    except (KeyError, TypeError, ValueError, RecursionError):
        raise BadInputError("The plan is none of `reduce --save-plan`.", _HINT) from None


def _read_span(row: object) -> Span:
    fields = _typed(row, dict)
    start, end, at, length = (_count(fields[name]) for name in ("start", "end", "at", "length"))
    links = tuple((_count(at), _typed(new, str), _typed(old, str)) for at, new, old in _typed(fields["links"], list))
    path, text = check_path(_typed(fields["path"], str)), _typed(fields.get("text", ""), str)
    return Span(start, end, _typed(fields["written"], str), path, at, length, links, text)


def _count(value: object) -> int:
    number = _typed(value, int)
    if isinstance(value, bool) or number < 0:
        raise TypeError
    return number


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise TypeError
    return value
