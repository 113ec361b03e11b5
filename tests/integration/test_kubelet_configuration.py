"""What the default kind configuration tells the kubelet, read and checked by the kubelet itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.images import provide

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.process import run

pytestmark = pytest.mark.engine
FIELD = "imagePullCredentialsVerificationPolicy"


@pytest.mark.parametrize(("policy", "taken"), [("", True), ("NoSuchPolicy", False)])
def test_the_kubelet_takes_what_kind_is_given_for_it(
    engine: Engine, tmp_path: Path, policy: str, *, taken: bool
) -> None:
    """So that a loaded image is not asked for at a registry, though its kubelet once pulled it under another name."""
    kind = yaml.safe_load((data_root() / "cluster" / "kind.yaml").read_text())
    (patch,) = (yaml.safe_load(text) for text in kind["kubeadmConfigPatches"])
    assert patch[FIELD] == "NeverVerify"
    wanted = (
        patch
        | {"apiVersion": "kubelet.config.k8s.io/v1beta1", "failCgroupV1": False}
        | ({FIELD: policy} if policy else {})
    )
    (tmp_path / "kubelet.yaml").write_text(yaml.safe_dump(wanted))
    image = provide("kind-node", engine)
    mount = f"type=bind,src={tmp_path},dst=/configuration,readonly"
    argv = ["docker", "run", "--rm", "--network", "none", "--mount", mount, "--entrypoint", "timeout", image, "5"]
    done = run([*argv, "kubelet", "--config", "/configuration/kubelet.yaml"], check=False, timeout=120)
    assert ("Standalone mode" in done.stderr) is taken
    assert ("failed to validate kubelet configuration" in done.stderr) is not taken
