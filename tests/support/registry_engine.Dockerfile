# An engine of Debian 13 (26.1) in a network of its own, for which the registries' names lead to the socket of a test.
ARG DEBIAN_TRIXIE
FROM ${DEBIAN_TRIXIE}
RUN --mount=type=cache,id=devenv-apt-trixie,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=devenv-apt-lists-trixie,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates docker.io iptables python3 socat \
 && mkdir -p /etc/docker \
 && echo '{"features": {"containerd-snapshotter": true}}' > /etc/docker/daemon.json
COPY registry_engine.sh /usr/local/bin/registry-engine
ENTRYPOINT ["registry-engine"]
