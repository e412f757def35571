# Everything runs from .venv, made from the hash-pinned lock: nothing else has to be installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp-$(shell cat requirements.lock bootstrap.lock pyproject.toml | cksum | cut -d' ' -f1)

.PHONY: help demo stop quick test soak fuzz check bench field sizes conformance engines docs lock clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(STAMP): requirements.lock bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "ERROR: Python 3.11 or newer is needed as '$(PYTHON)'. Install it, or run: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@rm -rf "$(VENV)"
	@$(PYTHON) -m venv "$(VENV)"
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@"$(BIN)/uv" pip sync --quiet --python "$(BIN)/python" --require-hashes requirements.lock
	@"$(BIN)/uv" pip install --quiet --python "$(BIN)/python" --no-build-isolation --no-deps -e .
	@touch "$(STAMP)"

demo: $(STAMP) ## Build two layers on an embedded AWS with the real terraform (KEEP=1 leaves it running)
	@exec "$(BIN)/python" -m demo $(if $(KEEP),--keep)

stop: $(STAMP) ## End the embedded AWS that `make demo KEEP=1` left running
	@"$(BIN)/python" -m demo --stop

SEED := $(if $(filter 1,$(SHUFFLE)),$(shell echo $$RANDOM),$(SHUFFLE))
# Tests start a thousand processes of our own: none of them compiles the sources once more.
PYTEST = $(if $(SEED),echo "in the order of SHUFFLE=$(SEED)";) PYTHONDONTWRITEBYTECODE= "$(BIN)/python" -m pytest -n 2 --dist worksteal \
	  $(if $(SEED),-p randomly --randomly-seed=$(SEED))

quick: $(STAMP) ## Run the tests that need neither an embedded AWS nor terraform (tests/needs.py) and are quick
	@$(PYTEST) -m "not aws and not terraform and not slow" $(ARGS)

test: $(STAMP) ## Run the whole test suite (SHUFFLE=1 in another order, SHUFFLE=<seed> in that order again)
	@$(PYTEST) $(ARGS)

soak: $(STAMP) ## Run the release machine against random interleavings and faults for five minutes (SOAK_SECONDS=60)
	@"$(BIN)/python" -m tests.soak $(SOAK_SECONDS)

fuzz: $(STAMP) ## Attack every reader of documents for ten seconds each (FUZZ_SECONDS=60, SEED=1, ARGS="record ELF")
	@"$(BIN)/python" -m tests.fuzz $(or $(FUZZ_SECONDS),10) $(or $(SEED),$$RANDOM) $(ARGS)

check: $(STAMP) ## ruff, mypy --strict, import rules, file lengths
	@"$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"
	@"$(BIN)/lint-imports"
	@git ls-files -z '*.py' | xargs -0 wc -l | awk '$$2 != "total" && $$1 > 400 { print $$2 ": " $$1 " lines, at most 400"; long = 1 } END { exit long }'

LOCK := "$(BIN)/uv" pip compile --quiet --universal --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header

BENCH := .bench/venv
BENCH_STAMP := $(BENCH)/.stamp-$(shell cat bench.lock | cksum | cut -d' ' -f1)

$(BENCH_STAMP): bench.lock $(STAMP)
	@rm -rf "$(BENCH)" && mkdir -p .bench
	@$(PYTHON) -m venv "$(BENCH)"
	@"$(BIN)/uv" pip install --quiet --python "$(BENCH)/bin/python" --require-hashes -r bench.lock
	@touch "$(BENCH_STAMP)"

bench: $(BENCH_STAMP) ## Measure the worker against pip + zipfile and sam build (SIZES="small medium large plan")
	@"$(BIN)/python" -m bench $(SIZES) $(ARGS)

field: $(STAMP) ## Take 42 real requirement sets through the worker, and use what it makes (ARGS="--each 2")
	@"$(BIN)/python" -m bench.field $(ARGS)

sizes: $(STAMP) ## Compare predicted sizes with builds of 45 sets, and write docs/size-analysis.md
	@"$(BIN)/python" -m bench.size_analysis
	@"$(BIN)/python" -m bench.sizes --write $(ARGS)

conformance: $(STAMP) ## The whole story with the real hashicorp/aws 3.39.0, and with Terraform 1.15
	@CONFORMANCE=whole "$(BIN)/python" -m pytest -q -rs -s -n 0 tests/conformance \
	  tests/terraform/test_conformance.py tests/terraform/test_newer_terraform.py $(ARGS)

engines: $(BENCH_STAMP) ## Measure engines that deflate, over the layer of the last `make bench`
	@PYTHONPATH=. "$(BENCH)/bin/python" -m bench.engines .bench/work/ours/out/layer.zip \
	  "$$(ls .bench/work/ours/.tools/deflate/_deflate*.so)"

docs: $(STAMP) ## Write the tables of docs/layers-toml.md from builder/spec/fields.py
	@"$(BIN)/python" -c 'import pathlib; from builder.spec import fields_page; \
	  file = pathlib.Path("docs/layers-toml.md"); \
	  file.write_text(fields_page.page(file.read_text("utf-8")), "utf-8")'

lock: ## Resolve pyproject.toml into the lock files again
	@$(LOCK) --python-version 3.11 --extra cdktf --group dev pyproject.toml -o requirements.lock
	@$(LOCK) --python-version 3.11 --group bootstrap -o bootstrap.lock
	@$(LOCK) --python-version 3.11 --group bench -o bench.lock
	@$(LOCK) --python-version 3.11 --group conformance -o conformance.lock
	@$(LOCK) --python-version 3.11 --group hybrid -o hybrid.lock
	@$(LOCK) --python-version 3.9 --group tools -o builder/worker/tools.txt

clean: ## Remove what the targets made
	@rm -rf "$(VENV)" .demo .bench cdktf.out .mypy_cache .ruff_cache .pytest_cache
