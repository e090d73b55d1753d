"""What MkDocs asks while it builds the site: the pages at the top of the repository belong to it as well."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
# Files from outside of docs/, by the address that they have in the site.
OTHERS: Final = {
    "start.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "SECURITY.md": "SECURITY.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "LICENSE.txt": "LICENSE",
    "lab/README.md": "lab/README.md",
    "examples/README.md": "examples/README.md",
    "examples/replies/README.md": "examples/replies/README.md",
}
# A link of a page to a file; addresses on the network are none.
LINK: Final = re.compile(r"\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401
    """Add them, with the other files that pages lead to."""
    from mkdocs.structure.files import File

    for address, path in OTHERS.items():
        files.append(File.generated(config, address, content=(ROOT / path).read_text(encoding="utf-8")))
    for place in sorted(_linked_files()):
        content = (ROOT / place).read_text(encoding="utf-8")
        files.append(File.generated(config, f"{place}.txt", content=content))  # as text: a skill is no page
    return files


def _linked_files() -> set[str]:
    """The files of the repository that the pages lead to and that are no pages themselves."""
    pages = [*sorted((ROOT / "docs").glob("*.md")), *(ROOT / path for path in OTHERS.values() if path.endswith(".md"))]
    found = set[str]()
    for page in pages:
        for match in LINK.finditer(page.read_text(encoding="utf-8")):
            target = (page.parent / match["path"]).resolve()
            place = target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) and target.is_file() else ""
            if place and place not in OTHERS.values() and not place.startswith("docs/"):
                found.add(place)
    return found


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ANN401
    """Turn links to files of the repository into links to pages of the site."""
    here = OTHERS.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def turned(match: re.Match[str]) -> str:
        target = (ROOT / here).parent / match["path"]
        try:
            place = target.resolve().relative_to(ROOT).as_posix()
        except ValueError:
            return match[0]
        return f"]({_address(place, page.file.src_uri)}{match['anchor'] or ''})"

    return LINK.sub(turned, markdown)


def _address(place: str, from_page: str) -> str:
    """The relative address of a file of the repository as a page sees it."""
    address = next((address for address, path in OTHERS.items() if path == place), "")
    if not address:
        address = place.removeprefix("docs/") if place.startswith("docs/") else f"{place}.txt"
    return "../" * from_page.count("/") + address
