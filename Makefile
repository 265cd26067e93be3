# Everything a checkout needs. Works with GNU make 3.81 (macOS) and newer; needs Python 3.11 to 3.14 and nothing else.

BIN := .venv/bin
# What each step made: a step runs again when what it rests on is newer than its stamp.
STAMPS := .venv/.stamps
LOCKS := requirements.lock requirements-build.lock requirements-dev.lock
WEB := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)
SUPPORTED = 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
BUILT := server/console/static/built/manifest.json
WORKERS ?= auto
UV = $(BIN)/uv --quiet
# uv does not read pip's configuration; a mirror that is set there is used all the same, nothing else of it.
INDEX = index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}}"; \
	export UV_PYTHON="$(BIN)/python"; test -z "$$index" || export UV_DEFAULT_INDEX="$$index"
COMPILE = $(UV) --no-config pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header --no-annotate

export PATH := $(CURDIR)/$(BIN):$(PATH)
# The product starts many processes: with this set each of them would compile all it imports anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup prepared demo test check soak bench assets wheel clean locks

help: ## List what make can do (this list)
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: prepared $(STAMPS)/kernels ## Prepare .venv from the lock files, what is built into the pages, and the search
	@:

prepared: $(STAMPS)/product assets
	@:

# Without the search compiled: nobody shall wait for that before the pages come up, the worker does it meanwhile.
demo: prepared ## Start a believable company on your machine; RESET=1 starts over
	@exec $(BIN)/truckroll demo $(if $(filter-out 0,$(RESET)),--reset)

test: setup ## Run every test, in parallel, on an embedded PostgreSQL; WORKERS=4 sets how many
	@exec $(BIN)/pytest -n $(WORKERS) --dist worksteal

check: setup ## Format, lint, types, import contracts, scripts of the pages, drift between models and migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/npm --prefix web run --silent check
	$(BIN)/truckroll db check --models

soak: setup ## Run the long tests: 200 requests per operation, long rehearsals
	@exec $(BIN)/pytest -n $(WORKERS) -m soak

bench: setup $(STAMPS)/bench ## Run the benchmarks and their peers
	@exec $(BIN)/python -m bench

assets: $(BUILT) ## Build styles and scripts of the pages

wheel: setup ## Build dist/truckroll-*.whl, which installs without Node
	$(BIN)/hatchling build --target wheel --directory dist

clean: ## Remove what was built or installed here; var/, where the data is, stays
	rm -rf .venv dist build artifacts web/node_modules server/console/static/built mobile_api/static/built
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis
	find server routing mobile_api tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

locks: setup ## Renew the lock files; UPGRADE=1 takes the newest versions that pyproject.toml allows
	$(INDEX); $(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	$(INDEX); for group in bootstrap build dev bench; do \
	  $(COMPILE) $(if $(UPGRADE),--upgrade) --group $$group -c requirements.lock -o requirements-$$group.lock || exit 1; \
	done
	cd web && npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts && node unaddressed.mjs

# --- steps -------------------------------------------------------------------------------------------------------------

# PYTHON names an interpreter of your own choice; otherwise the newest that is supported and complete.
$(STAMPS)/python:
	@if $(BIN)/python -c $(SUPPORTED) 2>/dev/null; then mkdir -p $(STAMPS) && touch $@ && exit 0; fi; \
	for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c $(SUPPORTED) 2>/dev/null; then \
	    echo "Preparing .venv with $$("$$python" --version)"; \
	    "$$python" -m venv --clear .venv && mkdir -p $(STAMPS) && touch $@ && exit 0; exit 1; \
	  fi; \
	done; \
	echo "Truckroll needs Python 3.11, 3.12, 3.13 or 3.14 with its venv module; none was found (make PYTHON=/path/to/python names one)." >&2; \
	exit 1

$(STAMPS)/uv: requirements-bootstrap.lock | $(STAMPS)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-bootstrap.lock
	@touch $@

$(STAMPS)/locked: $(LOCKS) $(STAMPS)/uv
	@echo "Installing what the lock files name"
	@$(INDEX); $(UV) pip sync --require-hashes requirements-bootstrap.lock $(LOCKS)
	@touch $@

$(STAMPS)/product: pyproject.toml hatch_build.py $(STAMPS)/locked
	@$(INDEX); $(UV) pip install --no-deps --no-build-isolation --editable .
	@touch $@

# The search is compiled once for a machine; every solver process then loads it.
$(STAMPS)/kernels: $(wildcard routing/engine/compiled/*.py) $(STAMPS)/product
	@echo "Compiling the optimiser, a minute or two"
	@$(BIN)/python -m routing.engine.warm
	@touch $@

$(STAMPS)/bench: requirements-bench.lock $(STAMPS)/locked
	@$(INDEX); $(UV) pip install --require-hashes -r requirements-bench.lock
	@touch $@

# npm and node come with the build group; scripts of packages are not run.
$(STAMPS)/npm: web/package.json web/package-lock.json web/.npmrc $(STAMPS)/locked
	@cd web && npm ci --ignore-scripts --prefer-offline --silent
	@touch $@

$(BUILT): $(WEB) $(STAMPS)/npm
	@echo "Building the pages' styles and scripts"
	@$(BIN)/npm --prefix web run --silent build -- --logLevel warn
	@touch $@
