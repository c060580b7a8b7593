# Every command sets up what it needs first; the second time that takes a moment.
# They run on the first Python from 3.11 to 3.14 on the PATH, or on the one that PYTHON names.
VENV := .venv/bin

# Where it is set, each of the many processes that the tests start compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

# One more than the cores of the smallest machine that we test on: some tests wait for a process or a timeout.
WORKERS ?= 3

# Extras are kept: without them pip before 24 looks for a newer release and refuses it.
LOCKED := --quiet --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help setup demo test check simulate serve vendors seed-data bench mutants guards chaos lock admin catalogue client pictures secrets deploy smoke licences audit

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

# A deployment needs neither the tests' tools nor a Firestore engine.
deploy secrets smoke: SETUP := --deploy

setup: ## Install what is missing: Python and npm packages, the Firestore engine
	@PYTHON="$(PYTHON)" sh local/python.sh -m local.setup $(SETUP)

demo: setup ## Start the stack, run the main job as a client would, print it, stop the stack
	@$(VENV)/python -m local.demo

test: setup $(if $(ONLY),,check) ## Lint, types, every test; ONLY=tokens runs the tests of one domain
	@$(if $(ONLY),:,$(VENV)/python -m local.browser)
	@$(VENV)/pytest -n $(WORKERS) --dist worksteal --durations=10 $(if $(ONLY),tests/$(ONLY),--ignore tests/test_tidy.py)

check: setup ## Lint, types and the project's own rules, in seconds
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@PYTHONPATH=functions $(VENV)/lint-imports --no-logo
	@# A core for most rules, another for the types and the decisions' rules, whose output is printed last.
	@said=$$(mktemp); ( $(VENV)/mypy; types=$$?; $(VENV)/pytest tests/test_decisions.py; exit $$((types | $$?)) ) \
	>$$said 2>&1 & second=$$!; $(VENV)/pytest tests/test_tidy.py; first=$$?; wait $$second; second=$$?; \
	cat $$said; rm -f $$said; exit $$((first | second))

serve: setup ## Start the local stack and serve until Ctrl-C (OFFSET=N shifts every port)
	@$(VENV)/python -m local.serve $(if $(OFFSET),--offset $(OFFSET))

vendors: setup ## The vendors' stand-ins and the schedules, beside a `firebase emulators:start`
	@$(VENV)/python -m local.vendors

seed-data: setup ## Make emulator-data/ anew from local/generate/seed.json, by the API of a fresh stack
	@$(VENV)/python -m local.generate.seed

catalogue: setup ## Write a document of the catalogue locally: SET=models/x FILE=x.json (REMOVE=1 deletes it)
	@$(VENV)/python -m local.catalogue --set "$(SET)" --file "$(FILE)" $(if $(OFFSET),--offset $(OFFSET)) $(if $(REMOVE),--remove)

admin: setup ## Make an administrator: EMAIL=… (PROJECT=… for a real project, REMOVE=1 to undo)
	@$(VENV)/python -m ops.admin --email "$(EMAIL)" --project "$(PROJECT)" $(if $(OFFSET),--offset $(OFFSET)) $(if $(REMOVE),--remove)

pictures: setup ## Make docs/pictures/ anew: the playground with the served data
	@$(VENV)/python -m local.generate.pictures

client: setup ## Make the typed client and docs/api/ anew from the functions' structs
	@$(VENV)/python -m local.generate.api

secrets: setup ## The secrets of PROJECT=…: list, create what is missing (ROTATE=NAME, then FINISH=NAME; CONFIRM=…)
	@$(VENV)/python -m ops.secrets --project "$(PROJECT)" --rotate "$(ROTATE)" --finish "$(FINISH)" --confirm "$(CONFIRM)"

deploy: setup ## Check, then deploy: PROJECT=staging or production (CONFIRM=app-check,mock-models ONLY=step BATCH=n)
	@$(VENV)/python -m ops.deploy --project "$(PROJECT)" --confirm "$(CONFIRM)" --only "$(ONLY)" $(if $(BATCH),--batch=$(BATCH)) $(if $(CHECK),--check)

smoke: setup ## Check that each public function answers as this checkout does: PROJECT=… (the local stack without)
	@$(VENV)/python -m ops.smoke --project "$(PROJECT)" $(if $(OFFSET),--offset $(OFFSET))

audit: setup ## Check every ledger and job of a database, read only: PROJECT=… DATABASE=… (COMPARE=… another one)
	@$(VENV)/python -m ops.audit --project "$(PROJECT)" --database "$(DATABASE)" --compare "$(COMPARE)" $(if $(OFFSET),--offset $(OFFSET))

bench: setup ## The benchmarks, with ratios side by side
	@$(VENV)/python -m bench

simulate: setup ## The whole backend in a world that SEED=… decides, with every fault (SEEDS=n JOBS=n ACTS=n TRACE=1)
	@$(VENV)/python -m tests.simulation --first $(or $(SEED),0) --seeds $(or $(SEEDS),1) --jobs $(or $(JOBS),0) --acts $(or $(ACTS),0) $(if $(TRACE),--trace) $(if $(ONLY),--only "$(ONLY)") $(if $(WITHOUT),--without "$(WITHOUT)")

mutants: setup ## Change each pure rule a little and check that a test fails: ONLY=models/ledger
	@$(VENV)/python -m tests.mutants $(ONLY)

guards: setup ## Run the simulation without each guard, and check that a seed finds it: ONLY=invoice
	@$(VENV)/python -m tests.simulation.mutants $(ONLY)

chaos: setup ## Kill instances and cut their connections under load, then audit all: KILLS=500 SEED=n
	@PYTHONPATH=functions $(VENV)/python -m tests.chaos $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

licences: setup ## Make docs/licences.md anew from the deployed packages; refuses licences that we may not deploy
	@$(VENV)/python -m local.generate.licences

lock: setup ## Compile the requirements anew from pyproject.toml
	@$(VENV)/python -m local.installer pip compile $(LOCKED) pyproject.toml -o functions/requirements.txt
	@$(VENV)/python -m local.installer pip compile $(LOCKED) pyproject.toml --extra ops --extra dev -c functions/requirements.txt -o requirements-dev.txt
	@$(VENV)/python -m local.installer pip compile $(LOCKED) pyproject.toml --extra ops -c requirements-dev.txt -o ops/requirements.txt
	@$(VENV)/python -m local.installer pip compile $(LOCKED) --group setup -o local/uv.txt
