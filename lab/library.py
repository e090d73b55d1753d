"""What `batch` costs over a whole library: against one process, with two workers, killed, many times as large.

    python -m lab.library [--every N] [--times N] [--kills N] [--page]

Times are of the machine, and only their ratios say something; on a busy machine those of two workers say little.
"""

from __future__ import annotations

import argparse
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, NamedTuple

from lab.common.shared import open_shared, shared_parser
from lab.common.tables import table
from skill_distiller.run.distill import distill
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.skill.read import read_skill

MARKETPLACES: Final = 55_315  # skills of public marketplaces
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Taken(NamedTuple):
    """Seconds on the clock and of the processor, and the most memory of any of the processes, in MB."""

    wall: float
    cpu: float
    megabytes: float


def library_of(shared_corpus: Path, paths: Sequence[Path], times: int, folder: Path) -> int:
    """A library of skills, each so many times, its name and its first heading changed each time; their number."""
    count = 0
    for number in range(times):
        for path in paths:
            place = folder / f"copy-{number}" / path.parent.name
            place.mkdir(parents=True)
            text = path.read_text("utf-8")
            if number:
                text = text.replace("\nname: ", f"\nname: v{number}-", 1).replace("\n# ", f"\n# No. {number} ", 1)
            (place / SKILL_FILE).write_text(text, "utf-8")
            count += 1
    return count


def in_process(paths: Sequence[Path]) -> Taken:
    """All skills one after the other in this process, the first of them before the clock starts."""
    distill(read_skill(paths[0]))
    wall, cpu = time.monotonic(), time.process_time()
    for path in paths:
        distill(read_skill(path))
    return Taken(time.monotonic() - wall, time.process_time() - cpu, 0.0)


def batch(library: Path, out: Path, jobs: int) -> Taken:
    """The command over a library, into a folder that is new."""
    start = time.monotonic()
    cpu: dict[int, float] = {}
    memory: dict[int, float] = {}
    with subprocess.Popen(_line(library, out, jobs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for pid in [process.pid, *_below(process.pid)]:
                try:
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:  # it has just ended
                    continue
                peaks = [float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
                cpu[pid] = max(cpu.get(pid, 0.0), (int(fields[11]) + int(fields[12])) / _TICKS)
                memory[pid] = max([memory.get(pid, 0.0), *peaks])
            time.sleep(0.05)
    return Taken(time.monotonic() - start, sum(cpu.values()), max(memory.values()) / 1024)


def _line(library: Path, out: Path, jobs: int) -> list[str]:
    return [sys.executable, "-m", "skill_distiller", "batch", str(library), "-o", str(out), f"--jobs={jobs}", "-q"]


def _below(pid: int) -> Iterator[int]:
    """The processes that a process has started, and theirs."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    waiting = [pid]
    while waiting:
        own = parents.get(waiting.pop(), [])
        waiting += own
        yield from own


def killed(library: Path, whole: Path, out: Path, most_seconds: float, seed: int) -> tuple[float, bool]:
    """When a run was killed, in seconds, and whether the next one gives the bytes of an undisturbed run."""
    after = random.Random(seed).uniform(0.3, most_seconds)
    with subprocess.Popen(_line(library, out, 2), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    subprocess.run(_line(library, out, 2), check=True, capture_output=True)
    return after, _contents(out) == _contents(whole)


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


_MEASURE: Final = """
addEventListener("load", () => setTimeout(() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const slider = document.getElementById("slider");
  const steps = [];
  for (const link of [...document.querySelectorAll("#skills tbody a")].slice(0, 20)) {
    location.hash = link.hash;
    dispatchEvent(new Event("hashchange"));
    document.getElementById("sides").getBoundingClientRect();
    for (let point = 0; point <= Number(slider.max); point += 1) {
      const start = performance.now();
      slider.value = point;
      slider.dispatchEvent(new Event("input"));
      document.getElementById("sides").getBoundingClientRect();
      steps.push(performance.now() - start);
    }
  }
  steps.sort((a, b) => a - b);
  const figures = [paint ? paint.startTime : -1, steps[steps.length >> 1], steps[steps.length - 1], steps.length];
  fetch(`http://127.0.0.1:PORT/${figures.join("/")}`, { mode: "no-cors" });
}, 1000));
"""


def page_figures(library: Path, folder: Path) -> str:
    """The size of the page of a library, and how fast it is in Chromium, where there is one."""
    page, timed = folder / "report.html", folder / "timed.html"
    line = [sys.executable, "-m", "skill_distiller", "report", str(library), "-o", str(page), "--jobs=2"]
    subprocess.run(line, check=True, capture_output=True)
    text = page.read_text("utf-8")
    size = f"The page has {len(text.encode()) / 1e6:.1f} MB."
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        return f"{size} There is no Chromium to open it with."
    # The same page with a script more, which its policy would not let run.
    told = queue.Queue[str]()

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.put(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        measure = _MEASURE.replace("PORT", str(server.server_port))
        # The same page with a script more, which its policy would not let run.
        text = re.sub(r"<meta http-equiv=.Content-Security-Policy.*>", "", text)
        timed.write_text(text.replace("</body>", f"<script>{measure}</script></body>"), "utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'chromium'}"]
        options.append("--remote-debugging-port=0")  # else it ends before the page has told anything
        with subprocess.Popen([browser, *options, timed.as_uri()], stderr=subprocess.DEVNULL) as process:
            try:
                _, paint, median, longest, steps = told.get(timeout=120).split("/")
            except queue.Empty:
                return f"{size} Chromium gave no figures."
            finally:
                process.terminate()
                server.shutdown()
    return (
        f"{size} First paint after {float(paint):.0f} ms; a step of the slider takes {float(median):.0f} ms, the "
        f"longest of {steps} {float(longest):.0f} ms."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser: argparse.ArgumentParser = shared_parser(__doc__ or "")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th skill only")
    parser.add_argument("--times", type=int, default=10, help="how many times as large the large library is")
    parser.add_argument("--kills", type=int, default=20, help="how often a run is killed")
    parser.add_argument("--page", action="store_true", help="make the page of a report too, and open it in Chromium")
    given = parser.parse_args(arguments)
    if given.times < 2:
        parser.error("--times takes 2 or more: what a further skill takes is the difference to once.")
    shared = open_shared(["--shared", str(given.shared)], "")
    paths = [entry.path for entry in shared.entries()][:: given.every]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library_of(shared.corpus, paths, 1, folder / "small")
        alone = in_process(paths)
        one, two = (batch(folder / "small", folder / f"out-{jobs}", jobs) for jobs in (1, 2))
        rows = [
            ("in one process, without files", *_shown(alone, len(paths))),
            ("batch, one worker", *_shown(one, len(paths))),
            ("batch, two workers", *_shown(two, len(paths))),
        ]
        count = library_of(shared.corpus, paths, given.times, folder / "large")
        large = batch(folder / "large", folder / "out-large", 2)
        rows.append((f"{given.times} times as many, two workers", *_shown(large, count)))
        more, own = count - len(paths), 1000 * alone.cpu / len(paths)
        further = Taken(large.wall - two.wall, large.cpu - two.cpu, 0.0)
        rows.append(("each further one of those", *_shown(further, more)))
        print(table(("", "seconds", "of the processor", "ms of it a skill", "MB at most"), rows))
        share = 1000 * further.cpu / more / own
        print(f"\n{len(paths)} skills; a further one takes {share:.2f} of its processor time in one process.")
        print(f"Two workers are {one.wall / two.wall:.2f} times as fast as one.")
        print(f"{given.times} times as many skills take {large.wall / two.wall:.2f} times as long.")
        clock, processor = (each / more * MARKETPLACES / 60 for each in (further.wall, further.cpu / 2))
        print(f"At this rate {MARKETPLACES:,} skills take {clock:.0f} minutes with two workers, by the clock, and")
        print(f"{processor:.0f} minutes on two cores that do nothing else.")
        same = 0
        for number in range(given.kills):
            out = folder / "killed"
            _, is_same = killed(folder / "small", folder / "out-2", out, 0.9 * two.wall, number)
            same += is_same
            shutil.rmtree(out)
        if given.page:
            print(page_figures(folder / "small", folder))
        print(f"Killed at {given.kills} random moments: {same} of {given.kills} went on to the same bytes.")


def _shown(taken: Taken, count: int) -> tuple[str, str, str, str]:
    memory = f"{taken.megabytes:.0f}" if taken.megabytes else "-"
    return f"{taken.wall:.1f}", f"{taken.cpu:.1f}", f"{1000 * taken.cpu / count:.1f}", memory


if __name__ == "__main__":
    main()
