# `make demo` and `make test` set themselves up. Prerequisites: python >= 3.11 with venv, git, make.
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo serve test check bench lock record clean
help:  ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: .venv/runtime  ## The main job on a simulated account, without keys
	$(BIN)/geminivideo demo

serve: .venv/runtime  ## The HTTP API on http://127.0.0.1:8321
	$(BIN)/geminivideo serve

test: .venv/dev  ## The tests
	$(BIN)/pytest -n 2 --dist worksteal

check: .venv/dev  ## Style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: .venv/dev  ## Every benchmark; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.report

lock: .venv/uv/bin/uv  ## Rewrite the hash-locked requirements
	./requirements/lock

record: .venv/dev  ## Record the model cassettes again, against the local stand-in server
	$(BIN)/pytest tests/agents --record-mode=rewrite

clean:  ## Remove what the demo made
	rm -rf out

.venv/uv/bin/uv: requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit("python >= 3.11 is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m venv .venv/boot
	.venv/boot/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade --target .venv/uv -r $<
	rm -rf .venv/boot
	touch $@

.venv/runtime: requirements/runtime.txt pyproject.toml | .venv/uv/bin/uv
	.venv/uv/bin/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/runtime.txt
	.venv/uv/bin/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: requirements/dev.txt .venv/runtime
	.venv/uv/bin/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/dev.txt
	touch $@
