"""A service of a Compose file as a service of devenv.yaml, key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from support.compose import imported, notes_of

from devenv.spec.services.reference import Reference
from devenv.spec.services.service import Health, InlineText, ServicePort, ServiceSpec, SharedVolume

KEPT = "a volume is there instead, which begins empty and is kept"


def service(root: Path, keys: str, files: dict[str, str] | None = None, name: str = "api") -> ServiceSpec:
    """A service of these keys."""
    lines = "\n".join(f"    {line}" for line in keys.strip().splitlines())
    return imported(root, f"services:\n  {name}:\n{lines}\n", files).project.services[name.replace("_", "-")]


def told(root: Path, keys: str, files: dict[str, str] | None = None) -> list[str]:
    lines = "\n".join(f"    {line}" for line in keys.strip().splitlines())
    return notes_of(imported(root, f"services:\n  api:\n{lines}\n", files))


def test_three_lines_make_a_service_that_runs_as_its_image_says(tmp_path: Path) -> None:
    made = service(tmp_path, "image: nginx")

    assert made.image == "nginx"
    assert (made.pod_security, made.user, made.read_only) == ("baseline", None, False)
    assert made.namespace == "{namespace_prefix}-compose"
    assert made.all_ports == {"http": ServicePort(port=80, host=False)}


def test_a_build_has_its_folder_file_stage_and_arguments(tmp_path: Path) -> None:
    files = {"api/docker/Dockerfile": "FROM scratch\n"}

    short = service(tmp_path, "build: ./api", {"api/Dockerfile": "FROM scratch\n"})
    long = service(
        tmp_path,
        "build: {context: api, dockerfile: docker/Dockerfile, target: dev, network: host, args: [A=1, B=x=y]}",
        files,
    )
    mapped = service(tmp_path, "build: {context: ., args: {A: 1, B: 1.10, C: null, D: true}}")

    assert short.build
    assert short.build.context == "api"
    assert long.build
    assert (long.build.dockerfile, long.build.target, long.build.network) == ("docker/Dockerfile", "dev", "host")
    assert long.build.args == {"A": "1", "B": "x=y"}
    assert mapped.build
    assert mapped.build.args == {"A": "1", "B": "1.10", "D": "true"}


def test_an_image_that_another_service_builds_is_that_build(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          worker: {image: shop/app, command: work}
          api: {image: shop/app, build: .}
        """,
    )

    assert workspace.project.services["worker"].build == workspace.project.services["api"].build


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("python -m shop --name 'a b'", ("python", "-m", "shop", "--name", "a b")),
        ('["sh", "-c", "echo $$HOME"]', ("sh", "-c", "echo $HOME")),
        ("echo $$(HOSTNAME) $$$$", ("echo", "$$(HOSTNAME)", "$$$")),
        ("[serve, 8080]", ("serve", "8080")),
    ],
)
def test_a_command_is_taken_apart_as_a_shell_would(tmp_path: Path, written: str, words: tuple[str, ...]) -> None:
    made = service(tmp_path, f"image: x\ncommand: {written}\nentrypoint: {written}")

    assert (made.args, made.command) == (words, words)


def test_variables_come_from_files_and_from_the_service_over_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_PROCESS", "process")
    files = {
        ".env": "NAME=of env\nPASSED=passed\n",
        "a.env": "A=a\nB=a $NAME\n",
        "b.env": "B=$x\n",
    }
    keys = """
image: x
env_file:
  - a.env
  - {path: b.env, format: raw}
  - {path: none.env, required: false}
environment:
  C: ${NAME}
  D: 1.10
  E: yes
  F: "$$5 $$(X)"
  PASSED:
  FROM_PROCESS:
  UNSET_ANYWHERE:
"""
    assert service(tmp_path, keys, files).env == {
        "A": "a",
        "B": "$x",
        "C": "of env",
        "D": "1.10",
        "E": "yes",
        "F": "$5 $$(X)",
        "PASSED": "passed",
        "FROM_PROCESS": "process",
    }
    assert service(tmp_path, "image: x\nenvironment: [A=1, 'B=x=y', EMPTY=, PASSED]", files).env == {
        "A": "1",
        "B": "x=y",
        "EMPTY": "",
        "PASSED": "passed",
    }


def test_the_first_published_port_has_the_name_as_its_host_and_others_one_with_their_number(tmp_path: Path) -> None:
    made = service(
        tmp_path, 'image: x\nports: ["8080:80", "127.0.0.1:81:81", 5432, "90-91:90-91", "50051:50051", "[::1]:7:7"]'
    )

    assert made.ports == {
        "http": ServicePort(port=80, host="api"),
        "http-81": ServicePort(port=81, host="api-81"),
        "tcp": ServicePort(port=5432, protocol="tcp"),
        "http-90": ServicePort(port=90, host="api-90"),
        "http-91": ServicePort(port=91, host="api-91"),
        "grpc": ServicePort(port=50051, protocol="grpc", host="api-50051"),
        "http-7": ServicePort(port=7, host="api-7"),
    }


def test_ports_are_written_long_too_and_exposed_ones_have_no_host(tmp_path: Path) -> None:
    keys = """
image: x
ports:
  - {target: 80, published: "8080", protocol: tcp, host_ip: 127.0.0.1, mode: host}
  - {target: 53, protocol: udp}
expose: ["9000", 80]
"""
    made = service(tmp_path, keys)

    assert made.ports == {"http": ServicePort(port=80, host="api"), "http-9000": ServicePort(port=9000, host=False)}
    assert told(tmp_path, keys) == [
        "compose.yaml:6: services.api.ports[1]: the udp port 53 is not carried over; TCP ports are"
    ]


def test_a_port_that_only_others_speak_of_is_open_to_them(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          api:
            image: api
            environment: {STOCK: "http://stock:8123/v1", CACHE: "cache:7000"}
            command: [--to, "feed:50051"]
          stock: {image: stock}
          cache: {image: cache}
          feed: {image: feed}
          quiet: {image: quiet}
          front: {image: front, volumes: ["./front.conf:/etc/front.conf"]}
          back: {image: back}
        """,
        {"front.conf": "upstream { server back:8001; }\n"},
    )
    ports = {name: [port.port for port in one.all_ports.values()] for name, one in workspace.project.services.items()}

    assert ports == {
        "api": [],
        "stock": [8123],
        "cache": [7000],
        "feed": [50051],
        "quiet": [],
        "front": [],
        "back": [8001],
    }


def test_a_port_that_the_dockerfile_tells_of_is_no_sign_of_readiness(tmp_path: Path) -> None:
    made = service(tmp_path, "build: api", {"api/Dockerfile": "FROM scratch\nEXPOSE 8000/tcp 9000\n"})

    assert [port.port for port in made.all_ports.values()] == [8000, 9000]
    assert made.health is False


@pytest.mark.parametrize(
    ("test", "health"),
    [
        ('["CMD", "test", "-f", "/ready"]', Health(exec=("test", "-f", "/ready"))),
        (
            '["CMD-SHELL", "pg_isready -U $$POSTGRES_USER"]',
            Health(exec=("/bin/sh", "-c", "pg_isready -U $POSTGRES_USER")),
        ),
        ("redis-cli ping | grep PONG", Health(exec=("/bin/sh", "-c", "redis-cli ping | grep PONG"))),
        ("curl -f http://localhost:8080/healthz || exit 1", Health(path="/healthz", port="http")),
        ('["CMD", "wget", "-q", "--spider", "http://127.0.0.1:8080"]', Health(path="/", port="http")),
        (
            "curl -f -H 'Host: x' http://localhost:8080/",
            Health(exec=("/bin/sh", "-c", "curl -f -H 'Host: x' http://localhost:8080/")),
        ),
        (
            "curl -f http://localhost:9999/",
            Health(exec=("/bin/sh", "-c", "curl -f http://localhost:9999/")),
        ),
        ('["NONE"]', False),
    ],
)
def test_a_healthcheck_is_a_program_or_a_path(tmp_path: Path, test: str, health: Health | Literal[False]) -> None:
    assert service(tmp_path, f"image: x\nports: [8080]\nhealthcheck: {{test: {_quoted(test)}}}").health == health


def _quoted(test: str) -> str:
    return test if test.startswith("[") else '"' + test.replace('"', '\\"') + '"'


def test_a_healthcheck_that_waits_long_is_waited_for(tmp_path: Path) -> None:
    keys = "image: x\nhealthcheck: {test: [CMD, up], start_period: 5m, interval: 1m30s, retries: 4}"
    made = service(tmp_path, keys).health

    assert made
    assert made.starts_within.total_seconds() == 300 + 4 * 90


def test_volumes_with_names_are_kept_and_shared_ones_are_the_same(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          front: {image: nginx, volumes: ["static:/srv/static:ro"], depends_on: [web]}
          web:
            image: web
            tmpfs: /run
            volumes:
              - static:/app/static
              - data:/data/
              - /cache
              - {type: tmpfs, target: /scratch}
              - {type: volume, source: data, target: /more}
        volumes: {static: , data: {}}
        """,
    )

    assert workspace.project.services["web"].volumes == {
        "/app/static": "1Gi",
        "/data": "1Gi",
        "/cache": "empty",
        "/scratch": "empty",
        "/more": "1Gi",
        "/run": "empty",
    }
    assert workspace.project.services["front"].volumes == {"/srv/static": SharedVolume(of="web", path="/app/static")}
    assert workspace.project.services["front"].needs == ("web",)


def test_small_files_of_text_come_along_and_all_other_mounts_are_told_of(tmp_path: Path) -> None:
    files = {
        "conf/a.conf": "a\n",
        "conf/b.conf": "b\n",
        "one.txt": "1\n",
        "src/app.py": "x\n",
        "src/Dockerfile": "FROM scratch\n",
    }
    (tmp_path / "big.bin").write_bytes(b"\0\xff" * 10)
    keys = """
build: src
volumes:
  - ./conf:/etc/conf:ro
  - ./one.txt:/etc/one.txt
  - ./src:/app
  - /app/node_modules
  - /var/run/docker.sock:/var/run/docker.sock
  - ~/.aws:/root/.aws
  - ./nowhere:/nowhere
  - ./big.bin:/big
  - ../outside:/outside
"""
    made = service(tmp_path, keys, files)

    assert made.files == {"/etc/conf": "conf", "/etc/one.txt": "one.txt"}
    assert made.volumes == {"/nowhere": "1Gi"}
    assert [line.partition(": services.api.")[2] for line in told(tmp_path, keys, files)] == [
        "volumes[2]: ./src is not mounted; the image has it from its build; devenv dev builds it anew on each save",
        "volumes[3]: a volume over what is mounted is not needed; the image's own files are there",
        "volumes[4]: /var/run/docker.sock is not in the project, so it is not mounted; it sees the image's own files",
        "volumes[5]: ~/.aws is not in the project, so it is not mounted; it sees the image's own files",
        f"volumes[6]: ./nowhere is not there, so it is not mounted; {KEPT}",
        "volumes[7]: ./big.bin is not text, so it is not mounted; it sees the image's own files",
        "volumes[8]: ../outside is not in the project, so it is not mounted; it sees the image's own files",
    ]


def test_configs_are_files_and_secrets_come_from_the_secret_store(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          api:
            image: x
            configs: [app, {source: inline, target: /etc/inline}]
            secrets: [token, {source: key, target: other}]
        configs: {app: {file: ./app.conf}, inline: {content: "a=${B}"}}
        secrets: {token: {file: token.txt}, key: {environment: KEY}}
        """,
        {"app.conf": "x\n", "token.txt": "s3cret\n", ".env": "KEY=k3y\nB=b\n"},
    )

    assert workspace.project.services["api"].files == {
        "/app": "app.conf",
        "/etc/inline": InlineText(text="a=b"),
        "/run/secrets/token": Reference.model_validate({"secret": "compose/token"}),
        "/run/secrets/other": Reference.model_validate({"secret": "compose/key"}),
    }
    seeds = {secret.name: secret.value for secret in workspace.seeds.secrets}
    assert (seeds["compose/token"], seeds["compose/key"]) == ("s3cret\n", "k3y")
    assert "external-secrets-config" in workspace.stacks["api"].spec.needs


def test_what_it_is_given_has_the_units_of_kubernetes(tmp_path: Path) -> None:
    keys = """
image: x
deploy:
  replicas: 3
  resources: {limits: {cpus: "0.50", memory: 1g}, reservations: {cpus: 0.25, memory: 20M}}
"""
    made = service(tmp_path, keys)
    usual = service(tmp_path, "image: x")
    old = service(tmp_path, "image: x\nmem_limit: 100m\ncpus: 1.5\nscale: 2")

    assert made.replicas == 3
    assert made.resources.limits == {"cpu": "500m", "memory": "1024Mi"}
    assert made.resources.requests == {"cpu": "250m", "memory": "20Mi"}
    assert usual.resources.limits == {"cpu": "2", "memory": "2048Mi"}
    assert (old.resources.limits, old.replicas) == ({"cpu": "1500m", "memory": "100Mi"}, 2)


def test_it_runs_as_the_user_and_in_the_folder_that_are_named(tmp_path: Path) -> None:
    made = service(tmp_path, 'image: x\nuser: "1000:1000"\nworking_dir: /srv\nread_only: true')

    assert (made.user, made.working_dir, made.read_only) == (1000, "/srv", True)
    assert service(tmp_path, "image: x\nuser: root").user == 0
    assert told(tmp_path, "image: x\nuser: node") == [
        "compose.yaml:4: services.api.user: the number of the user node is not known; it runs as the image says"
    ]
