# Every target sets up what it needs in .venv; nothing is installed outside it.
#
#   make demo            fit, generate and judge a real table: demo/report.html
#   make test            all tests, WORKERS=2 files at a time
#   make fuzz            random files in FUZZ=2000 dialects of CSV
#   make lint            style, types, layers
#   make docs            the documentation, into site/
#   make bench           every benchmark anew, unattended, then docs/benchmarks.md; started again
#                        it goes on where it was stopped; make bench-forget begins anew;
#                        LONG=1 has longer budgets, those of the committed figures
#   make bench-NAME      one of them, such as bench-tables; `python -m benchmarks.every --list`
#   make bench-questions those of filling, detecting and rare classes
#   make bench-page      docs/benchmarks.md from the results files alone
#   make dist            sdist and wheel in dist/, checked: `twine upload dist/*` publishes them
#   make clean
#
# The benchmarks use the table that comes with the package. DATA=folder adds those in folder/tables,
# and the benchmarks that need folder/anomaly, folder/series or folder/images.
PYTHON  ?= python3
VENV    ?= .venv
BIN     := $(VENV)/bin
DATA    ?=
LONG    ?=
WORKERS ?= 2
FUZZ    ?= 2000

.PHONY: demo test fuzz lint docs bench bench-questions bench-page bench-forget dist clean
.NOTPARALLEL:

# One stamp file a set of extras, so that a second call installs nothing.
$(VENV)/.stamp-%: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	touch $@

demo: $(VENV)/.stamp-plots
	$(BIN)/interfuse demo --output demo

test: $(VENV)/.stamp-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

fuzz: $(VENV)/.stamp-test
	OMP_NUM_THREADS=1 INTERFUSE_FUZZ=$(FUZZ) $(BIN)/python -m pytest -n $(WORKERS) tests/fuzz

lint: $(VENV)/.stamp-lint $(VENV)/.stamp-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

docs: $(VENV)/.stamp-docs
	$(BIN)/mkdocs build --strict

EVERY := $(BIN)/python -m benchmarks.every $(if $(DATA),--data $(DATA)) $(if $(LONG),--long)

bench: $(VENV)/.stamp-test
	$(EVERY) && ended=0 || ended=$$?; $(BIN)/python -m benchmarks.page && exit $$ended

# Filling holes, finding odd rows, rare classes; the last two need DATA.
bench-questions: $(VENV)/.stamp-test
	$(EVERY) --only imputation,detection,rare

bench-page: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.page

bench-forget:
	rm -rf build/bench build/bench-long

bench-%: $(VENV)/.stamp-test
	$(EVERY) --only $*

dist: $(VENV)/.stamp-dist
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

clean:
	rm -rf $(VENV) demo site dist build .hypothesis .ruff_cache .import_linter_cache
