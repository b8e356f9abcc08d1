"""The bill of materials: every package the service runs with, from its lock file, as CycloneDX JSON.

python -m tools.sbom [--lock requirements/dev.txt] [--output build/sbom.json]
"""

import argparse
import tomllib
from collections import defaultdict
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from tools.environment import LOCKS, ROOT
from tools.locked import Pin, pins


def main() -> None:
    """Write the file and say how much is in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lock", type=Path, default=LOCKS["runtime"])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "sbom.json")
    arguments = parser.parse_args()
    bill = bill_of(arguments.lock)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    written = make_outputter(bill, OutputFormat.JSON, SchemaVersion.V1_6)
    arguments.output.write_text(written.output_as_string(indent=2) + "\n", "utf-8")
    print(f"wrote {arguments.output}: {len(bill.components)} packages of {arguments.lock.name}")


def bill_of(lock: Path) -> Bom:
    """What a lock file pins, with the hash of every file it may come as, and who asked for what."""
    root = _service()
    packages = {pin.name: (pin, _component(pin)) for pin in pins(lock)}
    bill = Bom(components=[component for _, component in packages.values()])
    bill.metadata.component = root
    asked: dict[Component, list[Component]] = defaultdict(list)
    for pin, component in packages.values():
        for name in pin.asked_by:
            asker = root if name == root.name else packages[name][1]
            asked[asker].append(component)
    for asker in (root, *bill.components):
        bill.register_dependency(asker, asked[asker])
    return bill


def _service() -> Component:
    """The service itself, as pyproject.toml names it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return Component(
        type=ComponentType.APPLICATION,
        name=project["name"],
        version=project["version"],
        description=project["description"],
        bom_ref=project["name"],
    )


def _component(pin: Pin) -> Component:
    link = PackageURL("pypi", name=pin.name, version=pin.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        purl=link,
        bom_ref=link.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.hashes],
        properties=[Property(name="wx:only-where", value=pin.where)] if pin.where else None,
    )


if __name__ == "__main__":
    main()
