# Every target makes what it needs: a fresh clone and `make demo` is enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CODE   := exodelivery tests benchmarks

.PHONY: demo test lint format types notebooks bench clean

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $(STAMP)

demo: $(STAMP)      ## run the comparison on the published numbers and write the report
	$(BIN)/exo demo

test: $(STAMP)      ## the default test run, notebooks and doctests included
	$(BIN)/python -m pytest -n 2

lint: $(STAMP)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

format: $(STAMP)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

types: $(STAMP)
	$(BIN)/mypy

notebooks: $(STAMP) ## execute the notebooks alone
	$(BIN)/python -m pytest tests/test_notebooks.py

bench: $(STAMP)     ## speed against the peers that are installed in the environment
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out dist build
