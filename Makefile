# Two commands are all the set-up: `make demo` runs the main job, `make test` runs every check.
# Both install what they need into .venv from the committed lock; uv itself is fetched where it is missing.

SHELL := /bin/bash
PATH := $(CURDIR)/.uv/bin:$(HOME)/.local/bin:$(PATH)
export PATH

.PHONY: demo test check format docs pictures bench accuracy tuning clean

demo: .venv/ready
	uv run --frozen --no-dev gatewise demo

test: .venv/ready
	uv sync --frozen --quiet
	uv run --frozen ruff format --check
	uv run --frozen ruff check
	uv run --frozen pyright
	uv run --frozen lint-imports
	site=$$(mktemp -d) && trap "rm -rf $$site" EXIT && $(MKDOCS) --site-dir $$site
	uv run --frozen pytest --numprocesses 2

format: .venv/ready
	uv run --frozen ruff check --fix
	uv run --frozen ruff format

# The site in site/, strictly: a broken link, a missing picture or a page without a place ends it.
# Not with --quiet, under which mkdocs counts no warnings and so passes everything.
MKDOCS := NO_MKDOCS_2_WARNING=1 uv run --frozen mkdocs build --strict
docs: .venv/ready
	uv run --frozen python -m docs.reference
	$(MKDOCS)
	@echo "site/index.html is written; for its search: python3 -m http.server --directory site"

# make pictures                                          the studies of the tuning guide: half an hour on two idle cores
# make pictures STUDIES="dropout loss"
pictures: .venv/ready
	uv run --frozen python -m docs.pictures $(STUDIES)

# make bench                        all benchmarks, 15 to 20 minutes; the peers go into .bench-venv
# make bench OPTIONS=--quick        a smoke run of about three minutes
# make bench PEERS=/path/to/python  an interpreter that has benchmarks/requirements.txt already
PEERS ?= .bench-venv/bin/python
bench: .venv/ready $(if $(filter .bench-venv/%,$(PEERS)),.bench-venv/ready)
	uv run --frozen --no-dev python benchmarks --python $(PEERS) $(OPTIONS)

# make accuracy DATA=/path/to/tables                     every table and every model: many hours
# make accuracy DATA=/path/to/tables TABLES=m4_hourly OPTIONS="--model gatewise --minutes 15"
# make accuracy TABLES=--table                           benchmarks/accuracy/RESULTS.md from the log
TABLES ?= all
accuracy: .venv/ready $(if $(filter .bench-venv/%,$(PEERS)),.bench-venv/ready)
	uv run --frozen --no-dev python benchmarks/accuracy $(TABLES) $(if $(DATA),--data $(DATA)) --python $(PEERS) $(OPTIONS)

# make tuning                                            the search: all measurements, about an hour
# make tuning MEASURES=co2 OPTIONS="--rounds 3"
# make tuning MEASURES=--table                           benchmarks/tuning/RESULTS.md from the log
MEASURES ?= all
tuning: .venv/ready $(if $(filter .bench-venv/%,$(PEERS)),.bench-venv/ready)
	uv run --frozen --no-dev python benchmarks/tuning $(MEASURES) --python $(PEERS) $(OPTIONS)

# PyTorch by its version and alone first: pip then takes a local CPU build where it is told of one.
.bench-venv/ready: benchmarks/requirements.txt | .venv/ready
	.venv/bin/python -m venv .bench-venv
	.bench-venv/bin/pip install --quiet "$$(grep '^torch==' $<)"
	.bench-venv/bin/pip install --quiet --requirement $<
	@touch $@

.venv/ready: pyproject.toml uv.lock
	@command -v uv >/dev/null || { echo "uv is missing: installing it into .uv"; python3 -m venv .uv && .uv/bin/pip install --quiet uv; }
	uv sync --frozen --quiet --no-dev --inexact
	@touch $@

clean:
	rm -rf .venv .uv .bench-venv
