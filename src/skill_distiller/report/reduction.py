"""A reduction in words, as JSON and as a diff over all files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from rich.console import Console
from rich.text import Text

from skill_distiller._version import __version__
from skill_distiller.checks.conservation import REDUCE_SCHEMA
from skill_distiller.checks.model import Finding, FindingKind
from skill_distiller.disclosure.model import NewReference, Passage, Span
from skill_distiller.disclosure.signposts import write_pointer
from skill_distiller.disclosure.topics import clean_heading
from skill_distiller.report.console import lack_text
from skill_distiller.report.json_record import (
    Json,
    checks_to_json,
    doubts_to_json,
    members,
    refusals_to_json,
    section_receipt,
)
from skill_distiller.report.record import gate_to_json
from skill_distiller.report.text import NO_HEADING, excerpt, file_diff, heading_line, plural, printable
from skill_distiller.report.verification import finding_text, verified_text
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.moving.reduce_run import Figures, Reduction, added_by, pieces_by_place
from skill_distiller.run.result import GateOutcome
from skill_distiller.skill.folder import SKILL_PATH
from skill_distiller.skill.model import SKILL_FILE, PieceIds, piece_ids, source_digest
from skill_distiller.structure.edges import heading_of

_SHOWN: Final = 5  # files that a note names
_SECTIONS: Final = 4  # that are named of a file
_NAME: Final = 40  # characters of the name of one


def print_reduction(reduction: Reduction, console: Console, *, verbose: bool = False) -> None:
    """Print the report: four figures, each by itself, the new files and where from, what is proved, notes.

    With `verbose` also every pointer, where each piece went, and why others stay.
    """
    for line in _lines(reduction, verbose=verbose):
        console.print(line)


def _lines(reduction: Reduction, *, verbose: bool) -> Iterator[Text]:
    before, after = reduction.figures
    mark = reduction.counter.mark
    yield Text.assemble("Read at every use: ", _change(mark, before.activation, after.activation))
    if reduction.split:
        rate = f"{reduction.options.load_rate:g}"
        yield Text.assemble(
            f"Per use, each new reference read at a rate of {rate} (assumed): ",
            _change(mark, before.path, after.path),
        )
    if before.listing == after.listing:
        yield Text(f"In the list of skills: {_tokens(mark, after.listing)}, as before")
    else:
        yield Text.assemble("In the list of skills: ", _change(mark, before.listing, after.listing))
    yield Text(f"On disk: {before.disk:,} → {after.disk:,} bytes")
    yield from map(Text, _description(reduction))
    yield from _files(reduction, verbose=verbose)
    yield from map(Text, _why_nothing(reduction))
    yield _proof(reduction)
    verification = reduction.proof[0]
    gone = "" if reduction.found.rewritten else "the shorter description"
    yield Text(verified_text(verification, gone), style="" if verification.passed else "bold red")
    yield from map(Text, _rewritten(reduction))
    yield from (Text(f"Note: {note}", style="yellow") for note in _notes(reduction))
    if verbose:
        yield from map(Text, _receipt(reduction))


def _rewritten(reduction: Reduction) -> Iterator[str]:
    """What a language model said in fewer words, and who looked whether anything is missing."""
    if not reduction.found.model:
        return
    told = f"Model: {printable(reduction.found.model)}"
    rewritten = reduction.found.rewritten
    if rewritten is None:
        yield f"{told}; nothing in fewer words"
        return
    changes = rewritten.proof.receipt.changes
    gone = sum(change.rendering is RenderingKind.DROPPED for change in changes)
    repeated = f", {plural(gone, 'block')} left out as another says the same" if gone else ""
    yield f"{told}; {plural(len(changes) - gone, 'block')} in fewer words{repeated}"
    functionality = rewritten.functionality
    yield f"Functionality of that: {functionality.score:.0f} of 100, by {printable(functionality.method)}"
    if rewritten.unfaithful:
        yield f"{plural(len(rewritten.unfaithful), 'block')} came back as they were: something of them was missing"


def _change(mark: str, before: float, after: float) -> str:
    share = f" ({1 - after / before:.0%} less)" if before and after < before else ""
    return f"{mark}{before:,.0f} → {_tokens(mark, after)}{share}"


def _tokens(mark: str, count: float) -> str:
    return f"{mark}{count:,.0f} token{'' if round(count) == 1 else 's'}"


def _description(reduction: Reduction) -> Iterator[str]:
    """What went of the description, and who says that it still routes."""
    described = reduction.described
    if described is None:
        return
    found = described.described
    if reduction.after.skill.description == reduction.skill.description:
        if found.changed and not reduction.repeated:
            saved = described.tokens[0] - described.tokens[1]
            yield f"The description stays; `skill-distiller description` makes it {plural(saved, 'token')} shorter."
        return
    gone = [clause for clause in found.clauses.all if clause.index not in found.kept]
    yield f"Description: {plural(len(gone), 'clause')} less, by the {printable(described.router)}"
    yield from (f"  − {excerpt(found.clauses.text_of(clause))}" for clause in gone[:_SHOWN])


def _files(reduction: Reduction, *, verbose: bool) -> Iterator[Text]:
    """Each new file with the sections that it comes from, and its first pointer; with `verbose` with all of them."""
    references = reduction.references
    if references:
        yield Text(f"{plural(len(references), 'new file')}, named in {SKILL_FILE} where the text stood:")
    for reference in references:
        tokens = _tokens(reduction.counter.mark, reduction.tokens_of(reference))
        yield Text.assemble("  ", (printable(str(reference.path)), "bold"), f"  {tokens}")
        sections = [reduction.skill.sections[passage.section] for passage in reference.passages]
        pointers = [printable(write_pointer(sign, reference.path)) for sign in reference.signposts]
        if verbose:
            for section, pointer in zip(sections, pointers, strict=True):
                yield Text(f"    {heading_line(section.level, section.heading)}  (line {section.line})")
                yield Text(f"      {pointer}")
            continue
        names = [excerpt(clean_heading(section.heading), _NAME) or NO_HEADING for section in sections]
        more = f" and {len(names) - _SECTIONS} more" if len(names) > _SECTIONS else ""
        yield Text(f"    from {', '.join(names[:_SECTIONS])}{more}")
        yield Text(f"    {pointers[0]}")
    if not verbose and (more_pointers := sum(len(own.passages) - 1 for own in references)):
        yield Text(f"  {plural(more_pointers, 'more pointer')}: --verbose lists them, --diff shows them in place")


def _why_nothing(reduction: Reduction) -> Iterator[str]:
    if reduction.repeated:
        yield "Nothing moved: the folder was reduced before (--again does it once more)."
    elif not reduction.references:
        yield f"Nothing moved: what may move is too little for a file of its own ({SKILL_FILE} stays as it is)."


def _proof(reduction: Reduction) -> Text:
    lines, facts, files, moved = reduction.proof[1]
    if not moved:
        return Text(f"Conserved: all of {plural(lines.of, 'line')}, and {plural(files.of, 'other file')}")
    return Text(
        f"Conserved: {lines.kept:,} of {plural(lines.of, 'line')}, {facts.kept:,} of {plural(facts.of, 'fact')}, "
        f"{files.kept:,} of {plural(files.of, 'other file')}; {plural(moved, 'block')} moved, none dropped"
    )


def _notes(reduction: Reduction) -> Iterator[str]:
    for note in reduction.notes:
        yield lack_text(note)
    if unnamed := reduction.unnamed():
        shown = ", ".join(printable(str(path)) for path in unnamed[:_SHOWN])
        more = ", …" if len(unnamed) > _SHOWN else ""
        yield f"nothing leads to {plural(len(unnamed), 'reference')} of the folder: {shown}{more}"
    if late := reduction.late_rules():
        yield (
            f"{plural(len(late), 'rule')} stand behind the first 5,000 tokens, which is all that some clients keep"
            + ("" if reduction.options.extras.pin else "; --pin repeats them")
        )
    for check in reduction.proof[0].checks:
        if check.name == "references":
            yield from _findings(check.findings)


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    """What was found of the references: each kind once, with the first of them and the lines of the others."""
    kinds = dict[tuple[FindingKind, str], list[Finding]]()
    for finding in findings:
        kinds.setdefault((finding.kind, finding.detail.split(",", 1)[0]), []).append(finding)
    for found in kinds.values():
        first, lines = finding_text(found[0]), [str(own.line) for own in found[1:] if own.line]
        shown = ", ".join(lines[:_SHOWN]) + (", …" if len(lines) > _SHOWN else "")
        yield first + (f"; {len(found) - 1} more of the kind" + (f", lines {shown}" if lines else "") if lines else "")


def _receipt(reduction: Reduction) -> Iterator[str]:
    """Where each piece went, and why others stay that could have moved."""
    ids, skill = piece_ids(reduction.skill), reduction.skill
    places = pieces_by_place(reduction)
    if places:
        yield "\nMoved (lines of the original):"
    for block in skill.blocks:
        if block.index in places:
            yield (
                f"  line {block.line} [{ids.blocks[block.index]}] → {printable(str(places[block.index]))}: "
                + excerpt(block.text)
            )
    if reduction.pinned:
        yield "\nStays, whatever else moves:"
    for index, reason in sorted(reduction.pinned.items()):
        block = skill.blocks[index]
        yield f"  line {block.line} [{ids.blocks[index]}] {reason}: {excerpt(block.text)}"


def reduction_to_json(reduction: Reduction, gate: GateOutcome | None = None) -> Json:
    """The record of a run, as `reduce --json` prints it, with what its gate found."""
    options, ids = reduction.options, piece_ids(reduction.skill)
    return {
        "schema": REDUCE_SCHEMA,
        "version": __version__,
        "skill": reduction.skill.name,
        "source_sha256": source_digest(reduction.skill),
        "core_sha256": source_digest(reduction.after.skill),
        **members(reduction.counter, encoding="encoding", tokens_exact="exact"),
        "threshold": options.share if options.core_tokens is None else None,
        "target_tokens": options.core_tokens,
        "load_rate": {"value": options.load_rate, "source": "assumed"},
        "analyzer": reduction.reading.analysis.analyzer,
        "model": reduction.found.model or None,
        "changed": reduction.split is not None,
        "already_reduced": reduction.repeated,
        "figures": {name: _figure(*reduction.figures, name) for name in Figures._fields},
        "description": _description_to_json(reduction),
        "new_files": [_file(reduction, reference, ids) for reference in reduction.references],
        "rewritten": _rewritten_to_json(reduction, ids),
        "added": [part for span in _spans(reduction) if not span.length for part in added_by(span)],
        "receipt": _moves(reduction, ids),
        "pinned": [{"id": ids.blocks[i], "reason": reason} for i, reason in sorted(reduction.pinned.items())],
        "conservation": {
            **{
                name: share._asdict()
                for name, share in zip(("lines", "facts", "files"), reduction.proof[1][:3], strict=True)
            },
            "moved_blocks": reduction.proof[1].moved,
        },
        "verification": checks_to_json(reduction.proof[0]),
        "gate": gate_to_json(gate),
        "unnamed_references": list(map(str, reduction.unnamed())),
        "notes": [{"kind": note.kind, "detail": note.detail} for note in reduction.notes],
    }


def _rewritten_to_json(reduction: Reduction, ids: PieceIds) -> Json | None:
    """What was said in fewer words before anything moved, in the form that the record of `compress` has."""
    rewritten = reduction.found.rewritten
    if rewritten is None:
        return None
    functionality, plan = rewritten.functionality, rewritten.proof.draft.plan
    return {
        "receipt": [section_receipt(section) for section in rewritten.proof.receipt.sections],
        "functionality": {
            "score": round(functionality.score, 1),
            **members(functionality, "method", "missing", "protected_lost"),
        },
        "doubts": doubts_to_json(reduction.skill, functionality),
        "refusals": refusals_to_json(reduction.skill, plan),
        "unfaithful": [ids.blocks[block] for block in sorted(rewritten.unfaithful)],
    }


def _description_to_json(reduction: Reduction) -> Json | None:
    described = reduction.described
    if described is None:
        return None
    return {
        "status": described.described.status.value,
        "router": described.router,
        "original": reduction.skill.description,
        "description": reduction.after.skill.description,
    }


def _spans(reduction: Reduction) -> tuple[Span, ...]:
    return reduction.split.spans if reduction.split else ()


def _figure(before: Figures, after: Figures, name: str) -> Json:
    unit = "bytes" if name == "disk" else "tokens"
    one, other = getattr(before, name), getattr(after, name)
    return {"unit": unit, "before": round(one, 1), "after": round(other, 1)}


def _file(reduction: Reduction, reference: NewReference, ids: PieceIds) -> Json:
    file = reduction.after.file(reference.path)
    content = file.read_bytes() if file else b""
    return {
        "path": str(reference.path),
        "header": content.decode("utf-8").split("\n", 1)[0].rstrip("\r"),
        "tokens": reduction.tokens_of(reference),
        "sha256": sha256(content).hexdigest(),
        "passages": [
            {
                "section": ids.headings[passage.section],
                "heading": reduction.skill.sections[passage.section].heading,
                "whole": passage.whole,
                "when": sign.when,
                "topics": list(sign.topics),
                "pointer": write_pointer(sign, reference.path),
                "from": _from(passage, ids),
            }
            for passage, sign in zip(reference.passages, reference.signposts, strict=True)
        ],
    }


def _from(passage: Passage, ids: PieceIds) -> list[str]:
    return [*(ids.headings[section] for section in passage.headings), *(ids.blocks[block] for block in passage.blocks)]


def _moves(reduction: Reduction, ids: PieceIds) -> list[Json]:
    places, found = pieces_by_place(reduction), list[Json]()
    for section in reduction.skill.sections:
        if (heading := heading_of(section.index)) in places:
            entry = {"id": ids.headings[section.index], "kind": "heading", "line": section.line}
            found.append({**entry, "to": str(places[heading])})
        for block in section.blocks:
            if block.index in places:
                entry = {"id": ids.blocks[block.index], "kind": block.kind, "line": block.line}
                found.append({**entry, "to": str(places[block.index])})
    return found


def folder_diff(reduction: Reduction) -> str:
    """The unified diff of all files that the run changes or makes, "" where there are none."""
    if not reduction.split:
        return ""
    parts = [file_diff(str(SKILL_PATH), reduction.skill.text, reduction.after.skill.text)]
    for reference in reduction.references:
        file = reduction.after.file(reference.path)
        parts.append(file_diff(str(reference.path), "", file.read_text() if file else ""))
    return "".join(parts)
