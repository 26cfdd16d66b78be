# Everything a fresh clone needs. Any Python from 3.11 on will do: make study PYTHON=python3.12
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
LAB := $(VENV)/ready-lab
ALL := $(VENV)/ready-all
PINS := pyproject.toml constraints.txt

export PIP_DISABLE_PIP_VERSION_CHECK = 1

# Install extras $(1), with a line of progress a package on a terminal and a line every 25 elsewhere.
define install
@echo "Installing what $(1) needs (once; versions from constraints.txt)"
@set -o pipefail; $(BIN)/python -m pip install --progress-bar off -c constraints.txt -e ".[$(2)]" | { n=0; \
	while read -r word name rest; do case "$$word" in \
		Collecting|Processing) n=$$((n + 1)); \
			if [ -t 1 ]; then printf '\r\033[K  package %d: %s' $$n "$$name"; \
			elif [ $$((n % 25)) -eq 0 ]; then echo "  $$n packages"; fi ;; \
		Installing) if [ "$$name" = collected ]; then [ ! -t 1 ] || printf '\r\033[K'; \
			echo "  $$n packages fetched, now installing them"; fi ;; \
	esac; done; }
endef

help:  ## Show this help
	@echo "secondop: when is a second medical opinion worth recommending?"
	@echo
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | \
		while IFS='|' read -r target text; do printf '  make %-10s %s\n' "$$target" "$$text"; done

study: $(LAB)  ## Run every notebook and lesson and build the pages: build/study/index.html
	@$(BIN)/python -m tools.study

test: $(ALL)  ## Set up, then run all tests
	@$(BIN)/python -m pytest

lab: $(LAB)  ## Open the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks

check: $(ALL)  ## Lint, format and all tests, as before a commit
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m pytest

lessons: $(LAB)  ## Write the lessons as students get them, without solutions: build/lessons
	@$(BIN)/python -m tools.lessons

notebooks: $(ALL)  ## Run every notebook and lesson and store it with its outputs (needs Chromium)
	@$(BIN)/python -m tools.notebooks

bench: $(ALL)  ## Run the benchmarks
	@for file in benchmarks/*.py; do echo "$$file"; $(BIN)/python "$$file" || exit 1; done

clean:  ## Remove what was built (the environment stays: rm -r .venv)
	@rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	@find secondop tests tools benchmarks notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) \
		-prune -exec rm -rf {} + 2>/dev/null || true

# Everything includes what the notebooks need, so it counts for both.
$(ALL): $(PINS) | $(BIN)/python
	$(call install,make test,lab$(comma)engines$(comma)dev)
	@touch $(LAB) $(ALL)

$(LAB): $(PINS) | $(BIN)/python
	$(call install,make study,lab)
	@touch $(LAB)

$(BIN)/python:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$($$python --version)"; \
		"$$python" -m venv $(VENV) && exit 0; \
		rm -rf $(VENV); \
		echo "$$python could not make an environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	done; \
	echo "No Python 3.11 or newer was found ($(or $(PYTHON),python3 to python3.14)). Install one, or name it: make study PYTHON=/path/to/python3.12" >&2; \
	exit 1

comma := ,

.PHONY: help study test lab check lessons notebooks bench clean
