# Everything runs from .venv, made from the hash-pinned lock: nothing else has to be installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp-$(shell cat requirements.lock bootstrap.lock pyproject.toml | cksum | cut -d' ' -f1)

.PHONY: help demo demo-hybrid sandbox stop wheel quick test soak calls fuzz policies check bench field sizes advice conformance cdktn scan engines docs site module lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "ERROR: Python 3.11 or newer is needed as '$(PYTHON)'. Install it, or run: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@rm -rf "$(VENV)"
	@$(PYTHON) -m venv "$(VENV)"
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@"$(BIN)/uv" pip sync --quiet --python "$(BIN)/python" --require-hashes requirements.lock
	@"$(BIN)/uv" pip install --quiet --python "$(BIN)/python" --no-build-isolation --no-deps -e .
	@touch "$(STAMP)"

# An editable install has a copy of the script that starts the command.
COMMAND := $(BIN)/lambda-layer
$(COMMAND): fast_lambda_layer/lambda-layer.sh | $(STAMP)
	@"$(BIN)/uv" pip install --quiet --python "$(BIN)/python" --no-build-isolation --no-deps -e .
	@touch "$(COMMAND)"

demo: $(STAMP) ## Build two layers on an embedded AWS with the real terraform (KEEP=1 leaves it running)
	@exec "$(BIN)/python" -m demo $(if $(KEEP),--keep)

demo-hybrid: $(STAMP) ## A service too large for a layer, on an embedded AWS: cold, warm, stopped, and back with its data
	@exec "$(BIN)/python" -m demo.hybrid

sandbox: $(STAMP) ## Try one's own layers on the embedded AWS: make sandbox PROJECT=path; again after an edit
	@exec "$(BIN)/python" -m sandbox $(if $(PROJECT),"$(PROJECT)")

stop: $(STAMP) ## End the embedded AWS that `make demo KEEP=1` or `make sandbox` left running
	@"$(BIN)/python" -m demo --stop
	@"$(BIN)/python" -m sandbox --stop

wheel: $(STAMP) ## Build the sdist and the wheel into dist/
	@"$(BIN)/uv" build --quiet --offline --no-build-isolation --python "$(BIN)/python" --out-dir dist

SEED := $(if $(filter 1,$(SHUFFLE)),$(shell echo $$RANDOM),$(SHUFFLE))
WORKERS := 4
# Tests start a thousand processes of our own: none of them compiles the sources once more.
PYTEST = $(if $(SEED),echo "in the order of SHUFFLE=$(SEED)";) PYTHONDONTWRITEBYTECODE= "$(BIN)/python" -m pytest -n $(WORKERS) --dist worksteal \
	  $(if $(SEED),-p randomly --randomly-seed=$(SEED))

quick: $(STAMP) $(COMMAND) ## Run the tests that need neither an embedded AWS nor terraform (tests/needs.py) and are quick
	@$(PYTEST) --ignore=tests/terraform -m "not aws and not terraform and not slow" $(ARGS)

test: $(STAMP) $(COMMAND) ## Run the whole test suite (SHUFFLE=1 in another order, SHUFFLE=<seed> in that order again)
	@$(PYTEST) $(ARGS)

soak: $(STAMP) ## Kill, race and disturb releases for up to ten minutes, and write docs/reliability.md (ARGS="--random 60")
	@"$(BIN)/python" -m tests.soak $(ARGS)

calls: $(STAMP) ## Compute the calls of AWS that many layers take, and write docs/performance.md
	@"$(BIN)/python" -m tests.soak.calls

fuzz: $(STAMP) ## Attack every reader of documents for ten seconds each (FUZZ_SECONDS=60, SEED=1, ARGS="record ELF")
	@"$(BIN)/python" -m tests.fuzz $(or $(FUZZ_SECONDS),10) $(or $(SEED),$$RANDOM) $(ARGS)

policies: $(STAMP) ## Take each action out of policies, and see which flow breaks; widen all policies
	@POLICY_MUTATIONS=all "$(BIN)/python" -m pytest -q -s -n 0 tests/policies $(ARGS)

check: $(STAMP) ## ruff, mypy --strict, import rules, a row for each error, file lengths, whether terraform/ is stale, the site, the scanners
	@"$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"
	@"$(BIN)/lint-imports"
	@"$(BIN)/python" -m tests.advice.table
	@"$(BIN)/python" -m hcl --check
	@git ls-files -z '*.py' | xargs -0 wc -l | awk '$$2 != "total" && $$1 > 400 { print $$2 ": " $$1 " lines, at most 400"; long = 1 } END { exit long }'
	@$(MAKE) --no-print-directory site scan

LOCK := "$(BIN)/uv" pip compile --quiet --universal --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header

BENCH := .bench/venv
BENCH_STAMP := $(BENCH)/.stamp-$(shell cat bench.lock | cksum | cut -d' ' -f1)

$(BENCH_STAMP): bench.lock $(STAMP)
	@rm -rf "$(BENCH)" && mkdir -p .bench
	@$(PYTHON) -m venv "$(BENCH)"
	@"$(BIN)/uv" pip install --quiet --python "$(BENCH)/bin/python" --require-hashes -r bench.lock
	@touch "$(BENCH_STAMP)"

bench: $(BENCH_STAMP) ## Measure the worker against pip + zipfile and sam build (SIZES="small medium large plan files", PACKAGE_PY=file)
	@"$(BIN)/python" -m bench $(SIZES) $(ARGS)

field: $(STAMP) ## Take 42 real requirement sets through the worker, and use what it makes (ARGS="--each 2")
	@"$(BIN)/python" -m bench.field $(ARGS)

sizes: $(STAMP) ## Compare predicted sizes with builds of 45 sets, and write docs/size-analysis.md
	@"$(BIN)/python" -m bench.size_analysis
	@"$(BIN)/python" -m bench.sizes --write $(ARGS)

advice: $(STAMP) ## Follow what `size` advises for 15 sets that do not fit, build it, and write docs/size-analysis.md
	@"$(BIN)/python" -m bench.advice --write $(ARGS)

CDKTN := .cdktn
CDKTN_STAMP := $(CDKTN)/.stamp-$(shell cat cdktn.lock | cksum | cut -d' ' -f1)

$(CDKTN_STAMP): cdktn.lock $(STAMP)
	@rm -rf "$(CDKTN)"
	@"$(BIN)/python" -m venv "$(CDKTN)"
	@"$(BIN)/uv" pip install --quiet --python "$(CDKTN)/bin/python" --require-hashes -r cdktn.lock
	@touch "$(CDKTN_STAMP)"

cdktn: $(CDKTN_STAMP) ## Compare what cdktf and its successor cdktn synthesize
	@"$(BIN)/python" -m pytest -q -rs -n 0 tests/conformance/test_cdktn.py

conformance: $(STAMP) $(CDKTN_STAMP) ## The whole story with the real hashicorp/aws 3.39.0, and with Terraform 1.15; cdktn
	@CONFORMANCE=whole "$(BIN)/python" -m pytest -q -rs -s -n 0 tests/conformance \
	  tests/terraform/test_conformance.py tests/terraform/test_newer_terraform.py $(ARGS)

scan: $(STAMP) ## Look at the Terraform with checkov (example, async, service, all options, module), at policies with parliament
	@"$(BIN)/python" -m pytest -q -rs -s -n 0 tests/conformance/test_scan.py tests/conformance/test_policies.py $(ARGS)

engines: $(BENCH_STAMP) ## Measure engines that deflate, over the layer of the last `make bench`
	@PYTHONPATH=. "$(BENCH)/bin/python" -m bench.engines .bench/work/ours/out/layer.zip \
	  "$$(ls .bench/work/ours/.tools/deflate/_deflate*.so)"

docs: $(STAMP) ## Write the tables of docs/layers-toml.md from builder/spec/fields.py
	@"$(BIN)/python" -c 'import pathlib; from builder.spec import fields_page; \
	  file = pathlib.Path("docs/layers-toml.md"); \
	  file.write_text(fields_page.page(file.read_text("utf-8")), "utf-8")'

SITE := .site/venv
SITE_STAMP := $(SITE)/.stamp-$(shell cat site.lock | cksum | cut -d' ' -f1)
# What the pages and the reference are made of; the rest of the code cannot change them.
SITE_SOURCES := $(wildcard *.md docs/*.md examples/ci/* terraform/*.md docsite/*.py builder/cli.py builder/errors.py \
	  builder/commands/*.py builder/operations/explain.py builder/protocol/statuses.py modules/layer/*.py)

$(SITE_STAMP): site.lock $(STAMP)
	@rm -rf "$(SITE)" && mkdir -p .site
	@$(PYTHON) -m venv --without-pip "$(SITE)"
	@"$(BIN)/uv" pip install --quiet --python "$(SITE)/bin/python" --require-hashes -r site.lock
	@touch "$(SITE_STAMP)"

.site/html/index.html: $(SITE_STAMP) $(SITE_SOURCES)
	@rm -rf .site/html && "$(BIN)/python" -m docsite .site/source
	@"$(SITE)/bin/python" -m sphinx --quiet --fail-on-warning --keep-going --jobs auto -b html \
	  -d .site/doctrees .site/source .site/html || { rm -rf .site/html; exit 1; }

site: .site/html/index.html ## Make the documentation site in .site/html; a warning is an error

module: $(STAMP) ## Write the Terraform module in terraform/ from the constructs
	@"$(BIN)/python" -m hcl

lock: ## Resolve pyproject.toml into the lock files again
	@$(LOCK) --python-version 3.11 --extra cdktf --extra audit --group dev pyproject.toml -o requirements.lock
	@$(LOCK) --python-version 3.11 --group bootstrap -o bootstrap.lock
	@$(LOCK) --python-version 3.11 --group bench -o bench.lock
	@$(LOCK) --python-version 3.11 --extra cdktn pyproject.toml -o cdktn.lock
	@$(LOCK) --python-version 3.11 --group conformance -o conformance.lock
	@$(LOCK) --python-version 3.11 --group hybrid -o hybrid.lock
	@$(LOCK) --python-version 3.11 --group scan -o scan.lock
	@$(LOCK) --python-version 3.11 --group site -o site.lock
	@$(LOCK) --python-version 3.9 --group tools -o builder/worker/tools.txt

clean: ## Remove what the targets made
	@rm -rf "$(VENV)" "$(CDKTN)" .demo .demo-hybrid .sandbox .site .bench cdktf.out .mypy_cache .ruff_cache .pytest_cache
