.PHONY: help lint test clean
VENV := .venv
help: ## this text
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
$(VENV)/.ready: pyproject.toml
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -e '.[dev]'
	touch $@
lint: $(VENV)/.ready ## check style and types
	$(VENV)/bin/ruff check host tests
test: $(VENV)/.ready ## run the tests
	$(VENV)/bin/pytest
clean: ## remove what was built
	rm -rf build
