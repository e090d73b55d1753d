"""Writing a skill folder: whole or not at all, never over the source, nothing of the user's lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.skill.folders import HEAD, make_folder, snapshot

from skill_distiller.errors import BadInputError, RefusedError, SkillDistillerError, UsageError
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_folder, read_skill
from skill_distiller.skill.safe_files import NEW_SUFFIX
from skill_distiller.skill.write_folder import MAX_TOTAL_BYTES, OLD_SUFFIX, write_folder

posix = pytest.mark.skipif(os.name != "posix", reason="links, rights and locks of POSIX")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A skill folder with a script that can be run, a private file and bytes that are no text."""
    files: dict[str, str | bytes] = {
        "references/a.md": "# A\r\n",
        "scripts/run.sh": "echo\n",
        "assets/logo.png": b"\x89\xff\0",
    }
    root = make_folder(tmp_path / "skills" / "tidy", files)
    (root / "scripts" / "run.sh").chmod(0o755)
    (root / "assets" / "logo.png").chmod(0o600)
    return root


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to write in, which must hold nothing but the targets afterwards."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_copied_byte_for_byte(source: Path, place: Path) -> None:
    """Bytes and rights of every file, and the source as it was; nothing else is left."""
    (source / "empty" / "below").mkdir(parents=True)
    before = snapshot(source)
    assert write_folder(read_folder(source), place / "tidy") is None
    assert snapshot(place / "tidy") == before == snapshot(source)
    assert _names(place) == ["tidy"]
    assert read_folder(place / "tidy").files[0].size == read_folder(source).files[0].size


@posix
def test_a_new_folder_has_the_rights_of_any_new_folder(source: Path, place: Path) -> None:
    """What is new gets what the user's mask gives; set-user-id is not handed on."""
    (source / "scripts" / "run.sh").chmod(0o4755)
    mask = os.umask(0o027)
    try:
        write_folder(read_folder(source).with_file("references/new.md", "new"), place / "tidy")
    finally:
        os.umask(mask)
    rights = {path: (place / path).stat().st_mode & 0o7777 for path in ("tidy", "tidy/references/new.md")}
    assert rights == {"tidy": 0o750, "tidy/references/new.md": 0o640}
    assert (place / "tidy" / "scripts" / "run.sh").stat().st_mode & 0o7777 == 0o755


def test_a_changed_folder(source: Path, place: Path) -> None:
    """What was changed is new, what was not is as before."""
    folder = read_folder(source).with_file("references/new/b.md", "B\n").without_file("references/a.md")
    write_folder(folder.with_skill(parse_skill("# Short\n")), place / "tidy")
    expected = snapshot(source)
    mode = expected.pop("references/a.md")[0]
    expected |= {"SKILL.md": (expected["SKILL.md"][0], b"# Short\n"), "references/new": (0, None)}
    assert snapshot(place / "tidy") == expected | {"references/new/b.md": (mode, b"B\n")}


_NAMES = st.text(st.sampled_from("ab é中-._"), min_size=1, max_size=4).filter(lambda name: name.strip("."))


@given(
    st.dictionaries(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=30), max_size=5),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30),
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], body: str
) -> None:
    """Any folder in memory comes back from the disk as it was."""
    folder = SkillFolder(None, parse_skill(HEAD + body))
    for name, content in files.items():
        try:
            folder = folder.with_file(name, content)
        except BadInputError:  # below another file
            continue
    target = tmp_path_factory.mktemp("round") / "tidy"
    write_folder(folder, target)
    again = read_folder(target)
    assert again.skill.text == folder.skill.text
    assert [(f.path, f.role, f.read_bytes()) for f in again.files] == [
        (f.path, f.role, f.content) for f in folder.files
    ]


def test_an_empty_folder_is_taken(source: Path, place: Path) -> None:
    """A folder that holds nothing is as good as none."""
    (place / "tidy").mkdir()
    write_folder(read_folder(source), place / "tidy")
    assert snapshot(place / "tidy") == snapshot(source)
    assert _names(place) == ["tidy"]


def test_a_folder_that_holds_something_is_kept(source: Path, place: Path) -> None:
    """Without force it is not touched; with it, it is moved to a hidden sibling and not deleted."""
    make_folder(place / "tidy", {"mine.md": "mine"})
    before = snapshot(place / "tidy")
    with pytest.raises(RefusedError, match="exists") as caught:
        write_folder(read_folder(source), place / "tidy")
    assert "--force" in caught.value.hint
    assert (snapshot(place / "tidy"), _names(place)) == (before, ["tidy"])
    aside = write_folder(read_folder(source), place / "tidy", force=True)
    assert aside is not None
    assert aside.name.startswith(".tidy.")
    assert aside.name.endswith(OLD_SUFFIX)
    assert snapshot(aside) == before
    assert snapshot(place / "tidy") == snapshot(source)
    assert _names(place) == sorted([aside.name, "tidy"])


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("skills/tidy", "is the source folder"),
        ("skills/tidy/", "is the source folder"),
        ("skills/tidy/new", "inside the source folder"),
        ("skills/tidy/references/new", "inside the source folder"),
        ("skills/tidy/../tidy/new", "inside the source folder"),
        ("skills", "holds the source folder"),
        (".", "holds the source folder"),
    ],
)
def test_the_source_is_never_written_to(tmp_path: Path, source: Path, target: str, message: str, force: bool) -> None:
    """Not over it, not inside of it, not above it; force does not change that."""
    before = snapshot(tmp_path)
    with pytest.raises(RefusedError, match=message) as caught:
        write_folder(read_folder(source), f"{tmp_path}/{target}", force=force)
    assert caught.value.hint
    assert snapshot(tmp_path) == before


@posix
def test_the_source_under_another_name(tmp_path: Path, source: Path) -> None:
    """A link to the source, or a folder read through a link, is still the source."""
    (tmp_path / "alias").symlink_to(source)
    for folder, target in (
        (read_folder(source), tmp_path / "alias"),
        (read_folder(source), tmp_path / "alias" / "new"),
        (read_folder(tmp_path / "alias"), source / "new"),
        (SkillFolder(None, read_skill(source)), source / "new"),
    ):
        with pytest.raises(RefusedError, match="source folder"):
            write_folder(folder, target, force=True)


@posix
def test_what_is_no_folder_is_not_replaced(source: Path, place: Path) -> None:
    """Files, links and pipes in the place are refused, with force as well."""
    (place / "file").touch()
    (place / "link").symlink_to("file")
    (place / "folder").symlink_to(".")
    os.mkfifo(place / "pipe")
    for name in ("file", "link", "folder", "pipe"):
        with pytest.raises(RefusedError, match="is no folder"):
            write_folder(read_folder(source), place / name, force=True)
    assert _names(place) == ["file", "folder", "link", "pipe"]


def test_a_place_that_is_not_there(source: Path, place: Path) -> None:
    """Folders above the target are not made up; impossible names are errors of the command line."""
    with pytest.raises(UsageError, match="does not exist"):
        write_folder(read_folder(source), place / "a" / "b")
    for name in ("a\0b", "x" * 300):
        with pytest.raises(SkillDistillerError) as caught:
            write_folder(read_folder(source), place / name)
        assert caught.value.hint
    assert _names(place) == []


@posix
def test_links(source: Path, place: Path) -> None:
    """Links inside of the folder are links again; one that leads out is refused before anything is written."""
    (source / "docs").symlink_to("references")
    (source / "references" / "b.md").symlink_to("../scripts/run.sh")
    write_folder(read_folder(source), place / "tidy")
    assert snapshot(place / "tidy") == snapshot(source)
    for link in ("../../secret.md", "/etc/hostname", str(source / "references" / "a.md"), "../tidy/SKILL.md"):
        (source / "out.md").symlink_to(link)
        with pytest.raises(RefusedError, match=r"'out\.md' is a link that leads out of the folder") as caught:
            write_folder(read_folder(source), place / "other")
        assert "copy of the file" in caught.value.hint
        (source / "out.md").unlink()
    assert _names(place) == ["tidy"]


def test_too_many_bytes(source: Path, place: Path) -> None:
    """A folder that would fill the disk is refused before anything is written."""
    with (source / "huge.bin").open("wb") as stream:
        stream.truncate(MAX_TOTAL_BYTES + 1)
    with pytest.raises(BadInputError, match="holds more than"):
        write_folder(read_folder(source), place / "tidy")
    assert _names(place) == []


@pytest.mark.parametrize("content", ["longer than before\n", "", None])
def test_a_file_that_changes_meanwhile(source: Path, place: Path, content: str | None) -> None:
    """A file that is not as it was listed ends the run, and leaves nothing."""
    folder = read_folder(source)
    (source / "references" / "a.md").unlink()
    if content is not None:
        (source / "references" / "a.md").write_text(content, encoding="utf-8")
    with pytest.raises(BadInputError, match=r"changed while it was copied|Can't read"):
        write_folder(folder, place / "tidy")
    assert _names(place) == []


def _run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, which may be killed or limited."""
    start = (
        "import os, signal, sys\n"
        "from skill_distiller.skill.read import read_folder\n"
        "from skill_distiller.skill.write_folder import write_folder\n"
        "from skill_distiller.errors import SkillDistillerError\n"
        "source, target = sys.argv[1:3]\n"
    )
    command = [sys.executable, "-c", start + code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


_WRITE = """
try:
    write_folder(read_folder(source), target, force=True)
except SkillDistillerError as error:
    sys.exit(f"{type(error).__name__}: {error} ({error.hint})")
"""
# A hook of the interpreter sees each call that touches the disk just before it happens.
_KILL = """
left = int(sys.argv[3])
def hook(event, arguments):
    global left
    if event in ("os.mkdir", "os.rename", "os.chmod", "os.symlink", "shutil.rmtree") or (
        event == "open" and ".skill-distiller-new" in str(arguments[0])
    ):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), getattr(signal, sys.argv[4]))
sys.addaudithook(hook)
"""


@posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_run_that_is_stopped_at_any_step(source: Path, place: Path, name: str) -> None:
    """The old folder or the new one is there, whole; the next run sweeps up and is done."""
    (source / "docs").symlink_to("references")
    old, new = snapshot(make_folder(place / "tidy", {"mine.md": "mine"})), snapshot(source)
    seen, step, code = set[str](), 0, -1
    while code:
        step += 1
        code = _run(_KILL + _WRITE, source, place / "tidy", step, name).returncode
        assert code in (0, -signal.SIGKILL, -signal.SIGINT)
        aside = [path for path in place.iterdir() if path.name.endswith(OLD_SUFFIX)]
        left = [path for path in place.iterdir() if path.name.endswith(NEW_SUFFIX)]
        assert not left or name == "SIGKILL"
        assert all(snapshot(path) == old for path in aside)
        if (place / "tidy").exists():
            there = "new" if snapshot(place / "tidy") == new else "old"
            assert snapshot(place / "tidy") == (new if there == "new" else old)
            assert bool(aside) == (there == "new")
        else:
            there = "between"
            assert name == "SIGKILL"
            assert aside
            assert [snapshot(path) for path in left] == [new]
            aside[0].rename(place / "tidy")
        seen.add(there)
        if there == "new":
            break
        assert step < 60
    assert seen == ({"old", "between", "new"} if name == "SIGKILL" else {"old", "new"})
    write_folder(read_folder(source), place / "tidy", force=True)
    assert not [path for path in place.iterdir() if path.name.endswith(NEW_SUFFIX)]
    assert snapshot(source) == new


@posix
def test_only_what_a_dead_run_left_is_swept(source: Path, place: Path) -> None:
    """A folder that a living run writes, one of another target, and one that only looks alike, stay."""
    import fcntl

    for name in ("tidy.0a", "tidy.0b", "other.0a", "tidy.xyz"):
        (place / f".{name}{NEW_SUFFIX}").mkdir()
    (place / f".tidy.0c{NEW_SUFFIX}").symlink_to(source)
    (place / f".tidy.0d{OLD_SUFFIX}").mkdir()
    alive = os.open(place / f".tidy.0a{NEW_SUFFIX}", os.O_RDONLY)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX)
        write_folder(read_folder(source), place / "tidy")
    finally:
        os.close(alive)
    kept = (".other.0a" + NEW_SUFFIX, ".tidy.0a" + NEW_SUFFIX, ".tidy.0c" + NEW_SUFFIX, ".tidy.0d" + OLD_SUFFIX)
    assert _names(place) == sorted((*kept, ".tidy.xyz" + NEW_SUFFIX, "tidy"))
    assert (source / "SKILL.md").exists()


@posix
def test_a_disk_that_takes_no_more(source: Path, place: Path) -> None:
    """A write that fails half way leaves what was there, and nothing else; one sentence says why."""
    (source / "assets" / "large.bin").write_bytes(b"x" * 100_000)
    old = snapshot(make_folder(place / "tidy", {"mine.md": "mine"}))
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    result = _run(limit + _WRITE, source, place / "tidy")
    assert result.stderr.startswith("RefusedError: Can't write ")
    assert "File too large. (Name another folder.)" in result.stderr
    assert (snapshot(place / "tidy"), _names(place)) == (old, ["tidy"])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that takes no folder")
def test_a_file_system_that_takes_no_folder(source: Path) -> None:
    """Where no folder can be made, the refusal says so."""
    with pytest.raises(RefusedError, match="Can't write '/proc/self/tidy'"):
        write_folder(read_folder(source), "/proc/self/tidy")


# Another process is quicker: it makes a folder in the place at the moment when it is free.
_OBSTRUCT = """
renames = 0
def hook(event, arguments):
    global renames
    if event == "os.rename":
        renames += 1
        if renames == 2:
            os.mkdir(target)
            os.mkdir(os.path.join(target, "theirs"))
        if renames == 3 and sys.argv[3] == "gone":
            os.rmdir(os.path.join(target, "theirs"))
            os.rmdir(target)
sys.addaudithook(hook)
"""


@posix
def test_the_old_folder_is_put_back(source: Path, place: Path) -> None:
    """Where the new folder can't take its place, the old one is there again."""
    old = snapshot(make_folder(place / "tidy", {"mine.md": "mine"}))
    result = _run(_OBSTRUCT + _WRITE, source, place / "tidy", "gone")
    assert "Directory not empty" in result.stderr
    assert (snapshot(place / "tidy"), _names(place)) == (old, ["tidy"])


@posix
def test_the_old_folder_that_can_not_be_put_back(source: Path, place: Path) -> None:
    """Where its place is taken meanwhile, the message says where the old folder is, whole."""
    old = snapshot(make_folder(place / "tidy", {"mine.md": "mine"}))
    result = _run(_OBSTRUCT + _WRITE, source, place / "tidy", "stays")
    (aside,) = [path for path in place.iterdir() if path.name.endswith(OLD_SUFFIX)]
    assert str(aside) in result.stderr
    assert "Move it back by hand." in result.stderr
    assert snapshot(aside) == old
    assert _names(place) == [aside.name, "tidy"]
    assert _names(place / "tidy") == ["theirs"]


@posix
def test_a_place_that_fills_meanwhile_without_force(source: Path, place: Path) -> None:
    """An empty folder that someone fills before the rename is not replaced."""
    code = _OBSTRUCT.replace("renames == 2", "renames == 1") + _WRITE.replace("force=True", "force=False")
    result = _run(code, source, place / "tidy", "stays")
    assert "Directory not empty" in result.stderr
    assert _names(place) == ["tidy"]
    assert _names(place / "tidy") == ["theirs"]


@pytest.mark.corpus
def test_real_folders_are_written(corpus_sample: tuple[Skill, ...], tmp_path: Path) -> None:
    """Real folders come out with the bytes and rights that they had."""
    assert corpus_sample
    for skill in corpus_sample:
        assert skill.path is not None
        root = skill.path.parent
        write_folder(read_folder(root), tmp_path / root.name)
        assert snapshot(tmp_path / root.name) == snapshot(root)
        assert read_folder(tmp_path / root.name).links() == read_folder(root).links()
        assert PurePosixPath("SKILL.md") not in {file.path for file in read_folder(root).files}
