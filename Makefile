# Two commands on a fresh machine: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# One more than there are processors: many tests wait for a program.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
PYTEST = $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

.PHONY: help demo test prove bench lint types format cassettes live clean

help:
	@echo "make demo       record a real program, verify it, replay it, show its last screen"
	@echo "make test       all tests, with the slow proofs in their small form"
	@echo "make prove      all tests, with the slow proofs in full (crash, cut, fuzz, burst)"
	@echo "make bench      every figure, as a ratio against a peer in the same run"
	@echo "make lint types ruff, mypy --strict"
	@echo "make cassettes  record cassettes/ again"
	@echo "make live       install real harnesses in .live/, record them in a box without network (as root; ARGS=codex)"

demo: $(VENV)/ready
	@sh examples/demo.sh $(BIN)/cassette demo/shell

test: $(VENV)/ready
	$(PYTEST) $(ARGS)

prove: $(VENV)/ready
	CASSETTE_PROVE=1 $(PYTEST) --hypothesis-profile=new $(ARGS)

bench: $(VENV)/ready
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

cassettes: $(VENV)/ready
	sh examples/recordings/all.sh $(abspath $(BIN)/cassette) $(abspath cassettes)

live: $(VENV)/ready
	@$(BIN)/python live/run.py $(ARGS)

clean:
	rm -rf $(VENV) demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
