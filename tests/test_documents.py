"""What the documents show works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.command import environment, run_process

from skill_distiller.providers.registry import CHOICES

ROOT = Path(__file__).resolve().parents[1]
PROVIDERS = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```$", PROVIDERS, re.MULTILINE | re.DOTALL), ids=lambda code: code[:20]
)
def test_python_in_the_document_on_providers(code: str) -> None:
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


def test_every_choice_and_variable_is_described() -> None:
    """No provider and no variable goes without a word."""
    for word in (*CHOICES, "OLLAMA_HOST", "GEMINI_API_KEY", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        assert f"`{word}`" in PROVIDERS or f"--provider {word}`" in PROVIDERS or f"**{word.title()}**" in PROVIDERS
