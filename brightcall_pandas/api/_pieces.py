"""Long work in pieces: between two of them, whoever does it can look after something else."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["Work", "whole"]

T = TypeVar("T")

Work: TypeAlias = Generator[None, None, T]
"""Work that yields where it may be left for a moment, at best every millisecond, and returns its result."""


def whole(work: Work[T]) -> T:
    """Do work at once, and return its result."""
    try:
        while True:
            next(work)
    except StopIteration as end:
        result: T = end.value
        return result
