# UGRN Explorer. `make` alone prints what there is to make.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTHONS := 3.11 3.12 3.13
KIT := safetensors pydantic pydantic-core annotated-types typing-inspection typing-extensions

# Waiting threads sleep: docs/decisions/040-waiting-threads-sleep.md
export OMP_WAIT_POLICY ?= passive

.DEFAULT_GOAL := help
.PHONY: help run setup test fast again lint docs wheel bench gpu-check gpu-kit fuzz soak effects mutate tables results screenshots constraints clean

help: ## print these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: $(VENV)/.ready$(if $(LIGHT),-light) ## make the environment and open the app in the browser; LIGHT=1 leaves the official scgpt out
	$(BIN)/streamlit run app.py $(ARGS)

setup: $(VENV)/.ready-dev ## make the environment for work on the project (.venv, Python 3.11)

test: $(VENV)/.ready-dev ## make the environment and run the tests; ARGS="-k store" picks some
	$(BIN)/python -m pytest $(ARGS)

fast: $(VENV)/.ready-dev ## the fast part: no pages, no browser, no programs of their own
	$(BIN)/python -m pytest -m "not slow and not browser" $(ARGS)

again: $(VENV)/.ready-dev ## the fast part 20 times, each in another order and with other examples; ARGS="--times 5"
	$(BIN)/python -m tests.campaign.again $(ARGS)

lint: $(VENV)/.ready-dev ## style, types, which room imports which, the Dockerfile, advisories on the pinned versions
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m tests.audit

bench: $(VENV)/.ready ## how fast the sweep is on this machine (some minutes, alone); ARGS="--quick" shows that it runs
	$(BIN)/python -m ugrn_core bench $(ARGS)

gpu-check: $(VENV)/.ready ## exactness and speed on this machine's GPU in some minutes, into docs/benchmarks/gpu.json
	$(BIN)/python -m ugrn_core.bench --check --device $(or $(DEVICE),cuda) --out docs/benchmarks/gpu.json $(ARGS)

gpu-kit: $(VENV)/.ready ## a folder with that check for a machine that has torch and no network (GPU_PYTHON=3.12)
	rm -rf build/gpu-kit && mkdir -p build/gpu-kit
	git archive HEAD ugrn_core assets/models | tar -x -C build/gpu-kit
	$(PIP) install --quiet --no-deps --only-binary=:all: --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 \
		--python-version $(or $(GPU_PYTHON),3.12) --target build/gpu-kit/site -c constraints.txt $(KIT)
	@printf '#!/bin/sh\ncd "$$(dirname "$$0")" && PYTHONPATH=site:. exec python3 -m ugrn_core.bench --check --device cuda --out "$${OUT:-.}/gpu.json" "$$@"\n' \
		> build/gpu-kit/check.sh
	@chmod +x build/gpu-kit/check.sh
	@echo "Take build/gpu-kit to the machine and run ./check.sh there; gpu.json is what it found."

fuzz: $(VENV)/.ready-dev ## thousands of spoilt inputs through every reader (some minutes); ARGS="--inputs 300 --seed 1"
	$(BIN)/python -m tests.campaign.fuzz $(ARGS)

soak: $(VENV)/.ready-dev ## sessions at once, networks killed at random points, memory (some minutes)
	$(BIN)/python -m tests.campaign.soak $(ARGS)

effects: $(VENV)/.ready ## what every gene of an embedded model does to others (half an hour on two cores); MODEL=ugrn-mini-3 ARGS=--only-reference
	$(BIN)/python -m ugrn_core.pretrain effects $(MODEL) $(ARGS)

mutate: $(VENV)/.ready-dev ## small changes of science and safety, one at a time: what do the tests notice? ARGS="--only pair --changes 40"
	$(BIN)/python -m tests.campaign.mutate $(ARGS)

tables: $(VENV)/.ready ## every frame of the benchmark that is shipped anew, into build/tables (hours); ARGS=--plan lists them
	$(BIN)/python -m ugrn_core benchmark shipped --out build/tables $(ARGS)
	@echo "Compare build/tables with assets/benchmark, copy what is to be shipped, then: make results"

results: $(VENV)/.ready-dev ## what README and docs say of the benchmark, written anew from its frames
	$(BIN)/python -m tests.results_text

screenshots: $(VENV)/.ready-dev ## pictures of every page, light and dark, into docs/images
	$(BIN)/python -m tests.screenshots

constraints: $(VENV)/.ready-dev ## write down the versions of this environment, after a change of the requirements
	@grep '^#' constraints.txt > constraints.new
	@$(PIP) freeze --all --exclude-editable | sed -n 's/^\([A-Za-z0-9._-]*==[^+ ]*\).*/\1/p' | \
		grep -v -e '^pip==' -e '^wheel==' >> constraints.new
	@cmp -s constraints.new constraints.txt || cp constraints.new constraints.txt
	@rm constraints.new

docs: $(VENV)/.ready-dev ## the documentation as a site, notebooks run, into build/docs; a broken link is an error
	$(BIN)/python -m sphinx -W --keep-going docs build/docs $(ARGS)

wheel: $(VENV)/.ready-dev ## the package as a wheel and as its source, into dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove the environment and what the tools left behind; results and downloads in cache/ stay
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.ready: requirements.txt constraints.txt pyproject.toml | $(VENV)/.torch
	$(PIP) install -r requirements.txt
	$(PIP) install --no-deps --editable .
	@touch $@ $(VENV)/.ready-light

# The extra "parity" (the official scgpt, 610 MB) is for `ugrn doctor --parity` alone.
$(VENV)/.ready-light: requirements.txt constraints.txt pyproject.toml | $(VENV)/.torch
	$(PIP) install -c constraints.txt --editable '.[app,cluster]'
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	$(PIP) install --quiet -r requirements-dev.txt
	@touch $@

# On Linux the ordinary build of torch is the CUDA one, several GB larger: of use with an NVIDIA card only. uv knows
# where PyTorch keeps the other (docs/decisions/100-torch-for-the-processor.md).
$(VENV)/.torch: $(BIN)/python
	@if [ "$$(uname -s)" = Linux ] && ! nvidia-smi -L > /dev/null 2>&1 && ! $(BIN)/python -c 'import torch' 2> /dev/null; then \
		echo "No NVIDIA driver answers: taking the build of torch for processors."; \
		{ $(PIP) install --quiet -c constraints.txt uv && $(BIN)/uv pip install --quiet --python $(BIN)/python \
			--no-deps --torch-backend=cpu "$$(grep -o '^torch==[^ ]*' requirements.txt)"; } 2> $(VENV)/torch.log || \
			echo "It cannot be had from here ($(VENV)/torch.log): pip takes the ordinary one, which runs as well."; \
	fi
	@touch $@

$(BIN)/python:
	@for python in $(PYTHON) $(PYTHONS:%=python%) python3 python; do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null); \
		case " $(PYTHONS) " in *" $$version "*) ;; *) continue;; esac; \
		[ "$$version" = 3.11 ] || echo "Python $$version: all tests have run with 3.11, only those of make fast with 3.12 and 3.13." >&2; \
		exec $$python -m venv $(VENV); \
	done; \
	echo "None of Python $(PYTHONS) was found. Install one and try again, or say where it is:" >&2; \
	echo "    make $(or $(firstword $(MAKECMDGOALS)),setup) PYTHON=/path/to/python3.11" >&2; \
	exit 1
