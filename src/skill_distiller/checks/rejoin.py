"""Put a skill that somebody split together again: what stands in new files goes back to where it stood."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.checks.model import Finding
from skill_distiller.language.fact import normalize
from skill_distiller.skill.folder import SKILL_PATH, FolderLink, LinkState, SkillFolder, resolve_link
from skill_distiller.skill.links import LinkKind, find_links, split_target
from skill_distiller.skill.model import Block, Section, Skill, count_line_ends
from skill_distiller.skill.parse import parse_skill

MAX_LINE: Final = 1 << 60
_LINE_ENDS: Final = ("\n", "\r")
_FEW_WORDS: Final = 8  # a shorter block may well stand in several places
_MOST_PAIRS: Final = 100_000  # of equal parts between two places that are sure


class Part(NamedTuple):
    """A heading or block of a file: what it is compared by, its source, and the heading or block itself."""

    key: str
    source: str
    block: Block | None
    section: Section
    path: PurePosixPath = SKILL_PATH


@dataclass(frozen=True, eq=False)
class Rejoined:
    """A candidate with the text of its new files back in SKILL.md.

    `skill` is that SKILL.md, its pointers left out. `moved` are the parts of the original that stand in a new file,
    each with its path; `pointers` the blocks of SKILL.md that name one, `new_text` what the new files hold besides, and
    `twice` the parts that stand in more places than before.
    """

    skill: Skill
    moved: tuple[tuple[Part, PurePosixPath], ...]
    pointers: tuple[Part, ...]
    new_text: tuple[Part, ...]
    twice: tuple[Part, ...]
    files: Mapping[PurePosixPath, Skill]
    lines: tuple[tuple[int, int], ...]  # where each part begins in `skill`, and in the candidate's file (0: moved)

    def placed(self, finding: Finding) -> Finding:
        """A finding about `skill` with its line in the candidate's own SKILL.md, 0 for what is in another file."""
        if not finding.in_candidate or not finding.line or not self.files:
            return finding
        at = bisect_right(self.lines, (finding.line, MAX_LINE)) - 1
        start, own = self.lines[at] if at >= 0 else (1, 1)
        return replace(finding, line=own + finding.line - start if own else 0)


def new_references(before: SkillFolder, after: SkillFolder) -> dict[PurePosixPath, Skill]:
    """The Markdown references that only the second folder has, parsed; raises BadInputError for one that is no text."""
    return dict(after.texts({file.path for file in after.files} - {file.path for file in before.files}))


def rejoin(before: SkillFolder, after: SkillFolder, announced: Container[str] = ()) -> Rejoined:
    """The candidate with what moved back in its place, found by its text alone: nothing is taken from a record.

    Text of SKILL.md that is `announced` counts as a pointer.
    """
    files = new_references(before, after)
    old = list(parts_of(before, SKILL_PATH, before.skill))
    core = list(parts_of(after, SKILL_PATH, after.skill))
    stored = [part for path, skill in files.items() for part in parts_of(after, path, skill)]
    places = _match(old, core)
    moved = _find_moved(old, places, stored, files)
    known = Counter(part.key for part in old)
    kept = Counter(core[place].key for place in places.values())
    taken = Counter(part.key for part in stored if part.block)
    twice = [p for p in stored if p.block and _is_long(p) and kept[p.key] + taken[p.key] > known[p.key] > 0]
    taken_places = frozenset(places.values())
    pointers = {
        place: names
        for place, part in enumerate(core)
        if place not in taken_places and ((names := _names(after, part, files)) or part.source.strip() in announced)
    }
    text, lines = _joined(before, old, core, places, moved, pointers)
    skill = parse_skill(text, before.skill.path)
    fresh = [part for part in stored if part.key not in known]
    return Rejoined(
        replace(skill, frontmatter=after.skill.frontmatter),
        tuple((old[at], path) for at, path in sorted(moved.items())),
        tuple(core[place] for place in pointers),
        tuple(fresh),
        tuple({part.key: part for part in twice}.values()),
        files,
        lines,
    )


def parts_of(folder: SkillFolder, path: PurePosixPath, skill: Skill) -> Iterator[Part]:
    """The headings and blocks of a file in order, with keys that are the same wherever the text stands."""
    for section in skill.sections:
        if section.level:
            yield Part(f"#{normalize(section.heading)}", section.heading_source, None, section, path)
        for block in section.blocks:
            yield Part(_key(folder, path, block), block.source, block, section, path)


def _key(folder: SkillFolder, path: PurePosixPath, block: Block) -> str:
    """The text of a block with the targets of its links as paths from the skill's folder."""
    text, parts, at = block.text, list[str](), 0
    if "](" in text or "href" in text or "src" in text or "]:" in text:
        links = sorted(
            (link for link in find_links([block]) if link.kind is LinkKind.LINK), key=lambda link: link.start
        )
        for link in links:
            resolved = resolve_link(path, link, folder.find)
            if resolved and link.start >= at:
                parts += (text[at : link.start], _from_root(resolved))
                at = link.start + len(link.text)
    return "".join((*parts, text[at:])).strip()


def _from_root(resolved: FolderLink) -> str:
    if resolved.state not in (LinkState.FILE, LinkState.FOLDER):
        return resolved.link.text
    anchor = split_target(resolved.link.text)[1]
    path = "" if resolved.target == SKILL_PATH else str(resolved.target)
    return f"{path}#{anchor}" if anchor else path


def _is_long(part: Part) -> bool:
    return len(part.key.split()) >= _FEW_WORDS


def _match(old: Sequence[Part], new: Sequence[Part]) -> dict[int, int]:
    """For each part of the old list that stands in the new one its place there; places rise.

    Those that stand once in both are joined first (a patience diff), then what lies between them.
    """
    before, after = ([(part.key, part.section.level if not part.block else 0) for part in side] for side in (old, new))
    alone_old, alone_new = Counter(before), Counter(after)
    where = {key: place for place, key in enumerate(after) if alone_new[key] == 1}
    anchors = _rising([(i, where[key]) for i, key in enumerate(before) if alone_old[key] == 1 and key in where])
    found = dict(anchors)
    last_old = last_new = 0
    for end_old, end_new in (*anchors, (len(old), len(new))):
        found.update(_between(before, range(last_old, end_old), after, range(last_new, end_new)))
        last_old, last_new = end_old + 1, end_new + 1
    return found


def _between(old: Sequence[Hashable], here: range, new: Sequence[Hashable], there: range) -> Sequence[tuple[int, int]]:
    """As many places as can be joined of two stretches in which the same key may stand several times.

    Of a faithful split all that is left stands in the old order: each key is joined with the first that is still free.
    Where that leaves one over, the longest common run is looked for, unless the two have too many pairs.
    """
    places = defaultdict[Hashable, list[int]](list)
    for i in here:
        places[old[i]].append(i)
    known = [k for k in there if new[k] in places]
    joined, free = list[tuple[int, int]](), here.start
    for k in known:
        own = places[new[k]]
        if (first := bisect_left(own, free)) < len(own):
            joined.append((own[first], k))
            free = own[first] + 1
    if len(joined) == len(known) or sum(len(places[new[k]]) for k in known) > _MOST_PAIRS:
        return joined
    pairs = ((i, k) for k in reversed(known) for i in places[new[k]])
    return _rising(sorted(pairs, key=lambda pair: pair[0]))  # the later of two first: no place is joined twice


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs of which the second numbers rise too."""
    tails, at, back = list[int](), list[int](), dict[int, int]()
    for place, (_, value) in enumerate(pairs):
        length = bisect_left(tails, value)
        if length:
            back[place] = at[length - 1]
        tails[length : length + 1] = [value]
        at[length : length + 1] = [place]
    found = list[tuple[int, int]]()
    place = at[-1] if at else -1
    while place >= 0:
        found.append(pairs[place])
        place = back.get(place, -1)
    return found[::-1]


def _find_moved(
    old: Sequence[Part], places: Mapping[int, int], stored: Sequence[Part], files: Mapping[PurePosixPath, Skill]
) -> dict[int, PurePosixPath]:
    """The parts of the original that are not in SKILL.md and are in a new file, each with its path."""
    pool = defaultdict[str, deque[Part]](deque)
    for part in stored:
        pool[part.key].append(part)
    lines = {path: frozenset(map(str.strip, skill.body.splitlines())) for path, skill in files.items()}
    found = dict[int, PurePosixPath]()
    for i, part in enumerate(old):
        if i in places:
            continue
        if pool[part.key]:
            found[i] = pool[part.key].popleft().path
        elif part.block:  # a list of which only some items moved is one block where it was several
            text = part.block.text.strip()
            own = frozenset(map(str.strip, text.splitlines()))
            holders = (path for path in files if own <= lines[path] and _holds(files[path].body, text))
            if path := next(holders, None):
                found[i] = path
    return found


def _holds(text: str, piece: str) -> bool:
    """Whether a text holds a piece as whole lines."""
    at = text.find(piece)
    while at >= 0:
        end = at + len(piece)
        if (not at or text[at - 1] in _LINE_ENDS) and text[end : end + 1] in ("", *_LINE_ENDS):
            return True
        at = text.find(piece, at + 1)
    return False


def _names(folder: SkillFolder, part: Part, files: Mapping[PurePosixPath, Skill]) -> frozenset[PurePosixPath]:
    """The new files that a block names."""
    text = part.block.text if part.block else ""
    return frozenset(path for path in files if str(path) in text or (path.name in text and folder.find(path).path))


def _joined(
    before: SkillFolder,
    old: Sequence[Part],
    core: Sequence[Part],
    places: Mapping[int, int],
    moved: Mapping[int, PurePosixPath],
    pointers: Mapping[int, frozenset[PurePosixPath]],
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """SKILL.md with each part that moved at its pointer, else behind what it stood behind; the lines of its parts."""
    written = list[tuple[Part, int]]()  # with its number in the original, below 0 for what is not of it
    at = 0
    stops = sorted(places)

    def flush(end: int) -> None:
        written.extend((core[place], -2 - place) for place in range(at, end) if place not in pointers)

    for i, part in enumerate(old):
        if i in places:
            flush(places[i])
            written.append((core[places[i]], i))
            at = places[i] + 1
        elif i in moved:
            following = bisect_left(stops, i)
            limit = places[stops[following]] if following < len(stops) else len(core)
            place = next((k for k in range(at, limit) if moved[i] in pointers.get(k, ())), -1)
            if place >= 0:
                flush(place)
                at = place + 1
            written.append((part, i))
    flush(len(core))
    text = before.skill.frontmatter.raw + (before.skill.sections[0].heading_source if before.skill.sections else "")
    lines, line, parts = list[tuple[int, int]](), 1 + count_line_ends(text), [text]
    behind: list[int | None] = [*(number for _, number in written), None]
    for (part, number), next_one in zip(written, behind[1:], strict=True):
        own = part.block.line if part.block else part.section.line
        lines.append((line, own if number < -1 or number in places else 0))
        gap = "" if next_one in (number + 1, None) else _gap(part.source)
        parts += (part.source, gap)
        line += count_line_ends(part.source) + count_line_ends(gap)
    return "".join(parts), tuple(lines)


def _gap(source: str) -> str:
    """What parts a text from one that did not stand behind it."""
    if source.endswith(("\n\n", "\r\n\r\n", "\r\r")):
        return ""
    return "\n" if source.endswith(_LINE_ENDS) else "\n\n"
