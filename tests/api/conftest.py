"""What several tests of the API's side need."""

from __future__ import annotations

import pytest

from brightcall_pandas.api.page_cache import PageCache


@pytest.fixture
def cache(tmp_path):
    made = PageCache(tmp_path / "account" / "pages.sqlite")
    yield made
    made.close()
