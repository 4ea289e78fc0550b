# Every target makes what it needs: a fresh clone and `make demo` is enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test lint types notebooks bench clean

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $(STAMP)

demo: $(STAMP)      ## run the comparison on the published numbers and write the report
	$(BIN)/exo demo

test: $(STAMP)      ## the default test run
	$(BIN)/python -m pytest -n 2

lint: $(STAMP)
	$(BIN)/ruff check exodelivery tests benchmarks
	$(BIN)/ruff format --check exodelivery tests benchmarks

types: $(STAMP)
	$(BIN)/mypy

clean:
	rm -rf $(VENV) out
