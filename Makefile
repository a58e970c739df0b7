# Two commands for a new machine: `make demo` and `make test`. Each makes the environment it needs, once.
PYTHON ?= python3
PY = $$($(PYTHON) .ci/env.py)
export HF_HUB_OFFLINE ?= 1
# On few cores, threads of the tests and of the ComfyUI they talk to only get in each other's way.
export OMP_NUM_THREADS ?= 1

.PHONY: help env which-python lint test demo bench

help:
	@echo "make demo   edit a drawn picture with the miniature zoo; look at demo-output/sheet.png"
	@echo "make test   run every test; those on a real ComfyUI run where one is found"
	@echo "make lint   ruff and the type checker; tsc and eslint for the page (needs npm)"
	@echo "make bench  every script of benchmarks/"
	@echo "make env    only make the environment; make which-python prints its interpreter"

env:
	@$(PYTHON) .ci/env.py >/dev/null

which-python:
	@$(PYTHON) .ci/env.py

lint: env
	@py=$(PY) && $$py -m ruff check . && $$py -m ruff format --check . && $$py -m basedpyright --level error --pythonpath $$py
	@$(PYTHON) .ci/page_lint.py

# Playwright leaves an event loop running in its process, so the browser's tests have one of their own.
# Both parts run, whatever becomes of the first; either fails the whole.
test: env
	@py=$(PY) && { $$py -m pytest tests/browser; browser=$$?; \
	$$py -m pytest -n 2 --dist loadfile --ignore tests/browser && exit $$browser; }

demo: env
	@py=$(PY) && $$py -m polaris_core demo --out demo-output

bench: env
	@py=$(PY) && for script in benchmarks/*.py; do echo "== $$script"; OMP_NUM_THREADS=2 $$py $$script || echo "not measured, for the reason above"; done
