"""Images with Debian's Python, for services of tests."""

from __future__ import annotations

BASES = {"DEBIAN": "debian-trixie"}
DOCKERFILE = """\
ARG DEBIAN
FROM ${DEBIAN}
RUN --mount=type=cache,id=devenv-apt-trixie,target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,id=devenv-apt-lists-trixie,target=/var/lib/apt/lists,sharing=locked \\
    apt-get update \\
 && apt-get install -y --no-install-recommends python3-flask python3-gunicorn gunicorn python3-psycopg
"""
"""How theirs begin; the packages are those of examples/shop, so that the builder has them."""
