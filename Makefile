# make report   the reviews of the demo clients     make lab     explore in JupyterLab
# make test     every test that fits in minutes     make bench   what it costs, beside the alternative
# Each makes what it needs first. Nothing is read from outside this machine but packages, once.

PYTHON ?= python3
MONTH  ?= 2026-10
BEFORE ?= 2026-09
DEMO   := demo-shop demo-clinic
BIN    := .venv/bin
READY  := .venv/.ready

.PHONY: report test lab bench rules sources words lock clean

# First the month before as its bills stood then, so that this month is held against what was said of it.
report: $(READY)
	$(BIN)/opsreport demo --until $(BEFORE)
	for client in $(DEMO); do $(BIN)/opsreport collect $$client --month $(BEFORE) || exit 1; done
	$(BIN)/opsreport report $(DEMO) --month $(BEFORE)
	$(BIN)/opsreport demo
	for client in $(DEMO); do $(BIN)/opsreport collect $$client --month $(MONTH) || exit 1; done
	$(BIN)/opsreport report $(DEMO) --month $(MONTH)
	$(BIN)/opsreport fleet --month $(MONTH)

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/python -m pytest

# On the demo, where nothing of a client's own was collected.
lab: $(READY)
	test -d store || { $(BIN)/opsreport demo && for client in $(DEMO); do \
	    $(BIN)/opsreport collect $$client --month $(MONTH) || exit 1; done; }
	$(BIN)/jupyter lab notebooks

bench: $(READY)
	$(BIN)/python benchmarks/report.py

# What the rules of the findings say of themselves.
rules: $(READY)
	$(BIN)/python -c "from opsreport import findings; open('docs/rules.md', 'w').write(findings.rulebook())"

# What the sources say of themselves.
sources: $(READY)
	$(BIN)/python -c "from opsreport.sources import _catalogue as c; open('docs/sources.md', 'w').write(c.catalogue()); \
	    text = open('README.md').read(); open('README.md', 'w').write(c.in_readme(text))"

# What translators are given, and what is left for them in each language.
words: $(READY)
	$(BIN)/python tests/tools/words.py

# The lock names packages and hashes, never where they were found.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras \
	    --generate-hashes --no-header --output-file requirements.lock

# pip brings uv, checked against the lock like all that uv then brings.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	awk '/^uv==/,/[^\\]$$/' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf .venv demo-data store out
