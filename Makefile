# Two commands are enough: `make serve` and `make test`. The others are for those who change the code.

PYTHON ?= python3
VENV ?= .venv
DEMO ?= .demo
PORT ?= 8080
# What `make test` runs instead of everything, for example tests/mail.
TESTS ?=
UPGRADE ?= --upgrade
# What has to pass before `make release` makes anything.
CHECKS ?= check test
# Test files that run at a time. Most of a test's time is waiting for real programs, so more than there are cores.
AT_ONCE ?= 3
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
# Versions that Debian 12's Python takes too, and what newer Pythons need besides; never the address of an index.
COMPILE = $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11.2 --generate-hashes \
	--custom-compile-command "make lock" --group build --extra postgresql --extra mariadb pyproject.toml
AUTOCONFIG = $(BIN)/autoconfig --config $(DEMO)/autoconfig.toml

# Tests start Python hundreds of times: without byte code every start would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: serve test test-fast check format messages docs shots bench debian deb debian-package schemas site release lock clean

serve: $(VENV)/.server $(DEMO)/autoconfig.toml  ## the demo on http://127.0.0.1:8080
	@$(BIN)/python -m autoconfig.cli.welcome http://127.0.0.1:$(PORT)
	@exec $(AUTOCONFIG) serve --port $(PORT)

test: $(VENV)/.made  ## everything, with the real programs that it needs
	@tests/programs.sh
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses $(AT_ONCE) --dist loadfile --no-loadscope-reorder $(TESTS)
	@$(BIN)/coverage combine --quiet
	$(if $(TESTS),,$(BIN)/coverage report)

test-fast: $(VENV)/.made  ## the tests that need no outside program
	FAST=1 $(BIN)/python -m pytest -q --numprocesses $(AT_ONCE) --dist loadfile

check: $(VENV)/.made  ## style, types, spelling, architecture, the catalogues of the page
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_import_circles.py tests/test_engines.py \
		tests/test_english.py tests/test_library_names.py tests/test_locks.py tests/web/pages/test_messages.py

format: $(VENV)/.made
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: $(VENV)/.made  ## the page's catalogues from its templates; new Japanese messages are left to be written
	$(BIN)/python -m autoconfig.web.pages.messages

docs: $(VENV)/.made  ## the pages that are made from the code: settings, findings, clients
	REWRITE=1 $(BIN)/python -m pytest -q tests/test_docs.py tests/clients/test_readers_page.py

shots: $(VENV)/.made  ## pictures of all pages in .artefacts/shots, to be looked at; SHOTS=sample.co.jp takes some of them
	$(BIN)/python -m tests.pages.shots $(SHOTS)

bench: $(VENV)/.made  ## needs wrk; ratios beside a bare ASGI function
	$(BIN)/python -m tests.bench $(BENCH)

debian:  ## the README's commands in a bare Debian: SUITE=bookworm or trixie; TESTS, PORT as above
	tests/debian.sh "$(SUITE)" env CI=true PORT=$(PORT) TESTS="$(TESTS)" tests/bare.sh

deb:  ## the Debian package for this machine's suite and architecture, in dist/
	deploy/debian/build.sh dist

debian-package:  ## builds, installs, upgrades, removes and purges it in a bare Debian: SUITE=bookworm or trixie
	tests/debian.sh "$(SUITE)" tests/debian_package.sh

schemas:  ## the Kubernetes manifests against the published schemas, which a package has
	@test -x .artefacts/kubernetes/bin/kubernetes-validate || { $(PYTHON) -m venv .artefacts/kubernetes \
		&& .artefacts/kubernetes/bin/pip install --quiet kubernetes-validate==1.37.0; }
	.artefacts/kubernetes/bin/kubernetes-validate --strict deploy/kubernetes/*.yaml

site:  ## the documentation as a web site in .artefacts/site; a link that leads nowhere is an error
	@test -x .artefacts/sphinx/bin/sphinx-build || { $(PYTHON) -m venv .artefacts/sphinx \
		&& .artefacts/sphinx/bin/pip install --quiet sphinx==9.0.4 furo==2025.12.19 myst-parser==5.2.0; }
	@rm -rf .artefacts/site .artefacts/site-source && mkdir .artefacts/site-source
	@cp -r README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE docs deploy templates deploy/site/index.md .artefacts/site-source
	.artefacts/sphinx/bin/sphinx-build -q -n -W --keep-going -c deploy/site .artefacts/site-source .artefacts/site

release:  ## the files of a release in dist/, from a tagged commit; with DEB=yes also the Debian package
	@$(PYTHON) -m deploy.release.refusals
	@$(MAKE) --silent --question $(VENV)/.made \
		|| { echo "release: $(VENV) is not what the lock files say; run: make $(VENV)/.made" >&2; exit 1; }
	@$(MAKE) $(CHECKS) || { echo "release: the checks fail: make $(CHECKS)" >&2; exit 1; }
	@$(BIN)/python -m deploy.release.artefacts dist
	$(if $(DEB),@deploy/debian/build.sh dist && $(BIN)/python -m deploy.release.sums dist)
	@cat dist/SHA256SUMS

lock: $(VENV)/.made  ## both lock files from pyproject.toml; UPGRADE= keeps the versions that they have
	$(COMPILE) $(UPGRADE) --extra dev --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file requirements-server.lock

# Debian's Python has no ensurepip without python3-venv, and an interrupted make leaves a .venv without pip.
$(VENV)/.server: requirements-server.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: $(PYTHON) cannot make a venv; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 \
		|| $(PYTHON) -m venv $(if $(wildcard $(VENV)/pyvenv.cfg),--clear) $(VENV)
	@echo "Installing into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements-server.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.made: $(VENV)/.server requirements.lock
	@echo "Installing the tools of developers into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(DEMO)/autoconfig.toml: | $(VENV)/.server
	@$(BIN)/autoconfig init $(DEMO) --demo

clean:
	rm -rf $(VENV) $(DEMO) .bench .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .artefacts .debian
