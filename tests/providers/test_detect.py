"""Which providers are found, in which order, and what is said of those that are not."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from tests.providers.stub_server import Act, serve

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.providers.detect import (
    Found,
    detect,
    find_gemini,
    find_ollama,
    find_openai,
    find_provider,
    ollama_address,
    open_provider,
)
from skill_distiller.providers.model import NO_PROVIDER, is_loopback, plain_address

NOBODY = {"OLLAMA_HOST": "http://127.0.0.1:1"}
KEYS = {"GEMINI_API_KEY": "g-key-12345", "OPENAI_API_KEY": "o-key-12345"}


def test_the_order_is_ollama_gemini_openai_embedded() -> None:
    """As the reference has it."""
    with serve("ollama", [Act()]) as stub:
        here = {"OLLAMA_HOST": stub.address, **KEYS}
        assert getattr(detect(here), "name", None) == "ollama"
    assert getattr(detect({**NOBODY, **KEYS}), "name", None) == "gemini"
    assert getattr(detect({**NOBODY, "OPENAI_API_KEY": "o-key-12345"}), "name", None) == "openai"
    assert detect(NOBODY) is None


def test_a_server_without_a_model_is_no_provider() -> None:
    """Detection goes on, and the reason names the way out."""
    with serve("ollama", [Act()], models=()) as stub:
        found = find_ollama({"OLLAMA_HOST": stub.address})
        assert not found.available
        assert "ollama pull" in found.reason
        assert getattr(detect({"OLLAMA_HOST": stub.address, **KEYS}), "name", None) == "gemini"


def test_the_first_model_that_can_chat_is_chosen() -> None:
    """One that only embeds is passed over, by what the server says of it."""
    models = ("nomic-embed-text:latest", "llama3.2:1b", "qwen3:8b")
    capabilities = {"nomic-embed-text:latest": ("embedding",)}
    with serve("ollama", [Act()], models=models, capabilities=capabilities) as stub:
        found = find_ollama({"OLLAMA_HOST": stub.address})
        assert (found.model, found.reason) == ("llama3.2:1b", "the first installed model that can chat")
    with serve("ollama", [Act()], models=models[:1], capabilities=capabilities) as stub:
        assert "no model that can chat" in find_ollama({"OLLAMA_HOST": stub.address}).reason


def test_a_named_model_has_to_be_there() -> None:
    """With or without its tag; else the reason lists what there is."""
    with serve("ollama", [Act()], models=("llama3.2:latest", "qwen3:8b")) as stub:
        environment = {"OLLAMA_HOST": stub.address}
        assert find_ollama(environment, "qwen3:8b").model == "qwen3:8b"
        assert find_ollama(environment, "llama3.2").model == "llama3.2"
        missing = find_ollama(environment, "qwen3")
        assert not missing.available
        assert "it has llama3.2:latest, qwen3:8b" in missing.reason


@pytest.fixture
def mute_port() -> Iterator[int]:
    """The port of something that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_what_answers_but_is_no_ollama(mute_port: int) -> None:
    """Another server, or one that never speaks, is no provider and no traceback."""
    with serve("openai", [Act()]) as stub:
        assert "is not Ollama" in find_ollama({"OLLAMA_HOST": f"127.0.0.1:{stub.port}"}).reason
    assert "is not Ollama" in find_ollama({"OLLAMA_HOST": f"127.0.0.1:{mute_port}"}).reason


def test_a_list_of_models_that_is_nested_too_deeply() -> None:
    """Is no list of models, and no traceback."""
    reply = b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 100_000

    def answer(server: socket.socket) -> None:
        for _ in range(2):  # whether somebody is there, and the question
            with server.accept()[0] as connection:
                connection.recv(1000)
                with suppress(OSError):
                    connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=[server])
        thread.start()
        found = find_ollama({"OLLAMA_HOST": f"127.0.0.1:{server.getsockname()[1]}"})
        thread.join()
    assert "is not Ollama" in found.reason


@pytest.mark.skipif(sys.platform != "linux", reason="what a full queue does to a connection is the system's affair")
def test_a_host_that_swallows_packets_is_given_up() -> None:
    """Not after the minutes that a system waits, but soon, and the reason says so."""
    with ExitStack() as ends:
        server = ends.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):  # the queue is full: the next connection gets no answer at all
            waiting = ends.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        found = find_ollama({"OLLAMA_HOST": f"127.0.0.1:{server.getsockname()[1]}"})
    assert not found.available
    assert "timed out" in found.reason or "TimeoutError" in found.reason


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("  ", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("localhost", "http://localhost:11434"),
        ("http://box", "http://box:80"),
        ("https://box", "https://box:443"),
        ("https://box:8443/ollama/", "https://box:8443/ollama"),
        ("[::1]", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("http://me:secret@box", "http://box:80"),
    ],
)
def test_ollama_host_in_all_its_forms(host: str, address: str) -> None:
    """As Ollama reads it, except that "everywhere" is no place to call."""
    assert ollama_address(host) == address


@pytest.mark.parametrize("host", ["http://", "ftp://box", "http://box:port", "a b c://"])
def test_an_ollama_host_that_is_no_address(host: str) -> None:
    """Not there, with a reason."""
    found = find_ollama({"OLLAMA_HOST": host})
    assert (found.available, found.reason) == (False, "OLLAMA_HOST is not an address")


@pytest.mark.parametrize("key", ["", " ", "\n"])
def test_an_empty_key_is_none(key: str) -> None:
    """Set to nothing is not set."""
    assert not find_gemini({"GEMINI_API_KEY": key}).available
    assert not find_openai({"OPENAI_API_KEY": key}).available


def test_base_urls_come_from_the_variables_of_the_sdks() -> None:
    """Without credentials where they are shown; no address is an error of usage."""
    assert find_openai({"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1/"}).address == "http://127.0.0.1:8080/v1"
    assert find_gemini({"GOOGLE_GEMINI_BASE_URL": "https://u:p@proxy.test"}).address == "https://proxy.test"
    with pytest.raises(UsageError, match="base URL"):
        find_openai({"OPENAI_BASE_URL": "127.0.0.1:8080"})


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("", True),
        ("http://127.0.0.1:1", True),
        ("http://127.8.9.1", True),
        ("http://localhost:11434", True),
        ("http://[::1]:8080/v1", True),
        ("http://127.0.0.1.nip.io", False),
        ("http://localhost.example.org", False),
        ("http://10.0.0.1", False),
        ("https://api.openai.com/v1", False),
        ("http://example.org/127.0.0.1", False),
        ("http://[fe80::1]", False),
    ],
)
def test_what_stays_on_this_machine(address: str, here: bool) -> None:
    """Loopback addresses and nothing that only looks like one."""
    assert is_loopback(address) is here


def test_an_address_has_no_credentials() -> None:
    """Neither user nor query."""
    assert plain_address("https://user:pw@host:8443/v1?key=abc#x") == "https://host:8443/v1"


@pytest.mark.parametrize("choice", ["ollama", "gemini", "openai", "llm"])
def test_a_provider_that_was_asked_for_has_to_be_there(choice: str) -> None:
    """Exit code 4 with the reference's hint, or the key that is missing."""
    with pytest.raises(ProviderError) as caught:
        find_provider(choice, environment=NOBODY)
    assert caught.value.exit_code == 4
    key = {"gemini": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY"}.get(choice)
    assert caught.value.hint == (f"Set {key}, or use --provider embedded." if key else NO_PROVIDER)


def test_embedded_and_auto_without_anything_are_nobody() -> None:
    """None stands for embedded."""
    assert find_provider("embedded", environment=KEYS) is None
    assert find_provider("auto", environment=NOBODY) is None
    assert find_provider("auto", offline=True, environment={**NOBODY, **KEYS}) is None


def test_a_compatible_server_needs_no_key() -> None:
    """Named and with a base URL of one's own, openai is there without a key; auto does not take it."""
    environment = {**NOBODY, "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"}
    assert getattr(find_provider("openai", environment=environment), "address", "") == "http://127.0.0.1:8080/v1"
    assert find_provider("auto", environment=environment) is None


def test_a_named_model_that_nothing_has() -> None:
    """Whoever names a model does not want an embedded run in its place."""
    with pytest.raises(ProviderError, match="has the model 'qwen3'"):
        find_provider("auto", "qwen3", environment=NOBODY)


@pytest.mark.parametrize("key", ["sk-ä-bcdef", "sk abc def", "sk-a\x07bcd"])
def test_a_key_that_no_header_takes(key: str) -> None:
    """Said before anything is sent, and without the key."""
    found = Found("openai", True, "", "m", "http://127.0.0.1:1/v1")
    with pytest.raises(ProviderError, match="OPENAI_API_KEY holds characters that no key has") as caught:
        open_provider(found, environment={"OPENAI_API_KEY": key})
    assert key not in str(caught.value)


def test_proxy_settings_that_no_client_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, not the traceback of an SDK."""
    monkeypatch.setenv("ALL_PROXY", "socks9://127.0.0.1:1")
    found = Found("openai", True, "", "m", "https://models.example.org/v1")
    with pytest.raises(ProviderError, match="client of openai can't be made"):
        open_provider(found, environment={})


def test_an_unknown_provider_is_an_error_of_usage() -> None:
    """The choices are named."""
    with pytest.raises(UsageError, match="no provider 'claude'") as caught:
        find_provider("claude", environment={})
    assert "auto, ollama, gemini, openai, embedded, llm" in caught.value.hint
