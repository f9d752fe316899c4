"""Writes the bill of materials of the functions, all crates linked into a binary, as CycloneDX 1.6.

    make sbom ARCH=arm64      writes target/sbom/agora-arm64.cdx.json

The output is reproducible: the same sources give the same bytes.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from shipped import Crate, functions, shipped

ROOT = Path(__file__).resolve().parent.parent


def metadata(triple: str) -> dict:
    """Cargo's metadata of all packages and their dependencies."""
    return json.loads(subprocess.run(
        ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", triple],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout)


def checksums() -> dict[Crate, str]:
    """Checksums from Cargo.lock; workspace crates have none."""
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(package["name"], package["version"]): package["checksum"] for package in packages if "checksum" in package}


def component(package: dict, checksum: str | None) -> Component:
    """Component of a crate. Workspace crates have no registry address and no checksum."""
    name, version = package["name"], package["version"]
    kind = ComponentType.APPLICATION if name in functions(ROOT) else ComponentType.LIBRARY
    return Component(
        type=kind, name=name, version=version, bom_ref=f"{name}@{version}",
        purl=PackageURL("cargo", name=name, version=version) if checksum else None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        # Before SPDX expressions, crates separated alternative licences with a slash.
        licenses=[LicenseExpression(" OR ".join(part.strip() for part in package["license"].split("/")))],
    )


def bill(cargo_metadata: dict, crates: set[Crate], arch: str) -> Bom:
    """Bill of materials of the functions for one architecture."""
    known = checksums()
    packages = {
        package["id"]: package
        for package in cargo_metadata["packages"]
        if (package["name"], package["version"]) in crates
    }
    components = {
        key: component(package, known.get((package["name"], package["version"])))
        for key, package in packages.items()
    }
    bom = Bom(components=components.values())
    version = next(package["version"] for package in packages.values() if package["name"] == "shared")
    bom.metadata.component = Component(type=ComponentType.APPLICATION, name="agora", version=version, bom_ref="agora")
    applications = [entry for entry in components.values() if entry.type == ComponentType.APPLICATION]
    bom.register_dependency(bom.metadata.component, applications)
    for node in cargo_metadata["resolve"]["nodes"]:
        if node["id"] in components:
            dependencies = [components[key] for key in node["dependencies"] if key in components]
            bom.register_dependency(components[node["id"]], dependencies)
    bom.metadata.timestamp = datetime.fromtimestamp(int(source_date()), timezone.utc)
    identity = hashlib.sha256(f"{arch} {sorted(known.items())}".encode()).hexdigest()
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, identity)
    return bom


def source_date() -> str:
    """Date of the bill: `SOURCE_DATE_EPOCH` or the time of the last commit, in seconds."""
    commit = ["git", "log", "-1", "--format=%ct"]
    return os.environ.get("SOURCE_DATE_EPOCH") or subprocess.run(
        commit, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def missing(text: str, crates: set[Crate]) -> list[str]:
    """Shipped crates that the written bill misses or lists without the checksum of Cargo.lock."""
    known = checksums()
    listed = {(entry["name"], entry["version"]): entry for entry in json.loads(text)["components"]}
    errors = [f"{name} {version} is missing from the bill of materials" for name, version in sorted(crates - listed.keys())]
    for crate in sorted(crates & listed.keys() & known.keys()):
        if [entry["content"] for entry in listed[crate].get("hashes", [])] != [known[crate]]:
            errors.append(f"{crate[0]} {crate[1]} has a different checksum than in Cargo.lock")
    return errors


def main() -> int:
    arch, triple = os.environ["ARCH"], os.environ["TRIPLE"]
    crates = shipped(ROOT, triple)
    text = JsonV1Dot6(bill(metadata(triple), crates, arch)).output_as_string(indent=2)
    invalid = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    errors = missing(text, crates) + ([f"the output is not valid CycloneDX 1.6: {invalid}"] if invalid else [])
    if errors:
        print("\n".join(errors), file=sys.stderr)
        return 1
    path = ROOT / f"target/sbom/agora-{arch}.cdx.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
    print(f"{path.relative_to(ROOT)}: {len(crates)} crates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
