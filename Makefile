# Four commands: `make run`, `make class`, `make dev` (which watches the code) and `make test`. All make what they
# need and are quick the second time.
PYTHON ?= python3
# Another one if 8501 is in use: `make run PORT=8502`.
PORT ?= 8501
BIN := .venv/bin
# How many processes share the tests; `make test TESTERS=1` runs them one after the other.
TESTERS ?= auto

.PHONY: run class dev test check clean

run: .venv/run.stamp
	$(BIN)/python -m mnistlab app --port $(PORT)

# A class on the local network: `make class NAME=7b`.
class: .venv/run.stamp
	$(BIN)/python -m mnistlab class "$(NAME)" --port $(PORT)

dev: .venv/dev.stamp
	@echo "http://127.0.0.1:$(PORT)"
	$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.fileWatcherType auto --server.runOnSave true

test: .venv/dev.stamp
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --maxprocesses 4 --dist worksteal

check: .venv/dev.stamp
	$(BIN)/ruff format $(if $(CI),--check) .
	$(BIN)/ruff check .
	$(BIN)/mypy

.venv/run.stamp: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache
