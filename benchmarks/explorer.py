"""How long a change in the filter explorer takes, on one million calls.

Run it with ``python benchmarks/explorer.py``; ``--calls`` takes another size. Two times are shown. *Kernel*:
from a hand's message to the answer as JSON, which is all but drawing. *On screen*: in JupyterLab and headless
Chromium, from the click on a box to the first frame in which the page shows what follows; measured where
Chromium and Playwright are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from brightcall_pandas.explorer import Explorer
from brightcall_pandas.frame._columns import to_pandas
from brightcall_pandas.sandbox._generate import draw_calls
from brightcall_pandas.sandbox._records import call_table, planted_chains

# What a person does, one after the other: the filters pile up and go away again.
CHANGES: list[tuple[str, Any]] = [
    *(("talk_time", [low, None]) for low in (10, 20, 30, 60, 90, 120)),
    ("types", ["outbound"]),
    ("types", ["inbound", "outbound"]),
    ("states", ["answered"]),
    ("talk_time", None),
    ("outcomes", ["Interested"]),
    ("outcomes", ["Interested", "Call back later"]),
    ("hours", [9, 17]),
    ("hours", [8, 18]),
    ("agent_ids", ["500", "501"]),
    ("states", None),
    ("outcomes", None),
    ("agent_ids", None),
    ("day", ["2025-10-01", None]),
    ("transferred", True),
    ("transferred", None),
    ("categories", ["inbound_answered", "outbound_failed"]),
    ("categories", None),
    ("answer_time", [None, 20]),
    ("answer_time", None),
    ("types", None),
    ("hours", None),
    ("day", None),
]
TEXTS = [("number", "+4930"), ("search_string", "call"), ("search_string", "call back")]


def made_up(calls: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    drawn = draw_calls(rng, calls, 365)
    return to_pandas(call_table(rng, drawn, planted_chains(rng, drawn)), "Europe/Berlin")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1_000_000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as folder:
        frame = made_up(calls)
        path = Path(folder) / "calls.parquet"
        frame.to_parquet(path)
        print(f"{calls:,} calls, {len(CHANGES)} changes, three rounds\n")
        in_kernel(frame)
        del frame
        on_screen(Path(folder))


def in_kernel(frame: pd.DataFrame) -> None:
    start = time.perf_counter()
    explorer = Explorer(frame, presets="no presets")
    print(f"{'opening':<28}{time.perf_counter() - start:>8.1f} s")
    explorer.page.send = json.dumps
    times = [timed(explorer, *change) for _ in range(3) for change in CHANGES]
    report("kernel", times)
    for name, value in TEXTS:
        print(f"{name + ' ' + value:<28}{timed(explorer, name, value):>8.0f} ms")
        explorer.set(name, None)


def timed(explorer: Explorer, name: str, value: Any) -> float:
    start = time.perf_counter()
    explorer.page.receive({"do": "set", "name": name, "value": value, "number": "1"})
    return 1000 * (time.perf_counter() - start)


def report(words: str, times: list[float]) -> None:
    ninth = statistics.quantiles(times, n=10)[-1]
    print(f"{words:<28}{statistics.median(times):>8.0f} ms median, {ninth:.0f} ms in nine of ten")


CELL = """import pandas as pd, brightcall_pandas
ex = pd.read_parquet("calls.parquet").calls.explore(presets="presets.json")
ex"""
# Boxes that a hand ticks one after the other, and then unticks.
CLICKS = [
    ("types", 1),
    ("states", 1),
    ("outcomes", 1),
    ("outcomes", 2),
    ("agent_ids", 0),
    ("text_projects", 0),
]
CLICK = """async ([control, at]) => {
  const root = document.querySelector(".bc-explorer");
  const box = root.querySelectorAll(`[data-control=${control}] input[type=checkbox]`)[at];
  const start = performance.now();
  const shown = new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
    });
    watch.observe(root.querySelector(".bc-chips"), { childList: true });
  });
  box.click();
  return shown;
}"""


def on_screen(folder: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        chromium = None
    if chromium is None:
        print("on screen: not measured; it needs Chromium (apt-get install chromium) and Playwright")
        return
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": CELL,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    book = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "explorer.ipynb").write_text(json.dumps(book))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--ServerApp.root_dir={folder}",
    ]
    options += ["--IdentityProvider.token=b", "--LabApp.expose_app_in_browser=True"]
    homes = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "RUNTIME", "DATA")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", *options],
        env=os.environ | homes | {"IPYTHONDIR": str(folder / "ipython")},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status?token=b")
        with sync_playwright() as playwright:
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
            page = browser.new_page(viewport={"width": 1600, "height": 1200})
            page.goto(f"http://127.0.0.1:{port}/lab/tree/explorer.ipynb?token=b")
            page.wait_for_function(
                "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
                timeout=90_000,
            )
            page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
            page.wait_for_selector(".bc-sentence", timeout=180_000)
            page.wait_for_timeout(1_000)
            clicks = [list(click) for click in (*CLICKS, *CLICKS)]
            times = [page.evaluate(CLICK, click) for _ in range(4) for click in clicks]
            report("on screen", times)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    sys.exit("JupyterLab does not answer")


if __name__ == "__main__":
    main()
