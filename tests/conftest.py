"""What every test stands on: no network, no keys, a home of its own, and the corpus where there is one."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import TokenCounter, load_counter

TESTS = Path(__file__).resolve().parent
CORPUS_VARIABLE = "SKILL_DISTILLER_CORPUS"
SAMPLE_STEP = 8  # every eighth skill of the corpus: 40 of 320
_HOMES = (
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
)
# Whatever models this machine has: the tests see none, and run embedded unless they ask for more.
_NO_PROVIDERS = {"OLLAMA_HOST": "http://127.0.0.1:1", "SKILL_DISTILLER_PROVIDER": "embedded"}
_PROVIDER_VARIABLES = ("OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "SKILL_DISTILLER_SCRIPT")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = ("127.", "::1", "localhost")

# The same examples in every run, more with `--hypothesis-profile=thorough`; `search` looks for new ones.
settings.register_profile(
    "quick",
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=60)
settings.register_profile("search", settings.get_profile("quick"), max_examples=1500, derandomize=False)
settings.load_profile("quick")


_CORPUS_FIXTURES = {"corpus_sample", "corpus_distillations"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what was read of the corpus, or a result of it, run in one process of several."""
    for item in items:
        if _CORPUS_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("corpus"))


class NetworkBlockedError(OSError):
    """A test tried to reach the network."""


_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _check_host(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if host is not None and not name.startswith(_LOOPBACK):
        raise NetworkBlockedError(f"the tests may not connect to {name!r}")


def _check_address(connection: socket.socket, address: object) -> None:
    if connection.family != getattr(socket, "AF_UNIX", None):
        _check_host(address[0] if isinstance(address, tuple) else address)


def _sealed_connect(self: socket.socket, address: object) -> None:
    _check_address(self, address)
    _connect(self, address)  # type: ignore[arg-type]


def _sealed_connect_ex(self: socket.socket, address: object) -> int:
    _check_address(self, address)
    return _connect_ex(self, address)  # type: ignore[arg-type]


def _sealed_getaddrinfo(host: object, *args: object, **options: object) -> object:
    _check_host(host)
    return _getaddrinfo(host, *args, **options)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reaches the network, sees an API key or touches the user's home."""
    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _sealed_connect)
        patch.setattr(socket.socket, "connect_ex", _sealed_connect_ex)
        patch.setattr(socket, "getaddrinfo", _sealed_getaddrinfo)
        for name in [name for name in os.environ if name.endswith("_API_KEY")]:
            patch.delenv(name)
        for name in (*_PROVIDER_VARIABLES, *_PROXIES):
            patch.delenv(name, raising=False)
        for name, value in _NO_PROVIDERS.items():
            patch.setenv(name, value)
        for name in _HOMES:
            patch.setenv(name, home)
        # Calibration remembers: two equal runs would differ, and a run in the checkout would leave its entry there.
        patch.setenv("SKILL_DISTILLER_LEARNINGS", "off")
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """Ctrl-C reaches the commands that tests start: a shell's background job ignores it, and so would its children."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def counter() -> TokenCounter:
    """The counter of the default encoding."""
    return load_counter()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real skills, one folder each."""
    folder = Path(os.environ.get(CORPUS_VARIABLE) or TESTS.parents[1] / "shared" / "corpus")
    if not folder.is_dir():
        pytest.skip(f"there is no corpus of skills at {folder}; {CORPUS_VARIABLE} can name another folder")
    return folder


@pytest.fixture(scope="session", params=["sample", pytest.param("whole", marks=pytest.mark.slow)])
def corpus_skills(request: pytest.FixtureRequest, corpus: Path) -> tuple[Skill, ...]:
    """Skills of the corpus by their folders' names: a part by default, and all among the slow tests."""
    return _read(corpus, 1 if request.param == "whole" else SAMPLE_STEP)


@pytest.fixture(scope="session")
def corpus_sample(corpus: Path) -> tuple[Skill, ...]:
    """A fixed sample of the corpus."""
    return _read(corpus, SAMPLE_STEP)


@cache
def _read(corpus: Path, step: int) -> tuple[Skill, ...]:
    return tuple(read_skill(path) for path in sorted(corpus.glob("*/SKILL.md"))[::step])


@pytest.fixture(scope="session")
def corpus_distillations(corpus_sample: tuple[Skill, ...]) -> tuple[Result, ...]:
    """The sample, distilled with the default options."""
    return tuple(distill(skill) for skill in corpus_sample)
