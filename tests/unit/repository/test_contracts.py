"""Each image of the catalogue that a chart uses has its contract."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from devenv.adapters.files.paths import data_root
from devenv.spec.catalogue import load_versions
from devenv.spec.versions import CatalogueImage

STACKS = data_root() / "stacks"


def run_on(image: CatalogueImage) -> list[str]:
    """The bases of an image that its recipe's last stage begins with."""
    dockerfile = data_root() / str(image.recipe) / "Dockerfile"
    *_, last = re.findall(r"^FROM (.+?)(?: AS .+)?$", dockerfile.read_text(), re.MULTILINE)
    return [base for argument, base in image.bases.items() if last == f"${{{argument}}}"]


def test_each_image_of_a_chart_has_a_contract_with_upstreams_own_source() -> None:
    used = {
        name
        for file in sorted(Path(STACKS).glob("*/*/stack.yaml"))
        for stack in [yaml.safe_load(file.read_text())]
        for part in (
            stack,
            *stack.get("alongside", {}).values(),
            *(variant for variants in stack.get("variants", {}).values() for variant in variants.values()),
        )
        for name in part.get("images", {})
    }
    images = load_versions().images
    published = {name for name in used if images[name].upstream}
    # What is built on Atlas is run as Atlas is; a compiler leaves nothing of itself in what it makes.
    published |= {base for name in used - published for base in run_on(images[name]) if images[base].upstream}
    contracts = yaml.safe_load((STACKS / "contracts.yaml").read_text())
    assert contracts.keys() == published
    for name, contract in contracts.items():
        assert all(source.startswith("https://") for source in contract["source"]), name
