# syntax=docker/dockerfile:1
# One image a function, for those who deploy images rather than zips (docs/building.md):
#   docker build --platform linux/arm64 --build-arg FUNCTION=api-orders --tag agora/api-orders .

# Compiles for the other architecture rather than emulating it. The functions are built by the command that builds the
# zips, and all at once: the images of a release have this stage in common.
FROM --platform=$BUILDPLATFORM public.ecr.aws/docker/library/rust:1.95.0-bookworm AS build
SHELL ["/bin/bash", "-o", "errexit", "-o", "pipefail", "-c"]
# Debian keeps one version of a package; a pin would break with the next security fix.
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
        *) echo "Lambda runs arm64 and amd64, not $TARGETARCH" >&2; exit 1 ;; \
    esac \
    && rustup target add "$triple" \
    && make build "ARCH=$arch" \
    && cp --recursive target/lambda /built

FROM public.ecr.aws/lambda/provided:al2023
ARG FUNCTION
COPY --from=build --chmod=0555 /built/${FUNCTION}/bootstrap ${LAMBDA_RUNTIME_DIR}/bootstrap
# Lambda runs it without privileges in any case; elsewhere this sees to it.
USER 65534:65534
CMD ["bootstrap"]
