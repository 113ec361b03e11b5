"""The container engine: the only importer of `docker` and `python_on_whales`.

Responsible for talking to the engine, through its API where that is enough and through its command line where
credentials, streams or BuildKit ask for it. What is built, named or loaded is decided by `devenv.images`.
"""

from devenv.adapters.docker.builds import BuildRequest
from devenv.adapters.docker.connection import DEFAULT_WAY, way_there
from devenv.adapters.docker.containers import ContainerInfo
from devenv.adapters.docker.engine import Engine, EngineVersion
from devenv.adapters.docker.locks import EngineLock, Holder
from devenv.adapters.docker.networks import NetworkInfo

__all__ = [
    "DEFAULT_WAY",
    "BuildRequest",
    "ContainerInfo",
    "Engine",
    "EngineLock",
    "EngineVersion",
    "Holder",
    "NetworkInfo",
    "way_there",
]
