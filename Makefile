# Two commands on a bare machine (Python 3.11 or newer with pip and venv, and make):
#
#   make compare     which regularizer helps a network on real images, by how much, how surely?
#   make test        the tests on TensorFlow, JAX and PyTorch
#
# Their set-up runs once; it runs again when pyproject.toml or constraints.txt change.

PYTHON ?= python3
VENV := .venv
RESULTS := regkit-results/$(shell date +%Y%m%d-%H%M%S)
BIN := $(VENV)/bin
BACKENDS := tensorflow jax torch
PLUGINS := $(patsubst %/,%,$(wildcard plugins/*/))
LOWEST := $(shell sed -n 's/.*"keras>=\([0-9.]*\)".*/\1/p' pyproject.toml)
TIMES := $(CURDIR)/$(VENV)/test-times.txt
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

export TF_CPP_MIN_LOG_LEVEL ?= 2
export NO_MKDOCS_2_WARNING = 1
# Many tests compile the same small step. XLA's results are kept from test to test, not the traces.
export JAX_COMPILATION_CACHE_DIR ?= $(CURDIR)/$(VENV)/jax-cache
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0
export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES ?= -1

.PHONY: compare test $(addprefix test-,$(BACKENDS)) $(addprefix test-plugins-,$(BACKENDS)) test-keras $(addprefix test-keras-,$(BACKENDS)) test-slow test-lowest tables lint docs benchmarks clean

compare: $(VENV)/compare.stamp
	KERAS_BACKEND=tensorflow $(BIN)/regkit compare --output $(RESULTS) $(ARGS)

# What does not depend on the backend (data, statistics, pages) runs once.
WHICH_tensorflow := not slow and not backend_free
WHICH_jax := not slow and not backend_free
WHICH_torch := not slow

# At the end it prints what each part took.
TEST_PARTS := $(addprefix test-,$(BACKENDS)) $(addprefix test-plugins-,$(BACKENDS))

test: $(VENV)/test.stamp
	@rm -f $(TIMES)
	@$(MAKE) --no-print-directory $(TEST_PARTS); code=$$?; \
		echo "== make test: seconds of each part"; cat $(TIMES); exit $$code

# Tests of one file share what they compile: a worker gets neighbours, and steals only at the end.
PYTEST := $(CURDIR)/$(BIN)/python -m pytest -n 2 --dist worksteal

# $(call timed,what,command) runs the command and notes how long it took.
timed = @echo "== $(1)"; start=$$(date +%s); $(2); code=$$?; \
	echo "$$(( $$(date +%s) - start )) $(1)" >> $(TIMES); exit $$code

$(addprefix test-,$(BACKENDS)): test-%: $(VENV)/test.stamp
	$(call timed,the tests on $*,KERAS_BACKEND=$* $(PYTEST) -m "$(WHICH_$*)" $(ARGS))

# Each plugin is a project of its own, with tests of its own.
# Compiled as little as the tests of regkit (tests/conftest.py).
$(addprefix test-plugins-,$(BACKENDS)): export XLA_FLAGS ?= --xla_backend_optimization_level=0 \
	--xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false
$(addprefix test-plugins-,$(BACKENDS)): test-plugins-%: $(VENV)/test.stamp
	$(call timed,the tests of plugins on $*,for plugin in $(PLUGINS); do echo "== $$plugin"; \
		(cd $$plugin && KERAS_BACKEND=$* $(PYTEST) -m "$(WHICH_$*)") || exit 1; done)

# Keras' own tests, with a technique in every fit that changes nothing: what passes without must pass
# with it. For a part: make test-keras-jax ARGS="--technique inert --only sparse"
test-keras: $(addprefix test-keras-,$(BACKENDS))

$(addprefix test-keras-,$(BACKENDS)): test-keras-%: $(VENV)/keras.stamp
	KERAS_BACKEND=$* $(BIN)/python -m tests.keras_suite -n 2 $(ARGS)

$(VENV)/keras.stamp: $(VENV)/test.stamp
	$(INSTALL) -e ".[test-keras]"
	touch $@

# What takes minutes: every pair of techniques, the longer simulations, PyTorch's own compiler.
test-slow: $(VENV)/test.stamp
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest -m slow $(ARGS)
	KERAS_BACKEND=torch $(BIN)/python -m pytest -m slow tests/core/test_promise_1_any_model.py tests/techniques/test_drop_connect.py

# The lowest Keras that is promised, beside the environment's own; JAX compiles as users do.
test-lowest: $(VENV)/lowest.stamp
	PYTHONPATH=$(CURDIR)/$(VENV)/lowest KERAS_BACKEND=jax XLA_FLAGS= JAX_DISABLE_MOST_OPTIMIZATIONS=0 \
		$(PYTEST) -m "$(WHICH_jax)" tests/core tests/techniques $(ARGS)

$(VENV)/lowest.stamp: $(VENV)/test.stamp
	$(BIN)/python -m pip install --disable-pip-version-check --upgrade --no-deps --target $(VENV)/lowest "keras==$(LOWEST).*"
	touch $@

# Entry points, public names, tables and pages, from the classes under regkit/techniques.
tables: $(VENV)/test.stamp
	$(BIN)/python tools/tables.py

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/tables.py --check

docs: $(VENV)/test.stamp
	$(BIN)/mkdocs build --strict --quiet

benchmarks: $(VENV)/test.stamp
	for backend in $(BACKENDS); do for script in overhead dropconnect elastic; do \
		KERAS_BACKEND=$$backend $(BIN)/python benchmarks/$$script.py || exit 1; done; done

clean:
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "regkit needs Python 3.11 or newer; set PYTHON=python3.11, say")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/compare.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e ".[tensorflow,compare]"
	touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS)) | $(BIN)/python
	$(INSTALL) -e ".[tensorflow,jax,torch,test,docs,lint]" $(addprefix -e ./,$(PLUGINS))
	touch $@
