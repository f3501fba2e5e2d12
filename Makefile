# make lab    opens JupyterLab on the first notebook
# make test   runs every check
# make lite   builds the course for browsers without a Python, in build/lite
# All set up what they need in .venv the first time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NOTEBOOKS := $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb)
# JupyterLab refuses to run as root, as one is in a container, unless it is told to.
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# Stamps of one environment: what is installed for the lab, tests, benchmarks, mutants.
.PHONY: lab test lite check unit notebooks-test browser firefox bench bench-browser mutants
.PHONY: notebooks screenshot pictures clean

lab: $(VENV)/lab
	$(BIN)/jupyter lab $(ROOT) $(LAB) notebooks/01_gradient_descent_in_action.ipynb

test: check unit notebooks-test browser

lite: $(VENV)/lab $(VENV)/lite
	rm -rf build/lite
	$(BIN)/python tests/lite.py build/lite

check: $(VENV)/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# With the lines and branches that no test reaches, but for those that kernels and browsers run.
# SlipCover: a trace function, as coverage.py has on Python 3.11, makes the tests half as slow again.
# Files in the order of their names: in pytest-xdist's own, single long tests come last, and alone.
unit: $(VENV)/test
	$(BIN)/python -m slipcover -m pytest --ignore=tests/browser \
	    -n 2 --dist loadfile --no-loadscope-reorder -q

notebooks-test: $(VENV)/test
	$(BIN)/pytest --nbval -q -W default -n 2 --dist loadfile notebooks

browser: $(VENV)/test $(VENV)/lite
	$(BIN)/pytest tests/browser -n 2 --dist loadfile -q --durations=12

# Notebook 01 and its page in Firefox (`apt-get install firefox-esr`). Never part of the tests, which
# would have to install a second browser.
firefox: $(VENV)/test
	$(BIN)/pytest tests/browser/firefox.py -q

# Speeds, as ratios within one run. Never part of the tests.
bench: $(VENV)/bench
	$(BIN)/pytest tests/benchmarks -q --growth-plot=notebooks/pictures/growth.png

# gdviz beside its peers in one JupyterLab: key presses, drags, first paint. Takes some minutes.
bench-browser: $(VENV)/bench
	$(BIN)/python tests/benchmarks/browser --plot=notebooks/pictures/sliders.png

# Small mistakes in the models, descent and gradient check: does a test notice each? Two hours;
# MODULES="linear softmax" are sooner done. What may go unnoticed is in tests/mutants.md.
mutants: $(VENV)/mutants
	$(BIN)/python tests/mutants.py $(MODULES)

# Execute the notebooks anew and store their outputs: stills, without timings or widget state.
notebooks: $(VENV)/test
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
	    --ExecutePreprocessor.store_widget_state=False \
	    --ExecutePreprocessor.record_timing=False $(NOTEBOOKS)
	$(BIN)/python tests/still_outputs.py $(NOTEBOOKS)

screenshot: $(VENV)/test
	$(BIN)/pytest tests/browser/screenshot.py -q

pictures: $(VENV)/test
	$(BIN)/python tests/pictures.py

clean:
	rm -rf $(VENV) build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/lab $(VENV)/test $(VENV)/bench $(VENV)/mutants: $(VENV)/%: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -e '.[$*]'
	touch $@

# A folder of its own, and no extra of gdviz: where JupyterLab finds JupyterLite's kernel, it loads it
# and complains.
$(VENV)/lite: Makefile
	$(PYTHON) -m venv $(VENV)
	rm -rf $@
	$(BIN)/pip install -q --disable-pip-version-check --target $@ \
	    hatchling jupyterlite-core~=0.8.6 jupyterlite-pyodide-kernel~=0.8.6
	touch $@
