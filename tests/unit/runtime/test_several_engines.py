"""A project that is up in several engines: none of its runs gets another engine's cluster under the hands."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devenv.runtime.ownership.engines import ENGINES, forget_engine, recorded_engines
from devenv.runtime.ownership.kubeconfig import kubeconfig_of


@pytest.mark.usefixtures("own_home")
def test_each_way_to_an_engine_has_a_kubeconfig_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    found = [kubeconfig_of(tmp_path)]
    for host in ("unix:///run/user/1000/docker.sock", "unix:///var/run/other.sock"):
        monkeypatch.setenv("DOCKER_HOST", host)
        found += [kubeconfig_of(tmp_path)]
        assert kubeconfig_of(tmp_path) == found[-1]
    assert found[0] == tmp_path / "kubeconfig"
    assert len(set(found)) == 3


def test_engines_that_are_recorded_at_one_moment_are_all_remembered(tmp_path: Path) -> None:
    engines = {f"engine-{number}": "" for number in range(40)}
    (tmp_path / ENGINES).write_text(json.dumps({"engines": engines}))
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: forget_engine(tmp_path, f"engine-{number}"), range(1, 40)))
    assert recorded_engines(tmp_path) == {"engine-0": ""}
    assert [path.name for path in tmp_path.iterdir()] == [ENGINES]
