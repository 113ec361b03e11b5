# An engine of Debian 13 (26.1) with its containerd image store.
ARG DEBIAN_TRIXIE
FROM ${DEBIAN_TRIXIE}
RUN --mount=type=cache,id=devenv-apt-trixie,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=devenv-apt-lists-trixie,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker.io \
 && mkdir -p /etc/docker \
 && echo '{"features": {"containerd-snapshotter": true}}' > /etc/docker/daemon.json
ENTRYPOINT ["dockerd", "--host=unix:///run/shared/docker.sock", "--iptables=false"]
