# Two commands are enough: `make serve` and `make test`. The others are for those who change the code.

PYTHON ?= python3
VENV ?= .venv
DEMO ?= .demo
PORT ?= 8080
# Test files that run at a time. Most of a test's time is waiting for real programs, so more than there are cores.
AT_ONCE ?= 3
BIN = $(VENV)/bin
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
AUTOCONFIG = $(BIN)/autoconfig --config $(DEMO)/autoconfig.toml

.PHONY: serve test check format messages bench lock clean

serve: $(VENV)/.made $(DEMO)/autoconfig.toml  ## the demo on http://127.0.0.1:8080
	@$(BIN)/python -m autoconfig.cli.welcome http://127.0.0.1:$(PORT)
	@exec $(AUTOCONFIG) serve --port $(PORT)

test: $(VENV)/.made  ## everything, with the real programs that it needs
	@tests/programs.sh
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses $(AT_ONCE) --dist loadfile
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(VENV)/.made  ## style, types, spelling, architecture, the catalogues of the page
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/web/pages/test_messages.py

format: $(VENV)/.made
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: $(VENV)/.made  ## the page's catalogues from its templates; new Japanese messages are left to be written
	$(BIN)/python -m autoconfig.web.pages.messages

bench: $(VENV)/.made  ## needs wrk; ratios beside a bare ASGI function
	$(BIN)/python -m tests.bench $(BENCH)

lock: $(VENV)/.made  ## requirements.lock from pyproject.toml, without index addresses; its part for servers
	$(COMPILE) --upgrade --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) --build-deps-for wheel --constraint requirements.lock --output-file requirements-server.lock pyproject.toml

$(VENV)/.made: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "make: $(PYTHON) cannot make a venv; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEMO)/autoconfig.toml: | $(VENV)/.made
	@$(BIN)/autoconfig init $(DEMO) --demo

clean:
	rm -rf $(VENV) $(DEMO) .bench .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .artefacts
