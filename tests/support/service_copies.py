"""A service as it is installed, and what is around it: small objects as an API server sends them."""

from __future__ import annotations

from typing import Any

from devenv.adapters.kubernetes.surroundings import Surroundings
from devenv.databases.address import Address
from devenv.runtime.service_copies.identity import Identity
from devenv.runtime.service_copies.pointing import Target
from devenv.runtime.service_copies.routes import Hosts

Json = dict[str, Any]
SPACE = "shop-apps"
LABELS = {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "shop-api", "devenv.io/stack": "shop-api"}
SELECTOR = {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "shop-api"}
IDENTITY = Identity("3f2a9c", SPACE, {"devenv.io/made-by": "devenv"}, "boot/1/2.3")
HOSTS = Hosts(IDENTITY, "shop.localhost")
LIVE = Address("postgres", "postgres.shop-database", 5432, "shop", "shop", "s3cret/+")
OWN = Address("postgres", "postgres.shop-database", 5432, "shop_clone_1_a", "shop", "s3cret/+")
TARGET = Target("postgres", LIVE, OWN)


def container(name: str = "api", **more: Any) -> Json:
    return {"name": name, "image": "localhost/devenv/api:1", "ports": [{"name": "http", "containerPort": 8080}], **more}


def workload(*containers: Json, kind: str = "Deployment", **pod: Any) -> Json:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": list(containers) or [container()], **pod}}
    return {
        "kind": kind,
        "metadata": {"name": "api", "namespace": SPACE},
        "spec": {"replicas": 3, "selector": {"matchLabels": SELECTOR}, "template": template},
    }


def service(name: str = "api", namespace: str = SPACE, selector: Json | None = None, **spec: Any) -> Json:
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    return {
        "metadata": {"name": name, "namespace": namespace, "annotations": {"meta.helm.sh/release-name": "shop-api"}},
        "spec": {"selector": SELECTOR if selector is None else selector, "ports": ports, **spec},
    }


def ingress_route(match: str, *services: Json, **spec: Any) -> Json:
    rule = {"kind": "Rule", "match": match, "services": list(services) or [{"name": "api", "port": "http"}]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "api", "namespace": SPACE},
        "spec": {"routes": [rule], **spec},
    }


def ingress(*hosts: str, **spec: Any) -> Json:
    backend = {"service": {"name": "api", "port": {"name": "http"}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "api", "namespace": SPACE},
        "spec": {
            "ingressClassName": "traefik",
            "rules": [{"host": h, "http": {"paths": paths}} for h in hosts],
            **spec,
        },
    }


def policy(name: str, namespace: str = SPACE, **spec: Any) -> Json:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def around(item: Json | None = None, **more: Any) -> Surroundings:
    given: Json = {
        "workload": item or workload(),
        "services": (service(),),
        "routes": (ingress_route("Host(`backend.shop.localhost`)", entryPoints=["web", "websecure"]),),
        "policies": (),
        "selectors": ({"matchLabels": SELECTOR},),
        "namespace_labels": {"kubernetes.io/metadata.name": SPACE},
        **more,
    }
    return Surroundings(**given)
