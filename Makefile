# Everything runs in .venv, made from uv.lock. On a fresh machine this needs Python 3.11+, make and a package registry.
.DEFAULT_GOAL := help
UV := $(shell command -v uv 2>/dev/null || echo .venv/bin/uv)
STAMP := .venv/.synced

.PHONY: help demo test check bench format clean
help:   ## what there is
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / — /'

$(STAMP): pyproject.toml uv.lock
	@command -v uv >/dev/null || test -x .venv/bin/uv || { python3 -m venv .venv && .venv/bin/python -m pip install --quiet uv; }
	@$(UV) sync --quiet --frozen --inexact
	@touch $@

demo: $(STAMP) ## set everything up and play a short story: real server, real agent, real attack
	@.venv/bin/remit demo --once

test: $(STAMP) ## set everything up and run every test
	@.venv/bin/python -m pytest -n 2 --dist loadfile

check: $(STAMP) ## format, lint, types, imports
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

bench: $(STAMP) ## measure a real Remit beside the bare server and its peers, which are installed into ~/.cache
	@.venv/bin/remit bench $(ARGS)

format: $(STAMP) ## write the format and the lint fixes
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

clean: ## remove what the build made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
