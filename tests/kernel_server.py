"""A process of which kernels of notebooks are copies: it has imported the libraries that they import.

The package itself each kernel imports, as a user's does, and its sandboxes are copies as well. It is no test
itself.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path

from copies import Copies, serve


def copy_sandboxes(address: str) -> None:
    """Start sandboxes as copies of the process that listens at this address."""
    from brightcall_pandas.sandbox import Sandbox

    Sandbox.process_class = Copies(address).start
    sys.path.remove(str(Path(__file__).parent))  # no notebook finds tests beside it


def run(arguments: list[str]) -> None:
    """Be a kernel, which ends with the process that it was copied from."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    first = f"__import__('kernel_server').copy_sandboxes({sys.argv[2]!r})"
    settings = {"exec_lines": first, "parent_handle": os.getppid()}
    sys.argv = [sys.argv[0], *arguments, *(f"--IPKernelApp.{name}={of}" for name, of in settings.items())]
    IPKernelApp.launch_instance()


if __name__ == "__main__":
    import matplotlib as mpl
    import pandas as pd
    from ipykernel.kernelapp import IPKernelApp

    for name in ("matplotlib.pyplot", "phonenumbers", "pyarrow.compute", "pyarrow.dataset", "requests_cache"):
        importlib.import_module(name)
    # What these two find out when they are imported, and would find in a kernel.
    pd.options.display.max_columns = 20
    mpl.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
    serve(run)
