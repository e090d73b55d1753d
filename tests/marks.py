"""Parameters that only the slow tests take."""

from __future__ import annotations

from typing import Any

import pytest


def slow(*values: object) -> list[Any]:
    """These values as parameters of a test that runs among the slow ones, the others having told nearly all."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]
