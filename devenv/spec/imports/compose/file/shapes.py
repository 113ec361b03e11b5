"""The shape of a Compose file, as data: which keys there are, and what may stand at each.

It is there so that an unknown key or a wrong kind of value is told with its line. Compose's own JSON Schema tells
neither line nor the word that was meant, and the models made of it (compose-pydantic) interpolate nothing. What a key
means is the concern of `translation`.
Source: https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

Scalar = str | int | float | bool | None
Texts = str | list[str]
Table = dict[str, Scalar] | list[str | int | float | bool]
"""Variables and the like, as a mapping or as a list of NAME=value."""
Number = int | float | str
Flag = bool | Literal["true", "false"]


class ComposeModel(BaseModel):
    """What refuses unknown keys; `x-` keys are taken out before."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ComposeBuild(ComposeModel):
    context: str | None = None
    dockerfile: str | None = None
    dockerfile_inline: str | None = None
    target: str | None = None
    args: Table = {}
    network: str | None = None
    additional_contexts: Any = None
    cache_from: Any = None
    cache_to: Any = None
    entitlements: Any = None
    extra_hosts: Any = None
    isolation: Any = None
    labels: Any = None
    no_cache: Any = None
    no_cache_filter: Any = None
    platforms: Any = None
    privileged: Any = None
    provenance: Any = None
    pull: Any = None
    sbom: Any = None
    secrets: Any = None
    shm_size: Any = None
    ssh: Any = None
    tags: Any = None
    ulimits: Any = None


class ComposeDependency(ComposeModel):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"] = "service_started"
    required: Flag = True
    restart: Flag = False


class ComposeHealth(ComposeModel):
    test: Texts | None = None
    disable: Flag = False
    interval: Number | None = None
    timeout: Number | None = None
    retries: Number | None = None
    start_period: Number | None = None
    start_interval: Number | None = None


class ComposePort(ComposeModel):
    target: Number
    published: Number | None = None
    protocol: str | None = None
    app_protocol: str | None = None
    host_ip: str | None = None
    mode: str | None = None
    name: str | None = None


class ComposeMount(ComposeModel):
    type: str
    source: str | None = None
    target: str
    read_only: Flag = False
    consistency: Any = None
    bind: Any = None
    volume: Any = None
    tmpfs: Any = None
    image: Any = None


class ComposeGrant(ComposeModel):
    """A config or secret that a service is given."""

    source: str
    target: str | None = None
    uid: Any = None
    gid: Any = None
    mode: Any = None


class ComposeEnvFile(ComposeModel):
    path: str
    required: Flag = True
    format: str | None = None


class ComposeAmounts(ComposeModel):
    cpus: Number | None = None
    memory: Number | None = None
    pids: Any = None
    devices: Any = None
    generic_resources: Any = None


class ComposeResources(ComposeModel):
    limits: ComposeAmounts | None = None
    reservations: ComposeAmounts | None = None


class ComposeDeploy(ComposeModel):
    mode: str | None = None
    replicas: Number | None = None
    resources: ComposeResources | None = None
    endpoint_mode: Any = None
    labels: Any = None
    placement: Any = None
    restart_policy: Any = None
    rollback_config: Any = None
    update_config: Any = None


class ComposeExtends(ComposeModel):
    service: str
    file: str | None = None


class ComposeSource(ComposeModel):
    """A config or secret."""

    name: Any = None
    file: str | None = None
    environment: str | None = None
    content: str | None = None
    external: Any = None
    labels: Any = None
    driver: Any = None
    driver_opts: Any = None
    template_driver: Any = None


class ComposeVolume(ComposeModel):
    name: Any = None
    driver: Any = None
    driver_opts: Any = None
    external: Any = None
    labels: Any = None


class ComposeService(ComposeModel):
    """Keys that are carried over; those of `NOT_CARRIED` are told of, and may be anything."""

    build: str | ComposeBuild | None = None
    command: str | list[Scalar] | None = None
    configs: list[str | ComposeGrant] = []
    container_name: str | None = None
    cpus: Number | None = None
    depends_on: list[str] | dict[str, ComposeDependency | None] = []
    deploy: ComposeDeploy | None = None
    entrypoint: str | list[Scalar] | None = None
    env_file: str | list[str | ComposeEnvFile] = []
    environment: Table | None = None
    expose: list[Number] = []
    extends: str | ComposeExtends | None = None
    healthcheck: ComposeHealth | None = None
    hostname: str | None = None
    image: str | None = None
    links: list[str] = []
    mem_limit: Number | None = None
    mem_reservation: Number | None = None
    networks: list[str] | dict[str, Any] | None = None
    ports: list[Number | ComposePort] = []
    profiles: list[str] = []
    read_only: Flag = False
    restart: str | bool | None = None
    scale: Number | None = None
    secrets: list[str | ComposeGrant] = []
    tmpfs: Texts = []
    user: Number | None = None
    volumes: list[str | ComposeMount] = []
    working_dir: str | None = None


NOT_CARRIED = {
    "privileged": "it has the rights of an ordinary container",
    "cap_add": "it has the capabilities of an ordinary container",
    "cap_drop": "it has the capabilities of an ordinary container",
    "devices": "it sees no devices of this machine",
    "device_cgroup_rules": "it sees no devices of this machine",
    "gpus": "it sees no devices of this machine",
    "network_mode": "it is in the cluster's network, and reached by its name",
    "networks": "all services of the file reach each other",
    "pid": "it has processes of its own alone",
    "ipc": "it has a memory of its own alone",
    "uts": "it has a name of its own",
    "userns_mode": "the cluster's users are used",
    "security_opt": "the runtime's own profiles are used",
    "group_add": "it has the groups of its user",
    "labels": "nothing here reads them",
    "label_file": "nothing here reads it",
    "annotations": "nothing here reads them",
    "logging": "devenv logs shows what it writes",
    "develop": "devenv dev builds it anew on each save",
    "extra_hosts": "names are those of the cluster",
    "external_links": "names are those of the cluster",
    "dns": "names are those of the cluster",
    "dns_opt": "names are those of the cluster",
    "dns_search": "names are those of the cluster",
    "domainname": "names are those of the cluster",
    "mac_address": "it has an address of the cluster's",
    "ulimits": "the runtime's own limits hold",
    "pids_limit": "the runtime's own limits hold",
    "sysctls": "the node's own settings hold",
    "shm_size": "it has 64 MiB of shared memory",
    "cpu_count": "deploy.resources says what it gets",
    "cpu_percent": "deploy.resources says what it gets",
    "cpu_period": "deploy.resources says what it gets",
    "cpu_quota": "deploy.resources says what it gets",
    "cpu_rt_period": "deploy.resources says what it gets",
    "cpu_rt_runtime": "deploy.resources says what it gets",
    "cpu_shares": "deploy.resources says what it gets",
    "cpuset": "deploy.resources says what it gets",
    "memswap_limit": "deploy.resources says what it gets",
    "mem_swappiness": "deploy.resources says what it gets",
    "blkio_config": "deploy.resources says what it gets",
    "storage_opt": "volumes have 1Gi",
    "oom_kill_disable": "it is ended where it takes more than its limit",
    "oom_score_adj": "it is ended where it takes more than its limit",
    "cgroup": "it is in a group of the cluster's",
    "cgroup_parent": "it is in a group of the cluster's",
    "runtime": "the cluster's own runtime is used",
    "isolation": "the cluster's own runtime is used",
    "credential_spec": "the cluster's own runtime is used",
    "platform": "it is built and pulled for this machine",
    "pull_policy": "an image is pulled once, and built when what it is made of changes",
    "init": "its first process is the image's own",
    "stop_signal": "it is ended by the image's own signal",
    "stop_grace_period": "it has 10 seconds to end",
    "stdin_open": "devenv shell gives it a terminal",
    "tty": "devenv shell gives it a terminal",
    "attach": "devenv logs shows what it writes",
    "volumes_from": "it has its own volumes alone; name them at it too",
    "post_start": "nothing is run; a service that others wait for by service_completed_successfully is",
    "pre_stop": "nothing is run",
    "models": "no model is run",
    "provider": "nothing is run in its place",
    "use_api_socket": "it does not reach the engine",
}
"""Keys of a service that come to nothing, with what holds in their place."""

AnyService = create_model(
    "AnyService",
    __base__=ComposeService,
    **{key: (Any, None) for key in NOT_CARRIED if key not in ComposeService.model_fields},  # type: ignore[call-overload]
)


class ComposeInclude(ComposeModel):
    path: Texts
    project_directory: str | None = None
    env_file: Texts | None = None


class ComposeFile(ComposeModel):
    name: str | None = None
    version: Any = None
    include: list[str | ComposeInclude] = []
    services: dict[str, AnyService] | None = None
    networks: dict[str, Any] | None = None
    volumes: dict[str, ComposeVolume | None] | None = None
    configs: dict[str, ComposeSource] | None = None
    secrets: dict[str, ComposeSource] | None = None
    models: Any = None
