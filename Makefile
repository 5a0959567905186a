# Two commands matter: `make demo` and `make test`. Both need Python 3.11 or later, and neither root nor Docker.

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m
# Checks that read the settings without using a database.
SETTINGS := SECRET_KEY=only-for-checks DATABASE_URL=postgres:///none
SERVERS := $(RUN) portal.embedded --
MANAGE := $(SERVERS) env SECRET_KEY=only-for-development $(BIN)/python manage.py
PACKAGES := portal matrix oncall routing demo tests
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench chaos migrations messages shell lock clean

help:  ## This list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | awk -F '\t' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: .venv/demo  ## The portal with a fictional provider and simulated phones on http://localhost:8000 (PORT=…)
	@exec $(RUN) demo.run

test: .venv/dev  ## Every test, against real PostgreSQL and Redis (ARGS="-k name" passes options to pytest)
	$(RUN) pytest --numprocesses=auto --maxprocesses=8 --dist=loadgroup $(ARGS)

lint: .venv/dev  ## Style, types, layers, templates, migrations, translations
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(SETTINGS) $(RUN) mypy
	$(BIN)/lint-imports
	$(RUN) djlint --lint --quiet templates demo
	$(MANAGE) makemigrations --check --dry-run
	@if [ -e portal/translations.py ] || [ -e portal/translations ]; then $(RUN) portal.translations check; fi

format: .venv/dev  ## Format the code and mend what can be mended automatically
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

bench: .venv/dev  ## Measure lateness and speed under load
	$(RUN) portal.embedded --directory .local/bench -- env SECRET_KEY=only-for-development $(RUN) tests.bench $(ARGS)

chaos: .venv/dev  ## Kill everything at random under load, then check that nothing was lost (SEED=…)
	$(RUN) tests.chaos $(if $(SEED),--seed $(SEED)) $(ARGS)

migrations: .venv/dev  ## Write migrations for changed models
	$(MANAGE) makemigrations $(ARGS)

messages: .venv/dev  ## Collect the texts to translate
	$(RUN) portal.translations collect

shell: .venv/demo  ## Django's shell on the demo's data, also while the demo runs
	$(SERVERS) env SECRET_KEY=only-for-development DJANGO_SETTINGS_MODULE=demo.settings $(BIN)/python manage.py shell

lock:  ## Renew requirements.txt and requirements-dev.txt (needs uv)
	$(COMPILE) -o requirements.txt
	$(COMPILE) -c requirements.txt --group dev -o requirements-dev.txt

clean:  ## Remove the environment and all local data
	@if [ -x $(BIN)/python ]; then $(RUN) portal.embedded --remove; fi
	rm -rf .venv .local .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find $(PACKAGES) -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. The files beside it are stamps: each is as new as the lock file it was made from.
.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed, and $(PYTHON) is not: $$($(PYTHON) --version 2>&1)." \
			"Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/demo: .venv/python requirements.txt
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/python requirements-dev.txt
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/demo
