# One place for every chore; each target sets up what it needs.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
JOBS ?= auto
# Measuring how much of the program the tests reach doubles their work: the gate asks for it, `make test COVERAGE=1`.
COVERAGE ?=
UV := $(shell command -v uv 2>/dev/null)
export UV_PYTHON_DOWNLOADS := never
# Without it every process that a test starts would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test soak lint types bench clean lock

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
ifneq ($(UV),)
	$(UV) venv --quiet --clear --python '>=3.11' $(VENV)
	$(UV) pip sync --quiet --python $(PY) --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
else
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PlexSync needs Python 3.11 or newer; found " + sys.version.split()[0])'
	python3 -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	touch $(STAMP)

demo: $(STAMP)
	$(VENV)/bin/plexsync demo

test: $(STAMP)
	$(PY) -m pytest -n $(JOBS) --dist worksteal -m "not soak and not alone" $(if $(COVERAGE),--cov --cov-report=term)

soak: $(STAMP)
	$(PY) -m pytest -n 0 -m alone --timeout=3600 -s
	$(PY) -m pytest -n $(JOBS) -m soak --timeout=3600 -s

lint: $(STAMP)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports

types: $(STAMP)
	$(VENV)/bin/mypy

bench: $(STAMP)
	$(PY) -m bench

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# The image takes the same versions: what it runs, and what its package is built with.
lock:
	$(LOCK) --extra dev --output-file requirements.lock pyproject.toml
	$(LOCK) --no-annotate --constraint requirements.lock --extra postgres --output-file deploy/runtime.lock pyproject.toml
	echo hatchling | $(LOCK) --no-annotate --constraint requirements.lock --output-file deploy/build.lock -

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* dist build
