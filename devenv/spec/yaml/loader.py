"""The reader of YAML that was written for Go's readers: manifests, kustomizations, what Helm renders.

Responsible for what PyYAML reads otherwise than they do. Specifications of devenv's own are read by `reader`.
"""

from __future__ import annotations

from typing import Any

import yaml

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's, of libyaml where it is there: much faster, and CRDs are megabytes."""


class Loader(SafeLoader):  # type: ignore[misc]
    """PyYAML's safe loader, to which `=` and 2026-01-31 are text, as to Go: JSON has no type for either."""


for _type in ("value", "timestamp"):
    Loader.add_constructor(f"tag:yaml.org,2002:{_type}", SafeLoader.construct_yaml_str)
