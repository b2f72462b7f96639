# The first two commands of every newcomer: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Test processes: most tests wait for children, installs and databases.
PROCESSES ?= 3
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-annotate --quiet

.PHONY: help run test soak coverage bench check format schema release-schema lock clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## Set everything up and serve the product
	@exec $(BIN)/mcp-api serve

test: $(VENV)/.dev ## Set everything up and run every test; some of them: ARGS=tests/domain
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
endif

soak: $(VENV)/.dev ## The tests that take minutes: leaks, long calls, MCP's conformance suite
	$(BIN)/python -m pytest -m soak $(ARGS)

coverage: $(VENV)/.dev ## The same tests, and which lines and branches they reach in-process
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered $(ARGS)

bench: $(VENV)/.dev ## Measure sessions against the SDK: everything, or BENCH=stdio_calls …
	$(BIN)/python -m bench $(BENCH)

check: $(VENV)/.dev ## Format, lint, types, import contracts, schema, locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/mcp-api schema --check schema.graphql
	$(BIN)/mcp-api openapi --check openapi.json
	$(BIN)/mcp-api schema --reference --check docs/graphql-reference.md
	$(BIN)/mcp-api schema --against schema.released.graphql
	! grep -n '://' requirements/*.lock

format: $(VENV)/.dev ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(VENV)/.run ## Write schema.graphql, its reference and openapi.json anew
	$(BIN)/mcp-api schema > schema.graphql.new
	mv schema.graphql.new schema.graphql
	$(BIN)/mcp-api schema --reference > docs/graphql-reference.md
	$(BIN)/mcp-api openapi > openapi.json.new
	mv openapi.json.new openapi.json

release-schema: schema ## From now on, changes are compared with the schema as it is now
	cp schema.graphql schema.released.graphql

lock: $(VENV)/.uv ## Resolve the dependencies anew
	echo "uv" | $(LOCK) - -o requirements/uv.lock
	$(LOCK) pyproject.toml --group build --group dev -c requirements/uv.lock -o requirements/dev.lock
	$(LOCK) pyproject.toml --group build -c requirements/dev.lock -o requirements/run.lock

clean: ## Remove what was installed and cached; data/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

$(VENV)/.uv: requirements/uv.lock
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

$(VENV)/.run: requirements/run.lock pyproject.toml | $(VENV)/.uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements/run.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@
