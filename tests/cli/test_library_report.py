"""The command `report`: one page that holds all it needs, in which no text of a skill can run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import run
from tests.cli.samples import DEPLOY
from tests.library.batches import contents, make_library

from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill

SCRIPTS = (Path(__file__).parents[1] / "fixtures" / "scripts_in_skills.txt").read_text("utf-8").splitlines()
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a library of three skills."""
    folder = tmp_path_factory.mktemp("page")
    make_library(folder / "skills", 2)
    result = run("report", folder / "skills", "-o", folder / "report.html", "--jobs=1")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert "(3 skills)" in result.stderr
    return folder / "report.html"


class _Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.code: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.found[-1] if self.found else ("", {})
        if tag in ("script", "style") and data.strip():
            self.code.setdefault(attributes.get("id") or tag, data)


def _data(page: Path) -> Any:
    return json.loads(_Elements(page.read_text("utf-8")).code["data"])


def test_the_policy_allows_what_is_in_the_page_and_nothing_else(page: Path) -> None:
    """Script and style by their hashes; no element refers to another place."""
    elements = _Elements(page.read_text("utf-8"))
    (policy,) = (a["content"] for _, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(elements.code[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    targets = [value for _, a in elements.found for key, value in a.items() if key in ("src", "href", "action", "data")]
    assert all(re.fullmatch(r"#(?:skill=\d+|library)", str(target)) for target in targets)
    assert not [key for _, a in elements.found for key in a if key.startswith("on") or key == "style"]


def test_points_are_those_of_compress(page: Path) -> None:
    """The pieces are the whole original, and each point holds what `compress` writes at its threshold."""
    skills = {skill["place"]: skill for skill in _data(page)}
    skill = skills["deploy-1"]
    source = page.parent / "skills" / "deploy-1" / "SKILL.md"
    original = read_skill(source)
    assert "".join(piece[3] for piece in skill["pieces"]).split() == original.text.split() or (
        " ".join(piece[3] for piece in skill["pieces"]).split() == original.text.split()
    )
    assert skill["points"][0]["tokens"] > skill["points"][-1]["tokens"]
    assert [point["threshold"] for point in skill["points"]][:1] == [1.0]
    assert skill["points"][skill["start"]]["threshold"] >= 0.9
    for point in skill["points"][1:]:
        text = run("compress", source, f"--threshold={point['threshold']}", "-q").text
        texts = [
            point["texts"].get(str(index), piece[3])
            for index, (piece, state) in enumerate(zip(skill["pieces"], point["states"], strict=True))
            if state != "g"
        ]
        assert " ".join(texts).split() == parse_skill(text).text.split()


def test_ids_are_those_of_keep(page: Path) -> None:
    """What the page copies is taken by `compress`."""
    skill = next(skill for skill in _data(page) if skill["place"] == "deploy-1")
    point = skill["points"][-1]
    gone = next(i for i, state in enumerate(point["states"]) if state == "g")
    piece = skill["pieces"][gone]
    source = page.parent / "skills" / "deploy-1"
    result = run("compress", source, f"--threshold={point['threshold']}", "--keep", piece[0], "-q")
    assert result.exit_code == 0
    assert piece[3] in result.text


def _hostile_library(root: Path) -> Path:
    """The strings in names of folders, names, descriptions, headings, prose, code, tables and what can't be read."""
    for number, script in enumerate(SCRIPTS):
        folder = root / f"{number:02} {script.replace('/', '∕')[:80]}"
        folder.mkdir(parents=True)
        head = f"---\nname: {json.dumps(script)}\ndescription: {json.dumps('Use when ' + script)}\n---\n\n"
        body = DEPLOY.split("---\n", 2)[2].replace("## Background", f"## Background {script}")
        body += f"\n{script}\n\nIn short, it is all about the {script} and so on, really.\n\n`{script}`\n\n"
        body += f"```\n{script}\n```\n\n| a |\n|---|\n| {script} |\n"
        (folder / "SKILL.md").write_bytes((head + body).encode() if number % 8 else b"\xff" + script.encode())
    return root


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a library in which every text is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    _hostile_library(folder / "skills")
    result = run("report", folder / "skills", "-o", folder / "report.html", "--jobs=2")
    assert result.exit_code == 0, result.stderr
    return folder / "report.html"


def test_hostile_records_are_text(hostile: Path, page: Path) -> None:
    """The strings in every text that a record has."""
    runs = run("compress", hostile.parent / "skills", "--threshold=0.5", "--json", "-q", "--no-calibration").text
    lines = []
    for line, script in zip(runs.splitlines(), SCRIPTS, strict=False):
        record = {**json.loads(line), "place": script, "skill": script}
        record["needs"] = [{**need, "why": script} for need in record["needs"]]
        for change in (change for section in record["receipt"] for change in section["changes"]):
            change["after"] = change["after"] and script
        lines.append(json.dumps(record))
    (hostile.parent / "runs.jsonl").write_text("\n".join(lines), "utf-8")
    result = run("report", hostile.parent / "runs.jsonl", "-o", hostile.parent / "runs.html")
    assert result.exit_code == 0, result.stderr
    elements, usual = (_Elements(file.read_text("utf-8")) for file in (hostile.parent / "runs.html", page))
    assert {tag for tag, _ in elements.found} <= {tag for tag, _ in usual.found}
    assert elements.code["script"] == usual.code["script"]
    assert len(_data(hostile.parent / "runs.html")) == len(lines) > 20


def test_hostile_text_is_text(hostile: Path, page: Path) -> None:
    """The elements of the page are those of the template, whatever the skills say."""
    assert len(SCRIPTS) == 40
    elements = _Elements(hostile.read_text("utf-8"))
    usual = _Elements(page.read_text("utf-8"))
    assert {tag for tag, _ in elements.found} <= {tag for tag, _ in usual.found} | {"ul", "li"}
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert not [key for _, attributes in elements.found for key in attributes if key.startswith("on")]
    assert elements.code["script"] == usual.code["script"]
    assert len(_data(hostile)) == 35


def _dom(page: Path, fragment: str = "") -> str:
    assert CHROMIUM
    line = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"]
    home = f"--user-data-dir={page.parent / 'chromium'}"
    return subprocess.run(
        [*line, home, f"{page.as_uri()}{fragment}"], capture_output=True, text=True, timeout=120, check=True
    ).stdout


def _has_run(dom: str) -> bool:
    return "pwned" in dom[: dom.index("<head>")]


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_in_a_real_browser(page: Path, hostile: Path) -> None:
    """The page shows the skill and the point that its address names, and nothing of an attack has run."""
    weak = page.parent / "weak.html"
    weak.write_text(f"<!doctype html><html><head></head><body>{SCRIPTS[0]}</body></html>")
    assert _has_run(_dom(weak))  # an attack that runs is seen
    dom = _dom(page, "#skill=1&point=9")
    assert re.search(r'<h2 id="name"[^>]*>deploy-0</h2>', dom)
    assert re.search(r'<output id="figures"[^>]*>[\d,]+ of [\d,]+ tokens', dom)
    assert 'class="piece g' in dom or 'class="piece heading g' in dom
    for number in range(0, 35, 5):
        dom = _dom(hostile, f"#skill={number}&point=1")
        assert re.search(r'<h2 id="name"[^>]*>[^<]', dom)
        assert not _has_run(dom)


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_reader_at_the_page(page: Path, hostile: Path) -> None:
    """It fits a telephone and obeys the keyboard; nothing is fetched, and no skill at no point runs an attack."""
    api: Any = pytest.importorskip("playwright.sync_api")
    asked: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 840})
        tab.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        tab.goto(f"{page.as_uri()}#skill=1&point=0")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert tab.locator("#skills td").first.bounding_box()["width"] > 100
        figures = tab.text_content("#figures")
        tab.focus("#slider")
        tab.keyboard.press("End")
        assert tab.text_content("#figures") != figures
        tab.locator("#sides .piece.g[data-index]").first.focus()
        tab.keyboard.press("Enter")
        assert " --keep " in tab.input_value("#option")
        tab.fill("#search", "build")
        assert tab.text_content("#shown") == "1 of 3"
        tab.goto(hostile.as_uri())
        for number in range(35):
            tab.evaluate(f"location.hash = 'skill={number}&point=0'")
            for _ in range(int(tab.get_attribute("#slider", "max")) + 1):
                tab.press("#slider", "ArrowRight")
            assert not _has_run(tab.content())
        browser.close()
    assert set(asked) == {page.as_uri(), hostile.as_uri()}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of three skills at two thresholds."""
    folder = tmp_path_factory.mktemp("records")
    make_library(folder / "skills", 2)
    lines = [
        run("compress", folder / "skills", f"--threshold={threshold}", "--json", "-q", "--no-calibration").stdout
        for threshold in (0.6, 0.9)
    ]
    (folder / "runs.jsonl").write_bytes(b"".join(lines))
    return folder


def test_a_page_of_records_runs_nothing_again(records: Path) -> None:
    """It shows what the page of the skills themselves shows at those thresholds; the skills need not be there."""
    (records / "away").mkdir()
    result = run("report", records / "skills", "-o", records / "skills.html", "--jobs=1")
    assert result.exit_code == 0
    skills = {skill["place"]: skill for skill in _data(records / "skills.html")}
    (records / "skills").rename(records / "away" / "skills")
    assert run("report", records / "runs.jsonl", "-o", records / "runs.html").exit_code == 0
    told = {skill["place"]: skill for skill in _data(records / "runs.html")}
    assert told.keys() == skills.keys()
    for place, skill in told.items():
        known = {(point["tokens"], point["states"]): point["texts"] for point in skills[place]["points"]}
        assert [piece[:4] for piece in skill["pieces"]] == [piece[:4] for piece in skills[place]["pieces"]]
        for point in skill["points"]:
            assert known[point["tokens"], point["states"]] == point["texts"]
    assert len(told["deploy-0"]["points"]) == 3
    mixed = run("report", records / "runs.jsonl", records / "away" / "skills", "-o", records / "both.html", "--jobs=1")
    assert "(6 skills)" in mixed.stderr


def test_records_cost_what_their_skills_do(tmp_path: Path) -> None:
    """What a session pays for a description counts all that is listed, also of a skill that says when it is for."""
    file = make_library(tmp_path / "skills", 1) / "deploy-0" / "SKILL.md"
    file.write_text(
        file.read_text("utf-8").replace("\n---", "\nwhen_to_use: Whenever a deploy is over.\n---", 1), "utf-8"
    )
    (tmp_path / "runs.jsonl").write_bytes(run("compress", file, "--json", "-q", "--no-calibration").stdout)
    pages = [tmp_path / "of-skill.html", tmp_path / "of-record.html"]
    for source, page in zip((file, tmp_path / "runs.jsonl"), pages, strict=True):
        assert run("report", source, "-o", page, "--jobs=1").exit_code == 0
    tiers = [re.findall(r'<th scope="row">(\w+)</th>.*?"n">([\d,]+)<', page.read_text("utf-8")) for page in pages]
    assert tiers[0][:2] == tiers[1][:2]
    assert [name for name, _ in tiers[0][:2]] == ["listing", "body"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"original": None}, "it is of an earlier release"),
        ({"original": "# Another\n"}, "its original is not the one"),
        ({"schema": "skill-distiller/compress/99"}, "its schema is not known"),
        ({"receipt": 5}, "it is no record of a run"),
        ({"functionality": {"score": 1e999}}, "it is no record of a run"),
        ({"input_tokens": "<script>"}, "it is no record of a run"),
    ],
)
def test_records_that_can_not_be_shown(change: dict[str, object], told: str, records: Path, tmp_path: Path) -> None:
    """The others are, and the sentence says why."""
    lines = (records / "runs.jsonl").read_text("utf-8").splitlines()
    lines[0] = json.dumps({**json.loads(lines[0]), **change})
    (tmp_path / "runs.jsonl").write_text("\n".join(lines), "utf-8")
    result = run("report", tmp_path / "runs.jsonl", "-o", tmp_path / "page.html")
    assert result.exit_code == 0
    assert told in result.stderr
    assert len(_data(tmp_path / "page.html")) == 3


def test_what_moves_is_what_reduce_moves(tmp_path: Path) -> None:
    """Each piece says to which file it goes, and the pointer stands where it went."""
    long = "".join(
        f"Example {n}: run `tool --case {n}` and look at the log of case {n} in the folder.\n\n" for n in range(60)
    )
    text = (
        f"---\nname: tool\ndescription: Use when a tool is run.\n---\n\n# Tool\n\nRun `tool`.\n\n## Examples\n\n{long}"
    )
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "SKILL.md").write_text(text, "utf-8")
    assert run("report", tmp_path / "tool", "-o", tmp_path / "page.html", "--jobs=1").exit_code == 0
    (skill,) = _data(tmp_path / "page.html")
    assert run("reduce", tmp_path / "tool", "-o", tmp_path / "out", "--no-description", "-q").exit_code == 0
    reduced = (tmp_path / "out" / "SKILL.md").read_text("utf-8")
    moved = skill["moved"]
    assert moved["files"]
    assert all((tmp_path / "out" / name).is_file() for name in moved["files"])
    for index, state in enumerate(moved["states"]):
        piece = skill["pieces"][index]
        assert (state == "m") is (str(index) in moved["at"])
        assert piece[3] in (
            (tmp_path / "out" / moved["files"][moved["at"][str(index)]]).read_text("utf-8") if state == "m" else reduced
        )
    assert all(pointer in reduced for pointer in moved["pointers"].values())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["skills"], 2),
        (["skills", "-o", "missing/report.html"], 2),
        (["skills", "-o", "skills"], 2),
        (["skills", "-o", "taken.html"], 6),
        (["skills", "-o", "skills/build/SKILL.md", "--force"], 6),
        (["missing", "-o", "report.html"], 3),
        (["skills", "-o", "report.html", "--threshold=9"], 2),
    ],
)
def test_bad_requests(arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence on stderr, nothing on stdout, nothing on disk changed."""
    monkeypatch.chdir(tmp_path)
    make_library(tmp_path / "skills", 1)
    (tmp_path / "taken.html").write_bytes(b"x")
    before = contents(tmp_path)
    result = run("report", *arguments)
    assert (result.exit_code, result.stdout) == (code, b"")
    assert result.stderr.startswith("Error: ")
    assert contents(tmp_path) == before
