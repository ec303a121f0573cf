"""What every test, doctest and notebook of this repository runs under."""

import os
import tempfile

from hypothesis import settings

# A cache of their own: never the repository's data_cache, never the user's, and nobody's key.
os.environ["BRIGHTCALL_CACHE_DIR"] = tempfile.mkdtemp(prefix="brightcall-tests-")
os.environ.pop("BRIGHTCALL_API_KEY", None)
os.environ.pop("BRIGHTCALL_BASE_URL", None)
os.environ["MPLBACKEND"] = "Agg"

# The same examples on every run; no timed assertions.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
