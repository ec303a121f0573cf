"""The sandbox's process, which Python starts isolated: it looks nowhere but where its parent says.

A file in a notebook's folder, such as ``click.py``, would otherwise be imported in the place of a package.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

__all__: list[str] = []


def _run() -> None:
    sys.path[:] = json.loads(sys.argv.pop(1))
    # The parent's own copy, wherever it lies, and not another one that is installed beside it.
    package = Path(__file__).parents[1]
    spec = importlib.util.spec_from_file_location(
        package.name, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[package.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[package.name])

    from brightcall_pandas.sandbox.__main__ import main  # noqa: PLC0415  (it can be found only now)

    main()


if __name__ == "__main__":
    _run()
