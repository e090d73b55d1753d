"""The command with a language model: choosing one, asking it, paying for it once, and failing well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import PATIENCE, environment, run, run_process
from tests.cli.samples import DEPLOY
from tests.prompted.skill import ASKED, READ, SAME_TEXTS, TEXT, TYPES, labels, scores
from tests.providers.build import SERVED
from tests.providers.stub_server import INPUT_TOKENS, KEY, MODEL, OUTPUT_TOKENS, Act, serve

HINT = "No LLM provider available. Run 'ollama serve' for local inference, or set GEMINI_API_KEY for cloud."
SKILL = TEXT.encode()
GOOD = (Act(READ), Act(SAME_TEXTS), Act(scores()))
VARIABLES = {"ollama": "OLLAMA_HOST", "gemini": "GOOGLE_GEMINI_BASE_URL", "openai": "OPENAI_BASE_URL"}
every_kind = pytest.mark.parametrize("kind", SERVED)


@pytest.fixture(autouse=True)
def _auto(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user has it: nothing says which provider to take."""
    monkeypatch.delenv("SKILL_DISTILLER_PROVIDER")


def use(monkeypatch: pytest.MonkeyPatch, kind: str, address: str) -> tuple[str, ...]:
    """Point the variables of a provider at a server; the options that choose it."""
    monkeypatch.setenv(VARIABLES[kind], address)
    if kind != "ollama":
        monkeypatch.setenv(f"{kind.upper()}_API_KEY", KEY)
    return ("--provider", kind, "--model", MODEL)


def script(monkeypatch: pytest.MonkeyPatch, folder: Path, *lines: object) -> tuple[str, str]:
    """Make the scripted provider say these lines; the options that choose it."""
    file = folder / "script.json"
    file.write_text(json.dumps(lines), encoding="utf-8")
    monkeypatch.setenv("SKILL_DISTILLER_SCRIPT", str(file))
    return ("--provider", "scripted")


def test_without_a_provider_the_run_goes_on_embedded() -> None:
    """Exit 0 and the embedded result, with nothing that reads like a failure; the hint is for who asks for more."""
    embedded = run("compress", "--provider=embedded", stdin=SKILL)
    assert run("compress", stdin=SKILL) == embedded
    assert HINT not in embedded.stderr
    assert run("compress", "--verbose", stdin=SKILL).stderr.endswith(f"{HINT}\n")
    assert run("providers").text.endswith(f"auto would take: embedded\n{HINT}\n")


@every_kind
def test_a_model_that_nobody_named_may_fail(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so and the result is the embedded one; asked for by name, it is exit 4 as ever."""
    embedded = run("compress", "--provider=embedded", stdin=SKILL)
    with serve(kind, [Act(status=401)] * 40) as server:
        named = use(monkeypatch, kind, server.address)
        result = run("compress", "--no-cache", "--timeout=2", stdin=SKILL)
        assert (result.exit_code, result.stdout) == (0, embedded.stdout)
        (line,) = (line for line in result.stderr.splitlines() if line.endswith("went on without a language model."))
        assert line.startswith("Warning: ")
        assert run("compress", "--no-cache", *named, stdin=SKILL).exit_code == 4
        notes = json.loads(run("compress", "--no-cache", "--json", stdin=SKILL).stdout)["notes"]
        assert "model gave up" in [note["kind"] for note in notes]


def test_quiet_says_nothing_of_it() -> None:
    """`--quiet` means errors only; `--offline` asked for it."""
    assert run("compress", "--quiet", stdin=SKILL).stderr == ""
    assert HINT not in run("compress", "--offline", stdin=SKILL).stderr


def test_the_variable_chooses_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """SKILL_DISTILLER_PROVIDER is the default of --provider."""
    monkeypatch.setenv("SKILL_DISTILLER_PROVIDER", "embedded")
    assert HINT not in run("compress", stdin=SKILL).stderr
    assert run("compress", "--provider=llm", stdin=SKILL).exit_code == 4


@pytest.mark.parametrize("choice", ["llm", "ollama", "gemini", "openai"])
def test_a_provider_asked_for_and_not_there(choice: str) -> None:
    """Exit 4, nothing on stdout, one sentence and the reference's hint, or the key that is missing."""
    result = run("compress", "--provider", choice, stdin=SKILL)
    assert (result.exit_code, result.stdout) == (4, b"")
    first, second = result.stderr.splitlines()
    assert first.startswith("Error: ")
    key = {"gemini": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY"}.get(choice)
    assert second == (f"Hint: Set {key}, or use --provider embedded." if key else f"Hint: {HINT}")


@every_kind
def test_a_run_with_a_model(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four calls: types, phrases, rewritings, judgement; announced beforehand, named in the report."""
    with serve(kind, GOOD) as stub:
        result = run("compress", "--threshold=0.8", *use(monkeypatch, kind, stub.address), stdin=SKILL)
        assert result.exit_code == 0, result.stderr
        assert len(stub.seen) == 3
        assert [seen.form for seen in stub.seen] == ["schema"] * 3
        if kind == "ollama":
            assert {seen.body["options"]["num_ctx"] for seen in stub.seen} <= {4096, 8192}
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"Asking {kind}/{MODEL} at {stub.address}: about 4 calls and ")
    assert lines[1] == "Functionality preserved: 95% (uncalibrated - first 5 compressions build baseline)"
    assert f"Analyzer: {kind}/{MODEL}; judge: {kind}/{MODEL}; tokens: cl100k_base, exact" in lines
    assert KEY not in result.stderr + result.text


@every_kind
def test_a_second_run_makes_no_call(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same answer, no call, no announcement; --no-cache asks again."""
    with serve(kind, (*GOOD, *GOOD)) as stub:
        options = use(monkeypatch, kind, stub.address)
        first = run("compress", "--threshold=0.8", *options, stdin=SKILL)
        second = run("compress", "--threshold=0.8", *options, "--json", stdin=SKILL)
        assert len(stub.seen) == 3
        record = json.loads(second.stdout)
        assert record["text"].encode() == first.stdout
        assert (record["provider"]["calls"], record["provider"]["cached"]) == (0, 3)
        assert "Asking" not in second.stderr
        run("compress", "--threshold=0.8", *options, "--no-cache", stdin=SKILL)
        assert len(stub.seen) == 6


def test_the_cache_serves_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered once can be used without a network; another skill can't."""
    with serve("openai", GOOD) as stub:
        options = use(monkeypatch, "openai", stub.address)
        first = run("compress", "--threshold=0.8", *options, stdin=SKILL)
    again = run("compress", "--threshold=0.8", *options, "--offline", stdin=SKILL)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    other = run("compress", "--threshold=0.8", *options, "--offline", stdin=DEPLOY.encode())
    assert (other.exit_code, other.stdout) == (4, b"")
    assert "--offline forbids it" in other.stderr


def test_accounting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls, tokens as the server counted them, seconds: in --json and with --verbose; null without a model."""
    with serve("gemini", (*GOOD, *GOOD)) as stub:
        options = (*use(monkeypatch, "gemini", stub.address), "--no-cache")
        record = json.loads(run("compress", "--threshold=0.8", *options, "--json", stdin=SKILL).stdout)
        verbose = run("compress", "--threshold=0.8", *options, "--verbose", stdin=SKILL).stderr
    usage = record["provider"]
    assert usage.pop("seconds") >= 0
    assert usage == {
        "name": "gemini",
        "model": MODEL,
        "address": stub.address,
        "calls": 3,
        "cached": 0,
        "input_tokens": 3 * INPUT_TOKENS,
        "output_tokens": 3 * OUTPUT_TOKENS,
        "dollars": None,
    }
    assert f"Provider: gemini/{MODEL}: 3 calls, 0 from the cache, 2,700 tokens in, 135 out, " in verbose
    assert json.loads(run("compress", "--json", "--provider=embedded", stdin=SKILL).stdout)["provider"] is None


@every_kind
def test_a_provider_that_dies_half_way(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 4 and nothing on stdout; the next run pays for what is missing and for no more."""
    with serve(kind, (GOOD[0], Act(status=401))) as stub:
        options = use(monkeypatch, kind, stub.address)
        died = run("compress", "--threshold=0.8", *options, stdin=SKILL)
        assert (died.exit_code, died.stdout) == (4, b"")
        assert len(stub.seen) == 2
    with serve(kind, GOOD[1:], port=stub.port) as stub:
        record = json.loads(run("compress", "--threshold=0.8", *options, "--json", stdin=SKILL).stdout)
        assert len(stub.seen) == 2
    assert (record["provider"]["calls"], record["provider"]["cached"]) == (2, 1)


def test_a_failed_run_writes_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With -o nothing is written, and a file that stands there stays."""
    target = tmp_path / "out.md"
    target.write_text("mine")
    with serve("openai", [Act(status=401)]) as stub:
        options = use(monkeypatch, "openai", stub.address)
        result = run("compress", "--threshold=0.8", *options, "-o", target, "--force", stdin=SKILL)
    assert (result.exit_code, result.stdout, target.read_text()) == (4, b"", "mine")


@every_kind
def test_keys_are_never_shown(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in an error that the server wrote, not in a record, not with --verbose, not in the cache."""
    with serve(kind, [Act(status=401, error=f"bad key {KEY}")]) as stub:
        options = use(monkeypatch, kind, stub.address)
        monkeypatch.setenv("OLLAMA_API_KEY", KEY)
        result = run("compress", "--threshold=0.8", *options, stdin=SKILL)
        assert result.exit_code == 4
        assert KEY not in result.stderr
        assert "[redacted]" in result.stderr
    with serve(kind, GOOD) as stub:
        options = use(monkeypatch, kind, stub.address)
        record = run("compress", "--threshold=0.8", *options, "--json", "--verbose", "--debug-stages", stdin=SKILL)
        assert KEY not in record.text + record.stderr
    for file in Path(os.environ["HOME"]).rglob("*"):
        assert not (file.is_file() and KEY.encode() in file.read_bytes())


def test_control_characters_of_a_server_reach_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is shown on one line, escape sequences as codes."""
    with serve("openai", [Act(status=418, error="\x1b[2Jnope\n\x07bell\u202e")]) as stub:
        result = run("compress", *use(monkeypatch, "openai", stub.address), stdin=SKILL)
    assert result.exit_code == 4
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr
    assert len(result.stderr.splitlines()) == 3


def test_blocks_without_an_answer_are_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two repair tries, then the embedded verdict, with a warning and a note."""
    lines = [labels(TYPES[:4]), "nonsense", "", SAME_TEXTS, scores()]
    options = script(monkeypatch, tmp_path, *lines)
    result = run("compress", "--threshold=0.8", *options, "--no-cache", stdin=SKILL)
    assert result.exit_code == 0, result.stderr
    assert "Warning: the model gave no usable answer for 1 block; its verdict is the embedded one." in result.stderr
    record = json.loads(run("compress", "--threshold=0.8", *options, "--no-cache", "--json", stdin=SKILL).stdout)
    assert {"kind": "blocks with embedded verdicts", "detail": "1"} in record["notes"]


def test_no_usable_answer_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exit 4 rather than an embedded run under another name."""
    result = run("compress", *script(monkeypatch, tmp_path, "", "", ""), stdin=SKILL)
    assert (result.exit_code, result.stdout) == (4, b"")
    assert f"no usable answer for any of {ASKED} blocks" in result.stderr


def test_an_interval(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--with-ci asks the judge three times and reports mean and half the interval."""
    lines = [READ, SAME_TEXTS, *(scores(n, n, n, n) for n in (88, 90, 92))]
    options = (*script(monkeypatch, tmp_path, *lines), "--with-ci", "--no-cache")
    result = run("compress", "--threshold=0.8", *options, stdin=SKILL)
    assert "Functionality preserved: 90% (85-95%; " in result.stderr
    assert "about 8 calls and" in result.stderr
    functionality = json.loads(run("compress", "--threshold=0.8", *options, "--json", stdin=SKILL).stdout)[
        "functionality"
    ]
    assert (functionality["score"], functionality["interval"]) == (90.0, 5.0)


def test_an_interval_needs_a_model() -> None:
    """Exit 4 with the hint: nothing embedded can be asked three times."""
    result = run("compress", "--with-ci", stdin=SKILL)
    assert (result.exit_code, result.stdout) == (4, b"")
    assert result.stderr.endswith(f"Hint: {HINT}\n")


def test_max_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 4 at the limit; what was paid for is kept, so limits add up to a finished run."""
    with serve("openai", GOOD) as stub:
        options = (*use(monkeypatch, "openai", stub.address), "--max-calls=1")
        results = [run("compress", "--threshold=0.8", *options, stdin=SKILL) for _ in range(4)]
        assert len(stub.seen) == 3
    assert [result.exit_code for result in results] == [4, 4, 0, 0]
    assert [bool(result.stdout) for result in results] == [False, False, True, True]


def test_what_it_costs_is_said_before_and_kept_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The plan and its price on one line; a budget ends the run with exit 4, and needs to know the price (exit 2)."""
    with serve("openai", (*GOOD, *GOOD)) as stub:
        options = (*use(monkeypatch, "openai", stub.address), "--threshold=0.8")
        unknown = run("compress", *options, "--max-cost=1", stdin=SKILL)
        assert (unknown.exit_code, unknown.stdout, stub.seen) == (2, b"", [])
        assert f"What {MODEL!r} costs at {stub.address} is not known, so --max-cost can't be kept." in unknown.stderr
        poor = run("compress", *options, "--max-cost=0.0001", "--price=1/4", stdin=SKILL)
        assert (poor.exit_code, poor.stdout, stub.seen) == (4, b"", [])
        good = run("compress", *options, "--max-cost=1", "--price=1/4", "--verbose", stdin=SKILL)
        assert good.exit_code == 0
        (asking,) = (line for line in good.stderr.splitlines() if line.startswith("Asking "))
        assert asking.endswith(" (your price).")
        assert " tokens, $0.0" in asking
        assert "2,700 tokens in, 135 out, $0.0032, " in good.stderr
        (tmp_path / ".skill-distiller.toml").write_text(f'[prices]\n{MODEL} = "2/8"\n')
        monkeypatch.chdir(tmp_path)
        foreign = run("compress", *options, "--max-cost=1", stdin=SKILL)
        assert foreign.exit_code == 2  # a file that came with a folder says nothing of money
        own = ("--config", tmp_path / ".skill-distiller.toml", "--no-cache", "--json")
        record = json.loads(run("compress", *options, "--max-cost=1", *own, stdin=SKILL).stdout)
        assert record["provider"]["dollars"] == pytest.approx(0.00648)
    wrong = run("compress", *options, "--price=cheap", stdin=SKILL)
    assert (wrong.exit_code, "'cheap' is no price." in wrong.stderr) == (2, True)


def test_the_judge_may_be_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """What both will be asked is said before the first call; the record tells of each."""
    monkeypatch.delenv("SKILL_DISTILLER_SCRIPT", raising=False)
    options = ("--provider=scripted", "--model=writer", "--judge-model=other", "--threshold=0.3", "--no-cache")
    result = run("compress", *options, "--json", "--no-calibration", stdin=SKILL)
    record = json.loads(result.stdout)
    assert record["functionality"]["method"] == "scripted/other"
    assert (record["provider"]["model"], record["judge_provider"]["model"]) == ("writer", "other")
    assert record["judge_provider"]["calls"] >= 1
    asking = [line.split(" in this process")[0] for line in result.stderr.splitlines() if line.startswith("Asking ")]
    assert asking == ["Asking scripted/writer", "Asking scripted/other"]
    gated = run("compress", *options, "--gate=exam", "--json", "--no-calibration", stdin=SKILL)
    assert {model["model"] for model in json.loads(gated.stdout)["gate"]["models"]} <= {"writer", "other"}
    alone = run("compress", "--provider=embedded", "--judge-model=other", stdin=SKILL)
    assert (alone.exit_code, alone.stdout) == (2, b"")


def test_secrets_do_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6 before anything is sent elsewhere; the line is named, the secret is not."""
    secret = "ghp_" + "a1B2" * 9
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example.org/v1")
    result = run("compress", "--provider=openai", stdin=f"{TEXT}\nUse `{secret}`.\n".encode())
    assert (result.exit_code, result.stdout) == (6, b"")
    assert "line 29 (GitHub Token); nothing was sent to https://models.example.org/v1" in result.stderr
    assert "--allow-secrets" in result.stderr
    assert secret not in result.stderr
    with serve("openai", [Act(labels([*TYPES, "EXAMPLE"])), *GOOD[1:]]) as stub:
        options = use(monkeypatch, "openai", stub.address)
        assert run("compress", "--threshold=0.8", *options, stdin=f"{TEXT}\nUse `{secret}`.\n".encode()).exit_code == 0


def test_the_target_is_checked_before_anything_is_paid_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A refused output file costs no call."""
    target = tmp_path / "out.md"
    target.write_text("mine")
    with serve("openai", GOOD) as stub:
        result = run("compress", *use(monkeypatch, "openai", stub.address), "-o", target, stdin=SKILL)
        assert (result.exit_code, stub.seen) == (6, [])


def test_providers_says_what_was_found_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind on a line of stdout, no key shown, and what auto would take."""
    nothing = run("providers")
    assert (nothing.exit_code, nothing.stderr) == (0, "")
    assert nothing.text.splitlines() == [
        "ollama: no; Ollama does not answer at http://127.0.0.1:1 (Connection refused)",
        "gemini: no; GEMINI_API_KEY is not set",
        "openai: no; OPENAI_API_KEY is not set",
        "embedded: always there; no language model, no network",
        "auto would take: embedded",
        HINT,
    ]
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serve("ollama", GOOD, models=("embedder", MODEL), capabilities={"embedder": ("embedding",)}) as stub:
        monkeypatch.setenv("OLLAMA_HOST", stub.address)
        found = run("providers")
        record = json.loads(run("providers", "--json").stdout)
        assert stub.seen == []
    first, *_, last = found.text.splitlines()
    assert first == f"ollama: {MODEL} at {stub.address}; the first installed model that can chat"
    assert last == "auto would take: ollama"
    assert KEY not in found.text
    assert record["auto"] == "ollama"
    assert [one["available"] for one in record["providers"]] == [True, False, True]


def test_auto_takes_what_it_finds_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chosen model stands in the announcement."""
    with serve("ollama", GOOD) as stub:
        monkeypatch.setenv("OLLAMA_HOST", stub.address)
        result = run("compress", stdin=SKILL)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"Asking ollama/{MODEL} at {stub.address}: ")
    assert result.stderr.splitlines()[1].startswith("To send nothing: --provider embedded, or ")
    assert HINT not in result.stderr


def test_help_names_choices_and_models() -> None:
    """What can be chosen, and what is taken when nothing is."""
    text = run("compress", "--help").text
    for word in ("auto|ollama|gemini|openai|embedded|llm", "gemini-3.8-flash", "gpt-5.4-mini", "--max-calls"):
        assert word in text


@pytest.mark.parametrize("content", ["", "{}", "[1]", "nonsense"])
def test_a_script_that_is_none(content: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exit 2, one sentence."""
    options = script(monkeypatch, tmp_path)
    (tmp_path / "script.json").write_text(content)
    result = run("compress", "--threshold=0.8", *options, stdin=SKILL)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "is not a JSON list of replies" in result.stderr


def test_the_scripted_provider_needs_no_script() -> None:
    """Made-up replies, the same every time."""
    results = [run("compress", "--provider=scripted", "--no-cache", stdin=SKILL) for _ in range(2)]
    assert results[0] == results[1]
    assert results[0].exit_code == 0


def test_detection_loads_no_sdk() -> None:
    """Looking for providers and finding none imports neither an SDK nor what only sessions need."""
    code = (
        "import atexit, sys\nfrom skill_distiller.cli.app import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\nmain()"
    )
    result = run_process("compress", stdin=SKILL, program=("-c", code), env=environment())
    assert result.exit_code == 0
    loaded = set(result.stderr.splitlines()[-1].split())
    assert loaded.isdisjoint(
        {"openai", "ollama", "google.genai", "httpx", "requests", "detect_secrets", "json_repair", "tenacity"}
    )


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a reply is waited for: exit 130, nothing on stdout, no traceback."""
    with serve("openai", [Act(labels(), seconds=600)]) as stub:
        options = use(monkeypatch, "openai", stub.address)
        with subprocess.Popen(
            [sys.executable, "-m", "skill_distiller", "compress", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        ) as process:
            assert process.stdin is not None
            process.stdin.write(SKILL)
            process.stdin.close()
            process.stdin = None
            try:
                assert stub.asked.wait(PATIENCE)
                process.send_signal(signal.SIGINT)
                stdout, stderr = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
    assert (process.returncode, stdout) == (130, b"")
    assert b"Error: Stopped." in stderr
    assert b"Traceback" not in stderr
