# `make demo` and `make test` are the two commands of the README; both work from a clean clone.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
VARIANT ?= cpu
SECONDS ?= 600
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

PACKAGES := $(wildcard packages/*/pyproject.toml services/*/pyproject.toml client/pyproject.toml)

.PHONY: help demo install test test-slow test-reliability test-images fuzz lint proto chart bench images clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# torch is named first and alone so that no other package's range can choose a CUDA build for it. modisco-lite comes without
# its dependencies: two of them are GPL and not used here (docs/methods.md, engine modisco). tritonclient, which tests only, caps a
# package that ONNX needs newer.
$(VENV)/.installed: requirements.txt constraints.txt $(PACKAGES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) torch hatchling editables
	$(PIP) --no-build-isolation -r requirements.txt
	$(PIP) --no-deps modisco-lite
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.txt
	$(PIP) -r requirements-test.txt
	$(PIP) --no-deps tritonclient
	touch $@

install: $(VENV)/.installed ## make .venv and install cislex into it

demo: $(VENV)/.installed ## simulate two peak sets, run the whole analysis, print the path of the report
	$(BIN)/cislex demo --out demo

# Tests that kill servers and count their attempts have the machine to themselves: beside heavy tests a worker may be silent
# for longer than they allow.
test: $(VENV)/.installed-test ## add the test extras and run the tests, two at a time with one thread each
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --ignore tests/chaos
	$(BIN)/pytest tests/chaos

test-slow: $(VENV)/.installed-test ## the tests that take minutes
	$(BIN)/pytest -m slow

test-images: $(VENV)/.installed-test ## build the images and run them (as root; buildah, podman, runc, debootstrap; 20 GB)
	$(BIN)/pytest -m images -s tests/images

chart: $(VENV)/.installed-test ## lint, render and validate the Helm chart (no cluster needed)
	$(BIN)/python scripts/chart_readme.py --write
	$(BIN)/pytest tests/charts

test-reliability: $(VENV)/.installed-test ## kills, outages, crowds and a soak of half an hour; figures in docs/reliability.md
	$(BIN)/pytest -m reliability -s tests

fuzz: $(VENV)/.installed-test ## fuzz the readers of files (FORMATS="bed meme": these; SECONDS=600 for each)
	$(PIP) atheris
	$(BIN)/python tests/fuzz/fuzz.py $(FORMATS) --seconds $(SECONDS)

lint: $(VENV)/.installed-test ## ruff, types, buf lint, stubs equal to the committed ones
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy packages services client
	$(BIN)/python scripts/protos.py --lint
	$(BIN)/python scripts/protos.py --check
	$(BIN)/python scripts/client_calls.py --check

proto: $(VENV)/.installed-test ## regenerate the stubs in packages/protos and the functions of the Python client
	$(BIN)/python scripts/protos.py
	$(BIN)/python scripts/client_calls.py

bench: $(VENV)/.installed-test ## compare with others in one run; prints ratios
	$(BIN)/python -m benchmarks

images: ## build the container images (VARIANT=gpu: those with CUDA; OPTIONS: for docker, podman or buildah)
	$(PYTHON) docker/build.py --variant $(VARIANT) $(TARGETS) -- $(OPTIONS)

clean: ## remove what the targets above made
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache
