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
_LINK: Final = re.compile(r"\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401
    """Add them, with what the page on the examples leads to."""
    from mkdocs.structure.files import File

    for address, path in OTHERS.items():
        files.append(File.generated(config, address, content=(ROOT / path).read_text(encoding="utf-8")))
    for place in sorted((ROOT / "examples").glob("*")):
        source = place / "SKILL.md" if place.is_dir() else place
        if source.is_file() and source.suffix in (".md", ".txt") and source.name != "README.md":
            address = f"{source.relative_to(ROOT).as_posix()}.txt"  # as text: a skill is no page
            files.append(File.generated(config, address, content=source.read_text(encoding="utf-8")))
    return files


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

    return _LINK.sub(turned, markdown)


def _address(place: str, from_page: str) -> str:
    """The relative address of a file of the repository as a page sees it."""
    address = next((address for address, path in OTHERS.items() if path == place), "")
    if not address:
        address = place.removeprefix("docs/")
        if place.startswith("examples/"):
            address = f"{place}.txt"
    return "../" * from_page.count("/") + address
