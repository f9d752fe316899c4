# The commands of the project. `make` alone lists them.
# Tools are installed into .venv/, pinned in tools/*.txt; cargo's packages are pinned in Cargo.lock.

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
export RUSTDOCFLAGS := -D warnings

.PHONY: help dev test lint fuzz proofs bench counts format openapi client build deploy keys-rotate clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | column -t -s '	'

dev: $(VENV)/run.stamp ## Run the whole system on this machine, with hot reload
	cargo build --locked --workspace --bins
	exec target/debug/local dev

test: lint client $(VENV)/fuzz.stamp $(VENV)/nextest.stamp ## Run everything there is to pass
	cargo build --locked --workspace --bins --examples
	cargo test --locked --workspace --doc --quiet
	cargo nextest run --locked --workspace

lint: $(VENV)/test.stamp ## Check form, lints, documentation and the template
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo doc --locked --workspace --no-deps --quiet
	sam validate --lint --template template.yaml --region eu-central-1

SEED ?= 1
EXAMPLES ?= 300

fuzz: $(VENV)/fuzz.stamp ## Send generated requests, and hold the answers against the API's description (SEED, EXAMPLES)
	cargo build --locked --workspace --bins --examples
	target/debug/examples/fuzz $(SEED) $(EXAMPLES)

proofs: ## Prove with faults injected that nothing is lost or doubled; takes hours (SEED, PROOFS='--only kills --resume')
	cargo build --locked --workspace --bins --profile proof
	target/proof/proofs --seed $(SEED) $(PROOFS)

bench: ## Measure the functions as Lambda runs them; for a machine that has nothing else to do (BENCH=--write)
	cargo build --locked --workspace --bins --release
	cargo build --locked --manifest-path bench/plain/Cargo.toml --target-dir target/plain --release
	target/release/bench --plain target/plain/release $(BENCH)

counts: ## Count the requests and the capacity of every operation, and write docs/cost.md
	cargo build --locked --workspace --bins
	target/debug/bench counts --write

openapi: ## Write the API's description anew, from the code
	cargo build --locked --workspace --bins
	target/debug/openapi

client: $(VENV)/client.stamp ## Build the TypeScript client from the API's description
	cd clients/typescript && npm ci --silent --no-audit --no-fund && npm run --silent build

format: ## Bring the code into form
	cargo fmt --all

build: $(VENV)/deploy.stamp ## Build the functions for AWS (ARCH=arm64 or x86_64)
	cargo lambda build --locked --release --lambda-dir target/lambda $(if $(filter x86_64,$(ARCH)),--x86-64,--arm64) \
		$(foreach function,$(notdir $(wildcard functions/*)),--package $(function))

deploy: build $(VENV)/test.stamp ## Build, and deploy to the AWS account of the environment
	sam deploy --guided --parameter-overrides Architecture=$(if $(filter x86_64,$(ARCH)),x86_64,arm64)

keys-rotate: ## Take the next step of rotating the keys that sign tokens (STAGE=prod for a stack on AWS)
	@cargo build --locked --quiet --package local
	@target/debug/local keys rotate $(if $(STAGE),--stage $(STAGE))

clean: ## Remove what was built, installed and stored
	rm -rf target $(VENV) .local .aws-sam

$(VENV)/bin/pip:
	python3 -m venv $(VENV)

# cargo-lambda alone: its other half, the zig compiler, is needed for deployment only.
$(VENV)/run.stamp: tools/run.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement tools/run.txt
	@touch $@

$(VENV)/test.stamp: tools/test.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/test.txt
	@touch $@

$(VENV)/client.stamp: tools/client.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/client.txt
	@touch $@

$(VENV)/fuzz.stamp: tools/fuzz.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/fuzz.txt
	@touch $@

$(VENV)/deploy.stamp: tools/deploy.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/deploy.txt
	@touch $@

# The test runner: the one on the machine, or built from source once.
$(VENV)/nextest.stamp: | $(VENV)/bin/pip
	cargo nextest --version >/dev/null 2>&1 || cargo install --locked --root $(VENV) cargo-nextest@0.9.143
	@touch $@
