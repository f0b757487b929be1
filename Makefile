# Everything a person does with a checkout. `make help` lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint bench screenshots messages translations python clean

VENV := .venv
BIN := $(VENV)/bin
# Processes that run the tests at the same time, each with one thread: they share the cores already.
JOBS ?= 2
# The first Python here that is new enough; `make run PYTHON=/path/to/python3.12` takes another.
PYTHON ?= $(shell for found in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$found" && break; done)
# A package index with processor-only builds of torch. Without one pip takes the general build,
# which works the same and is larger by some gigabytes:
#   make run TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input -c constraints.txt \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard portal/translations/*/LC_MESSAGES/*.po))

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(VENV)/.ready translations ## install what is missing and run the portal with a sample company
	@exec $(BIN)/handover up --demo

test: $(VENV)/.ready-for-tests translations ## everything: style, types, tests; warnings are errors
	@$(MAKE) --no-print-directory lint
	OMP_NUM_THREADS=1 $(BIN)/python -W error -m pytest -n $(JOBS) --dist loadgroup

lint: $(VENV)/.ready-for-tests ## style and types alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.ready-for-tests ## measure against the named references
	$(BIN)/python benchmarks/encoder.py

screenshots: $(VENV)/.ready-for-tests translations ## take the pictures of the README again
	$(BIN)/python docs/screenshots.py

messages: $(VENV)/.ready ## collect new texts into the Chinese catalogue, to be translated
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k _n:1,2 -k _ln:1,2 --no-location --omit-header -o build/messages.pot .
	@$(BIN)/pybabel -q update -i build/messages.pot -d portal/translations -l zh -N --no-wrap --ignore-obsolete

translations: $(CATALOGUES) ## compile the translations that changed

%.mo: %.po | $(VENV)/.ready
	@$(BIN)/pybabel -q compile -i $< -o $@

clean: ## remove what make has made; the data folder stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache $(CATALOGUES)

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and none was found. Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; exit 1; }

$(BIN)/python: | python
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# The stamps are touched after pip has finished, so an interrupted installation is taken up again.
$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the portal; the first time this takes some minutes."
	@$(PIP) -q -e .
	@touch $@

$(VENV)/.ready-for-tests: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the portal and its test tools; the first time this takes some minutes."
	@$(PIP) -q -e '.[test]'
	@touch $@ $(VENV)/.ready
