"""Edits of several passes, joined and applied."""

from __future__ import annotations

from skill_distiller.rewriting.model import Edit, apply_edits, join_edits


def test_edits_that_overlap() -> None:
    """Of two passes the first one's edits stand; the others are made where they touch none of them."""
    first = (Edit(4, 8, "x"),)
    joined = join_edits(first, [Edit(0, 4), Edit(6, 9), Edit(8, 9)])
    assert joined == (Edit(0, 4), Edit(4, 8, "x"), Edit(8, 9))
    assert apply_edits("aaaabbbbcd", joined) == "xd"


def test_strength_is_a_dial() -> None:
    """Only the edits up to the dial are made."""
    edits = (Edit(0, 1, "", 0.2), Edit(2, 3, "", 0.6))
    assert [apply_edits("abcd", edits, strength) for strength in (0.0, 0.2, 1.0)] == ["abcd", "bcd", "bd"]
