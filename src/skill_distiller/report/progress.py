"""What is said of the calls to a model: before, while and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from skill_distiller.providers.detect import Found
from skill_distiller.providers.model import Usage
from skill_distiller.providers.session import Expected, Session, Watcher
from skill_distiller.report.text import plural, printable

if TYPE_CHECKING:
    from rich.progress import Progress


class ConsoleWatcher(Watcher):
    """One line before the first call, then on a terminal a bar; `close` takes the bar away."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None

    def begin(self, session: Session, expected: Expected) -> None:
        """Say how many calls, about how many tokens, and to which host."""
        calls = plural(expected.calls, "call")
        where = session.provider.address or "this process"
        self._console.print(
            printable(f"Asking {session.name} at {where}: about {calls} and {expected.tokens:,} tokens.")
        )
        if self._console.is_terminal:
            self._bar = _calls_bar(self._console)
            self._bar.start()
            self._bar.add_task("", total=expected.calls)

    def progress(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()


def _calls_bar(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # for runs with a model alone

    columns = (TextColumn("Asking"), BarColumn(), MofNCompleteColumn(), TextColumn("calls"))
    return Progress(*columns, console=console, transient=True)


def usage_line(usage: Usage) -> str:
    """What the run has cost, on one line."""
    calls = plural(usage.calls, "call")
    tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
    return printable(
        f"Provider: {usage.provider}/{usage.model}: {calls}, {usage.cached} from the cache, {tokens}, "
        f"{usage.seconds:.1f} s"
    )


def found_lines(found: Sequence[Found], chosen: Found | None) -> list[str]:
    """One line for each kind of provider, and which one `auto` would take."""
    lines = []
    for one in found:
        what = f"{one.model} at {one.address}; {one.reason}" if one.there else f"no; {one.reason}"
        lines.append(printable(f"{one.name}: {what}"))
    lines.append("embedded: always there; no language model, no network")
    lines.append(f"auto would take: {chosen.name if chosen else 'embedded'}")
    return lines


def found_record(found: Sequence[Found], chosen: Found | None) -> dict[str, object]:
    """The same as plain data."""
    return {
        "providers": [
            {"name": f.name, "available": f.there, "reason": f.reason, "model": f.model, "address": f.address}
            for f in found
        ],
        "auto": chosen.name if chosen else "embedded",
    }
