"""The engine that answers, the labels by which what a module makes in it is known, and what renders charts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from support.programs import require_tool
from support.rendered_charts import Charts
from support.swept_engine import swept_engine
from support.tiny_image import tiny_root

from devenv.adapters.docker import Engine
from devenv.labels import OURS


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The engine, with the buildx that devenv provides."""
    engine = Engine.connect(buildx=require_tool("buildx"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Charts]:
    """What renders charts; while it does, Helm's folders in the cache are of the module's own."""
    scratch = tmp_path_factory.mktemp("charts")
    made = Charts(scratch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(scratch / "cache"))
        yield made


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    """Labels of a module's own."""
    return {**OURS, "devenv.io/test": uuid.uuid4().hex}


@pytest.fixture(scope="module")
def swept(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine, without buildx, and in the end without what carries the module's own label `RUN`."""
    with swept_engine({"devenv.io/test": request.module.RUN}) as engine:
        yield engine


@pytest.fixture(scope="module")
def tiny(swept: Engine, request: pytest.FixtureRequest) -> str:
    """An image of the module's own that sleeps."""
    reference = f"localhost/devenv-test/tiny:{request.module.RUN}"
    swept.images.import_tar(tiny_root(), reference, ['CMD ["sleep", "600"]'], request.module.LABELS)
    return reference
