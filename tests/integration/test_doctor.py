"""`devenv doctor` on a machine with faults made for real, in namespaces of the test's own: nobody else has them.

An ordinary user makes them in a user namespace, where that user is root.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from support.authority import issue
from support.programs import require_program
from support.second_daemon import running_daemon

from devenv.adapters.docker import Engine
from devenv.images.catalogue.registries import refusal
from devenv.runtime.doctor.checks import registries

PROJECT = "project: doctor-test\nstacks: [{name: namespaces}]\n"
PATIENCE = 60
SLOW = """
import os, socket, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
if os.fork():
    os._exit(0)
for stream in (1, 2):
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
while True:
    asked, who = server.recvfrom(512)
    time.sleep(float(sys.argv[1]))
    end = asked.index(0, 12) + 5
    is_a = asked[end - 4:end - 2] == b"\\0\\1"
    head = asked[:2] + b"\\x81\\x80\\0\\1" + (b"\\0\\1" if is_a else b"\\0\\0") + b"\\0\\0\\0\\0"
    answer = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\1\\0\\4\\x7f\\0\\0\\1" if is_a else b""
    server.sendto(head + asked[12:end] + answer, who)
"""
"""A name server that leads every name to this machine, after some seconds; it lives in the background."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "devenv.yaml").write_text(PROJECT)
    return folder


def doctor(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, within: Sequence[str] = (), script: str = ""
) -> dict[str, Any]:
    """What `devenv doctor --json` prints; `script` is run in a shell before it, in the namespaces of `within`."""
    argv = [sys.executable, "-m", "devenv", "doctor", "--json", *arguments]
    if within:
        argv = [*within, "sh", "-ec", f"{script}\nexec {shlex.join(argv)}"]
    done = subprocess.run(
        argv, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["well"] else 1), report
    return report


def only(*ids: str) -> list[str]:
    return [argument for name in ids for argument in ("--only", name)]


def found(report: dict[str, Any]) -> dict[str, str]:
    return {finding["id"]: finding["summary"] for finding in report["findings"]}


def apart(*kinds: str) -> list[str]:
    """What runs a program in namespaces of its own, as their root."""
    return [str(require_program("unshare")), "--user", "--map-root-user", *(f"--{kind}" for kind in kinds)]


@pytest.mark.engine
def test_a_taken_port_is_told_with_its_holder(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (project / "devenv.yaml").write_text(f"{PROJECT}cluster: {{ports: {{http: {port}}}}}\n")
        report = doctor("--only", "port-taken", cwd=project)
    assert not report["well"]
    assert f"(pid {os.getpid()})" in found(report)["port-taken"]
    assert report["findings"][0]["remedy"].endswith("cluster.ports.http: auto in devenv.yaml")


def test_an_engine_that_is_dead_and_one_that_hangs_are_told_apart_and_soon(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    dead = doctor(cwd=tmp_path, env={"DOCKER_HOST": f"unix://{path}"})
    assert "engine-missing" in found(dead)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        silent = doctor(cwd=tmp_path, env={"DOCKER_HOST": f"unix://{path}"})
    assert "engine-silent" in found(silent)
    assert not {"engine-missing", "no-answer"} & found(silent).keys()


@pytest.mark.engine
def test_outside_of_a_project_the_machine_is_looked_at(tmp_path: Path) -> None:
    report = doctor(cwd=tmp_path)
    assert report["project"] == ""
    assert report["checks"] > 10
    assert not {"port-taken", "cluster-unreachable", "spec-invalid"} & found(report).keys()


def test_a_wrong_specification_keeps_nobody_from_looking_at_the_rest(project: Path) -> None:
    (project / "devenv.yaml").write_text("project: doctor-test\nstacks: [{name: no-such-stack}]\n")
    report = doctor(cwd=project, env={"SSL_CERT_FILE": "/nonexistent"})
    assert {"spec-invalid", "ca-bundle"} <= found(report).keys()


def test_an_id_that_there_is_none_of_is_told_with_the_one_that_was_meant(project: Path) -> None:
    argv = [sys.executable, "-m", "devenv", "doctor", "--only", "port-take"]
    done = subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean port-taken?" in done.stderr


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_a_bundle_without_an_authority_is_told(tmp_path: Path, text: str) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(text)
    report = doctor("--only", "ca-bundle", cwd=tmp_path, env={"SSL_CERT_FILE": str(bundle)})
    assert str(bundle) in found(report)["ca-bundle"]
    assert report["findings"][0]["remedy"] == "unset SSL_CERT_FILE"


def test_a_registry_with_another_ca_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, pair = issue(tmp_path, ["localhost"])
    with registry(pair) as host:
        reason = refusal(host, seconds=5)
        (finding,) = registries.CHECK.judge(registries.RegistryFacts({host: reason}, {host: 1}))
        assert finding.kind is registries.UNTRUSTED
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert refusal(host, seconds=5) == ""


def test_a_proxy_that_is_not_there_is_told_and_what_it_must_leave_alone(tmp_path: Path) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        proxies = {"HTTPS_PROXY": address, "https_proxy": address, "NO_PROXY": "corp", "no_proxy": "corp"}
        report = doctor(*only("proxy-unreachable", "proxy-exemptions"), cwd=tmp_path, env=proxies)
    assert found(report) == {
        "proxy-unreachable": f"{address.removeprefix('http://')}: Connection refused",
        "proxy-exemptions": "NO_PROXY lacks localhost and 127.0.0.1",
    }


def test_that_no_inotify_instance_is_left_is_told(tmp_path: Path) -> None:
    report = doctor(
        "--only",
        "inotify-exhausted",
        cwd=tmp_path,
        within=apart(),
        script="echo 0 >/proc/sys/user/max_inotify_instances",
    )
    assert "inotify-exhausted" in found(report)


def test_a_limit_is_raised_after_it_was_told_what_for_and_how_to_go_back(tmp_path: Path) -> None:
    stand_in = tmp_path / "sysctl"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/called\n')
    stand_in.chmod(0o755)
    argv = [sys.executable, "-m", "devenv", "doctor", "--only", "inotify-exhausted", "--fix"]
    script = f"echo 0 >/proc/sys/user/max_inotify_instances\nexec {shlex.join(argv)}"

    def mend(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*apart(), "sh", "-ec", " ".join([script, *more])],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    asked = mend()
    assert "command: sysctl -w fs.inotify.max_user_instances=512" in asked.stderr
    assert "undo:    sysctl -w fs.inotify.max_user_instances=" in asked.stderr
    assert not (tmp_path / "called").exists(), "nobody has agreed"
    done = mend("--yes")
    assert (tmp_path / "called").read_text() == "-w fs.inotify.max_user_instances=512\n"
    assert done.stdout.startswith("done: Raise fs.inotify.max_user_instances from ")


@pytest.mark.parametrize(("seconds", "told"), [("0.3", "any.localhost takes "), ("9", "takes 1.0 s or more")])
def test_a_slow_name_server_is_told(tmp_path: Path, seconds: str, told: str) -> None:
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "slow.py").write_text(SLOW)
    script = f"""
    ip link set lo up
    for file in nsswitch.conf resolv.conf; do mount --bind {tmp_path}/$file $(readlink -f /etc/$file); done
    {sys.executable} {tmp_path}/slow.py {seconds}
    """
    report = doctor(
        *only("names-slow", "names-unresolved"),
        cwd=tmp_path,
        within=apart("net", "mount", "pid", "fork"),
        script=script,
    )
    assert told in found(report)["names-slow"]


@pytest.mark.engine
def test_a_route_to_where_the_engine_or_pods_are_is_told(project: Path) -> None:
    with_engine = Engine.connect()
    taken = next(n for n in with_engine.networks.list() if n.name == "bridge").subnets[0]
    with_engine.close()
    script = f"""
    ip link add tun9 type bridge
    ip link set tun9 up
    ip address add 192.0.2.9/24 dev tun9
    ip route add {taken} via 192.0.2.1
    ip route add 10.244.3.0/24 via 192.0.2.1
    """
    report = doctor(*only("subnet-clash", "pod-subnet-clash"), cwd=project, within=apart("net"), script=script)
    assert f"a route leads to {taken} by tun9" in found(report)["subnet-clash"]
    assert "10.244.3.0/24 by tun9" in found(report)["pod-subnet-clash"]


@pytest.mark.engine
def test_a_tiny_disk_is_told_with_what_is_free(tmp_path: Path) -> None:
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    script = f"mount -t tmpfs -o size=8m tiny {tiny}"
    report = doctor(
        "--only", "cache-disk", cwd=tmp_path, env={"XDG_CACHE_HOME": str(tiny)}, within=apart("mount"), script=script
    )
    assert "0.0 GB are free, and this takes about 0.1 GB" in found(report)["cache-disk"]


@pytest.mark.engine
def test_a_state_without_a_cluster_is_moved_away_and_back(tmp_path: Path) -> None:
    engine = Engine.connect()
    state = tmp_path / "devenv" / "doctor-gone"
    state.mkdir(parents=True)
    (state / "kubeconfig").write_text("{}")
    (state / "engines.json").write_text(json.dumps({"engines": {engine.version().id: ""}}))
    engine.close()
    env = {"XDG_STATE_HOME": str(tmp_path)}
    report = doctor("--only", "state-left", "--fix", "--yes", cwd=tmp_path, env=env)
    (fixed,) = report["fixed"]
    assert report["findings"] == []
    assert not state.exists()
    subprocess.run(shlex.split(fixed["undo"]), check=True, timeout=PATIENCE)
    assert (state / "kubeconfig").is_file()
    assert "state-left" in found(doctor("--only", "state-left", cwd=tmp_path, env=env))


@pytest.mark.engine
def test_up_tells_it_before_it_makes_a_cluster(project: Path) -> None:
    """In a network where the clash is; the plan is shown, and nothing made."""
    script = """
    ip link add tun9 type bridge
    ip link set tun9 up
    ip route add 10.244.0.0/16 dev tun9
    """
    argv = shlex.join([sys.executable, "-m", "devenv", "up", "--plan"])
    done = subprocess.run(
        [*apart("net"), "sh", "-ec", f"{script}\nexec {argv}"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "10.244.0.0/16 by tun9: pods cannot reach what the route leads to" in done.stderr, done.stderr
    assert "[pod-subnet-clash]" in done.stderr


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="starts a dockerd of its own")
def test_an_engine_on_a_tiny_disk_and_a_network_that_is_left(tmp_path: Path) -> None:
    """In an engine of the test's own: what is left in it is nobody's."""
    data = tmp_path / "data"
    data.mkdir()
    subprocess.run(
        [str(require_program("mount")), "-t", "tmpfs", "-o", "size=64m", "tiny", str(data)],
        check=True,
        timeout=PATIENCE,
    )
    try:
        with running_daemon(tmp_path, "devdoc0", "198.51.100.1/24") as daemon:
            env = {"DOCKER_HOST": f"unix://{daemon.socket}", "XDG_STATE_HOME": str(tmp_path / "state")}
            label = [f"--label=devenv.io/{name}" for name in ("made-by=devenv", "project=doctor-gone")]
            docker = [str(require_program("docker")), "--host", env["DOCKER_HOST"], "network"]
            subprocess.run([*docker, "create", *label, "devenv-doctor-gone"], check=True, timeout=PATIENCE)
            report = doctor(*only("network-left", "engine-disk"), "--fix", "--yes", cwd=tmp_path, env=env)
            (fixed,) = report["fixed"]
            assert fixed["what"] == "Remove network devenv-doctor-gone"
            assert list(found(report)) == ["engine-disk"]
            assert f"the disk of {data} is nearly full: 0." in found(report)["engine-disk"]
            again = {**os.environ, **env}
            subprocess.run(shlex.split(fixed["undo"]), check=True, timeout=PATIENCE, env=again)
            assert "network-left" in found(doctor("--only", "network-left", cwd=tmp_path, env=env))
    finally:
        subprocess.run([str(require_program("umount")), str(data)], check=False, timeout=PATIENCE)


@contextmanager
def registry(pair: Path) -> Iterator[str]:
    """A registry behind TLS that asks for a login, as all do."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
