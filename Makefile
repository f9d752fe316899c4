# Commands of the project; `make` without a target lists them.
# Tools are installed into .venv/ in the versions pinned by tools/*.txt; crates are pinned by Cargo.lock.

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
export RUSTDOCFLAGS := -D warnings
# A missing or different snapshot fails its test; `make test INSTA_UPDATE=always PKG=…` updates it.
export INSTA_UPDATE := no

.PHONY: help dev check test mutants seeded-bugs test-deploy test-image lint fuzz fault-tests bench counts instructions format openapi client build check-build sbom supply-chain advisories deploy secrets keys-rotate clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | column -t -s '	'

dev: $(VENV)/run.stamp ## Run the whole system on this machine, with hot reload
	cargo build --locked --workspace --bins
	exec target/debug/local dev

# Always the whole workspace: for a single package cargo would select other features and rebuild every dependency.
check: $(VENV)/nextest.stamp ## Check formatting and lints, and run unit, function and tidy tests without a stack
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo nextest run --locked --workspace --test-threads 6 --filterset '$(WITHOUT_STACK)'

WITHOUT_STACK := not (package(local) | package(bench) | package(fault-tests) | package(simulation) | binary(e2e))

ifdef PKG
test: $(VENV)/nextest.stamp
	cargo nextest run --locked --workspace --filterset 'package($(PKG))'
else
test: lint client $(VENV)/fuzz.stamp $(VENV)/nextest.stamp ## Run all checks and tests (PKG=api-orders: the tests of one crate)
	cargo build --locked --workspace --bins --examples
	cargo test --locked --workspace --doc --quiet
	cargo nextest run --locked --workspace
endif

mutants: $(VENV)/mutants.stamp ## Mutate the domain and count the mutants that its unit and property tests catch (SEED, SAMPLE=120)
	SEED=$(SEED) SAMPLE=$(or $(SAMPLE),120) $(VENV)/bin/python -B tools/mutants.py

seeded-bugs: $(VENV)/nextest.stamp $(VENV)/aws.stamp ## Insert bugs into a copy of the sources and check that their tests fail (ONLY=name)
	ONLY='$(ONLY)' $(VENV)/bin/python -B tools/seeded_bugs.py

# Builds the functions for this machine, because they run here: optimised as for AWS, or as `make test` builds
# them.
test-deploy: $(VENV)/aws.stamp $(VENV)/test.stamp ## Test deployment, use, redeployment, restore and deletion in an AWS emulator (BUILD=debug: not optimised, minutes faster)
	$(if $(filter debug,$(BUILD)),,$(MAKE) build ARCH=$(patsubst aarch64,arm64,$(shell uname -m)))
	cargo build --locked --workspace --bins
	$(VENV)/aws/bin/ruff check --quiet tests/deployment
	$(VENV)/aws/bin/ruff format --quiet --check tests/deployment
	$(VENV)/aws/bin/python -B -m pytest tests/deployment --local target/debug/local --ops target/debug/ops --sam $(VENV)/bin/sam \
		--functions $(if $(filter debug,$(BUILD)),target/debug,target/lambda)

test-image: $(VENV)/aws.stamp ## Test container images; needs buildah, but no registry (BUILD=debug: not optimised, minutes faster)
	$(if $(filter debug,$(BUILD)),cargo build --locked --workspace --bins,$(MAKE) build ARCH=$(patsubst aarch64,arm64,$(shell uname -m)))
	$(VENV)/aws/bin/ruff check --quiet tests/image
	$(VENV)/aws/bin/ruff format --quiet --check tests/image
	$(VENV)/aws/bin/python -B -m pytest tests/image --functions $(if $(filter debug,$(BUILD)),target/debug,target/lambda)

lint: $(VENV)/test.stamp $(VENV)/checkov.stamp $(VENV)/machete.stamp ## Check formatting, lints, documentation and the template
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo doc --locked --workspace --no-deps --quiet
	cargo machete
	sam validate --lint --template template.yaml --region eu-central-1
	@mkdir -p .aws-sam
	python tools/expand_template.py template.yaml .aws-sam/expanded.json
	cfn-lint --ignore-checks W2001 --template .aws-sam/expanded.json # W2001: parameters that SAM has substituted are no longer used
	$(VENV)/checkov/bin/checkov --config-file .checkov.yaml --file .aws-sam/expanded.json
	hadolint Dockerfile

SEED ?= 1
EXAMPLES ?= 300

fuzz: $(VENV)/fuzz.stamp ## Send generated requests and check the responses against the API description (SEED, EXAMPLES)
	cargo build --locked --workspace --bins --examples
	target/debug/examples/fuzz $(SEED) $(EXAMPLES)

fault-tests: ## Run the long form of the fault tests, which takes hours (SEED, FAULT_TESTS='--only kills --resume')
	cargo build --locked --workspace --bins --profile fault-tests
	target/fault-tests/fault-tests --seed $(SEED) $(FAULT_TESTS)
	target/fault-tests/workload --seed $(SEED) --minutes 120
	target/fault-tests/workload --seed $(SEED) --sequences 20 --on binaries

bench: $(VENV)/load.stamp ## Run the benchmarks; needs an otherwise idle machine (BENCH=--write)
	cargo build --locked --workspace --bins --release
	AWS_LC_SYS_NO_JITTER_ENTROPY=0 cargo build --locked --manifest-path bench/plain/Cargo.toml --target-dir target/plain --release
	target/release/bench --plain target/plain/release $(BENCH)

counts: ## Count requests and capacity units of every operation, and write docs/request-costs.md
	cargo build --locked --workspace --bins
	target/debug/bench counts --write

instructions: ## Compare instruction counts of test builds with the recorded ones; needs valgrind (BENCH=--write)
	cargo build --locked --workspace --bins
	target/debug/bench instructions $(BENCH)

openapi: ## Generate the API description from the code
	cargo build --locked --workspace --bins
	target/debug/openapi

client: $(VENV)/client.stamp ## Build the TypeScript client from the API description
	cd clients/typescript && npm ci --silent --no-audit --no-fund && npm run --silent build

format: ## Format the code
	cargo fmt --all

ARCH ?= arm64
TRIPLE_arm64 := aarch64-unknown-linux-gnu
TRIPLE_x86_64 := x86_64-unknown-linux-gnu
TRIPLE = $(or $(TRIPLE_$(ARCH)),$(error ARCH must be arm64 or x86_64, not $(ARCH)))
# Source paths in a binary are remapped, so that builds in different folders are identical.
REMAP := $(CURDIR)=/agora $(abspath $(or $(CARGO_TARGET_DIR),target))=/agora/target $(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo

# One command for all functions, so that shared crates are compiled once. It does not install Rust targets.
build: $(VENV)/deploy.stamp ## Build the functions for AWS (ARCH=arm64 or x86_64, ONLY='api-orders api-users')
	@test -d "$$(rustc --print target-libdir --target $(TRIPLE))" || \
		{ echo 'the Rust target for $(ARCH) is missing; add it with: rustup target add $(TRIPLE)' >&2; exit 1; }
	cargo lambda build --locked --release --skip-target-check --target $(TRIPLE) --lambda-dir target/lambda $(FLAGS) \
		$(foreach path,$(REMAP),--config 'build.rustflags=["--remap-path-prefix=$(path)"]') \
		$(patsubst functions/%,--package=%,$(wildcard functions/*)) $(ONLY:%=--bin=%)

# `sam build` calls one of these targets for each function, and shows only its standard output. The first call builds
# all functions (BUILD=debug: not optimised); the others find them built. The lock is for `sam build --parallel`.
build-%:
	@mkdir -p target
	@$(if $(shell command -v flock),flock target) sh -c '$(BUILD_FUNCTIONS) 2>&1 && cp $(call program,$(call kebab,$*)) "$(ARTIFACTS_DIR)/bootstrap"'

BUILD_FUNCTIONS = $(if $(filter debug,$(BUILD)),cargo build --locked --workspace --bins,$(MAKE) --no-print-directory build)
program = $(if $(filter debug,$(BUILD)),$(or $(CARGO_TARGET_DIR),target)/debug/$(1),target/lambda/$(1)/bootstrap)
kebab = $(shell echo $(1) | sed 's/[A-Z]/-&/g; s/^-//' | tr '[:upper:]' '[:lower:]')

check-build: $(VENV)/deploy.stamp $(VENV)/test.stamp ## Build in two folders and check sizes, symbols, reproducibility and incremental builds (ARCH, ONLY)
	ARCH=$(ARCH) TRIPLE=$(TRIPLE) ONLY='$(ONLY)' $(VENV)/bin/python -B tools/check_build.py

sbom: $(VENV)/supply-chain.stamp ## Write the bill of materials of the functions (ARCH)
	ARCH=$(ARCH) TRIPLE=$(TRIPLE) $(VENV)/bin/python -B tools/sbom.py

supply-chain: sbom $(VENV)/deny.stamp ## Check licences, sources and duplicate versions of dependencies
	cargo deny --locked check licenses bans sources

advisories: $(VENV)/deny.stamp ## Check dependencies for known vulnerabilities; needs github.com
	cargo deny --locked check advisories

# The fingerprint of the parameters is part of each package, so that changed parameters publish a new version.
STAGE_OF_STACK = $(or $(STAGE),dev)

deploy: build $(VENV)/test.stamp ## Build, and deploy to the AWS account of the environment (STAGE=prod; default dev)
	@cat template.yaml samconfig.toml .deployments/$(STAGE_OF_STACK)/parameters.yaml | sha256sum \
		| tee $(foreach function,$(notdir $(wildcard functions/*)),target/lambda/$(function)/fingerprint) >/dev/null
	sam deploy --template-file template.yaml --config-env $(patsubst dev,default,$(STAGE_OF_STACK))

secrets: ## Generate the secrets of a new stack on AWS, and print how to create them there (STAGE=prod; default dev)
	@cargo build --locked --quiet --package ops
	@target/debug/ops secrets --stage $(STAGE_OF_STACK)

keys-rotate: ## Take the next step of a signing key rotation (STAGE=prod for a stack on AWS)
	@cargo build --locked --quiet --package ops
	@target/debug/ops keys rotate $(if $(STAGE),--stage $(STAGE))

clean: ## Delete build results, installed tools and local data
	rm -rf target $(VENV) .local .aws-sam

$(VENV)/bin/pip:
	python3 -m venv $(VENV)

# cargo-lambda without the zig compiler, which only deployments need.
$(VENV)/run.stamp: tools/run.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement tools/run.txt
	@touch $@

$(VENV)/test.stamp: tools/test.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tools/test.txt
	@touch $@

# Separate environment: checkov pins other versions of the AWS SAM CLI's dependencies.
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

# Separate environment: the AWS emulator needs other versions than the SAM CLI.
$(VENV)/aws.stamp: tools/aws.txt | $(VENV)/bin/pip
	python3 -m venv $(VENV)/aws
	$(VENV)/aws/bin/pip install --quiet --disable-pip-version-check --requirement tools/aws.txt
	@touch $@

# Test runner: uses the installed one, or builds it from source once.
$(VENV)/nextest.stamp: | $(VENV)/bin/pip
	cargo nextest --version >/dev/null 2>&1 || cargo install --locked --root $(VENV) cargo-nextest@0.9.143
	@touch $@

# Dependency checker: uses the installed one, or builds it from source once, without optimisation as it runs
# for seconds.
$(VENV)/deny.stamp: | $(VENV)/bin/pip
	cargo deny --version >/dev/null 2>&1 || cargo install --locked --debug --root $(VENV) cargo-deny@0.20.2
	@touch $@

# Finder of unused dependencies: uses the installed one, or builds it from source once.
$(VENV)/machete.stamp: | $(VENV)/bin/pip
	cargo machete --version >/dev/null 2>&1 || cargo install --locked --debug --root $(VENV) cargo-machete@0.9.2
	@touch $@

# Mutation tester: uses the installed one, or builds it from source once.
$(VENV)/mutants.stamp: | $(VENV)/bin/pip
	cargo mutants --version >/dev/null 2>&1 || cargo install --locked --root $(VENV) cargo-mutants@27.1.0
	@touch $@
