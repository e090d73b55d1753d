"""Record what real agents print: `python -m tests.runtimes.record_events NAME...`, with their programs on the PATH.

Their model is the scripted one. Each file in tests/fixtures/runtimes is one run, or what the list of skills says of
files, with the folders of the run named /project and /home; long strings are cut.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.runtimes.scripted_model import serve_model

from skill_distiller.errors import ProviderError
from skill_distiller.run.agent import open_agent, skill_files
from skill_distiller.run.runtime_table import find_runtime, runtime_names

FOLDER: Final = Path(__file__).resolve().parents[1] / "fixtures" / "runtimes"
MODELS: Final = {
    "gemini": "gemini-2.5-flash",
    "opencode": "scripted-model",
}  # that let a scripted server answer at once
JWT: Final = "Sign and verify JWT tokens for a web API. Use when the user wants tokens signed, verified or refreshed."
SESSIONS: Final = "Cookies and sessions for web pages, with login forms."
BODY: Final = "# JWT\n\nTo sign tokens, read `references/examples.md` (topics: keys, expiry).\n"
SKILLS: Final = {
    "jwt-auth": {
        "SKILL.md": f"---\nname: jwt-auth\ndescription: {JWT}\n---\n\n{BODY}".encode(),
        "references/examples.md": b"# Examples\n\nSign with RS256.\n",
    },
    "session-auth": skill_files("session-auth", SESSIONS),
}
REQUESTS: Final = {
    "loaded": "How are JWT tokens verified and refreshed?",
    "sibling": "Which cookies do login forms set?",
    "nothing": "Tell me a joke.",
}
_CUT: Final = 400  # characters of a string
_MOST: Final = 24  # things of a list


def keys(address: str) -> dict[str, str]:
    """The variables by which every agent asks this server."""
    urls = {"ANTHROPIC_BASE_URL": address, "OPENAI_BASE_URL": f"{address}/v1", "GOOGLE_GEMINI_BASE_URL": address}
    made_up = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"), "made-up")
    offline = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "CLAUDE_CODE_MAX_RETRIES": "0"}
    return {"PATH": os.environ["PATH"], **urls, **made_up, **offline}


def record(name: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Name and content of each file for an agent; a shim in the folder stands before its program, and copies."""
    row = find_runtime(name).row
    program, copy = shutil.which(row["program"]), folder / "copy"
    shim = folder / row["program"]
    shim.write_text(f'#!/bin/sh\n"{program}" "$@" | tee "{copy}"\n')
    shim.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    runtime = find_runtime(name, MODELS.get(name, ""))
    with serve_model() as server, open_agent(runtime, keys(server.address)) as agent:
        agent.deploy(SKILLS)
        if "list" in row:
            yield f"{name}-list.txt", "\n".join(re.findall(r".{0,60}/SKILL\.md.{0,20}", _cleaned(copy))) + "\n"
        for case, request in REQUESTS.items():
            agent.ask(request, "jwt-auth", to_the_end=True)
            yield f"{name}-{case}.jsonl", _cleaned(copy)
        server.refuses = True
        with suppress(ProviderError):
            agent.ask(REQUESTS["loaded"], "jwt-auth")
        yield f"{name}-refused.jsonl", _cleaned(copy)


def _cleaned(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"/(?:[\w.-]+/)*skill-distiller-\w+/", "/", text)
    text = re.sub(r"/(?:[\w.-]+/)*home-\w+/user", "/home", text)
    text = re.sub(r"/(?:[\w.-]+/)*node_modules/", "/node_modules/", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", text)
    lines = (json.dumps(_shortened(json.loads(line))) if line.startswith("{") else line for line in text.splitlines())
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value[:_MOST]]
    return value[:_CUT] if isinstance(value, str) else value


def main() -> None:
    """Write the files of the agents that are named, or of all."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or runtime_names():
        with tempfile.TemporaryDirectory() as folder:
            for file, text in record(name, Path(folder)):
                (FOLDER / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
