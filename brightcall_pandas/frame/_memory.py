"""Where Arrow takes memory from, for what there is much of."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["MEMORY"]

MEMORY = pa.system_memory_pool()
"""The C library's allocator, for columns of calls and files of them.

Arrow's own, mimalloc, takes memory in huge pages: on Linux the first use of each costs more than it takes to
fill it with calls, and a load occupies more memory with it. It is said where memory is taken, and not by
`pyarrow.set_memory_pool`, which would change it for the whole program.
"""
