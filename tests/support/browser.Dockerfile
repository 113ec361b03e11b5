# Chromium of Debian 13, steered over its debugging port on the host's loopback.
ARG DEBIAN_TRIXIE
FROM ${DEBIAN_TRIXIE}
RUN --mount=type=cache,id=devenv-apt-trixie,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=devenv-apt-lists-trixie,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      chromium fonts-dejavu-core fonts-inter
# Its sandbox takes privileges that the container has not; what it opens is the tests' own. Nothing watches for hangs: the
# machine is busy. Nothing is asked of anybody else: no updates, no models, no lists.
ENTRYPOINT ["chromium", "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", \
            "--disable-gpu-watchdog", "--disable-hang-monitor", "--disable-renderer-backgrounding", \
            "--disable-background-networking", "--disable-component-update", "--disable-default-apps", \
            "--disable-extensions", "--disable-sync", "--disable-breakpad", "--metrics-recording-only", \
            "--disable-features=OptimizationHints,OptimizationGuideOnDeviceModel,MediaRouter,Translate", \
            "--no-first-run", "--no-default-browser-check", "--hide-scrollbars", \
            "--remote-debugging-address=127.0.0.1", "--remote-debugging-port=0"]
