"""The labels and annotations by which devenv says what it made, in the engine and in the cluster: each key once."""

from __future__ import annotations

from collections.abc import Mapping

LABEL_MADE_BY = "devenv.io/made-by"
"""On everything in the engine: what projects share, such as images, has this label alone."""
OURS: Mapping[str, str] = {LABEL_MADE_BY: "devenv"}

LABEL_PROJECT = "devenv.io/project"
LABEL_FOLDER = "devenv.io/folder"
LABEL_HOST = "devenv.io/host"
LABEL_USER = "devenv.io/user"
LABEL_PLACE = "devenv.io/place"
LABEL_MACHINE = "devenv.io/machine"
"""These are on a cluster's network: whose the cluster is."""

LABEL_IMAGE = "devenv.io/image"
"""On an image: the reference that it was made as. What is built on it inherits that, and is called something else."""
LABEL_ENGINE_ID = "devenv.io/engine-id"
"""On an image in a node's containerd: the ID that the engine knows it by."""

LABEL_LOCK = "devenv.io/lock"
"""On a lock's container: what is locked."""
LABEL_RELAY = "devenv.io/relay"
"""On the container that listens on the engine's loopback for a process of this machine: its port."""
LABEL_COMMAND = "devenv.io/command"
LABEL_PID = "devenv.io/pid"
LABEL_PROCESS = "devenv.io/process"
"""These are on a lock's container: who holds it."""
LABEL_RUN = "devenv.io/run"
"""On what a run makes for itself alone: the ID of its lock's container, which is there for as long as the run."""

LABEL_STACK = "devenv.io/stack"
"""On a Helm release's Secret, and on objects that no release holds: the stack that they belong to."""
LABEL_INSTANCE = "app.kubernetes.io/instance"
"""On what a chart makes, by Helm's custom: the release."""
LABEL_CONTENT = "devenv.io/content"
"""On a Helm release's Secret: the content of the stack that it was installed from."""
LABEL_CARRIES = "devenv.io/carries"
"""On ConfigMaps that hold parts of folders: the release whose pods read them."""
LABEL_COPY = "devenv.io/copy"
"""On all that a copy of a service is made of: which copy. LABEL_PROCESS is there too, as an annotation: who uses it."""
LABEL_SYNCED = "devenv.io/synced"
"""On a pod that `devenv dev` has put files into, so that it is not what was built: its stack."""
LABEL_BORROWED = "devenv.io/borrowed"
"""On a workload that `devenv debug` or `devenv intercept` has changed for a while: its stack."""
ANNOTATION_BORROWED = "devenv.io/borrowed-by"
"""On the same workload: which process has it, for what, and how the workload was before, as JSON; on its pods: for
what."""
ANNOTATION_PROFILE = "devenv.io/profile"
"""On the ConfigMap with the cluster's state: the profile that was applied last."""
ANNOTATION_SEEDS = "devenv.io/seeds"
"""On an ExternalSecret: what tells for which seeds it was refreshed last."""
