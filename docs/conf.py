"""The site of the documentation: ``make docs`` builds it, with warnings as errors.

Sphinx rather than mkdocs, because most public signatures are made when the package is imported (the filters
of the loaders, the methods of ``df.calls``), and only autodoc imports it. The source folder is that of the
repository, so a relative link leads to the same place here and where files are read as they are.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "site"))

import brightcall_pandas

# jsonschema, which myst_nb imports, would make a parser of addresses in all scripts; nothing checks one.
sys.modules.setdefault("rfc3987_syntax", None)

# generated.py renames this section; numpydoc also reads docstrings by itself, for their signatures.
warnings.filterwarnings("ignore", "Unknown section Filters")

project = "brightcall_pandas"
version = release = brightcall_pandas.__version__
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "docs/**.rst",
    "notebooks/*.ipynb",
    "benchmarks/README.md",
    "*.md",
]

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "generated",  # docs/site: the reference's pages, from the package itself
    "accessible",  # docs/site: words for pictures of notebooks, levels of headings
    "offline",  # docs/site: the pages ask no other machine, and their links lead somewhere
]

myst_heading_anchors = 4
myst_enable_extensions = ["deflist", "fieldlist", "attrs_inline"]
nb_execution_mode = "off"  # notebooks are shown as they are stored; tests run them
nb_merge_streams = True

autodoc_typehints = "none"  # numpydoc writes what each parameter takes
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
smartquotes = False
suppress_warnings = ["misc.highlighting_failure"]  # what Pygments has no lexer for is shown plain
default_role = "py:obj"
add_module_names = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"brightcall_pandas {version}"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_js_files = [("tables.js", {"defer": "defer"})]
html_extra_path = ["site/extra"]
html_search_scorer = str(Path(__file__).parent / "site" / "scorer.js")
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
templates_path = ["site/templates"]
