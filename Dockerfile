# syntax=docker/dockerfile:1
# One image per function, for deployments with images instead of zips (docs/building.md):
#   docker build --platform linux/arm64 --build-arg FUNCTION=api-orders --tag agora/api-orders .
# With the output of `make build` instead of the compiling stage:
#   docker build … --build-context functions=target/lambda .
ARG RUST_IMAGE=public.ecr.aws/docker/library/rust:1.95.0-bookworm
ARG RUNTIME_IMAGE=public.ecr.aws/lambda/provided:al2023

# Cross-compiles instead of emulating the target architecture. `make build` builds all functions at once, as
# for zips; the images of a release share this stage.
FROM --platform=$BUILDPLATFORM ${RUST_IMAGE} AS build
SHELL ["/bin/bash", "-o", "errexit", "-o", "pipefail", "-c"]
# Debian offers only the latest version of a package; a pinned version would break with the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /agora
COPY . .
ARG TARGETARCH
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/agora/target,sharing=locked \
    case "$TARGETARCH" in \
        arm64) arch=arm64 triple=aarch64-unknown-linux-gnu ;; \
        amd64) arch=x86_64 triple=x86_64-unknown-linux-gnu ;; \
        *) echo "unsupported architecture $TARGETARCH: use arm64 or amd64" >&2; exit 1 ;; \
    esac \
    && rustup target add "$triple" \
    && make build "ARCH=$arch" \
    && cp --recursive target/lambda /built

# The programs of all functions. A build context of this name replaces the stage.
FROM scratch AS functions
COPY --from=build /built /

FROM ${RUNTIME_IMAGE}
ARG FUNCTION
COPY --from=functions --chmod=0555 ${FUNCTION}/bootstrap ${LAMBDA_RUNTIME_DIR}/bootstrap
# Lambda always runs functions without privileges; other hosts use this setting.
USER 65534:65534
CMD ["bootstrap"]
