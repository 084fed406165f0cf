# What is needed: make and Python 3.11 or newer, and Node 20 or newer for the page. Everything else is installed into .venv/ and
# visualizer/node_modules/, once.
# `make PYTHON=/path/to/python3.12 …` chooses the Python.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

ifndef PYTHON
PYTHON := $(shell for candidate in python3.11 python3.12 python3.13 python3 python; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; done)
endif

VENV := .venv
PY := $(VENV)/bin/python
# Wheels only where there are any; modules are compiled when they are first imported, not all at once.
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --prefer-binary --no-compile
# Stamps say what is installed: nothing is installed twice, and everything anew when a list of requirements changes.
MADE := $(VENV)/.made
BASE := $(VENV)/.base
DEV := $(VENV)/.dev
FULL := $(VENV)/.full

MONGO := .tools/mongo/.made

# The page. Where there is no Node 20, all else is there without it; CI=true makes that an error.
PAGE := visualizer/dist/index.html
PAGE_SOURCES := $(wildcard visualizer/*.json visualizer/*.ts visualizer/*.js visualizer/index.html) docs/openapi.json \
	$(shell find visualizer/src visualizer/public -type f 2>/dev/null)
NODE_MODULES := visualizer/node_modules/.made
HAS_NODE := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null && echo yes)

.PHONY: help demo readers test e2e screenshots page test-page mongo check format serve docs venv clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(BASE) page ## Build a project from photos, analyse a video and print who appears when
	$(PY) -m evaluation.demo run

readers: $(FULL) ## Take the results of `make demo` through every export format and a reader of each
	$(PY) -m tests.readers

# A process takes tests over from another one when its own are done. ARGS="-n 0" for a single one, as a debugger needs it.
# On a machine of CI, which others use too, a test that failed is tried once more, and the log tells both.
test: $(FULL) mongo $(if $(ARGS),,test-page) ## Run all tests, those with the real networks too; ARGS="-k name" for some of them
	$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(if $(CI),--reruns 1 --rerun-show-tracebacks) $(ARGS)

e2e: $(DEV) page ## Watch the page in the system's Chromium, over a real server
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then \
		PYTHON=$(abspath $(PY)) npm --prefix visualizer run --silent e2e; \
	else echo "No Chromium: the page is not watched. On Debian: apt-get install chromium" >&2; fi

screenshots: $(BASE) page ## Take the pictures of the page in docs/images/ anew, in the system's Chromium
	PYTHON=$(abspath $(PY)) npm --prefix visualizer run --silent screenshots

ifeq ($(HAS_NODE),yes)
page: $(PAGE) ## Build the web page, where Node 20 is there

test-page: $(NODE_MODULES) ## Check the web page: types, style, unit tests
	npm --prefix visualizer run --silent check

$(PAGE): $(NODE_MODULES) $(PAGE_SOURCES)
	npm --prefix visualizer run --silent build -- --logLevel warn
	@touch $@

$(NODE_MODULES): visualizer/package-lock.json visualizer/package.json
	npm --prefix visualizer ci --loglevel=error --no-audit --no-fund
	@touch $@
else
page test-page:
	@echo "No Node 20.19 or newer: the web page is not $(if $(filter page,$@),built,tested). Everything else works without it." >&2
	@test -z "$$CI"
endif

# Where Java or Maven is missing, the tests that need a MongoDB are skipped with the reason.
mongo: ## Build the server that stands in for MongoDB in tests, where none is given and Java is there
	@if [ -n "$$FACEREC_TEST_MONGODB_URI" ] || command -v mongod >/dev/null; then :; \
	elif command -v java >/dev/null && command -v mvn >/dev/null; then $(MAKE) --no-print-directory $(MONGO); \
	else echo "No MongoDB, or Java and Maven to build a stand-in: its tests are skipped." >&2; fi

$(MONGO): tests/tools/mongo/pom.xml tests/tools/mongo/TestMongo.java
	mvn --quiet --batch-mode -Dstyle.color=never --file tests/tools/mongo/pom.xml compile dependency:copy-dependencies
	@touch $@

check: $(DEV) ## Check format, style and types
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

format: $(DEV) ## Bring the code into the one format
	$(PY) -m ruff check --fix --quiet . || true
	$(PY) -m ruff format .

serve: $(BASE) page ## Serve the page and the API at http://127.0.0.1:5000
	$(PY) server.py

docs: $(BASE) ## Write the tables of settings and commands in docs/ anew, and the description of the API
	$(PY) -m docs.tables
	$(PY) -m src.api.describe docs/openapi.json
ifeq ($(HAS_NODE),yes)
	$(MAKE) --no-print-directory $(NODE_MODULES)
	npm --prefix visualizer run --silent types
endif

venv: $(FULL) ## Install everything into .venv/ for work on the code

clean: ## Remove what tools leave behind and the built page; data/ and .venv/ stay
	rm -rf build dist visualizer/dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .coverage
	find src tests evaluation docs -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove .venv/, .tools/ and visualizer/node_modules/ too; data/ stays
	rm -rf $(VENV) .tools visualizer/node_modules

$(MADE):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it, or give its path:" \
		"make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or newer. Give the path of one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(BASE): requirements.txt | $(MADE)
	@echo "Installing requirements.txt into $(VENV)/ …" >&2
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(BASE)
	@echo "Installing requirements-dev.txt into $(VENV)/ …" >&2
	$(PIP) -r requirements.txt -r requirements-dev.txt
	@touch $@

$(FULL): requirements-alone.txt requirements-dlib.txt requirements-export.txt requirements-facenet.txt requirements-search.txt requirements-sites.txt requirements-tracking.txt $(DEV)
	@echo "Installing requirements-alone.txt, -dlib.txt, -export.txt, -facenet.txt, -search.txt, -sites.txt and -tracking.txt into $(VENV)/ …" >&2
	$(PIP) -r requirements.txt -r requirements-dev.txt -r requirements-dlib.txt -r requirements-export.txt \
		-r requirements-facenet.txt -r requirements-search.txt -r requirements-sites.txt
	$(PIP) --no-deps -r requirements-tracking.txt -r requirements-alone.txt
	@touch $@
