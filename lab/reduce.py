"""What `reduce` makes of whole skill folders, and how much of the exams' evidence an agent still has at hand.

`python -m lab.reduce [--shared PATH]`, or for every nth skill with `--every N`. Each folder is written to disk, read
again, reduced again and restored; what is counted is counted from the files, not from what the run says of itself. The
default share was fixed on every second exam ("fixed on"); the other exams ("left out") give the figures. The rules of
what may move were settled with all of the corpus in sight.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import Final

from lab.common.shared import Shared, shared_at, shared_parser
from lab.common.tables import percent, table
from skill_distiller.disclosure.ledger import make_ledger, restore_folder
from skill_distiller.disclosure.signposts import write_pointer
from skill_distiller.exams.evidence import criteria_kept
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.language.words import content_words
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import DEFAULT_SHARE, ReduceOptions, Reduction
from skill_distiller.skill.read import read_folder
from skill_distiller.skill.write_folder import write_folder
from skill_distiller.tokens import load_counter

SHARES: Final = (0.9, 0.7, 0.5, 0.35, DEFAULT_SHARE, 0.0)
MOST_FILES: Final = 3  # that the lexical reader loads for a task
_LINK: Final = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@dataclass(frozen=True, slots=True)
class Whole:
    """What became of one folder at the default share, counted on disk; `faults` are the promises that it broke."""

    name: str
    before: int
    after: int
    new: tuple[int, ...]
    others: int
    unnamed: int
    seconds: float
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The criteria of one exam at one share: how many there are, in the core, in all files, and for the reader."""

    name: str
    share: float
    saved: float
    criteria: int
    core: int
    everywhere: int
    reader: int


def measure_folder(root: Path) -> Whole:
    """One folder, through the disk and back."""
    counter, faults = load_counter(), list[str]()
    folder = read_folder(root)
    start = process_time()
    reduction = reduce_folder(folder)
    seconds = process_time() - start
    new = [reference.path for reference in reduction.split.references] if reduction.split else []
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / root.name
        write_folder(reduction.after, out)
        faults += _file_faults(root, out, set(map(str, new)))
        faults += _text_faults(root, out, list(map(str, new)))
        again = reduce_folder(read_folder(out))
        if again.split or (reduction.split and not again.repeated):
            faults.append("second run differs")
        if reduction.split:
            back = restore_folder(read_folder(out), make_ledger(reduction.split))
            if back.skill.text != folder.skill.text or [f.path for f in back.files] != [f.path for f in folder.files]:
                faults.append("restore differs")
    after = counter.count(reduction.after.skill.text)
    before = counter.count(folder.skill.text)
    faults += ["grew"] if after > before else []
    faults += ["more than six files"] if len(new) > 6 else []
    faults += [] if reduction.proof[1].complete and reduction.proof[0].passed else ["not conserved"]
    sizes = tuple(reduction.tokens_of(r) for r in (reduction.split.references if reduction.split else ()))
    return Whole(root.name, before, after, sizes, len(folder.files), len(reduction.unnamed()), seconds, tuple(faults))


def _file_faults(root: Path, out: Path, new: set[str]) -> Iterator[str]:
    """Files that are gone, changed or there too, by their bytes and permission bits."""
    old, made = ({p.relative_to(top).as_posix(): p for p in top.rglob("*") if p.is_file()} for top in (root, out))
    for name, path in old.items():
        if name not in made:
            yield f"lost file {name}"
        elif name != "SKILL.md" and path.read_bytes() != made[name].read_bytes():
            yield f"changed file {name}"
        elif path.stat().st_mode != made[name].stat().st_mode:
            yield f"changed mode {name}"
    yield from (f"another file {name}" for name in made.keys() - old.keys() - new)


def _text_faults(root: Path, out: Path, new: Sequence[str]) -> Iterator[str]:
    """Lines of the original that stand nowhere, new files that SKILL.md does not name, links that died."""
    before, core = ((top / "SKILL.md").read_text("utf-8") for top in (root, out))
    texts = {name: (out / name).read_text("utf-8") for name in new}
    lines = Counter(_lines(core))
    for text in texts.values():
        lines.update(_lines(text))
    dropped = [line for line, count in Counter(_lines(before)).items() if lines[line] < count]
    if dropped:
        yield f"dropped {sum(map(load_counter().count, dropped))} tokens"
    yield from (f"no pointer to {name}" for name in new if name not in core)
    dead = {target for target in _LINK.findall(before) if not (root / target).exists()}
    for name, text in {"SKILL.md": core, **texts}.items():
        for target in _LINK.findall(text):
            if not (out / name).parent.joinpath(target).exists() and target not in dead:
                yield f"dead link {target} in {name}"


def _lines(text: str) -> Iterator[str]:
    """The lines with text; links as they would be in SKILL.md."""
    plain = text.replace("](../SKILL.md#", "](#").replace("](../", "](").replace("](./", "](")
    return (line.strip() for line in plain.splitlines() if line.strip())


def measure_exam(shared: Shared, name: str) -> list[Asked]:
    """One exam at each share."""
    exam, folder, counter = read_exam(shared.exam / f"{name}.json"), read_folder(shared.corpus / name), load_counter()
    found = []
    for share in SHARES:
        reduction = reduce_folder(folder, ReduceOptions(share))
        core = reduction.after.skill.text
        texts = _new_texts(reduction)
        read = sum(
            criteria_kept(task.criteria, "\n".join([core, *_loaded(reduction, task.prompt, texts)]))
            for task in exam.tasks
        )
        saved = 1 - counter.count(core) / counter.count(folder.skill.text)
        everywhere = criteria_kept(exam.criteria, "\n".join([core, *texts.values()]))
        in_core = criteria_kept(exam.criteria, core)
        found.append(Asked(name, share, saved, len(exam.criteria), in_core, everywhere, read))
    return found


def _new_texts(reduction: Reduction) -> dict[str, str]:
    if not reduction.split:
        return {}
    files = (reduction.after.file(reference.path) for reference in reduction.split.references)
    return {str(file.path): file.read_text() for file in files if file}


def _loaded(reduction: Reduction, prompt: str, texts: dict[str, str]) -> Iterable[str]:
    """The files whose pointers share the rarest words with a task, at most three, and none that shares no word."""
    if not reduction.split:
        return ()
    pointers = {
        str(reference.path): content_words(
            " ".join(write_pointer(sign, reference.path) for sign in reference.signposts)
        )
        for reference in reduction.split.references
    }
    spread = Counter(word for words in pointers.values() for word in words)
    asked = content_words(prompt)
    weights = {
        path: sum(math.log(1 + len(pointers) / spread[word]) for word in words & asked)
        for path, words in pointers.items()
    }
    best = sorted((path for path in weights if weights[path] > 0), key=lambda path: -weights[path])
    return [texts[path] for path in best[:MOST_FILES]]


def report(whole: Sequence[Whole], fixed: Sequence[Asked], left_out: Sequence[Asked]) -> str:
    """Everything as Markdown."""
    before, after = sum(row.before for row in whole), sum(row.after for row in whole)
    path = sum(row.after + 0.3 * sum(row.new) for row in whole)
    faults = [f"- {row.name}: {fault}" for row in whole for fault in row.faults]
    rows = [
        ["folders that came through, of " + str(len(whole)), str(len(whole))],
        ["folders with a broken promise", str(sum(bool(row.faults) for row in whole))],
        ["other files, all with the same bytes and mode", f"{sum(row.others for row in whole):,}"],
        ["folders left as they are", str(sum(not row.new for row in whole))],
        ["new files", str(sum(len(row.new) for row in whole))],
        ["references that SKILL.md led nowhere to, as before", str(sum(row.unnamed for row in whole))],
        ["always loaded, in total", percent(after / before - 1)],
        ["always loaded, median", percent(median(row.after / row.before - 1 for row in whole))],
        [
            "always loaded, median of those with 1,000 tokens or more",
            percent(median(row.after / row.before - 1 for row in whole if row.before >= 1000)),
        ],
        ["per use at a load rate of 0.3 (assumed), in total", percent(path / before - 1)],
        ["CPU seconds a folder, median", f"{median(row.seconds for row in whole):.2f}"],
    ]
    parts = [
        f"## Whole folders at a share of {DEFAULT_SHARE:g}",
        table(["", "value"], rows),
        *(["### Broken promises", "\n".join(faults)] if faults else []),
        "## Evidence of the exams, left out",
        _curve(left_out),
        "## The same on the exams that the share was fixed on",
        _curve(fixed),
    ]
    return "\n\n".join(parts)


def _curve(rows: Sequence[Asked]) -> str:
    head = ["share", "always loaded, mean", "in core", f"reader of {MOST_FILES} files", "in core or references"]
    found = []
    for share in SHARES:
        own = [row for row in rows if row.share == share]
        total = sum(row.criteria for row in own) or 1
        parts = (sum(row.core for row in own), sum(row.reader for row in own), sum(row.everywhere for row in own))
        saved = sum(row.saved for row in own) / (len(own) or 1)
        found.append([f"{share:g}", percent(-saved), *(f"{part / total:.3f}" for part in parts)])
    return table(head, found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all, in two processes, and print the report."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every nth skill and exam")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: 2)")
    asked = parser.parse_args(arguments)
    shared = shared_at(asked.shared)
    names = sorted(path.stem for path in shared.exam.glob("*.json"))
    with ProcessPoolExecutor(asked.workers) as pool:
        roots = [entry.path.parent for entry in shared.entries()[:: asked.every]]
        whole = list(pool.map(measure_folder, roots, chunksize=4))
        fixed, left_out = (
            [row for rows in pool.map(partial(measure_exam, shared), half[:: asked.every]) for row in rows]
            for half in (names[::2], names[1::2])
        )
    print(report(whole, fixed, left_out))


if __name__ == "__main__":
    main()
