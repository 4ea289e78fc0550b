# Every target makes what it needs: a fresh clone and `make demo` is enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PEERS  := .venv-bench/.installed
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

# A peer that cannot be built here (numbalsoda wants a Fortran compiler; AMICI a C++ one, cmake, swig and a BLAS) has
# a row that says so, and stops nothing.
$(PEERS): pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --upgrade pip
	.venv-bench/bin/python -m pip install --quiet -e .
	.venv-bench/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['bench'], sep='\n')" | while read peer; do \
	    .venv-bench/bin/python -m pip install --quiet "$$peer" || echo "$$peer could not be installed"; done
	touch $(PEERS)

bench: $(PEERS)     ## speed against peers in the same run, in an environment of its own: out/bench.json
	.venv-bench/bin/python -m benchmarks $(MODELS)

clean:
	rm -rf $(VENV) .venv-bench out dist build
