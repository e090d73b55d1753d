"""What moves into references and what never does, how pointers read, and that a split can be undone byte for byte."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters
from tests.strategies import sound_skills, soups

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.checks.model import Check, Finding, FindingKind, Level
from skill_distiller.disclosure.disclose import Disclosed, disclose
from skill_distiller.disclosure.layout import MAX_FILES
from skill_distiller.disclosure.ledger import make_ledger, read_ledger, restore_folder, restore_text, write_ledger
from skill_distiller.disclosure.model import NewReference, Passage, Signpost, Split
from skill_distiller.disclosure.passages import Aim
from skill_distiller.disclosure.split import MARK, breaks_near, find_breaks, write_split
from skill_distiller.errors import BadInputError
from skill_distiller.run.moving.move_pieces import Proof, prove_folders
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions
from skill_distiller.run.moving.return_pieces import return_pieces
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_folder
from skill_distiller.tokens import load_counter

HEAD = "---\nname: widgets\ndescription: Makes widgets. Use when the user asks for one.\n---\n\n"
PLACE = PurePosixPath("references/more.md")


def long_text(words: str) -> str:
    """A paragraph of some 150 tokens on three words."""
    one, two, three = words.split()
    return " ".join(f"The `{one}` has a `{two}` number {number}, and the `{three}` is near it." for number in range(12))


def expanded(text: str) -> str:
    """A skill in which `@a b c` stands for a long text on these words."""
    return HEAD + re.sub(r"^@(.+)$", lambda match: long_text(match[1]), text, flags=re.MULTILINE)


def disclosed(folder: SkillFolder | str, share: float = 0.0, tokens: int | None = None) -> Disclosed:
    """What becomes of a skill."""
    whole = folder if isinstance(folder, SkillFolder) else SkillFolder(None, parse_skill(folder))
    reading = Reading(TrainedAnalyzer().analyze(whole.skill))
    return disclose(reading, whole, load_counter(), Aim(share, tokens))


def split_of(folder: SkillFolder | str) -> Split:
    """The split of a skill of which something moves."""
    split = disclosed(folder).split
    assert split is not None
    return split


def text_of(split: Split, path: str) -> str:
    """The text of a file after a split."""
    file = split.after.file(path)
    assert file is not None
    return file.read_text()


@pytest.mark.parametrize(("text", "expected"), parameters("disclosure.md"))
def test_what_moves_and_what_the_pointer_says(text: str, expected: str) -> None:
    """The pointers are those of the fixture; every original comes back."""
    folder = SkillFolder(None, parse_skill(expanded(text))).with_file("scripts/print.py", "print()\n")
    split = disclosed(folder).split
    pointers = [span.written.strip() for span in split.spans if span.written.strip()] if split else []
    assert "".join(f"{pointer}\n" for pointer in pointers) == expected
    if split:
        assert restore_folder(split.after, read_ledger(write_ledger(make_ledger(split)))).skill.text == expanded(text)


MOVING = """# Widgets

Make widgets.

## Troubleshooting

See [the script](scripts/print.py#top), ![a picture](./assets/a.png), [here](#rules), [web](https://a.b/c) and
[note][n].

@gateway timeouts retries

## Rules

Never ship a red widget.

[n]: docs/note.md "Note"
"""


def test_links_of_moved_text_lead_where_they_led() -> None:
    """Targets are rebased, a definition is copied, the web stays; the core keeps its own."""
    folder = SkillFolder(None, parse_skill(expanded(MOVING)))
    for path in ("docs/guide.md", "docs/note.md", "assets/a.png", "scripts/print.py"):
        folder = folder.with_file(path, "# Top\n")
    named = folder.skill.text.replace("Make widgets.", "Make widgets with `scripts/print.py` and `assets/a.png`.")
    folder = folder.with_skill(parse_skill(named))
    split = split_of(folder)
    text = text_of(split, "references/troubleshooting.md")
    assert "![a picture](../assets/a.png), [here](../SKILL.md#rules), [web](https://a.b/c) and\n[note][n]" in text
    assert text.endswith('\n\n[n]: ../docs/note.md "Note"\n')
    assert '[n]: docs/note.md "Note"' in split.after.skill.text
    assert restore_folder(split.after, make_ledger(split)).skill.text == folder.skill.text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_new_file_is_headed_and_keeps_the_line_ends(end: str) -> None:
    """The first line says what it is and when it is needed; the heading stands in both."""
    text = expanded("# Widgets\n\nMake widgets.\n\n## Troubleshooting\n\n@gateway timeouts retries\n").replace(
        "\n", end
    )
    split = split_of(text)
    lines = text_of(split, "references/troubleshooting.md").split(end)
    assert lines[:3] == [f"{MARK} Troubleshooting. Topics: gateway, timeouts. -->", "", "## Troubleshooting"]
    assert "\n" not in "".join(lines)
    assert split.after.skill.text.endswith(f"timeouts).{end}")


def test_no_name_is_taken_twice() -> None:
    """Whatever the case of a file that is there; the folder of references that is there is used."""
    folder = SkillFolder(None, parse_skill(expanded("# Widgets\n\nMake it.\n\n## Known issues\n\n@one two three\n")))
    split = split_of(folder.with_file("reference/Known-Issues.md", "Old.\n"))
    assert [str(reference.path) for reference in split.references] == ["reference/known-issues-from-skill.md"]


def test_at_most_six_files() -> None:
    """Of many topics the largest have files of their own; nothing is lost."""
    sections = "".join(f"## Topic {name * 3}\n\n@{name}aa {name}bb {name}cc\n\n" for name in "bcdfghjkl")
    split = split_of(expanded("# Widgets\n\nMake it.\n\n" + sections))
    assert len(split.references) <= MAX_FILES
    assert len(list(split.passages)) > MAX_FILES
    assert restore_folder(split.after, make_ledger(split)).skill.text == split.before.skill.text


def test_a_small_skill_stays() -> None:
    """For little nobody should have to open a second file."""
    assert disclosed(HEAD + "# Widgets\n\nMake it.\n\n## Troubleshooting\n\nTurn it off and on.\n").split is None


def test_fewer_tokens_move_more() -> None:
    """A share that stays, and a budget, bound what moves."""
    text = expanded(
        "# W\n\nMake.\n\n## Known issues\n\n@a1 b1 c1\n\n## Glossary\n\n@d1 e1 f1\n\n"
        "## Commands\n\n- `make g1 --fast`\n- `make h1 --slow 30`\n- `make i1 --all 5`\n\n@g1 h1 i1\n"
    )
    counter = load_counter()
    sizes = [
        counter.count((split.after if split else SkillFolder(None, parse_skill(text))).skill.text)
        for split in (disclosed(text, share).split for share in (1.0, 0.5, 0.0))
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]
    within = disclosed(text, tokens=counter.count(text) - 110).split
    assert within is not None
    assert sizes[-1] < counter.count(within.after.skill.text) <= counter.count(text) - 100


def test_what_is_read_otherwise_is_found_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of many passages goes back alone, and the skill is not read once for each of them."""
    sections = (f"## Known issues {n}\n\n@a{n} b{n} c{n}\n\n" for n in range(32))
    text = expanded("# W\n\nMake.\n\n" + "".join(sections))
    whole = {passage.section for _, passage in split_of(text).passages}
    fault, *_ = whole
    looks = 0

    def breaks(split: Split) -> bool:
        nonlocal looks
        looks += 1
        return fault in {passage.section for _, passage in split.passages}

    monkeypatch.setattr("skill_distiller.disclosure.disclose.find_breaks", breaks)
    assert {passage.section for _, passage in split_of(text).passages} == whole - {fault}
    assert len(whole) > 20
    assert looks < 16


@pytest.mark.parametrize("places", [(3, 4), (1, 20), (0, 31)])
def test_of_what_is_read_otherwise_only_together_no_more_goes_back(
    monkeypatch: pytest.MonkeyPatch, places: tuple[int, int]
) -> None:
    """Two passages of many that break each other go back; the others move."""
    sections = (f"## Known issues {n}\n\n@a{n} b{n} c{n}\n\n" for n in range(32))
    text = expanded("# W\n\nMake.\n\n" + "".join(sections))
    whole = [passage.section for _, passage in split_of(text).passages]
    both = {whole[min(place, len(whole) - 1)] for place in places}

    def breaks(split: Split) -> bool:
        return both <= {passage.section for _, passage in split.passages}

    monkeypatch.setattr("skill_distiller.disclosure.disclose.find_breaks", breaks)
    assert {passage.section for _, passage in split_of(text).passages} == {*whole} - both


@pytest.mark.parametrize("moves", [(0, 2), (1, 3)], ids=["two lists that stay", "two lists that move"])
def test_what_is_read_otherwise_is_looked_for_where_it_stands(moves: tuple[int, ...]) -> None:
    """Two lists become one where what stood between them went, or stays: the passage that did it is asked first."""
    text = "# W\n\nMake.\n\n" + "".join(
        f"## Issue {n}\n\nSaid {n}.\n\n- One {n}.\n\nBetween {n}.\n\n- Two {n}.\n\n" for n in range(8)
    )
    skill = parse_skill(text)
    passages = tuple(
        Passage(section.index, tuple(section.blocks[k].index for k in (moves if section.index == 5 else moves[:1])))
        for section in skill.sections
        if section.level == 2
    )
    sign = Signpost("When it rains", "Rain", ("rain",))
    split = write_split(SkillFolder(None, skill), (NewReference(PLACE, passages, (sign,) * len(passages)),))
    assert find_breaks(split)
    assert {5} <= {passage.section for passage in breaks_near(split)} <= {4, 5, 6}


def test_what_the_proof_refuses_is_found_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of many passages goes back alone; the skill is proved a few times and not once for each passage."""
    sections = (f"## Known issues {n}\n\n@a{n} b{n} c{n}\n\n" for n in range(32))
    folder = SkillFolder(None, parse_skill(expanded("# W\n\nMake.\n\n" + "".join(sections))))
    options = ReduceOptions(share=0)
    whole = reduce_folder(folder, options).split
    assert whole
    sound = [passage.section for _, passage in whole.passages]
    proofs = 0

    def refuse(before: SkillFolder, after: SkillFolder, *others: Any) -> Proof:
        nonlocal proofs
        proofs += 1
        verification, conservation = prove_folders(before, after, *others)
        split: Split | None = others[-1]
        moved = {passage.section for _, passage in split.passages} if split else set()
        fault = Check("meaning", (Finding(FindingKind.LOST, Level.FAILURE, "x", 1),))
        checks = (fault,) if sound[7] in moved else ()
        return replace(verification, checks=(*verification.checks, *checks)), conservation

    monkeypatch.setattr("skill_distiller.run.moving.reduce.prove_folders", refuse)
    left = reduce_folder(folder, options).split
    assert left
    assert {passage.section for _, passage in left.passages} == {*sound} - {sound[7]}
    assert len(sound) > 20
    assert proofs < 16


@given(st.one_of(soups, sound_skills), st.integers(0, 3))
def test_every_split_can_be_undone(text: str, first: int) -> None:
    """Whatever moved, and however the text is written: the original comes back."""
    skill = parse_skill(text)
    passages = tuple(
        Passage(section.index, tuple(block.index for block in section.blocks[first:]))
        for section in skill.sections
        if section.level and section.blocks[first:]
    )
    sign = Signpost("When it rains", "Rain", ("rain",))
    references = (NewReference(PLACE, passages, (sign,) * len(passages)),) if passages else ()
    folder = SkillFolder(None, skill)
    if references and "\ud800" not in text:
        split = write_split(folder, references)
        assert restore_text(split.after.skill.text, {PLACE: text_of(split, str(PLACE))}, split.spans) == text
        find_breaks(split)


@given(sound_skills)
def test_whatever_moves_is_proved(text: str) -> None:
    """Of skills as they are written, with much text under each heading: nothing is lost, and all comes back."""
    folder = SkillFolder(None, parse_skill(re.sub(r"^(#+ .*)$", rf"\1\n\n{long_text('a1 b1 c1')}", text, flags=re.M)))
    reduction = reduce_folder(folder.with_file("setup.md", "# Setup\n"), ReduceOptions(0.0))
    verification, conserved = reduction.proof
    assert verification.passed
    assert conserved.complete
    assert len(reduction.split.references if reduction.split else ()) <= MAX_FILES
    assert reduction.figures[1].activation <= reduction.figures[0].activation


@given(sound_skills, st.integers(0, 10))
def test_any_piece_comes_back_alone(text: str, number: int) -> None:
    """With one piece back in SKILL.md no block is lost, and the rest can still be restored."""
    text = re.sub(r"^(#+ .*)$", rf"\1\n\n{long_text('a1 b1 c1')}", text, flags=re.M)
    folder = SkillFolder(None, parse_skill(text))
    split = disclosed(folder).split
    if split is None:
        return
    moved = [block for _, passage in split.passages for block in passage.blocks]
    block = moved[number % len(moved)]
    returned = return_pieces(split.after, make_ledger(split), folder.skill, {block})
    back = restore_folder(returned.folder, read_ledger(write_ledger(returned.ledger)))
    assert back.skill.text == text
    assert folder.skill.blocks[block].text.strip() in returned.folder.skill.text
    references = [text_of(split, str(file.path)) for file in split.references]
    written = "".join(file.read_text() for file in returned.folder.files)
    assert len(written) < sum(map(len, references))


def test_what_a_step_says_first_stays() -> None:
    """Of two long examples in what every run does the second one moves, though the first one is worth no more."""
    code = "```python\nimport widget\n\nif __name__ == '__main__':\n    # Load the frame (one row a widget)\n{}```\n"
    lines = "".join(f"    part{n} = widget.{{0}}(frame, part='part{n}', seed=42)  # the part {n}\n" for n in range(9))
    steps = (
        f"{lead}:\n" + code.format(lines.format(verb))
        for lead, verb in (("Basic inference of the network", "infer"), ("Mending", "mend"))
    )
    rule = "**Critical**: always close the frame before the network is saved.\n"
    core = split_of(
        f"{HEAD}# Widgets\n\nMake widgets.\n\n## Quick Start\n\n" + "\n".join((*steps, rule))
    ).after.skill.text
    assert "widget.infer(frame" in core
    assert "widget.mend(frame" not in core


def test_one_call_stays_in_sight() -> None:
    """Of examples that are all of the code of a skill the first stays: one call has to be seen to make another."""
    calls = "".join(f'widget(action="add", seconds={n}, message="The one of size {n} is ready")\n' for n in range(5))
    leads = ("Fixed reminder", "Work that is done again and again", "Something at one time")
    shown = "\n".join(f"{lead}:\n```\n{calls}```\n" for lead in leads)
    core = split_of(f"{HEAD}# Widgets\n\nMake widgets with the tool.\n\n## Examples\n\n{shown}").after.skill.text
    assert core.count("```") == 2
    assert "Fixed reminder" in core


def test_a_pointer_stays_while_text_is_left() -> None:
    """One of two passages in a file comes back: its pointer goes, and the header names the other alone."""
    skill = parse_skill(expanded(MOVING))
    split = split_of(SkillFolder(None, skill))
    reference = next(file for file in split.references if len(file.passages) == 1)
    returned = return_pieces(split.after, make_ledger(split), skill, reference.passages[0].blocks)
    assert returned.folder.file(reference.path) is None
    assert str(reference.path) not in returned.folder.skill.text
    assert all(str(own.path) in returned.folder.skill.text for own in split.references if own != reference)


def test_a_changed_folder_is_not_restored() -> None:
    """Of what the split left nothing may have changed, and the plan has to be its own."""
    split = split_of(expanded("# Widgets\n\nMake widgets.\n\n## Troubleshooting\n\n@gateway timeouts retries\n"))
    ledger = make_ledger(split)
    path = split.references[0].path
    with pytest.raises(BadInputError, match="not as the run left it"):
        restore_folder(split.after.with_file(path, "Other.\n"), ledger)
    with pytest.raises(BadInputError, match="no file"):
        restore_folder(split.after.without_file(path), ledger)
    with pytest.raises(BadInputError, match="not as the run left it"):
        restore_folder(split.before, ledger)
    for text in ("[]", "{}", "x", write_ledger(ledger).replace('"start": ', '"start": -'), "[" * 100_000):
        with pytest.raises(BadInputError):
            read_ledger(text)


@pytest.mark.corpus
def test_the_corpus_comes_back(corpus_sample: tuple[Skill, ...]) -> None:
    """Real skills: every original comes back from its parts."""
    for skill in corpus_sample:
        assert skill.path
        folder = read_folder(skill.path)
        split = disclosed(folder).split
        if split:
            assert restore_folder(split.after, make_ledger(split)).skill.text == folder.skill.text
