"""The errors that a user can cause: each carries one sentence, a hint and the exit code it ends with."""

from __future__ import annotations

from typing import ClassVar


class SkillDistillerError(Exception):
    """Base of every error meant for the user; `str(error)` is one sentence.

    `hint` says what to do about it; `exit_code` is what the command ends with.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(SkillDistillerError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class BadInputError(SkillDistillerError):
    """The input is missing, empty, not UTF-8 or too large (or, under --strict, not a proper skill)."""

    exit_code = 3


class TargetError(SkillDistillerError):
    """The budget of tokens can't be met; `smallest` is the fewest tokens that can be had."""

    exit_code = 5

    def __init__(self, message: str, hint: str = "", *, smallest: int) -> None:
        super().__init__(message, hint)
        self.smallest = smallest

    @classmethod
    def beyond(cls, budget: int, smallest: int) -> TargetError:
        """The error of a budget that what has to stay does not fit into."""
        return cls(
            f"The skill can't be made to fit {budget} tokens; with what has to stay it takes {smallest}.",
            f"Ask for --tokens={smallest} or more, or use --mode=oneliner for extreme compression.",
            smallest=smallest,
        )


class RefusedError(SkillDistillerError):
    """A guard refused: the run would have overwritten or endangered something on disk."""

    exit_code = 6


class ProviderError(SkillDistillerError):
    """A language model can't be had, refused, or gave no usable answer.

    `retryable` is True where the same request may succeed later; `wait` is how many seconds the
    server asked to wait, None where it did not say.
    """

    exit_code = 4

    def __init__(self, message: str, hint: str = "", *, retryable: bool = False, wait: float | None = None) -> None:
        super().__init__(message, hint)
        self.retryable = retryable
        self.wait = wait


class UnsupportedReplyError(ProviderError):
    """The server does not take this way of asking for JSON; another one may work."""


class LostReplyError(ProviderError):
    """No reply came for a request that may have been answered, and paid for."""


class PromptTooLongError(ProviderError):
    """The prompt does not fit the model's context window, or the server cut it."""


class MalformedReplyError(ProviderError):
    """The reply holds no JSON object, even after repair; `str(error)` says what was wrong with it."""


class StoppedError(SkillDistillerError):
    """The user pressed Ctrl-C; the exit code is what shells give for it."""

    exit_code = 130


def reason_of(error: Exception) -> str:
    """Why the system could not do something, in its own words, to follow a colon in a message."""
    return getattr(error, "strerror", None) or str(error)
