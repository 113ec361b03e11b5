"""`devenv kubectl`."""

from __future__ import annotations

import typer


def kubectl(context: typer.Context) -> None:
    """Run kubectl on this project's cluster: `devenv kubectl ARGUMENTS`.

    All arguments are kubectl's own, `--help` too. It is the version that devenv uses, with the project's own
    kubeconfig; your contexts and KUBE* and HELM_* variables are left aside, so that no other cluster is reached. The
    project is that of the current folder, or of the one in `devenv -C FOLDER kubectl`.

    Examples: `devenv kubectl get pods --all-namespaces`, `devenv kubectl -n alt-apps exec deploy/alt-backend -- env`.
    """
    from devenv.cli.leading import leading_directory
    from devenv.cli.verbatim import become
    from devenv.workflows.tool_call import cluster_tool_call

    become(cluster_tool_call(leading_directory(context), "kubectl", context.args))
