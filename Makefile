# The commands of the project. `make` alone lists them.
# Tools are installed into .venv/, pinned in tools/*.txt; cargo's packages are pinned in Cargo.lock.

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
export RUSTDOCFLAGS := -D warnings

.PHONY: help dev test test-deploy lint fuzz fault-tests bench counts instructions format openapi client build check-build sbom supply-chain advisories deploy secrets keys-rotate clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | column -t -s '	'

dev: $(VENV)/run.stamp ## Run the whole system on this machine, with hot reload
	cargo build --locked --workspace --bins
	exec target/debug/local dev

test: lint client $(VENV)/fuzz.stamp $(VENV)/nextest.stamp ## Run everything there is to pass
	cargo build --locked --workspace --bins --examples
	cargo test --locked --workspace --doc --quiet
	cargo nextest run --locked --workspace

# Functions run on this machine as they are, so that they are built for it: as for AWS, or as `make test` needs them anyway.
test-deploy: $(VENV)/aws.stamp $(VENV)/test.stamp ## Deploy, use, redeploy, restore and delete the stack in a local AWS (BUILD=debug: not optimised, minutes faster)
	$(if $(filter debug,$(BUILD)),,$(MAKE) build ARCH=$(patsubst aarch64,arm64,$(shell uname -m)))
	cargo build --locked --workspace --bins
	$(VENV)/aws/bin/ruff check --quiet tests/deployment
	$(VENV)/aws/bin/ruff format --quiet --check tests/deployment
	$(VENV)/aws/bin/python -B -m pytest tests/deployment --local target/debug/local --sam $(VENV)/bin/sam \
		--functions $(if $(filter debug,$(BUILD)),target/debug,target/lambda)

lint: $(VENV)/test.stamp $(VENV)/checkov.stamp ## Check form, lints, documentation and the template
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo doc --locked --workspace --no-deps --quiet
	sam validate --lint --template template.yaml --region eu-central-1
	@mkdir -p .aws-sam
	python tools/expand_template.py template.yaml .aws-sam/expanded.json
	cfn-lint --ignore-checks W2001 --template .aws-sam/expanded.json # parameters that SAM puts in itself are not used any more
	$(VENV)/checkov/bin/checkov --config-file .checkov.yaml --file .aws-sam/expanded.json
	hadolint Dockerfile

SEED ?= 1
EXAMPLES ?= 300

fuzz: $(VENV)/fuzz.stamp ## Send generated requests, and hold the answers against the API's description (SEED, EXAMPLES)
	cargo build --locked --workspace --bins --examples
	target/debug/examples/fuzz $(SEED) $(EXAMPLES)

fault-tests: ## Run the long form of the fault tests; takes hours (SEED, FAULT_TESTS='--only kills --resume')
	cargo build --locked --workspace --bins --profile fault-tests
	target/fault-tests/fault-tests --seed $(SEED) $(FAULT_TESTS)

bench: $(VENV)/load.stamp ## Measure the functions as Lambda runs them; for a machine that has nothing else to do (BENCH=--write)
	cargo build --locked --workspace --bins --release
	AWS_LC_SYS_NO_JITTER_ENTROPY=0 cargo build --locked --manifest-path bench/plain/Cargo.toml --target-dir target/plain --release
	target/release/bench --plain target/plain/release $(BENCH)

counts: ## Count the requests and the capacity of every operation, and write docs/request-costs.md
	cargo build --locked --workspace --bins
	target/debug/bench counts --write

instructions: ## Count the instructions of functions as they are built for tests, against those recorded; needs valgrind (BENCH=--write)
	cargo build --locked --workspace --bins
	target/debug/bench instructions $(BENCH)

openapi: ## Write the API's description anew, from the code
	cargo build --locked --workspace --bins
	target/debug/openapi

client: $(VENV)/client.stamp ## Build the TypeScript client from the API's description
	cd clients/typescript && npm ci --silent --no-audit --no-fund && npm run --silent build

format: ## Bring the code into form
	cargo fmt --all

ARCH ?= arm64
TRIPLE_arm64 := aarch64-unknown-linux-gnu
TRIPLE_x86_64 := x86_64-unknown-linux-gnu
TRIPLE = $(or $(TRIPLE_$(ARCH)),$(error ARCH is arm64 or x86_64, and not $(ARCH)))
# What a binary says of the places that it was built from is the same wherever that was.
REMAP := $(CURDIR)=/agora $(abspath $(or $(CARGO_TARGET_DIR),target))=/agora/target $(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo

# One command for all functions, so that what they have in common is compiled once. It installs nothing by itself.
build: $(VENV)/deploy.stamp ## Build the functions for AWS (ARCH=arm64 or x86_64, ONLY='api-orders api-users')
	@test -d "$$(rustc --print target-libdir --target $(TRIPLE))" || \
		{ echo 'Rust does not build for $(ARCH) yet; this adds it: rustup target add $(TRIPLE)' >&2; exit 1; }
	cargo lambda build --locked --release --skip-target-check --target $(TRIPLE) --lambda-dir target/lambda $(FLAGS) \
		$(foreach path,$(REMAP),--config 'build.rustflags=["--remap-path-prefix=$(path)"]') \
		$(patsubst functions/%,--package=%,$(wildcard functions/*)) $(ONLY:%=--bin=%)

check-build: $(VENV)/deploy.stamp $(VENV)/test.stamp ## Build in two folders: sizes, stripped, the same bytes, nothing built twice (ARCH, ONLY)
	ARCH=$(ARCH) TRIPLE=$(TRIPLE) ONLY='$(ONLY)' $(VENV)/bin/python -B tools/check_build.py

sbom: $(VENV)/supply-chain.stamp ## Write the bill of materials of what is deployed (ARCH)
	ARCH=$(ARCH) TRIPLE=$(TRIPLE) $(VENV)/bin/python -B tools/sbom.py

supply-chain: sbom $(VENV)/deny.stamp ## Check licences, sources and duplicates of what is built from
	cargo deny --locked check licenses bans sources

advisories: $(VENV)/deny.stamp ## Check what is built from against the advisories on github.com
	cargo deny --locked check advisories

# The fingerprint is part of each package, so that other parameters are another version of the function.
STAGE_OF_STACK = $(or $(STAGE),dev)

deploy: build $(VENV)/test.stamp ## Build, and deploy to the AWS account of the environment (STAGE=prod; else dev)
	@cat template.yaml samconfig.toml .deployments/$(STAGE_OF_STACK)/parameters.yaml | sha256sum \
		| tee $(foreach function,$(notdir $(wildcard functions/*)),target/lambda/$(function)/fingerprint) >/dev/null
	sam deploy --config-env $(patsubst dev,default,$(STAGE_OF_STACK))

secrets: ## Make the first secrets of a stack on AWS, and say how to create them there (STAGE=prod; else dev)
	@cargo build --locked --quiet --package ops
	@target/debug/ops secrets --stage $(STAGE_OF_STACK)

keys-rotate: ## Take the next step of rotating the keys that sign tokens (STAGE=prod for a stack on AWS)
	@cargo build --locked --quiet --package ops
	@target/debug/ops keys rotate $(if $(STAGE),--stage $(STAGE))

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

# In an environment of its own: it pins other versions of what the AWS SAM CLI needs.
$(VENV)/checkov.stamp: tools/checkov.txt | $(VENV)/bin/pip
	python3 -m venv $(VENV)/checkov
	$(VENV)/checkov/bin/pip install --quiet --disable-pip-version-check --requirement tools/checkov.txt
	@touch $@

$(VENV)/client.stamp: tools/client.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/client.txt
	@touch $@

$(VENV)/fuzz.stamp: tools/fuzz.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/fuzz.txt
	@touch $@

$(VENV)/load.stamp: tools/load.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/load.txt
	@touch $@

$(VENV)/deploy.stamp: tools/deploy.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/deploy.txt
	@touch $@

$(VENV)/supply-chain.stamp: tools/supply-chain.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/supply-chain.txt
	@touch $@

# A local AWS in an environment of its own: it wants other versions than the SAM CLI.
$(VENV)/aws.stamp: tools/aws.txt | $(VENV)/bin/pip
	python3 -m venv $(VENV)/aws
	$(VENV)/aws/bin/pip install --quiet --disable-pip-version-check --requirement tools/aws.txt
	@touch $@

# The test runner: the one on the machine, or built from source once.
$(VENV)/nextest.stamp: | $(VENV)/bin/pip
	cargo nextest --version >/dev/null 2>&1 || cargo install --locked --root $(VENV) cargo-nextest@0.9.143
	@touch $@

# What checks dependencies: the one on the machine, or built from source once; it runs for seconds, and is not optimised.
$(VENV)/deny.stamp: | $(VENV)/bin/pip
	cargo deny --version >/dev/null 2>&1 || cargo install --locked --debug --root $(VENV) cargo-deny@0.20.2
	@touch $@
