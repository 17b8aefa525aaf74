# Countersign: `make demo` and `make test` are all you need; `make help` lists the rest.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
CODE := bot handlers policy storage

.DEFAULT_GOAL := help
# Bytecode is kept wherever this runs: without it every process that the tests start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check format bench faults fuzz lock clean

help: ## list everything that can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/installed ## watch the whole product in your browser (PORT=8000, ARGS="--fresh --import DIR")
	@exec $(BIN)/countersign demo --port $(PORT) $(ARGS)

test: $(VENV)/installed-dev ## run every test that this machine can run (ARGS="-k undo", see README for longer searches)
	@$(BIN)/python -m compileall -q $(CODE)
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/installed-dev ## format, lint, types, import direction, migrations, dead code, dependencies
	@.ci/check

format: $(VENV)/installed-dev ## put the code into shape
	@$(BIN)/ruff format $(CODE) tests
	@$(BIN)/ruff check --fix $(CODE) tests

bench: $(VENV)/installed-dev ## measure, side by side with the plain alternative
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(VENV)/installed-dev ## break everything under load, then count (ARGS="--seed 7 --minutes 60")
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz: $(VENV)/installed-dev ## throw anything at every door and parser (ARGS="--seconds 120 --seed 7")
	@$(BIN)/python -m tests.fuzz $(ARGS)

lock: $(VENV)/installed-dev ## pin the newest versions that pyproject.toml permits
	@.ci/lock

clean: ## remove the environment, the demo's state and caches
	@rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/installed: requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" .ci/install requirements.lock $(VENV)
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" .ci/install requirements-dev.lock $(VENV)
	@touch $@ $(VENV)/installed
