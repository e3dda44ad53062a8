# Every target sets up what it needs in .venv; nothing is installed outside it.
#
#   make demo            fit, generate and judge a real table: demo/report.html
#   make test            all tests
#   make lint            style, types, layers
#   make docs            the documentation, into site/
#   make bench-tables    fidelity, usefulness and privacy beside published figures
#   make bench-steps     speed and memory of training and drawing
#   make bench-scale     how cost grows with rows and columns
#   make bench-questions filling holes, finding odd rows, rare classes, beside other methods
#   make bench-images DATA=folder   speed and fidelity of images beside a well-known package
#   make clean
#
# The benchmarks use the table that comes with the package; DATA=folder adds those in folder/tables.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?=

.PHONY: demo test lint docs bench-tables bench-steps bench-scale bench-questions bench-images clean

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

bench-tables: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.tables $(if $(DATA),--data $(DATA))

bench-steps: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.steps

bench-scale: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.scale

# Odd rows and rare classes need DATA.
bench-questions: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.imputation $(if $(DATA),--data $(DATA))
	$(if $(DATA),$(BIN)/python -m benchmarks.detection --data $(DATA))
	$(BIN)/python -m benchmarks.rare $(if $(DATA),--data $(DATA))

bench-images: $(VENV)/.stamp-test
	$(BIN)/python -m benchmarks.images --data $(DATA)/images

clean:
	rm -rf $(VENV) demo site dist build .hypothesis .ruff_cache .import_linter_cache
