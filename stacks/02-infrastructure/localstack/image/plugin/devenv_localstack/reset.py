"""Empties services: POST /_localstack/state/reset and /_localstack/state/<service>/reset.

The edition of LocalStack on PyPI lacks these two routes. Only services that run are touched; what a service held is
forgotten, and nothing is seeded again: that is up to the caller.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from localstack.http import Request, Response, route
from localstack.runtime import hooks
from localstack.state.core import AssetDirectory, StateLifecycleHook, StateVisitor

LOG = logging.getLogger(__name__)


@hooks.on_infra_start()
def register_reset_routes() -> None:
    """Serve the routes from the moment that LocalStack starts."""
    from localstack.services.internal import get_internal_apis

    get_internal_apis().add(ResetRoutes())


class ResetRoutes:
    """Both answer `{"reset": [service], "failed": {service: error}}`: 500 when a service failed, 404 for an unknown one."""

    @route("/_localstack/state/reset", methods=["POST"])
    def reset_all(self, request: Request) -> Response:
        from localstack.services.plugins import SERVICE_PLUGINS

        return _answer(SERVICE_PLUGINS.list_available())

    @route("/_localstack/state/<service>/reset", methods=["POST"])
    def reset_one(self, request: Request, service: str) -> Response:
        from localstack.services.plugins import SERVICE_PLUGINS

        if not SERVICE_PLUGINS.exists(service):
            return Response.for_json({"reset": [], "failed": {service: "no such service"}}, 404)
        return _answer([service])


def _answer(services: list[str]) -> Response:
    reset: list[str] = []
    failed: dict[str, str] = {}
    for service in services:
        try:
            if _reset(service):
                reset.append(service)
        except Exception as error:  # a service is third-party code: its failure is reported, and the others still reset
            LOG.exception("reset of %s failed", service)
            failed[service] = repr(error)
    return Response.for_json({"reset": reset, "failed": failed}, 500 if failed else 200)


def _reset(name: str) -> bool:
    from localstack.services.plugins import SERVICE_PLUGINS

    if not SERVICE_PLUGINS.is_running(name):
        return False
    service = SERVICE_PLUGINS.get_service(name)
    hook = service.lifecycle_hook if isinstance(service.lifecycle_hook, StateLifecycleHook) else StateLifecycleHook()
    hook.on_before_state_reset()
    service.accept_state_visitor(_ResetVisitor())
    hook.on_after_state_reset()
    return True


class _ResetVisitor(StateVisitor):
    def visit(self, state_container: Any) -> None:
        if isinstance(state_container, AssetDirectory):
            path = Path(state_container.path)
            if path.exists():
                shutil.rmtree(path)
            path.mkdir(parents=True)
        elif hasattr(state_container, "reset"):
            state_container.reset()
        else:  # a plain mapping of moto's: account -> region -> backend
            for regions in state_container.values():
                for backend in list(regions.values()):
                    backend.reset()
