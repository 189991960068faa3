# The same lines serve people and CI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 4
RERUNS ?= 0

.PHONY: demo test check bench long rig docs update clean

demo: $(VENV)/.installed
ifdef STORY
	$(BIN)/gitops-bot demo --story
else
	$(BIN)/gitops-bot demo
endif

# RERUNS=1 tries a test once more that waited in vain for another process, as on a machine that others use too.
test: $(VENV)/.dev rig
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --reruns $(RERUNS) --only-rerun WaitTimeout --only-rerun TimeoutError

# The programs that tests need (an API server, helm, OpenTofu, a provider…), pinned, built once with Go into a cache;
# a browser and shells are Debian's.
rig: $(VENV)/.dev
	$(BIN)/python -m tests.rig.build
	$(BIN)/python -m tests.gitea.program
	$(BIN)/python -m tests.browser.program
	$(BIN)/python -m tests.rig.debian

# Ratios against terraform and kubectl, all in one run on this machine.
bench: $(VENV)/.dev rig
	$(BIN)/python -m benchmarks.terraform
	$(BIN)/python -m benchmarks.terraform --delay 100
	$(BIN)/python -m benchmarks.cage
	$(BIN)/python -m benchmarks.webhooks
	$(BIN)/python -m benchmarks.discovery
	$(BIN)/python -m benchmarks.rendering
	$(BIN)/python -m benchmarks.estate --counts 1000
	$(BIN)/python -m benchmarks.kubernetes
	$(BIN)/python -m benchmarks.kubernetes --delay 20

# A plan of ten thousand objects; and changes core/ in a thousand small ways, one at a time, in a copy, and sees whether
# its tests notice: most of an hour.
long: $(VENV)/.long rig
	DIFFERENTIAL=full $(BIN)/python -m pytest -n 2 --timeout 600 tests/differential
	$(BIN)/python -m benchmarks.estate
	APPROVALS=full $(BIN)/python -m pytest tests/approvals/test_model_over_git.py
	$(BIN)/python -m tests.long.mutation

check: $(VENV)/.dev
	$(BIN)/ruff check --no-cache bot sandbox tests benchmarks
	$(BIN)/ruff format --check bot sandbox tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev,postgres]'
	touch $@

$(VENV)/.long: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev,postgres,long]'
	touch $@

# The tables of settings and keys, and what is told of each command, from the descriptions in the code.
docs: $(VENV)/.dev
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.command_reference

# Newest versions of everything, exactly pinned, without addresses.
update:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e '.[demo,dev,postgres,long]'
	{ echo "# Exact versions of everything that is installed; \`make update\` writes this file anew."; \
	  $(BIN)/python -m pip list --format=freeze --exclude-editable --exclude pip --exclude setuptools; } > constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info
