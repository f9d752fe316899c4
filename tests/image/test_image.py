"""Container images of the functions, built from `Dockerfile` on minimal base images."""

import hashlib
import shutil
from pathlib import Path

import pytest

import base_images
from buildah import Buildah

REPOSITORY = Path(__file__).parents[2]
FUNCTION = "api-orders"
IMAGE = f"localhost/agora:{FUNCTION}"
RUNTIME = "localhost/runtime"
RUST = "localhost/rust"
UNPRIVILEGED = "65534:65534"


@pytest.fixture(scope="session")
def program(functions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of a function, in a folder like the output of `make build`."""
    built = functions / FUNCTION
    if built.is_dir():
        return built / "bootstrap"
    program = tmp_path_factory.mktemp("functions") / FUNCTION / "bootstrap"
    program.parent.mkdir()
    shutil.copy(built, program)
    return program


@pytest.fixture(scope="session")
def runtime(buildah: Buildah, program: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Base image of the last stage."""
    base_images.runtime(buildah, tmp_path_factory.mktemp("runtime"), RUNTIME, program)
    return RUNTIME


@pytest.fixture(scope="session")
def rust(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Base image of the compiling stage."""
    base_images.rust(buildah, tmp_path_factory.mktemp("rust"), RUST)
    return RUST


@pytest.fixture(scope="session")
def image(buildah: Buildah, program: Path, runtime: str) -> str:
    """Image of the built program, which replaces the compiling stage."""
    contexts = {"functions": program.parents[1]}
    buildah.build(REPOSITORY, IMAGE, contexts, RUNTIME_IMAGE=runtime, FUNCTION=FUNCTION)
    return IMAGE


def test_image_contains_the_program_of_the_zip(buildah: Buildah, image: str, program: Path) -> None:
    built = buildah.image(image)
    path = f"{built.environment()['LAMBDA_RUNTIME_DIR']}/bootstrap"
    files = built.files()
    assert files[path].digest == hashlib.sha256(program.read_bytes()).hexdigest()
    assert (files[path].mode, files[path].owner) == (0o555, 0), "the program can be changed by its user"
    # Everything else comes from the base image: no sources, no build results.
    assert set(files) - set(buildah.image(RUNTIME).files()) == {path}


def test_image_keeps_the_entry_point_and_has_no_privileges(buildah: Buildah, image: str) -> None:
    config = buildah.image(image).config
    assert config["Entrypoint"] == [base_images.ENTRY_POINT]
    assert config["Cmd"] == ["bootstrap"]
    assert config["User"] == UNPRIVILEGED


def test_program_starts_in_the_image(buildah: Buildah, image: str) -> None:
    status, output = buildah.run(image, f"{base_images.RUNTIME_FOLDER}/bootstrap")
    # Outside of Lambda, the function exits at the first variable that Lambda would set.
    assert (status, "AWS_LAMBDA_FUNCTION_NAME is not set" in output) == (1, True), output


@pytest.mark.parametrize(
    ("target", "arch", "triple"),
    [
        ("arm64", "arm64", "aarch64-unknown-linux-gnu"),
        ("amd64", "x86_64", "x86_64-unknown-linux-gnu"),
    ],
)
def test_plain_build_compiles_for_its_target(
    buildah: Buildah, rust: str, runtime: str, target: str, arch: str, triple: str
) -> None:
    arguments = {"RUST_IMAGE": rust, "RUNTIME_IMAGE": runtime, "FUNCTION": FUNCTION, "TARGETARCH": target}
    buildah.build(REPOSITORY, f"{IMAGE}-{target}", **arguments)
    manifest = (REPOSITORY / "functions" / FUNCTION / "Cargo.toml").read_text().rstrip("\n")
    compiled = f"make build ARCH={arch}\n{triple}\n{manifest}\n"
    program = buildah.image(f"{IMAGE}-{target}").files()[f"{base_images.RUNTIME_FOLDER}/bootstrap"]
    assert program.digest == hashlib.sha256(compiled.encode()).hexdigest()
