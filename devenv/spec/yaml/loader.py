"""The reader of YAML that was written for Go's readers: manifests, kustomizations, what Helm renders.

Responsible for what PyYAML reads otherwise than they do. Specifications of devenv's own are read by `reader`.
"""

from __future__ import annotations

from typing import Any

import yaml

# libyaml's is much faster, and CRDs are megabytes.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader, to which `=` is text, as to Go; YAML 1.1 has a type for it that PyYAML cannot make."""


Loader.add_constructor("tag:yaml.org,2002:value", _Base.construct_yaml_str)
