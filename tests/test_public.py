"""What `import brightcall_pandas` offers, and what it says of it."""

import inspect
import json
import re
import subprocess
import sys

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas import analysis, plots
from brightcall_pandas.cache._folder import Cache
from brightcall_pandas.sandbox import Sandbox

# The contract of the design; names that come with later work are added here when they exist.
ERRORS = """
    AuthenticationError BrightcallError CacheError IncompleteDataError InvalidResponseError NoMatchWarning
    OfflineError RateLimitError RequestError ServerError
""".split()
FUNCTIONS = """
    calls count_calls definitions describe_fields describe_filters display_tables explore export_calls forget
    load_calls load_catalog load_stats login lookback normalize_numbers read_calls report revisions
    scan_calls start_sandbox to_frame use
""".split()
CLASSES = ["CallFilter", "CallsAccessor", "Catalog", "Client", "Effect", "Metric", "Section", "World"]


class TestAll:
    def test_is_the_contract(self):
        assert sorted(bc.__all__) == sorted([*ERRORS, *FUNCTIONS, *CLASSES, "errors", "plots", "worlds"])

    def test_is_sorted(self):
        assert bc.__all__ == sorted(bc.__all__)

    def test_every_name_is_there(self):
        assert all(getattr(bc, name) is not None for name in bc.__all__)

    def test_dir_shows_the_public_names_and_nothing_else(self):
        assert set(dir(bc)) == {*bc.__all__, "__version__"}

    def test_so_does_tab(self):
        completer = pytest.importorskip("IPython.core.completer")
        shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
        shell.user_ns["bc"] = bc
        with completer.provisionalcompleter():
            shown = {each.text for each in shell.Completer.completions("bc.", 3)}
        assert shown == set(bc.__all__)

    @pytest.mark.parametrize("order", ["sorted", "reversed"])
    def test_a_name_is_the_same_thing_each_time(self, order):
        # In a process of its own: importing a room must not put a module in the place of a function.
        code = f"""
import brightcall_pandas as bc
first = {{name: getattr(bc, name) for name in list({order}(bc.__all__))}}
for name, value in first.items():
    assert getattr(bc, name) is value, name
    assert callable(value) or name in ("errors", "plots", "worlds"), name
"""
        subprocess.run([sys.executable, "-c", code], timeout=120, check=True)

    def test_an_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="no attribute 'load_cals'"):
            _ = bc.load_cals

    def test_version(self):
        assert re.fullmatch(r"\d+\.\d+\.\d+", bc.__version__)


class TestImport:
    HEAVY = """
        anywidget dask distributed duckdb ipywidgets matplotlib networkx phonenumbers requests requests_cache
        starlette tqdm typer urllib3 uvicorn
    """.split()

    def loaded(self, code):
        done = subprocess.run(
            [sys.executable, "-c", f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return set(json.loads(done.stdout))

    def test_loads_nothing_heavy(self):
        loaded = self.loaded("import brightcall_pandas")
        assert "pandas" in loaded  # the list is a real one
        assert not loaded & set(self.HEAVY)

    def test_nor_do_tables(self):
        code = (
            "import brightcall_pandas as bc, pandas as pd\n"
            "pd.DataFrame({'outcomeTag': ['Sold']}).calls.by_outcome()\nbc.CallFilter(types=1).to_sql()"
        )
        assert not self.loaded(code) & set(self.HEAVY)

    def test_gives_every_frame_the_accessor(self):
        assert isinstance(pd.DataFrame({"id": ["1"]}).calls, bc.CallsAccessor)


# Methods that the loaders call, and users do not.
INNER = """
    Client.now Client.is_final Client.is_fresh Client.from_cache Cache.store Cache.prepared Cache.failed
    Cache.learn Cache.learn_of_server Cache.forget
""".split()


def functions():
    """Every public function, and every public method of a public class, by its full name."""
    for module, names in ((bc, bc.__all__), (analysis, analysis.__all__), (plots, plots.__all__)):
        for name in names:
            value = getattr(module, name)
            if inspect.isfunction(value):
                yield f"{module.__name__}.{name}", value
    for cls in (bc.Client, bc.CallFilter, bc.CallsAccessor, Cache, Sandbox):
        for name, value in vars(cls).items():
            if name.startswith("_") or f"{cls.__name__}.{name}" in INNER:
                continue
            function = value.__func__ if isinstance(value, classmethod) else value
            if inspect.isfunction(function):
                yield f"{cls.__name__}.{name}", function


FUNCTIONS_BY_NAME = dict(functions())


def sections(function):
    """Return the NumPy sections of a docstring: heading → text."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(function) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(text):
    """Return the names that a Parameters section explains."""
    heads = re.findall(r"^(?! )(\S.*)$", text, re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.partition(":")[0].split(",")}


def parameters(function):
    code = inspect.unwrap(function).__code__
    count = code.co_argcount + code.co_kwonlyargcount
    names = list(code.co_varnames[:count])
    names += [code.co_varnames[count]] if code.co_flags & inspect.CO_VARARGS else []
    if code.co_flags & inspect.CO_VARKEYWORDS:
        names.append(code.co_varnames[count + bool(code.co_flags & inspect.CO_VARARGS)])
    # These come by a decorator, to tables and pictures alike.
    shown = inspect.signature(function).parameters
    names += [name for name in ("agent", "names", "lead") if name in shown and name not in names]
    return [name for name in names if name not in ("self", "cls")]


WITH_SECTIONS = {name: each for name, each in FUNCTIONS_BY_NAME.items() if not name.startswith("Sandbox.")}


class TestDocstrings:
    def test_there_are_functions_to_look_at(self):
        assert len(FUNCTIONS_BY_NAME) > 50
        assert {"brightcall_pandas.load_calls", "CallsAccessor.by_outcome"} <= set(FUNCTIONS_BY_NAME)

    def test_begins_with_a_sentence(self):
        docs = {name: inspect.getdoc(each) or "" for name, each in FUNCTIONS_BY_NAME.items()}
        firsts = {name: doc.partition("\n\n")[0] for name, doc in docs.items()}
        sentence = re.compile(r"[A-Z][^.]{8,}.*\.", re.DOTALL)
        assert {name: first for name, first in firsts.items() if not sentence.match(first)} == {}

    def test_explains_every_parameter_and_no_other(self):
        expected = {name: set(parameters(each)) for name, each in WITH_SECTIONS.items()}
        for name in expected:
            if name.startswith("CallsAccessor."):
                expected[name].discard("df")  # the accessor's own, which nobody passes
        found = {
            name: documented(sections(each).get("Parameters", "")) for name, each in WITH_SECTIONS.items()
        }
        assert found == expected

    def test_says_what_is_returned(self):
        returned = {
            name: inspect.unwrap(each).__annotations__.get("return") for name, each in WITH_SECTIONS.items()
        }
        assert [name for name, returns in returned.items() if returns is None] == []
        told = {name for name, each in WITH_SECTIONS.items() if "Returns" in sections(each)}
        assert told == {name for name, returns in returned.items() if returns != "None"}

    @pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES, *ERRORS])
    def test_every_public_name_has_one(self, name):
        assert len(inspect.getdoc(getattr(bc, name))) > 20
