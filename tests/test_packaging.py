"""The package as it is installed: what importing costs, what the wheel holds, what the library offers."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from tests.cli.command import environment, run_process
from tests.cli.samples import DEPLOY
from tests.library_sample import use
from tests.marks import slow

import skill_distiller
from skill_distiller.language.words import LANGUAGES
from skill_distiller.run.distill import distill
from skill_distiller.skill.read import read_skill

ROOT = Path(__file__).resolve().parents[1]
SDKS = ("openai", "ollama", "google.genai", "httpx", "requests", "detect_secrets", "json_repair", "tenacity")
HEAVY = ("tiktoken", "yaml", "markdown_it", "rich", "numpy", *SDKS)
_IMPORTED = """
import json, sys
try:
    exec(sys.argv.pop(1))
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def _imported(code: str, *arguments: str | Path) -> set[str]:
    """The modules that a fresh Python has loaded after running some code with these arguments."""
    result = run_process(code, *arguments, program=("-c", _IMPORTED))
    assert result.exit_code == 0, result.stderr
    return set(json.loads(result.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("calibration", "list", "--help")], ids=" ".join)
def test_version_loads_nothing_that_is_slow(arguments: tuple[str, ...]) -> None:
    """`--version` and the lists of commands come before a parser, a tokenizer, a console or an SDK is loaded."""
    loaded = _imported("from skill_distiller.cli.app import main; main()", *arguments)
    assert "skill_distiller.cli.app" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_importing_the_library_loads_nothing_that_is_slow() -> None:
    """`import skill_distiller` is free until a name is used."""
    loaded = _imported("import skill_distiller; dir(skill_distiller); skill_distiller.__version__")
    assert loaded.isdisjoint((*HEAVY, "typer"))
    assert not [name for name in loaded if name.startswith("skill_distiller.") and name != "skill_distiller._version"]


@pytest.mark.parametrize("arguments", [("soft", "--help"), ("soft", "train", "--help"), ("compress", "--help")])
def test_no_help_loads_torch(arguments: tuple[str, ...]) -> None:
    """It takes seconds, and not every installation has it."""
    loaded = _imported("from skill_distiller.cli.app import main; main()", *arguments)
    assert loaded.isdisjoint(("torch", "transformers", "peft", "safetensors"))


@pytest.mark.parametrize("option", ["--verbose", *slow("--json")])
def test_compress_loads_no_sdk(option: str, tmp_path: Path) -> None:
    """Without a model there is no use for an SDK, for a session, nor for anything that can open a connection."""
    file = tmp_path / "SKILL.md"
    file.write_text(DEPLOY, encoding="utf-8")
    loaded = _imported("from skill_distiller.cli.app import main; main()", "compress", file, option)
    assert "skill_distiller.run.distill" in loaded
    assert loaded.isdisjoint((*SDKS, "skill_distiller.providers.session", "skill_distiller.prompted.exchange"))
    assert loaded.isdisjoint(("pydantic", "skill_distiller.providers.detect", "skill_distiller.providers.network"))
    assert loaded.isdisjoint(("ssl", "http.client", "urllib.request", "xml.sax"))
    assert loaded.isdisjoint(("regex", "glob", "skill_distiller.exams.model", "skill_distiller.run.moving.move_pieces"))


_COUNTED = """
import cProfile, pstats, sys
profile = cProfile.Profile()
profile.enable()
try:
    exec(sys.argv.pop(1))
except SystemExit:
    pass
profile.disable()
print("calls", pstats.Stats(profile).total_calls)
"""
_CONTROL = "import typer, rich.console, rich.text; from skill_distiller.tokens import count_tokens; count_tokens('a')"
_COMPRESS = "from skill_distiller.cli.app import main; main()"


@pytest.mark.slow
def test_a_short_skill_costs_little_more_than_what_reads_it(tmp_path: Path) -> None:
    """Calls of the whole command, against a program that loads Typer, Rich and the vocabulary once.

    Calls are the same on every machine, busy or not; `python -m lab.benchmarks.speed` prints processor time.
    """
    file = tmp_path / "SKILL.md"
    file.write_text(DEPLOY, encoding="utf-8")

    def calls(*arguments: str | Path) -> int:
        done = subprocess.run(
            [sys.executable, "-c", _COUNTED, *arguments], env=environment(), check=True, capture_output=True, text=True
        )
        return int(done.stdout.rsplit("calls", 1)[1])

    assert calls(_COMPRESS, "compress", "--provider=embedded", file) < 12.5 * calls(_CONTROL)


def test_the_library_loads_no_console_and_no_command_line() -> None:
    """A program that uses `distill` pays for neither Rich nor Typer."""
    loaded = _imported("from skill_distiller import distill, parse_skill; distill(parse_skill('# A\\n\\nRun.\\n'))")
    assert loaded.isdisjoint(("rich", "typer", *SDKS))


def test_the_shape_of_a_provider_costs_no_sdk() -> None:
    """Sessions, detection and the prompted analyzer can be imported without an SDK."""
    loaded = _imported(
        "import skill_distiller.prompted.read_skill, skill_distiller.providers.detect, skill_distiller.run.run"
    )
    assert loaded.isdisjoint(SDKS)


def test_every_public_name_is_there() -> None:
    """Each name of `__all__` resolves, `dir` lists them, and any other name is an AttributeError."""
    assert sorted(skill_distiller.__all__) == dir(skill_distiller)
    assert [name for name in skill_distiller.__all__ if getattr(skill_distiller, name, None) is None] == []
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = skill_distiller.nonsense


def test_five_lines_of_library_use(tmp_path: Path) -> None:
    """What the README shows works: read, distill, and look at text, score and tokens."""
    path = tmp_path / "SKILL.md"
    path.write_text(DEPLOY, encoding="utf-8")
    result = distill(read_skill(path))
    assert result.text.startswith("---\nname: deploy-notes\n")
    assert 0 <= result.functionality.score <= 100
    assert 0 < result.output_tokens < result.input_tokens


def test_a_program_that_uses_the_library(tmp_path: Path) -> None:
    """It runs as it stands, from a file and from a text."""
    path = tmp_path / "SKILL.md"
    path.write_text(DEPLOY, encoding="utf-8")
    result, small, kept, lines = use(path, DEPLOY)
    assert result == distill(skill_distiller.parse_skill(DEPLOY), skill_distiller.DistillOptions(threshold=0.8)).text
    assert len(small) < len(DEPLOY)
    assert "## Steps" in kept
    assert lines.startswith("TRIGGER: ")


@pytest.mark.slow
def test_the_types_of_the_library(tmp_path: Path) -> None:
    """mypy --strict accepts the sample from outside of the checkout, and refuses what has no sense."""
    sample = tmp_path / "sample.py"
    text = (ROOT / "tests" / "library_sample.py").read_text(encoding="utf-8")
    for more in ("", "distill(3)\n", "distill('a', mode='foo')\n", "DistillOptions(x=1)\n"):
        sample.write_text(text + more, encoding="utf-8")
        options = ("--strict", "--cache-dir", str(ROOT / ".mypy_cache"), "--config-file", os.devnull)
        done = subprocess.run(
            [sys.executable, "-m", "mypy", *options, str(sample)],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.returncode == bool(more), done.stdout


@pytest.mark.parametrize("mode", ["foo", "", "one line"])
def test_an_unknown_mode_is_an_error(mode: str) -> None:
    """Where it is given, and not a silent default."""
    with pytest.raises(skill_distiller.UsageError, match="is no Mode"):
        skill_distiller.DistillOptions(mode=mode)  # type: ignore[arg-type]
    with pytest.raises(skill_distiller.UsageError, match="The wording 'x' is no Wording"):
        distill(DEPLOY, wording="x")  # type: ignore[arg-type]


def test_tokens_alone_mean_tokens_mode() -> None:
    """In the options as in the call; beside a threshold they are an error."""
    options = skill_distiller.DistillOptions(tokens=300)
    assert options.mode is skill_distiller.Mode.TOKENS
    assert distill(DEPLOY, tokens=300).text == distill(DEPLOY, options).text
    with pytest.raises(skill_distiller.UsageError, match="exclude each other"):
        distill(DEPLOY, threshold=0.9, tokens=300)


def test_a_path_in_a_text_is_not_taken_for_a_skill(tmp_path: Path) -> None:
    """It would be compressed to itself; the error says what to give."""
    for path in ("skills/a/SKILL.md", str(tmp_path)):
        with pytest.raises(skill_distiller.UsageError, match="looks like a path"):
            distill(path)
    assert distill("# A\n\nRun a.md.\n").text == "# A\n\nRun a.md.\n"


def test_one_version_everywhere() -> None:
    """`--version`, the library and pyproject.toml name the same version."""
    result = run_process("--version")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.text.splitlines() == [f"skill-distiller {skill_distiller.__version__}"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/skill_distiller/_version.py"


def test_the_console_script_is_the_command() -> None:
    """The installed `skill-distiller` runs `skill_distiller.cli.app:main`."""
    scripts = importlib.metadata.entry_points(group="console_scripts", name="skill-distiller")
    assert [script.value for script in scripts] == ["skill_distiller.cli.app:main"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network from this checkout."""
    for module in ("build", "hatchling"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed, so no wheel can be built here")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        env=environment(),
        capture_output=True,
        timeout=120,
        check=True,
    )
    (file,) = folder.iterdir()
    return file


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Types, licence and schema are in it; tests, caches and data of development are not."""
    names = zipfile.ZipFile(wheel).namelist()
    info = f"skill_distiller-{skill_distiller.__version__}.dist-info"
    assert {
        "skill_distiller/py.typed",
        "skill_distiller/__main__.py",
        "skill_distiller/report/record.schema.json",
        "skill_distiller/report/page/report.html.j2",
        "skill_distiller/routing/clients.toml",
        "skill_distiller/run/runtimes.toml",
        *(f"skill_distiller/language/data/{language}.toml" for language in LANGUAGES),
        "skill_distiller/prompted/prompts/same_answer.md",
        "skill_distiller/prompted/prompts/read.md",
        "skill_distiller/soft/records.schema.json",
        "skill_distiller/prompted/prompts/repair.md",
        "skill_distiller/prompted/prompts/judge.md",
        f"{info}/licenses/LICENSE",
        f"{info}/entry_points.txt",
    } <= set(names)
    data = info.replace(".dist-info", ".data")
    assert f"{data}/data/share/man/man1/skill-distiller.1" in names
    assert [name for name in names if not name.startswith(("skill_distiller/", f"{info}/", f"{data}/"))] == []
    assert [name for name in names if "test" in name or "/." in name or "__pycache__" in name] == []


def test_the_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    """The command works from the wheel alone: no file of the checkout is needed."""
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); from skill_distiller.cli.app import main; main()"
    result = run_process("compress", stdin=DEPLOY.encode(), program=("-c", code), cwd=tmp_path)
    assert (result.exit_code, result.stdout) == (0, distill(skill_distiller.parse_skill(DEPLOY)).text.encode())
