# Three commands matter to a newcomer: `make demo`, `make lab` and `make test`. They make their own .venv and need
# nothing but Python 3.11 or later (with venv and pip) and make. Another Python: make test PYTHON=python3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt
RIVALS := benchmarks/.venv-rivals
BENCHMARKS := $(filter-out benchmarks/measure.py,$(wildcard benchmarks/*.py))

.PHONY: help demo lab test lint format docs bench notebooks pins clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    start the sandbox, load a month of calls over HTTP, draw two charts (under a minute, once installed)"
	@echo "make lab     open JupyterLab with copies of the notebooks (my_notebooks/): on your account if an API key is set, else on the sandbox"
	@echo "             (as root, or without a screen: make lab LAB_OPTIONS='--allow-root --no-browser')"
	@echo "make test    everything that CI checks: style, types, import rules, tests, doctests, notebooks"
	@echo "make lint    style, types, import rules and the forms of .github only"
	@echo "make format  put the code into its style"
	@echo "make docs    build the site of the documentation into build/docs, with warnings as errors"
	@echo "make bench   the measurements behind the figures in the documentation"
	@echo "make notebooks  run the notebooks and store their outputs"
	@echo "make pins    write constraints.txt anew from the newest versions"
	@echo "make clean   remove what these commands made (data_cache/ stays)"

demo: $(VENV)/.demo-installed
	$(BIN)/brightcall demo

lab: $(VENV)/.lab-installed
	$(BIN)/brightcall lab --copies-of notebooks $(LAB_OPTIONS)

# Style and pages side by side: each keeps one core busy.
test: $(VENV)/.dev-installed
	$(MAKE) --jobs=2 lint docs
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/forms.py
	$(BIN)/zizmor --offline --quiet .github/workflows

format: $(VENV)/.dev-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Notebooks are shown with their stored outputs. Links between pages are checked, those to other sites are not.
docs: $(VENV)/.dev-installed
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -j auto -c docs -d build/doctrees . build/docs

bench: $(VENV)/.dev-installed $(RIVALS)/.installed
	@failed=0; for each in $(BENCHMARKS); do echo "== $$each"; $(BIN)/python "$$each" || failed=1; done; exit $$failed

# The masks keep the kernel's name and cells' tags, and drop what differs between machines.
notebooks: $(VENV)/.dev-installed
	$(BIN)/python -m jupyter nbconvert --execute --to notebook --inplace \
		--ClearMetadataPreprocessor.enabled=True \
		--ClearMetadataPreprocessor.preserve_nb_metadata_mask='{"kernelspec", ("language_info", "name")}' \
		--ClearMetadataPreprocessor.preserve_cell_metadata_mask='{"tags"}' \
		notebooks/*.ipynb

pins:
	$(PYTHON) -m venv --clear $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	{ grep '^#' constraints.txt; $(VENV)-pins/bin/python -m pip freeze --exclude-editable | grep '=='; } > .pins
	mv .pins constraints.txt
	rm -rf $(VENV)-pins

clean:
	rm -rf $(VENV) $(VENV)-pins $(RIVALS) demo_output dist build mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a command installs again only after pyproject.toml or constraints.txt has changed. The last
# step of each recipe writes the stamp, so an interrupted installation is repeated.

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.13 ...")'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python has no venv module here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo-installed: $(VENV)/.created $(INPUTS)
	$(PIP) --editable ".[sandbox]"
	@touch $@

# With what the notebooks import besides.
$(VENV)/.lab-installed: $(VENV)/.created $(INPUTS)
	$(PIP) --editable ".[sandbox,lab,excel,report,graph,model,dask]"
	@touch $@ $(VENV)/.demo-installed

$(VENV)/.dev-installed: $(VENV)/.created $(INPUTS)
	$(PIP) --editable ".[dev]"
	@touch $@ $(VENV)/.demo-installed $(VENV)/.lab-installed

$(RIVALS)/.installed: benchmarks/rivals.txt | $(VENV)/.created
	$(PYTHON) -m venv --clear $(RIVALS)
	$(RIVALS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
