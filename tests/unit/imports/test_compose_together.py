"""The services of a Compose file together: who waits for whom, how they are called, which come, and what is told."""

from __future__ import annotations

from pathlib import Path

from support.compose import imported, notes_of

from devenv.spec.services.service import Health


def test_services_wait_for_others_and_jobs_run_once_before(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          api:
            image: api
            environment: {A: api}
            depends_on:
              db: {condition: service_healthy}
              migrate: {condition: service_completed_successfully, restart: true}
              gone: {condition: service_started, required: false}
          worker:
            image: worker
            environment: {A: worker}
            links: ["db:database"]
            depends_on: {migrate: {condition: service_completed_successfully}}
          migrate: {image: api, command: migrate, depends_on: [db], healthcheck: {test: [CMD, x]}, ports: [80]}
          db: {image: postgres}
        """,
    )
    services = workspace.project.services

    assert (services["api"].needs, services["api"].before) == (("db",), ("migrate",))
    assert (services["worker"].needs, services["worker"].before) == (("db",), ("migrate",))
    assert services["migrate"].needs == ("db",)
    assert (services["migrate"].env, services["migrate"].all_ports, services["migrate"].health) == ({}, {}, None)
    assert services["db"].aliases == ("database",)
    assert workspace.stacks["migrate"].spec.values["workload"] == "Job"
    assert "env" not in workspace.stacks["migrate"].spec.values
    assert [line.partition(": services.")[2] for line in notes_of(workspace)] == [
        "api.depends_on.migrate: it is not restarted with migrate; its pods go on",
        "migrate.ports: ports is not carried over; others wait until it has ended, so it runs once",
        "migrate.healthcheck: healthcheck is not carried over; others wait until it has ended, so it runs once",
    ]


def test_names_that_nobody_can_have_here_are_others_everywhere(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          My_API:
            image: api
            environment: {SELF: "http://My_API:80/", HOST: My_API, NOT: "My_API is good", DB: "x@my.db/y"}
          my.db: {image: postgres, container_name: Shop_DB}
          front: {image: nginx, command: ["--to=Shop_DB:5432"], depends_on: [My_API]}
        """,
    )
    services = workspace.project.services

    assert set(services) == {"my-api", "my-db", "front"}
    assert services["my-api"].env == {
        "SELF": "http://my-api:80/",
        "HOST": "my-api",
        "NOT": "My_API is good",
        "DB": "x@my-db/y",
    }
    assert services["front"].args == ("--to=my-db:5432",)
    assert services["front"].needs == ("my-api",)


def test_further_names_lead_to_the_service(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          db: {image: postgres, container_name: shop-db, hostname: unheard, networks: {back: {aliases: [data, db]}}}
          api: {image: api, environment: {URL: "postgres://u:p@shop-db:5432/x"}, networks: {back: {aliases: [data]}}}
        networks: {back: {}}
        """,
    )

    assert workspace.project.services["api"].aliases == ()
    assert any("data is another service's name too; it leads to that one alone" in line for line in notes_of(workspace))
    assert workspace.project.services["db"].aliases == ("data", "shop-db")


def test_profiles_of_compose_are_chosen_by_the_import_or_by_devenvs_profile(tmp_path: Path) -> None:
    compose = """\
        services:
          api: {image: api}
          debug: {image: debug, profiles: [debug]}
          extra: {image: extra, profiles: [staging, more]}
        """
    chosen = "project: shop\nimports: {compose: compose.yaml, profiles: [debug]}\n"

    assert set(imported(tmp_path, compose).project.services) == {"api"}
    assert set(imported(tmp_path, compose, profile="staging").project.services) == {"api", "extra"}
    assert set(imported(tmp_path, compose, project=chosen).project.services) == {"api", "debug"}


def test_what_is_left_out_is_waited_for_only_where_devenv_has_its_own(tmp_path: Path) -> None:
    compose = """\
        services:
          api: {image: api, depends_on: [db, proxy]}
          db: {image: postgres}
          proxy: {image: traefik}
        """
    project = (
        "project: shop\nimports: {compose: compose.yaml, without: [db, proxy]}\ndatabases: {db: {engine: postgres}}\n"
    )
    workspace = imported(tmp_path, compose, project=project)

    assert workspace.project.services["api"].needs == ("db",)
    assert notes_of(workspace) == [
        "compose.yaml:2: services.api.depends_on.proxy: proxy is left out; it is not waited for"
    ]


def test_the_file_may_say_to_devenv_what_compose_has_no_word_for(tmp_path: Path) -> None:
    compose = """\
        services:
          api:
            build: .
            ports: [8000]
            x-devenv:
              host: front
              health: /healthz
              ports: {admin: {port: 9000, host: admin}}
              build: {bases: {DEBIAN: debian-trixie}}
              profiles: {staging: {replicas: 3}}
        """
    made = imported(tmp_path, compose).project.services["api"]

    assert made.build
    assert made.build.bases == {"DEBIAN": "debian-trixie"}
    assert made.health == Health(path="/healthz")
    assert [port.port for port in made.all_ports.values()] == [8000, 9000]
    assert made.in_profile("staging").replicas == 3


def test_everything_that_is_not_carried_over_is_told_once_with_what_holds_instead(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        name: other
        services:
          api:
            image: api
            labels: [a=b]
            privileged: true
            network_mode: host
            stop_grace_period: 1m
            restart: on-failure
            tty: false
            networks: [back]
            deploy: {restart_policy: {condition: any}, mode: replicated}
            healthcheck: {test: [CMD, x], interval: 5s}
          worker: {image: worker, labels: {a: b}, restart: always, init: true}
        networks: {back: {external: true}}
        volumes: {data: {driver_opts: {type: nfs}}}
        x-ours: {anything: true}
        """,
        {"compose.override.yaml": "services: {}\n"},
    )

    assert [line.removeprefix("compose.yaml:") for line in notes_of(workspace)] == [
        "1: name: name is not carried over; devenv.yaml says how the project is called",
        "1: compose.override.yaml is not read; to have it too: compose: [compose.yaml, compose.override.yaml]",
        "5: services.api.labels: labels is not carried over (and line 14); nothing here reads them",
        "6: services.api.privileged: privileged is not carried over; it has the rights of an ordinary container",
        (
            "7: services.api.network_mode: network_mode is not carried over; "
            "it is in the cluster's network, and reached by its name"
        ),
        "8: services.api.stop_grace_period: stop_grace_period is not carried over; it has 10 seconds to end",
        (
            "9: services.api.restart: restart: on-failure is not carried over; "
            "what ends is started again; what others wait for by service_completed_successfully runs once"
        ),
        "11: services.api.networks: networks are not kept apart; all services of the file reach each other",
        (
            "12: services.api.deploy.restart_policy: deploy.restart_policy is not carried over; "
            "it is a Deployment, updated pod by pod"
        ),
        (
            "13: services.api.healthcheck: interval, timeout and retries are not carried over; "
            "it is asked each second at first, then each 5 or 15"
        ),
        "14: services.worker.init: init is not carried over; its first process is the image's own",
        "15: networks.back.external: external is not carried over; all services of the file reach each other",
        "16: volumes.data.driver_opts: driver_opts is not carried over; it is made in the cluster",
    ]
