# Every target sets up what it needs in .venv; nothing is installed outside it.
#
#   make demo            fit, generate and judge a real table: demo/report.html
#   make test            all tests
#   make lint            style, types, layers
#   make docs            the documentation, into site/
#   make bench           every benchmark anew, unattended, then docs/benchmarks.md; started again
#                        it goes on where it was stopped; make bench-forget begins anew
#   make bench-NAME      one of them, such as bench-tables; those of BENCHMARKS below
#   make bench-questions those of filling, detecting and rare classes
#   make bench-page      docs/benchmarks.md from the results files alone
#   make clean
#
# The benchmarks use the table that comes with the package. DATA=folder adds those in folder/tables,
# and the benchmarks that need folder/anomaly, folder/series or folder/images.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?=

.PHONY: demo test lint docs bench bench-questions bench-page bench-forget clean
.NOTPARALLEL:

# One stamp file a set of extras, so that a second call installs nothing.
$(VENV)/.stamp-%: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	touch $@

demo: $(VENV)/.stamp-evaluate
	$(BIN)/interfuse demo --output demo

test: $(VENV)/.stamp-test
	$(BIN)/python -m pytest

lint: $(VENV)/.stamp-lint $(VENV)/.stamp-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

docs: $(VENV)/.stamp-docs
	$(BIN)/mkdocs build --strict

BENCHMARKS := tables rivals imputation evaluation steps scale
ifdef DATA
BENCHMARKS += detection rare series images
WITH_DATA := --data $(DATA)
endif
BENCH_tables     := $(WITH_DATA) --resume
BENCH_rivals     := $(WITH_DATA)
BENCH_imputation := $(WITH_DATA) --resume
BENCH_evaluation := $(WITH_DATA)
BENCH_detection  := $(WITH_DATA) --resume
BENCH_rare       := $(WITH_DATA)
BENCH_series     := $(WITH_DATA) --resume
BENCH_images     := $(WITH_DATA)/images --resume
BENCHED := $(VENV)/benched

bench: $(BENCHMARKS:%=$(BENCHED)/%) bench-page

# A benchmark that begins forgets its old results; one that was stopped keeps what it has.
$(BENCHED)/%: | $(VENV)/.stamp-test
	mkdir -p $(BENCHED)
	test -e $@.started || { rm -f benchmarks/results/$*.json; touch $@.started; }
	$(BIN)/python -m benchmarks.$* $(BENCH_$*)
	mv $@.started $@

# Filling holes, finding odd rows, rare classes; the last two need DATA.
bench-questions: bench-imputation $(if $(DATA),bench-detection bench-rare)

bench-page: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.page

bench-forget:
	rm -rf $(BENCHED)

# What the results file has is left out where a benchmark can; remove the file to measure all.
bench-%: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.$* $(BENCH_$*)

clean:
	rm -rf $(VENV) demo site dist build .hypothesis .ruff_cache .import_linter_cache
