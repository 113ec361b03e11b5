"""Images that tests need, made as `devenv up` makes them when they are not there."""

from __future__ import annotations

import threading
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.host.trust import observe_trust
from devenv.images.build.build import ImageProvider, ImageStep
from devenv.images.build.modules import Module, fetch_in_container
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.catalogue.presence import observe_images
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.provision import provision_images
from devenv.spec.catalogue import load_versions


def fetch_module(module: Module, engine: Engine) -> Path:
    """The folder of a Go module, fetched in a container of the catalogue's Go image."""
    recipe = data_root() / "cluster" / "images" / "go-module"
    golang, trusted = provide("golang", engine), observe_trust().bundle
    return fetch_in_container(module, engine, recipe, golang, trusted, cancel=threading.Event())


def provide(name: str, engine: Engine) -> str:
    """The reference of an image of the catalogue, which is in the engine when this returns; the engine needs buildx."""
    catalogue = Catalogue(load_versions(), data_root(), hashing(FileDigests()))
    images = observe_images(engine, catalogue.described([name]), [name], "recipes")
    provider = ImageProvider(engine, data_root())
    provisions = provision_images(images, [name], "auto")
    for step, _ in provisions.steps:
        if isinstance(step, ImageStep):
            provider.provide(step)
    return provisions.references[name]
