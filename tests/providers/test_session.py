"""The manners of a session: cache, limits, accounting, Ctrl-C."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.providers.build import QUICK

from skill_distiller.errors import MalformedReplyError, ProviderError, RefusedError, StoppedError, UsageError
from skill_distiller.providers.cache import DiskCache, default_folder, request_key
from skill_distiller.providers.model import Completion, Expected, Price, Provider, Request, Spending, Watcher
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Limits, Question, Session, at_once, patiently
from skill_distiller.skill.model import Skill

GOOD = '{"answer": 7}'


def question(prompt: str = "How many?", **fields: str | int) -> Question[object]:
    """A question whose answer is a field of the JSON."""

    def read(value: dict[str, object]) -> object:
        if "answer" not in value:
            raise MalformedReplyError("It held no answer.")
        return value["answer"]

    return Question(replace(Request(prompt, schema={"type": "object"}), **fields), read)  # type: ignore[arg-type]


class _Elsewhere(ScriptedProvider):
    """A scripted provider that pretends to be on another machine."""

    address = "https://example.org"


def test_a_second_run_asks_nothing(tmp_path: Path) -> None:
    """The answer comes from the disk, and the meter says so."""
    first = Session(ScriptedProvider([GOOD], "m"), DiskCache(tmp_path))
    assert first.ask(question()) == 7
    second = Session(ScriptedProvider([], "m"), DiskCache(tmp_path))
    assert second.ask(question()) == 7
    assert (first.usage.calls, first.usage.cached) == (1, 0)
    assert (second.usage.calls, second.usage.cached) == (0, 1)


def test_what_makes_another_question() -> None:
    """Provider, address, model, version, texts, schema and draw; the boundary does not."""
    request = Request("a #1 b", "system", {"type": "object"}, boundary="#1", prompt_version="p/1")
    key = request_key("openai", "https://a", "m", request)
    assert request_key("openai", "https://a", "m", replace(request, prompt="a #2 b", boundary="#2")) == key
    assert request_key("openai", "https://a", "m", replace(request, reply_tokens=9)) == key
    others = {
        request_key("gemini", "https://a", "m", request),
        request_key("openai", "https://b", "m", request),
        request_key("openai", "https://a", "n", request),
        request_key("openai", "https://a", "m", replace(request, prompt="a #1 c")),
        request_key("openai", "https://a", "m", replace(request, system="other")),
        request_key("openai", "https://a", "m", replace(request, schema=None)),
        request_key("openai", "https://a", "m", replace(request, sample=1)),
        request_key("openai", "https://a", "m", replace(request, prompt_version="p/2")),
    }
    assert len(others | {key}) == 9


@pytest.mark.parametrize("line", [{"error": "x"}, {"text": "a", "finish": "x"}, {"seconds": "x"}, {"seconds": -1}])
def test_a_line_of_a_script_that_is_no_reply(line: dict[str, object]) -> None:
    """It is said which one, with the exit code of providers."""
    with pytest.raises(ProviderError, match=r"^Reply 1 of the script is none: "):
        Session(ScriptedProvider([line], "m"), patience=QUICK).ask(question())


def test_answers_of_no_use_are_not_kept(tmp_path: Path) -> None:
    """The next run asks again."""
    session = Session(ScriptedProvider(["nonsense", GOOD], "m"), DiskCache(tmp_path))
    with pytest.raises(MalformedReplyError):
        session.ask(question())
    assert session.ask(question()) == 7
    assert session.usage.calls == 2


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"text": 1}', b"\xff", b"[" * 100_000, b" " * 2_000_000]
)
def test_a_broken_file_in_the_cache_is_no_answer(tmp_path: Path, content: bytes) -> None:
    """It is asked for again and written anew."""
    Session(ScriptedProvider([GOOD], "m"), DiskCache(tmp_path)).ask(question())
    (file,) = tmp_path.glob("*/*.json")
    file.write_bytes(content)
    assert Session(ScriptedProvider([GOOD], "m"), DiskCache(tmp_path)).ask(question()) == 7
    assert Session(ScriptedProvider([], "m"), DiskCache(tmp_path)).ask(question()) == 7


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    """The longest unused answers go first, and no temporary file is left."""
    cache = DiskCache(tmp_path, most_bytes=20_000)
    for number in range(100):
        cache.put(f"{number:064x}", Completion("x" * 500, "m"))
        os.utime(tmp_path / f"{number:064x}"[:2] / f"{number:064x}.json", (number, number))
    files = list(tmp_path.glob("*/*"))
    assert sum(file.stat().st_size for file in files) <= 20_000
    assert cache.get(f"{99:064x}") is not None
    assert cache.get(f"{0:064x}") is None
    assert {file.suffix for file in files} == {".json"}


def test_a_cache_that_can_not_be_written_is_none(tmp_path: Path) -> None:
    """A file where the folder should be: the run goes on."""
    blocked = tmp_path / "file"
    blocked.write_text("here")
    session = Session(ScriptedProvider([GOOD, GOOD], "m"), DiskCache(blocked))
    assert (session.ask(question()), session.ask(question())) == (7, 7)


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_answers_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Replies speak of the user's files."""
    Session(ScriptedProvider([GOOD], "m"), DiskCache(tmp_path / "cache")).ask(question())
    (file,) = (tmp_path / "cache").glob("*/*.json")
    assert file.stat().st_mode & 0o077 == 0


def test_the_cache_is_where_caches_are() -> None:
    """Under the user's cache folder, which the tests have moved."""
    assert str(default_folder()).startswith(os.environ["HOME"])


def test_max_calls_is_never_passed() -> None:
    """Retries count; what comes from the cache does not."""
    provider = ScriptedProvider([{"error": 503}] * 9, "m")
    session = Session(provider, limits=Limits(Spending(max_calls=2)), patience=QUICK)
    with pytest.raises(ProviderError, match="was sent 2 requests, the limit of --max-calls"):
        session.ask(question())
    assert len(provider.requests) == 2


def test_max_cost_is_never_passed() -> None:
    """A request that might pass the budget is not sent, also where another session spent it; what failed is free."""
    spending = Spending(max_cost=0.0005, price="1/2")
    question_of = partial(question, "abcd" * 100, reply_tokens=50)  # 100 tokens at $1, at most 50 at $2: $0.0002
    first = Session(ScriptedProvider([{"error": 503}, GOOD], "m"), limits=Limits(spending), patience=QUICK)
    assert first.ask(question_of()) == 7
    spent = first.usage.dollars
    assert spent
    assert 0 < spent < 0.0002
    provider = ScriptedProvider([{"error": "hang-up"}] * 9, "m")
    with pytest.raises(ProviderError, match=r"may cost .* than --max-cost \$0.0005, of which"):
        Session(provider, limits=Limits(spending), patience=QUICK).ask(question_of())
    assert len(provider.requests) == 1  # a reply that got lost may have been paid for
    assert spending.account.dollars <= 0.0005


def test_a_budget_needs_a_price() -> None:
    """Of a model on the list, or from the user; the price of a vendor is not that of somebody else's server."""
    vendor = _Elsewhere([], "m")
    vendor.name = "openai"
    with pytest.raises(UsageError, match=r"What 'm' costs at https://example.org is not known") as caught:
        Session(vendor, limits=Limits(Spending(max_cost=1)))
    assert "--price" in caught.value.hint
    assert Session(vendor, limits=Limits(Spending(max_cost=1, prices={"m": "1"})))
    assert Session(vendor).usage.dollars is None
    assert Session(ScriptedProvider([], "m"), limits=Limits(Spending(max_cost=0))).usage.dollars == 0


def test_all_sessions_are_announced_before_the_first_call() -> None:
    """Whoever knows already what it will ask; who does not, before its own first call."""
    limits, notes, answers = Limits(Spending()), [_Notes(), _Notes(), _Notes()], [GOOD]
    asking, judging, late = (Session(ScriptedProvider(answers, "m"), limits=limits, watcher=note) for note in notes)
    asking.expect(Expected(1, 100, 10))
    judging.expect(Expected(2, 200, 20))
    asking.ask(question())
    assert [note.said[:1] for note in notes] == [[("begin", 1, 100)], [("begin", 2, 200)], []]
    late.ask(question())
    judging.ask(question())
    assert [[kind for kind, *_ in note.said] for note in notes] == [["begin", "done"]] * 3


def test_offline_uses_the_cache_and_nothing_else(tmp_path: Path) -> None:
    """An answer of an earlier run is good; a new question is an error, and nothing is sent."""
    Session(ScriptedProvider([GOOD], "m"), DiskCache(tmp_path)).ask(question())
    provider = ScriptedProvider([GOOD], "m")
    session = Session(provider, DiskCache(tmp_path), Limits(offline=True))
    assert session.ask(question()) == 7
    with pytest.raises(ProviderError, match="--offline"):
        session.ask(question("Another one?"))
    assert provider.requests == []


SECRETS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "-----BEGIN " + "RSA PRIVATE KEY-----",
    "AIza" + "x" * 35,
    "sk-ant-" + "api03-" + "a1" * 20,
    "sk-proj-" + "b2" * 24,
    "xoxb-" + "123456789012-123456789012-" + "a1" * 12,
    "https://me:" + "h7-Kd02-wq@example.org/",
]


@pytest.mark.parametrize("secret", SECRETS, ids=[secret[:8] for secret in SECRETS])
def test_secrets_stay_on_this_machine(secret: str) -> None:
    """Exit code 6, with line and kind and never the secret; loopback and --allow-secrets go on."""
    text = f"# A\n\nRun it with {secret} now.\n"
    provider = _Elsewhere([GOOD], "m")
    with pytest.raises(RefusedError) as caught:
        Session(provider).admit(text)
    assert caught.value.exit_code == 6
    assert "line 3 (" in str(caught.value)
    assert secret not in str(caught.value) + caught.value.hint
    assert provider.requests == []
    Session(provider, limits=Limits(allow_secrets=True)).admit(text)
    Session(ScriptedProvider()).admit(text)


def test_a_key_of_this_shell_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its shape."""
    monkeypatch.setenv("WEATHER_API_KEY", "sunny-in-may-2031")
    with pytest.raises(RefusedError, match="variable of this shell"):
        Session(_Elsewhere()).admit("Call it with sunny-in-may-2031.\n")


@pytest.mark.parametrize(
    "text",
    [
        "Use `sk-...` or `<YOUR_API_KEY>`; set OPENAI_API_KEY=your-key-here.",
        "postgresql://postgres:postgres@localhost/db and https://user:password@host and ftp://x:${PASSWORD}@y",
        "The hash is d41d8cd98f00b204e9800998ecf8427e, the commit 356a192b7913b04c54574d18c28d46e6395428ab.",
        "token = secrets.token_hex(16)",
    ],
)
def test_placeholders_are_no_secrets(text: str) -> None:
    """What examples write where a secret would stand may go."""
    Session(_Elsewhere()).admit(text)


@pytest.mark.corpus
def test_no_real_skill_is_refused(corpus_skills: tuple[Skill, ...]) -> None:
    """What people publish holds no secrets: a scan that finds some there would only be in the way."""
    session = Session(_Elsewhere())
    for skill in corpus_skills:
        session.admit(skill.text)


@pytest.mark.parametrize("text", ["eyJ" * 60_000, "://a:" * 40_000, "aws key " * 25_000, "a" * 200_000])
def test_long_lines_are_looked_through_soon(text: str) -> None:
    """Expressions of a detector that are slow on long lines see a short one at a time."""
    Session(ScriptedProvider()).admit(text)


def test_a_secret_at_the_seam_of_two_windows_is_found() -> None:
    """Wherever it stands in a long line."""
    for before in range(1600, 2100, 50):
        with pytest.raises(RefusedError):
            Session(_Elsewhere()).admit("x" * before + " " + SECRETS[1] + " " + "y" * 3000)


def test_secrets_are_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that repeats a secret of the skill, or a key of this shell, stays out of the cache."""
    monkeypatch.setenv("WEATHER_API_KEY", "sunny-in-may-2031")
    replies = [f'{{"answer": "{SECRETS[0]}"}}', '{"answer": "sunny-in-may-2031"}', GOOD]
    session = Session(ScriptedProvider(replies, "m"), DiskCache(tmp_path))
    session.admit(f"Use {SECRETS[0]}.\n")
    for prompt in ("a", "b", "c"):
        session.ask(question(prompt))
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("*/*"))
    assert b"answer" in kept
    assert SECRETS[0].encode() not in kept
    assert b"sunny" not in kept


def test_accounting_adds_up() -> None:
    """Calls, tokens in and out; seconds are not negative."""
    session = Session(ScriptedProvider([{"error": 500}, GOOD, GOOD], "m"), patience=QUICK)
    session.ask_all([question("abcd" * 10), question("efgh" * 10)])
    usage = session.usage
    assert (usage.provider, usage.model, usage.calls, usage.cached) == ("scripted", "m", 3, 0)
    assert (usage.input_tokens, usage.output_tokens) == (20, 8)
    assert usage.seconds >= 0


class _Notes(Watcher):
    def __init__(self) -> None:
        self.said: list[tuple[str, int, int]] = []

    def begin(self, provider: Provider, expected: Expected, price: Price | None) -> None:
        self.said.append(("begin", expected.calls, expected.tokens))

    def progress(self, done: int, total: int) -> None:
        self.said.append(("done", done, total))


def test_the_watcher_hears_before_the_first_call_and_after_each() -> None:
    """Once the announcement, then done and total; the total grows where repairs were needed."""
    notes = _Notes()
    session = Session(ScriptedProvider([GOOD] * 3, "m"), watcher=notes)
    session.expect(Expected(1, 100))
    session.expect(Expected(1, 50))
    for _ in range(3):
        session.ask(question())
    assert notes.said == [("begin", 2, 150), ("done", 1, 2), ("done", 2, 2), ("done", 3, 3)]


def test_nothing_is_announced_where_nothing_is_sent(tmp_path: Path) -> None:
    """All of it from the cache."""
    Session(ScriptedProvider([GOOD], "m"), DiskCache(tmp_path)).ask(question())
    notes = _Notes()
    Session(ScriptedProvider([], "m"), DiskCache(tmp_path), watcher=notes).ask(question())
    assert [kind for kind, *_ in notes.said] == ["done"]


def test_tasks_run_at_once_but_not_too_many() -> None:
    """Two workers: never more than two under way, and the results are in order."""
    lock, now, most = threading.Lock(), 0, 0
    meet = threading.Barrier(2)

    def task(number: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        meet.wait(timeout=60)  # passes only when two are under way together
        with lock:
            now -= 1
        return number

    tasks = [partial(task, number) for number in range(6)]
    assert at_once(tasks, 2, threading.Event()) == list(range(6))
    assert most == 2


def test_the_first_failure_ends_the_rest() -> None:
    """Tasks not yet begun are left; those under way end first."""
    begun: list[int] = []

    def task(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise ProviderError("gone")
        return number

    with pytest.raises(ProviderError, match="gone"):
        at_once([partial(task, number) for number in range(50)], 1, threading.Event())
    assert begun == [0, 1]


def test_ctrl_c_stops_at_once() -> None:
    """Tasks under way are not waited for; the exit code is the shell's."""
    release, stopped = threading.Event(), threading.Event()

    def interrupt() -> None:
        raise KeyboardInterrupt

    tasks = [lambda: release.wait(30), lambda: True]
    with pytest.raises(StoppedError) as caught:
        at_once(tasks, 2, stopped, interrupt)
    release.set()
    assert caught.value.exit_code == 130
    assert stopped.is_set()


def test_a_stopped_run_tries_nothing_again() -> None:
    """A retry that waits when Ctrl-C comes gives up."""
    stopped, calls = threading.Event(), 0

    def send() -> Completion:
        nonlocal calls
        calls += 1
        stopped.set()
        raise ProviderError("busy", retryable=True, wait=60)

    with pytest.raises(ProviderError, match="busy"):
        patiently(send, QUICK, stopped)
    assert calls == 1
