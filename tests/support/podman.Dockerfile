# Podman of Debian 13 (5.4), serving the API that docker's clients speak.
ARG DEBIAN_TRIXIE
FROM ${DEBIAN_TRIXIE}
RUN --mount=type=cache,id=devenv-apt-trixie,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=devenv-apt-lists-trixie,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends podman
ENV PODMAN_IGNORE_CGROUPSV1_WARNING=1
ENTRYPOINT ["podman", "--log-level=info", "system", "service", "--time=0", "unix:///run/shared/podman.sock"]
