"""What the documents show works."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from tests.cli.command import environment, run_process

from lab import site
from skill_distiller.analysis.patterns import ADVISORY, PROTECTED
from skill_distiller.exams.exam_files import parse_exam
from skill_distiller.providers.detect import CHOICES
from skill_distiller.run.config import read_config
from skill_distiller.run.settings import READERS

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
PYTHON = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
EXAMS = (ROOT / "docs" / "exams.md").read_text(encoding="utf-8")
PROVIDERS = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "code",
    re.findall(r"^```python\n(.*?)^```$", PROVIDERS + PYTHON + EXAMS, re.MULTILINE | re.DOTALL),
    ids=lambda code: code[:20],
)
def test_python_in_the_documents(code: str) -> None:
    """It runs as it stands."""
    result = run_process(program=("-W", "error", "-c", code), cwd=ROOT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout


def test_the_script_in_the_document_is_one(tmp_path: Path) -> None:
    """The scripted provider takes it: the run ends with its second reply's fault, not with a usage error."""
    (script,) = re.findall(r"^```json\n(.*?)^```$", PROVIDERS, re.MULTILINE | re.DOTALL)
    file = tmp_path / "script.json"
    file.write_text(script, encoding="utf-8")
    env = environment(SKILL_DISTILLER_SCRIPT=str(file))
    skill = b"# A\n\n" + b"Words about the past of it all. " * 8 + b"\n\nRun `b`.\n"
    result = run_process("compress", "--provider=scripted", "--no-cache", stdin=skill, env=env)
    assert (result.exit_code, result.stdout) == (4, b"")


def test_the_exam_in_the_document_is_one() -> None:
    """It is read, and the schema that it links to agrees."""
    (text,) = re.findall(r"^```json\n(.*?)^```$", EXAMS, re.MULTILINE | re.DOTALL)
    schema = ROOT / "src" / "skill_distiller" / "exams" / "exam.schema.json"
    jsonschema.validate(json.loads(text), json.loads(schema.read_text(encoding="utf-8")))
    assert len(parse_exam(text).criteria) == 2


def test_every_choice_and_variable_is_described() -> None:
    """No provider and no variable goes without a word."""
    for word in (*CHOICES, "OLLAMA_HOST", "GEMINI_API_KEY", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        assert f"`{word}`" in PROVIDERS or f"--provider {word}`" in PROVIDERS or f"**{word.title()}**" in PROVIDERS


@pytest.mark.parametrize("name", [".skill-distiller.toml", "pyproject.toml"])
def test_the_settings_in_the_document_work(name: str, tmp_path: Path) -> None:
    """Each of them is set, as the document says."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    file = tmp_path / name
    if name == "pyproject.toml":
        example = "[tool.skill-distiller]\n" + example.replace(
            "[keep-sections]", "[tool.skill-distiller.keep-sections]"
        )
    file.write_text(example, encoding="utf-8")
    config = read_config(file)
    assert config.values.keys() == READERS.keys()
    assert config.values["threshold"] == "0.85"
    assert config.keep == {"my-skill": ("Examples", "Usage > Flags")}


@pytest.mark.parametrize("name", [".skill-distiller.toml", "pyproject.toml"])
def test_the_patterns_in_the_document_work(name: str, tmp_path: Path) -> None:
    """The TOML of the document is read in both places, and finds what the document says."""
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PATTERNS, re.MULTILINE | re.DOTALL)
    file = tmp_path / name
    table = example.replace("[patterns", "[tool.skill-distiller.patterns") if name == "pyproject.toml" else example
    file.write_text(table, encoding="utf-8")
    patterns = read_config(file).patterns
    found = patterns.find("See JIRA-7 or OPS-12.\nThe DUTY\nofficer is to be kind to officers.")
    assert found.protected == {"ticket-ids", "escalation"}
    assert found.advisory == {"tone"}
    assert not patterns.find("OPS- and duty officers").protected


def test_every_built_in_pattern_is_described() -> None:
    """By the name that reports use."""
    rows = re.findall(r"^\| `([\w-]+)` \| (protected|advisory) \|", PATTERNS, re.MULTILINE)
    assert rows == [(p.name, "protected") for p in PROTECTED] + [(p.name, "advisory") for p in ADVISORY]


@pytest.mark.parametrize(
    "page", [*sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")), *site.OTHERS.values()]
)
def test_every_link_of_the_site_leads_to_a_file(page: str) -> None:
    """Not to a folder, which the site has no page for: MkDocs says so only where it is installed."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [match["path"] for match in site.LINK.finditer(text)] if page.endswith(".md") else []
    assert not [path for path in found if not (ROOT / page).parent.joinpath(path).is_file()]


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("material"), reason="the extra docs is not installed")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """Every page is in its place, and every link leads somewhere."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    env = environment(NO_MKDOCS_2_WARNING="1")
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "cli" / "index.html").is_file()
