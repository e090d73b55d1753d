"""The store on disk: ids, feedback, rotation, foreign lines, and files that are none."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from lab.benchmarks.appends import append
from tests.calibration.samples import PUBLISHED, RUN, fill, ids, report

from skill_distiller.calibration.store import CalibrationStore
from skill_distiller.errors import BadInputError, RefusedError

_FOREIGN = [b"# a remark\n", b'{"id":"c900","torn\n', b"\xff\xfe\r\n", b"\n"]


def test_the_first_run_makes_the_folder_and_is_c1(store: CalibrationStore) -> None:
    """An id and a time are given, everything else is kept as it came, in its order."""
    assert store.append(RUN) == "c1"
    line = json.loads(store.file.read_text())
    assert line == {"id": "c1", "timestamp": "2026-05-01T12:00:00Z", **RUN}
    assert list(line)[:2] == ["id", "timestamp"]


def test_ids_go_on_after_the_entries_of_another_tool(store: CalibrationStore) -> None:
    """A file without a last newline gets one, and its entries stay byte for byte."""
    store.folder.mkdir(parents=True)
    store.file.write_bytes(PUBLISHED.read_bytes())
    assert [store.append(RUN), store.append(RUN)] == ["c6", "c7"]
    assert store.file.read_bytes().startswith(PUBLISHED.read_bytes() + b'\n{"id":"c6"')


def test_an_id_is_never_given_out_again(store: CalibrationStore) -> None:
    """Not after its entry or the file is gone, not when only the archive or a torn line has it."""
    assert [store.append(RUN) for _ in range(3)] == ["c1", "c2", "c3"]
    store.file.write_bytes(b"".join(store.file.read_bytes().splitlines(keepends=True)[:1]))
    assert store.append(RUN) == "c4"
    store.file.unlink()
    assert store.append(RUN) == "c5"
    for path in store.folder.glob(".calibration.state*"):
        path.unlink()
    store.archive.write_bytes(b'{"id": "c40", "expected": 1}\n')
    assert store.append(RUN) == "c41"
    store.file.write_bytes(store.file.read_bytes() + b'{"id":"c77","times')
    assert store.append(RUN) == "c78"
    assert ids(store) == ["c40", "c5", "c41", "c78"]


@pytest.mark.parametrize("state", [b"", b"nonsense", b'{"next": -1}', b"[1]", b'{"next": 1e999}', b"[" * 4000, b"\xff"])
def test_a_state_that_can_not_be_read_is_derived_anew(store: CalibrationStore, state: bytes) -> None:
    """The small file beside the store is a help, not a truth."""
    fill(store, 7)
    (store.folder / ".calibration.state.json").write_bytes(state)
    assert [store.append(RUN), store.append(RUN)] == ["c8", "c9"]


def test_an_append_reads_and_writes_the_same_whatever_the_store_holds(store: CalibrationStore) -> None:
    """O(1): the bytes that go through the system calls do not grow with the entries; a rotation is apart."""
    small = append(store, 5)
    fill(store, 900)
    store.append(RUN)
    large = append(store, 50)
    assert max(large.read) <= max(small.read[1:]) + 8
    assert max(large.written) <= max(small.written) + 8


def test_above_a_thousand_entries_the_oldest_hundred_go_to_the_archive(store: CalibrationStore) -> None:
    """The 1,001st still fits; the next append moves 100 first. None is lost, none is doubled."""
    fill(store, 1000)
    assert store.append(RUN) == "c1001"
    assert not store.archive.exists()
    assert store.append(RUN) == "c1002"
    live = [line.entry.id for line in store.read().live if line.entry]
    assert live == [f"c{i}" for i in range(101, 1003)]
    assert len(store.archive.read_bytes().splitlines()) == 100
    assert ids(store) == [f"c{i}" for i in range(1, 1003)]


def test_a_store_that_another_tool_let_grow_is_rotated_once(store: CalibrationStore) -> None:
    """Of 5,050 entries as many hundreds move as bring it to 1,000 or less."""
    fill(store, 5050)
    store.append(RUN)
    assert len(store.read().live) == 951
    assert ids(store) == [f"c{i}" for i in range(1, 5052)]


def test_rotation_and_feedback_keep_foreign_lines_byte_for_byte(store: CalibrationStore) -> None:
    """Remarks, torn lines, other encodings and blank lines stay where they are, whatever is rewritten around them."""
    fill(store, 1001)
    lines = store.file.read_bytes().splitlines(keepends=True)
    content = [*lines[:3], *_FOREIGN, *lines[3:500], _FOREIGN[2], *lines[500:], b'{"id":"c5000","torn']
    store.file.write_bytes(b"".join(content))
    assert store.append(RUN) == "c5001"
    after = store.file.read_bytes().splitlines(keepends=True)
    assert after[:4] == _FOREIGN
    assert after.count(_FOREIGN[2]) == 2
    assert b'{"id":"c5000","torn\n' in after
    store.record([report("c700")])
    again = store.file.read_bytes().splitlines(keepends=True)
    assert [a for a, b in zip(after, again, strict=True) if a != b] == [a for a in after if b'"c700"' in a]
    assert [line.number for line in store.read().unreadable] == [1, 2, 3, 405, 907]


def test_feedback_on_an_archived_run_is_found_and_counts(store: CalibrationStore) -> None:
    """Entries with feedback are read from the archive too, those without are not."""
    fill(store, 1001)
    store.record([report("c2", 70)])
    store.append(RUN)
    (changed,) = store.record([report("c1", 60, "failed")])
    assert (changed.id, changed.actual and changed.actual.functionality) == ("c1", 60)
    archived = [line.entry for line in store.read().archived]
    assert [(e.id, e.actual.functionality) for e in archived if e and e.actual] == [("c1", 60), ("c2", 70)]
    assert len(archived) == 2


def test_without_an_id_the_latest_run_is_meant(store: CalibrationStore) -> None:
    """The last entry of the file, whatever its time says."""
    for _ in range(3):
        store.append(RUN)
    assert [e.id for e in store.record([report()])] == ["c3"]


def test_reports_are_recorded_all_or_none(store: CalibrationStore) -> None:
    """One unknown id, and nothing changes; the nearest ids are named."""
    for _ in range(12):
        store.append(RUN)
    before = store.file.read_bytes()
    with pytest.raises(BadInputError, match="There is no calibration entry 'c15'") as caught:
        store.record([report("c3"), report("c15")])
    assert caught.value.hint == "Nearest ids: c12, c11, c10."
    assert store.file.read_bytes() == before
    assert [e.id for e in store.record([report("c3"), report("c4"), report("c3", 50)])] == ["c3", "c4"]
    assert len(store.read().entries) == 12


def test_feedback_without_any_run_says_so(store: CalibrationStore) -> None:
    """There is nothing to report on yet."""
    with pytest.raises(BadInputError, match="There is no calibration entry in"):
        store.record([report()])


def test_two_runs_with_one_id_are_both_there_and_the_latest_is_meant(store: CalibrationStore) -> None:
    """Two stores were merged: both runs count, feedback goes to the later one alone."""
    store.folder.mkdir(parents=True)
    lines = [json.dumps({"id": "c1", "timestamp": f"2026-01-0{day}T00:00:00Z", **RUN}) + "\n" for day in (1, 2)]
    store.file.write_text("".join(lines))
    store.record([report("c1", 40)])
    assert [e.actual and e.actual.functionality for e in store.read().entries] == [None, 40]


def test_an_entry_that_stands_in_both_files_counts_once(store: CalibrationStore) -> None:
    """A rotation that was interrupted doubles entries on disk, not in the figures."""
    fill(store, 3)
    store.record([report("c2")])
    store.archive.write_bytes(store.file.read_bytes())
    assert ids(store) == ["c1", "c2", "c3"]
    store.record([report("c2", 55)])
    assert [e.actual.functionality for e in store.read().entries if e.actual] == [55]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@pytest.mark.parametrize("name", ["calibration.jsonl", ".calibration.lock"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_regular_file_is_refused(store: CalibrationStore, tmp_path: Path, name: str, kind: str) -> None:
    """Nothing is ever written through a link (a start-up file behind it would run it), nor waited for at a pipe."""
    store.folder.mkdir(parents=True)
    victim = tmp_path / "profile"
    victim.write_text("mine\n")
    place = store.folder / name
    if kind == "link":
        place.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    with pytest.raises(RefusedError, match="is not a regular file"):
        store.append(RUN)
    assert victim.read_text() == "mine\n"


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("name", [".learnings", ".learnings/skill-distiller", ".learnings/skill-distiller/.pending"])
def test_a_folder_behind_a_link_is_refused(store: CalibrationStore, tmp_path: Path, name: str) -> None:
    """Neither read nor written: a repository may point it at anything of its user's."""
    place, victim = tmp_path / name, tmp_path / "victim"
    place.parent.mkdir(parents=True, exist_ok=True)
    victim.mkdir()
    place.symlink_to(victim)
    for action in (lambda: store.append(RUN), lambda: store.record([report("c1")]), store.read):
        with pytest.raises(RefusedError, match="is a link; nothing is read or written there"):
            action()
    assert list(victim.iterdir()) == []


def test_a_run_that_can_not_get_the_store_is_added_by_the_next(store: CalibrationStore, tmp_path: Path) -> None:
    """It says so, and keeps the time it was made at; what lies there and is no run is not added."""
    busy = CalibrationStore(tmp_path / ".learnings", now=lambda: datetime(2026, 4, 1, tzinfo=UTC), patience=0.01)
    fill(store, 1)
    with FileLock(store.folder / ".calibration.lock"):
        for skill in ("first", "second"):
            with pytest.raises(RefusedError, match=r"for 0\.01 seconds\. Its entry is kept for the next run\."):
                busy.append({**RUN, "skill": skill})
        with pytest.raises(RefusedError, match="Other processes have held"):
            busy.record([report("c1")])
    for name, content in (("a", b"[" * 100_000), ("b", b"{}"), ("c", b"\xff"), ("d", b"x" * 200_000)):
        (store.folder / ".pending" / f"{name}.json").write_bytes(content)
    assert store.append(RUN) == "c4"
    entries = store.read().entries
    assert [(e.id, e.fields["skill"], str(e.timestamp)[:7]) for e in entries[1:]] == [
        ("c2", "first", "2026-04"), ("c3", "second", "2026-04"), ("c4", "deploy-notes", "2026-05"),
    ]  # fmt: skip
    assert list((store.folder / ".pending").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("name", [".calibration.state.json", "calibration.archive.jsonl"])
def test_links_in_the_other_places_are_not_followed_either(store: CalibrationStore, tmp_path: Path, name: str) -> None:
    """Archive and state: what a link points at stays as it is."""
    fill(store, 1001)
    victim = tmp_path / "profile"
    victim.write_text("mine\n")
    (store.folder / name).symlink_to(victim)
    with suppress(RefusedError):  # or the link is replaced
        store.append(RUN)
        store.record([report()])
    assert victim.read_text() == "mine\n"


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    """`.learnings` is a file: RefusedError on writing, BadInputError on reading, no traceback."""
    (tmp_path / ".learnings").write_text("mine")
    store = CalibrationStore(tmp_path / ".learnings")
    with pytest.raises(RefusedError, match="Can't write to"):
        store.append(RUN)
    with pytest.raises(BadInputError, match="Can't read"):
        store.read()


@pytest.mark.parametrize("entries", [3, 1001], ids=["plain", "rotation"])
def test_a_full_disk_takes_back_what_was_begun(
    store: CalibrationStore, monkeypatch: pytest.MonkeyPatch, entries: int
) -> None:
    """An append that the disk does not take leaves the files as they were: no torn line, no temporary file."""
    fill(store, entries)
    store.record([report("c2")])
    before = store.file.read_bytes()

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(RefusedError, match="No space left on device"):
            store.append(RUN)
        with pytest.raises(RefusedError, match="No space left on device"):
            store.record([report("c3")])
    assert store.file.read_bytes() == before
    assert list(store.folder.glob(".*new")) == []
    assert store.append(RUN) == f"c{entries + 1}"


def test_a_huge_file_is_refused_and_not_read(store: CalibrationStore) -> None:
    """A store of gigabytes is no store of ours."""
    store.folder.mkdir(parents=True)
    with store.file.open("wb") as stream:
        stream.truncate(3_000_000_000)
    with pytest.raises(RefusedError, match="is larger than 64,000,000 bytes"):
        store.read()


@given(st.lists(st.sampled_from(["append", "feedback", "edit", "forget", "cut"]), max_size=25))
@settings(max_examples=30)
def test_whatever_happens_in_turn_ids_rise_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """Runs, feedback, foreign lines, a lost state and a torn end in any order."""
    store = CalibrationStore(tmp_path_factory.mktemp("any"))
    given_out: list[str] = []
    for step in steps:
        if step == "append":
            given_out.append(store.append(RUN))
        elif step == "feedback" and given_out:
            store.record([report()])
        elif step == "forget":
            (store.folder / ".calibration.state.json").unlink(missing_ok=True)
        elif store.file.exists():
            with store.file.open("ab") as stream:
                stream.write(b"foreign\n" if step == "edit" else b'{"id":"c1","torn')
    numbers = [int(name[1:]) for name in given_out]
    assert numbers == sorted(set(numbers))
    assert ids(store) == given_out
