"""`-o`: one step into place, never over the input, never into the source, nothing overwritten unasked."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.command import Result, environment, run, run_process
from tests.cli.samples import DEPLOY

from skill_distiller.skill.safe_files import staged

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights, links and pipes of POSIX")


def _refused(result: Result, exit_code: int = 6) -> bool:
    """Whether a guard refused in one sentence with a hint, and nothing went to stdout."""
    lines = result.stderr.splitlines()
    return (
        result.exit_code == exit_code
        and result.stdout == b""
        and [line.split(":")[0] for line in lines] == ["Error", "Hint"]
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def product(skill_file: Path) -> bytes:
    """What the command makes of the skill."""
    return run("compress", skill_file, "--quiet").stdout


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_the_product_goes_to_the_file_and_not_to_stdout(
    option: str, skill_file: Path, product: bytes, tmp_path: Path
) -> None:
    """The file holds the very bytes that stdout would have had, and nothing else is left in the folder."""
    place = tmp_path / "place"
    place.mkdir()
    result = run("compress", skill_file, option, place / "out.md")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert (place / "out.md").read_bytes() == product
    assert _names(place) == ["out.md"]
    assert skill_file.read_text(encoding="utf-8") == DEPLOY


def test_a_dash_is_stdout(skill_file: Path, product: bytes) -> None:
    """`-o -` is the same as no `-o`."""
    assert run("compress", skill_file, "-q", "-o", "-").stdout == product


def test_an_existing_file_is_not_overwritten_without_force(skill_file: Path, product: bytes, tmp_path: Path) -> None:
    """Exit 6 and the file as it was; with `--force` it is replaced."""
    target = tmp_path / "out.md"
    target.write_text("mine", encoding="utf-8")
    result = run("compress", skill_file, "-o", target)
    assert _refused(result)
    assert "--force" in result.stderr
    assert target.read_text(encoding="utf-8") == "mine"
    assert run("compress", skill_file, "-o", target, "--force").exit_code == 0
    assert target.read_bytes() == product
    assert _names(tmp_path) == ["deploy-notes", "out.md"]


def test_a_name_that_ends_like_a_folder_means_one(skill_file: Path, product: bytes, tmp_path: Path) -> None:
    """It is made for a result, but not for a plan, and only where its own folder is there."""
    result = run("compress", skill_file, "--save-plan", f"{tmp_path}/out/")
    assert _refused(result, 2)
    assert f"The folder '{tmp_path}/out/' does not exist." in result.stderr
    assert _refused(run("compress", skill_file, "-o", f"{tmp_path}/no/out/"), 2)
    assert _refused(run("compress", skill_file, "-o", f"{skill_file}/"), 2)
    assert _names(tmp_path) == ["deploy-notes"]
    assert run("compress", skill_file, "-o", f"{tmp_path}/out/", "--dry-run").exit_code == 0
    assert _names(tmp_path) == ["deploy-notes"]
    assert run("compress", skill_file, "-o", f"{tmp_path}/out/").exit_code == 0
    assert (tmp_path / "out" / "SKILL.md").read_bytes() == product


def test_a_skill_folder_is_written_whole(skill_folder: Path, product: bytes, tmp_path: Path) -> None:
    """With all files beside SKILL.md, to a new or an empty folder; `--force` replaces a skill, and nothing else."""
    (skill_folder / "references").mkdir()
    (skill_folder / "references" / "more.md").write_text("More.\n", encoding="utf-8")
    new = tmp_path / "new"
    result = run("compress", skill_folder, "-o", f"{new}/")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert f"Written: {new}\n" in result.stderr
    assert (new / "SKILL.md").read_bytes() == product
    assert (new / "references" / "more.md").read_text(encoding="utf-8") == "More.\n"
    assert _refused(run("compress", skill_folder, "-o", new))
    (new / "mine.md").write_text("mine", encoding="utf-8")
    replaced = run("compress", skill_folder, "-o", new, "--force")
    assert replaced.exit_code == 0
    (aside,) = (path for path in tmp_path.iterdir() if path.name.startswith(".new."))
    assert f"The folder that was there is now {aside}\n" in replaced.stderr
    assert (aside / "mine.md").is_file()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine", encoding="utf-8")
    assert _refused(run("compress", skill_folder, "-o", other, "--force"))
    assert _names(other) == ["thesis.txt"]


@pytest.mark.parametrize("folder_given", [False, True])
@pytest.mark.parametrize("kind", ["same path", "other spelling", "symbolic link", "hard link"])
def test_the_input_is_never_overwritten(kind: str, folder_given: bool, skill_file: Path, tmp_path: Path) -> None:
    """Not even with `--force`, and whatever name the input goes by."""
    target = {
        "same path": skill_file,
        "other spelling": skill_file.parent / ".." / skill_file.parent.name / "SKILL.md",
        "symbolic link": tmp_path / "link.md",
        "hard link": tmp_path / "hard.md",
    }[kind]
    if kind == "symbolic link":
        target.symlink_to(skill_file)
    if kind == "hard link":
        target.hardlink_to(skill_file)
    source = skill_file.parent if folder_given else skill_file
    assert _refused(run("compress", source, "-o", target, "--force"))
    assert skill_file.read_text(encoding="utf-8") == DEPLOY
    assert target.read_text(encoding="utf-8") == DEPLOY
    assert target.is_symlink() == (kind == "symbolic link")


@pytest.mark.parametrize("name", ["out.md", "references/out.md", "../deploy-notes/out.md"])
def test_nothing_is_written_inside_a_source_folder(name: str, skill_folder: Path) -> None:
    """When the whole folder is the source, no place inside it is a target, however it is spelled."""
    (skill_folder / "references").mkdir()
    assert _refused(run("compress", skill_folder, "-o", skill_folder / name, "--force"))
    assert _names(skill_folder) == ["SKILL.md", "references"]
    assert _names(skill_folder / "references") == []


def test_nothing_is_written_inside_a_source_folder_that_goes_by_another_name(
    skill_folder: Path, tmp_path: Path
) -> None:
    """A link to the folder is the folder."""
    link = tmp_path / "link"
    link.symlink_to(skill_folder)
    assert _refused(run("compress", link, "-o", skill_folder / "out.md"))
    assert _refused(run("compress", skill_folder, "-o", link / "out.md"))
    assert _names(skill_folder) == ["SKILL.md"]


@pytest.mark.parametrize("command", ["compress", "graph", "description", "reduce"])
def test_a_skill_that_is_a_link_out_of_the_folder_that_was_named(
    command: str, skill_file: Path, tmp_path: Path
) -> None:
    """Refused by every command: a folder may have come from anyone, its link may lead to anything of the user's, and a
    language model would be sent that. Who names the link itself means what is behind it."""
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "SKILL.md").symlink_to(skill_file)
    out = ("-o", tmp_path / "out") if command != "graph" else ()
    result = run(command, folder, *out)
    assert (result.exit_code, result.stdout) == (3, b"")
    assert "is a link out of its folder; it is not read." in result.stderr
    assert not (tmp_path / "out").exists()
    named = run("compress", folder / "SKILL.md", "-q", "--no-calibration")
    assert named.stdout == run("compress", skill_file, "-q", "--no-calibration").stdout


@pytest.mark.parametrize("folder_given", [False, True])
@pytest.mark.parametrize("above", [0, 1])
def test_a_folder_that_is_or_holds_the_source_is_no_target(above: int, folder_given: bool, skill_file: Path) -> None:
    """`-o FOLDER` would write a SKILL.md there: refused for the source folder and all above it."""
    source = skill_file.parent if folder_given else skill_file
    target = [skill_file.parent, skill_file.parent.parent][above]
    before = _names(target)
    assert _refused(run("compress", source, "-o", target, "--force"))
    assert _names(target) == before
    assert skill_file.read_text(encoding="utf-8") == DEPLOY


def test_another_folder_gets_a_skill_md(skill_folder: Path, product: bytes, tmp_path: Path) -> None:
    """`-o FOLDER` writes FOLDER/SKILL.md, and the rules for existing files hold there too."""
    place = tmp_path / "place"
    place.mkdir()
    assert run("compress", skill_folder, "-o", place).exit_code == 0
    assert (place / "SKILL.md").read_bytes() == product
    assert _names(place) == ["SKILL.md"]
    assert _refused(run("compress", skill_folder, "-o", place))


def test_a_file_beside_the_input_is_allowed_when_the_file_was_given(skill_file: Path, product: bytes) -> None:
    """`compress SKILL.md -o SKILL.compressed.md` is what people do."""
    target = skill_file.with_name("SKILL.compressed.md")
    assert run("compress", skill_file, "-o", target).exit_code == 0
    assert target.read_bytes() == product


def test_a_missing_folder_is_a_usage_error(skill_file: Path, tmp_path: Path) -> None:
    """No folder is ever made."""
    assert _refused(run("compress", skill_file, "-o", tmp_path / "no" / "out.md"), exit_code=2)
    assert _names(tmp_path) == ["deploy-notes"]


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Rights mean nothing to root: be somebody else while the test runs."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with no right to write into it."""
    folder = tmp_path / "locked"
    folder.mkdir()
    run("compress", stdin=DEPLOY.encode())  # load what a run needs while it can be read
    monkeypatch.chdir(folder)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.usefixtures("read_only_folder", "ordinary_user")
def test_a_read_only_folder_is_refused_in_one_sentence() -> None:
    """Where the rights are missing, the sentence says so."""
    result = run("compress", "-o", "out.md", "--quiet", stdin=DEPLOY.encode())
    assert _refused(result)
    assert "Permission denied" in result.stderr


@pytest.mark.parametrize("kind", ["name too long", "loop of links"])
def test_an_impossible_target_is_refused_in_one_sentence(kind: str, skill_file: Path, tmp_path: Path) -> None:
    """What the file system will not take is the user's mistake, not a traceback."""
    target = tmp_path / ("x" * 300 if kind == "name too long" else "loop")
    if kind == "loop of links":
        target.symlink_to(target)
    result = run("compress", skill_file, "-o", target, "--force", "--quiet")
    assert _refused(result, exit_code=result.exit_code)
    assert result.exit_code in (2, 6)


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_regular_file_is_never_replaced(force: list[str], skill_file: Path, tmp_path: Path) -> None:
    """A named pipe (or /dev/null, for that matter) stays what it is, `--force` or not."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result = run("compress", skill_file, "-o", pipe, *force)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert _refused(result)


def test_a_dangling_link_is_something_that_exists(skill_file: Path, tmp_path: Path) -> None:
    """Without `--force` a link is not replaced, even where it leads nowhere."""
    link = tmp_path / "link.md"
    link.symlink_to(tmp_path / "nowhere.md")
    assert _refused(run("compress", skill_file, "-o", link))
    assert link.is_symlink()


def test_rights_are_those_of_a_new_file_or_of_the_old_one(skill_file: Path, tmp_path: Path) -> None:
    """A new file gets what the umask leaves; an overwritten one keeps its rights."""
    target = tmp_path / "out.md"
    before = os.umask(0o027)
    try:
        run("compress", skill_file, "-o", target)
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    target.chmod(0o604)
    run("compress", skill_file, "-o", target, "--force")
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


def _write_to_a_full_disk(skill_file: Path, target: Path) -> Result:
    """Run with a limit of 0 bytes for every file written, which is what a full disk is like."""
    command = [sys.executable, "-m", "skill_distiller", "compress", str(skill_file), "-q", "--force", "-o", str(target)]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command], capture_output=True, env=environment(), check=False
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def test_a_write_that_fails_leaves_the_old_file_and_no_other(skill_file: Path, tmp_path: Path) -> None:
    """The step into place comes last: the old file is untouched, no temporary file stays, and one sentence says so."""
    target = tmp_path / "out.md"
    target.write_text("mine", encoding="utf-8")
    result = _write_to_a_full_disk(skill_file, target)
    assert "Traceback" not in result.stderr
    assert _refused(result)
    assert target.read_text(encoding="utf-8") == "mine"
    assert _names(tmp_path) == ["deploy-notes", "out.md"]


def test_what_a_killed_run_left_is_swept(skill_file: Path, tmp_path: Path) -> None:
    """By the next run for the same file; what is still being written, or is not ours, stays."""
    out, code = (
        tmp_path / "out.md",
        (
            "import os, sys, pathlib; from skill_distiller.skill.safe_files import staged\n"
            "with staged(pathlib.Path(sys.argv[1]), b'half'): os.kill(os.getpid(), 9)"
        ),
    )
    assert run_process(out, program=("-c", code)).exit_code == -9
    left, _ = _names(tmp_path)
    assert left.startswith(".out.md.")
    (tmp_path / ".out.md.notes").write_text("mine", encoding="utf-8")
    (tmp_path / left.replace("out", "other")).write_text("another's", encoding="utf-8")
    with staged(out, b"of a run that lives"):
        alive = {name for name in _names(tmp_path) if name.startswith(".out.md.")} - {left, ".out.md.notes"}
        assert run("compress", skill_file, "-o", out).exit_code == 0
        assert alive < set(_names(tmp_path))
    assert _names(tmp_path) == sorted([".out.md.notes", left.replace("out", "other"), "deploy-notes", "out.md"])


def test_json_and_diff_may_go_with_a_file(skill_file: Path, product: bytes, tmp_path: Path) -> None:
    """`-o` takes the product; stdout is then free for the record or the diff."""
    result = run("compress", skill_file, "-o", tmp_path / "a.md", "--json")
    assert result.stdout.startswith(b"{")
    assert (tmp_path / "a.md").read_bytes() == product
    result = run("compress", skill_file, "-o", tmp_path / "b.md", "--diff")
    assert result.stdout.startswith(b"--- ")
    assert (tmp_path / "b.md").read_bytes() == product


def test_a_file_redirected_to_stdin_is_the_input_too(tmp_path: Path) -> None:
    """`-o a.md --force < a.md` is refused, and a.md is as it was."""
    file = tmp_path / "a.md"
    file.write_bytes(b"# A\n\nSome words.\n")
    with file.open("rb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "skill_distiller", "-o", str(file), "--force"],
            stdin=stream,
            capture_output=True,
            check=False,
        )
    assert (done.returncode, done.stdout, file.read_bytes()) == (6, b"", b"# A\n\nSome words.\n")
