# Two commands are all the set-up: `make demo` runs the main job, `make test` runs every check.
# Both install what they need into .venv from the committed lock; uv itself is fetched where it is missing.

SHELL := /bin/bash
PATH := $(CURDIR)/.uv/bin:$(HOME)/.local/bin:$(PATH)
export PATH

.PHONY: demo test check format docs clean

demo: .venv/ready
	uv run --frozen --no-dev gatewise demo

test: .venv/ready
	uv sync --frozen --quiet
	uv run --frozen ruff format --check
	uv run --frozen ruff check
	uv run --frozen pyright
	uv run --frozen lint-imports
	uv run --frozen pytest --numprocesses 2

format: .venv/ready
	uv run --frozen ruff check --fix
	uv run --frozen ruff format

docs: .venv/ready
	uv run --frozen python docs/reference.py

.venv/ready: pyproject.toml uv.lock
	@command -v uv >/dev/null || { echo "uv is missing: installing it into .uv"; python3 -m venv .uv && .uv/bin/pip install --quiet uv; }
	uv sync --frozen --quiet --no-dev --inexact
	@touch $@

clean:
	rm -rf .venv .uv
