# Everything a person or CI runs. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATIC := staticfiles/staticfiles.json
VENDOR := static/vendor/.made
CLIENTS := tests/clients/node_modules/.made
GENERATED := static/generated/.made

# Three workers keep two cores busy while some wait for servers. A file stays with one worker, which starts its servers.
WORKERS := -n 3 --dist loadgroup --no-loadscope-reorder

# Compiled modules are kept even where the environment forbids it: without them each process of a test compiles all.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run build test test-faults test-production test-fast check format lock bench messages screenshots clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

run: $(STATIC) ## Run the site on http://127.0.0.1:8000 until Ctrl-C
	@exec $(BIN)/python manage.py run

build: $(STATIC) ## Install what the site needs and collect what browsers load, without running it

test: $(VENV)/.dev $(STATIC) $(CLIENTS) ## Run all tests, on SQLite and PostgreSQL, with real servers and a browser
	@tools/test-servers
	$(BIN)/python -m pytest $(WORKERS) -m "not slow_fault and not production"
	TEST_DATABASE=postgresql $(BIN)/python -m pytest $(WORKERS) -m "database and not alone"

test-faults: $(VENV)/.dev $(STATIC) ## Run the tests of all faults, those that take minutes included
	@tools/test-servers
	$(BIN)/python -m pytest $(WORKERS) -m fault

test-production: $(VENV)/.dev $(STATIC) ## Run the tests of HTTPS and deployment, with real authorities and name servers
	@tools/test-servers production
	$(BIN)/python -m pytest $(WORKERS) -m production

test-fast: $(VENV)/.dev $(STATIC) ## Run the tests that need no server
	$(BIN)/python -m pytest $(WORKERS) -m "not server and not alone and not production"

check: $(VENV)/.dev $(STATIC) ## Format, lint, types, import contracts, migrations, deployment, containers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	tools/check-deploy
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

format: $(VENV)/.dev ## Format the code and sort the imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev $(STATIC) ## Run the benchmarks; they print ratios (see bench/README.md)
	@tools/test-servers
	$(BIN)/python -m bench.drain
	$(BIN)/python -m bench.year
	$(BIN)/python -m bench.mirror
	$(BIN)/python -m bench.site
	$(BIN)/python -m bench.latency
	$(BIN)/python -m bench.search
	$(BIN)/python -m bench.browser

lock: $(VENV)/.dev ## Pin the newest versions that requirements.in and requirements-dev.in allow
	$(BIN)/uv pip compile -q -U --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements.in -o requirements.txt --custom-compile-command "make lock"
	$(BIN)/uv pip compile -q -U --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements-dev.in -o requirements-dev.txt --custom-compile-command "make lock"
	$(BIN)/uv pip compile -q -U --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements-assets.in -o requirements-assets.txt --custom-compile-command "make lock"

messages: $(VENV)/.dev ## Collect what the pages say into locale/, and name what is not translated yet
	$(BIN)/python -m tools.messages

screenshots: $(VENV)/.dev $(STATIC) ## Make the pictures of docs/screenshots/ anew
	@tools/test-servers
	$(BIN)/python -m tools.screenshots

clean: ## Delete what make has made, but not the data in var/
	rm -rf $(VENV) staticfiles static/vendor static/generated assets/node_modules build

# The requirements, installed with their hashes checked.
$(VENV)/.site: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.site requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# What the browser runs that is not ours, from npm; a machine without npm is given one from PyPI.
$(VENDOR): $(VENV)/.site assets/vendor.py assets/package-lock.json requirements-assets.txt pastes/rules/languages.py
	@$(BIN)/python -m assets.vendor
	@touch $@

# What browsers load that is made of our own sources: the stylesheet, translations, tables shared with Python.
$(GENERATED): $(VENV)/.site assets/generate.py $(shell find pastes/rules -name '*.py') $(shell find locale -name '*.po') $(wildcard static/css/*.css)
	@$(BIN)/python -m assets.generate
	@touch $@

# Clients of other pastebins from npm, which the tests let paste here.
$(CLIENTS): $(VENV)/.dev tests/clients/package-lock.json
	@$(BIN)/python -m tests.clients.fetch
	@touch $@

# Hashed and compressed static files, for gunicorn to serve.
$(STATIC): $(VENV)/.site $(VENDOR) $(GENERATED) $(shell find static -type f -not -path 'static/vendor/*' -not -path 'static/generated/*')
	@$(BIN)/python manage.py collectstatic --noinput --clear -v0
	@touch $@
