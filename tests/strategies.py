"""Texts that hypothesis builds: anything at all, and soups of Markdown lines."""

from __future__ import annotations

from hypothesis import strategies as st

_LINES = (
    "", "", "", " ", "\t", "---", "--- ", "...", "***", "# Title", "## Setup", "### When to Use", "#", "#no heading",
    "Title", "=====", "-----", "name: a", "description: a --- b", "  nested: 1", "- ", "- item", "* item", "+ item",
    "  - nested", "1. first", "2) second", "   continued", "- [ ] task", "```", "```bash", "````md", "~~~", "~~~~",
    "    indented code", "\tindented code", "# comment", "  ```", "| a | b |", "|---|:-:|", "| 1  |  2 |", "a | b",
    "--|--", "> quote", ">", "> ```", "<details>", "</details>", "<!-- note", "-->", "<br>", "[ref]: https://a.b/c",
    "[ref]: <x y>", "See [it][ref] and [setup](#setup).", "Run:", "**Example:**", "Here is an example:",
    "Never commit secrets.", "You MUST NOT do it.", "Wait at least 3 seconds.", "Please note that it simply works.",
    "The __full__ **name** of `a b` in src/x.py.", "This leads to a lock, therefore wait.", "如果没有，不要提交。",
    "Save a checkpoint before it.", "Overview of why it is so.", "Use `--force` only if needed.", "\ufeff", "\x0c",
    "a\u2028b", "a\x0bb\x1cc", "\x00", "\\", "`", "**", "__", "“open", "$A ${B_C} %D%", "https://a.b/c?d=1.",
)  # fmt: skip
_ENDS = ("\n", "\n", "\n", "\n", "\r\n", "\r", "\n\n")

lines = st.one_of(st.sampled_from(_LINES), st.text(max_size=12))
soups = st.builds(
    lambda bom, parts, last: bom + "".join(line + end for line, end in parts) + last,
    st.sampled_from(("", "", "", "\ufeff")),
    st.lists(st.tuples(lines, st.sampled_from(_ENDS)), max_size=24),
    st.sampled_from(("", "", "last line", "```", "# Last")),
)
texts = st.one_of(st.text(max_size=200), soups)

# Skills as they are written: every block is a sound one, set apart by a blank line.
_BLOCKS = (
    "Run `make build` first.", "Never commit secrets.", "This section gives some background.", "- Run `a`\n- Run `b`",
    "1. Open the file\n2. Save the file", "Use `--force` only if the branch is not shared.", "Run:", "**Example:**",
    "```bash\n# comment\nmake test\n```", "| a   | b   |\n|-----|-----|\n| `x` | at least 3 |", "> A quoted word.",
    "Please note that it is very slow.", "Wait at least 3 seconds; it leads to a **lock**.", "---",
    "See [setup](#setup) for more.", "For example, a sample.", "You MUST back up first.", "Keep a checkpoint.",
    "If it fails, read `error.log`.", "We thank the **many** authors.", "Cache the result for better performance.",
)  # fmt: skip
_HEADINGS = (
    "# Title", "## Setup", "## Overview", "## Examples", "### Notes", "## When to Use", "### Rules", "#### References",
    "Title\n=====", "Setup\n-----",
)  # fmt: skip
sound_skills = st.lists(
    st.one_of(st.sampled_from(_BLOCKS), st.sampled_from(_BLOCKS), st.sampled_from(_HEADINGS)), min_size=1, max_size=14
).map(lambda blocks: "---\nname: a\ndescription: Use when b.\n---\n" + "\n\n".join(blocks) + "\n")
