"""Answers kept on disk, so that nothing is asked and paid for twice.

One small file an answer, named by the SHA-256 of what was asked: the question can't be read back
from the name, and the file holds nothing but the reply and its token counts.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from skill_distiller.providers.model import Completion, Finish, Request
from skill_distiller.skill.safe_files import staged

FORMAT: Final = 1  # of the files; another number finds none of the old ones
MOST_BYTES: Final = 32 * 1024 * 1024
_LONGEST: Final = 1024 * 1024  # bytes of one answer
_PRUNE_TO: Final = 0.8
_BOUNDARY: Final = "[boundary]"


def request_key(provider: str, address: str, model: str, request: Request) -> str:
    """The name under which the answer to a request is kept: 64 hex digits."""

    def without_boundary(text: str) -> str:
        return text.replace(request.boundary, _BOUNDARY) if request.boundary else text

    asked = [
        FORMAT,
        provider,
        address,
        model,
        request.prompt_version,
        without_boundary(request.system),
        without_boundary(request.prompt),
        request.schema,
        request.sample,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def default_folder() -> Path:
    """The user's cache folder for this tool; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("skill-distiller", appauthor=False)) / "answers"


class DiskCache:
    """Answers in files below a folder, at most about `most_bytes` of them; the longest unused go first."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._unseen = most_bytes  # bytes written since the folder was last looked through

    def get(self, key: str) -> Completion | None:
        """The answer kept under a key; a file that can't be read is none."""
        file = self._file(key)
        try:
            if file.stat().st_size > _LONGEST:
                return None
            kept = json.loads(file.read_bytes())
            tokens_in, tokens_out = int(kept["input_tokens"]), int(kept["output_tokens"])
            answer = Completion(str(kept["text"]), str(kept["model"]), tokens_in, tokens_out, Finish(kept["finish"]))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        with suppress(OSError):
            os.utime(file)  # used just now: it goes last
        return answer

    def put(self, key: str, answer: Completion) -> None:
        """Write an answer in one step. Never raises: where the disk does not take it nothing is kept."""
        content = json.dumps(asdict(answer)).encode()
        if len(content) > _LONGEST:
            return
        with suppress(OSError):
            file = self._file(key)
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with staged(file, content, 0o600):
                pass
            self._unseen += len(content)
            if self._unseen >= self._most_bytes // 100:  # looking through takes longer than writing
                self._unseen = 0
                self._prune()

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"

    def _prune(self) -> None:
        files = []
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        if total <= self._most_bytes:
            return
        for _, size, path in sorted(files):
            with suppress(OSError):
                path.unlink()
                total -= size
            if total <= _PRUNE_TO * self._most_bytes:
                return
