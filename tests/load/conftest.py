"""What several tests of loads need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.load.relay import Relay


@pytest.fixture
def relay(sandbox: Any) -> Iterator[Relay]:
    """A server between the client and the test module's own sandbox, which may change what is answered."""
    running = Relay(sandbox.url)
    yield running
    running.stop()
