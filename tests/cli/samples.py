"""Small skills for the tests of the command, each a complete SKILL.md."""

from __future__ import annotations

# Something of every kind: triggers, steps, rules, an example, a table, background, thanks.
DEPLOY = """\
---
name: deploy-notes
description: Write the notes of a deploy. Use when a release goes out.
---

# Deploy notes

## When to Use

Use this skill when someone says "ship it" or asks for the notes of a release.

## Overview

Deploys used to be done by hand, and people forgot what had changed. The **notes** came about because
of that: a page for each release, written by whoever pressed the button. Please note that it is really
just a page and nothing more, which is why nobody ever had any trouble with finding a place for it.

## Steps

1. Run `make build` and wait at least 30 seconds in order to see the log.
2. Run `make ship --env=prod`.
3. Write the notes to `notes/<version>.md`.

## Rules

- You MUST name every change that a user can see.
- Do not ship after 16:00 unless the duty officer agrees.

## Examples

A sample of the notes of an older release:

```text
Release 41
- The login page remembers the language
```

## Background

The first deploy script was written in 2019 by two people in an afternoon. It kept its state in
`/var/tmp/ship.lock`, it spoke to `https://ship.example.org/v1`, and it failed with E1042 whenever the
clocks of both machines were more than 5 seconds apart. None of that is so today, and it is told here
only because new colleagues tend to ask about it over lunch.

## Related

Our thanks go to everyone who helped along the way, with their time and with their patience.
"""

# Nothing can be taken out of it.
MINIMAL = "---\nname: build\ndescription: Use when a build is asked for.\n---\n# Build\n\nRun `make build`.\n"

NO_FRONTMATTER = DEPLOY.split("---\n", 2)[2].lstrip("\n")

NO_TRIGGER = """\
---
name: pages
description: Count pages of documents.
---

# Pages

## Steps

1. Run `pages count --all`.
"""

# Escape sequences (colors, window title, hyperlink), the bell, C1 controls, bidirectional marks: in
# headings, prose, code, quotes, links and in the frontmatter.
HOSTILE = (
    "---\n"
    "name: hostile\n"
    "description: Use when a \u202eterminal\u202c is attacked.\n"
    "---\n\n"
    "# Title \x1b[31mred\x1b[0m\n\n"
    "All of it is about `make \x1b[2Jclear`, in short.\n\n"
    "## Background \x1b]0;owned\x07 and \x9b31m more\n\n"
    "The story of `tool\x1b[1A` began with \x07 a bell, \u202ea reversal\u202c and \u2066an isolate\u2069, and it was"
    ' called "the \x1b[5mblinking\x1b[0m tool" by \u200eall\u200f of \u061cus. It never\x1b[8m hid\x1b[0m a thing.\n\n'
    "A [link](https://example.org/\x1b]8;;https://evil.example\x07) to \x85 and \x90q\x9c and \x7f and \x08\x08 more,"
    " at line\u2028and paragraph\u2029ends, with a lone \x0b and \x0c in it.\n\n"
    "```\necho \x1b[31m$HOME\x1b[0m\n```\n\n"
    "## Related\n\n"
    "Thanks to \x1b[32mall\x1b[0m of you for \x1b7everything\x1b8, and good night to everyone who is still awake.\n"
)

# What a Rich console would take for markup, an emoji or a number to color.
MARKUP = """\
---
name: markup
description: Use when markup is shown.
---

# Markup

## Steps

1. Run `make`.
2. Check what it says.

## Background [bold]of it[/bold]

In the beginning there was [red]x[/red] and :smile: and [link=https://example.org]a link[/link] and [/nonsense] too,
which is a long story that nobody needs to hear again, least of all today.

## Related

Thanks to [blink]everyone[/blink] for their :heart: and for all the time they have spent on this page.
"""
