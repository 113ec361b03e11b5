# Chromium of Debian 13, steered over its debugging port on the host's loopback.
ARG DEBIAN_TRIXIE
FROM ${DEBIAN_TRIXIE}
RUN --mount=type=cache,id=devenv-apt-trixie,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=devenv-apt-lists-trixie,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      chromium fonts-dejavu-core fonts-inter
# Its sandbox takes privileges that the container has not; what it opens is the tests' own.
ENTRYPOINT ["chromium", "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", \
            "--no-first-run", "--hide-scrollbars", "--remote-debugging-address=127.0.0.1", "--remote-debugging-port=0"]
