"""`devenv helm`."""

from __future__ import annotations

import typer


def helm(context: typer.Context) -> None:
    """Run Helm on this project's cluster: `devenv helm ARGUMENTS`.

    All arguments are Helm's own, `--help` too. It is the version that devenv uses, with the project's own kubeconfig;
    your contexts and KUBE* and HELM_* variables are left aside, so that no other cluster is reached. The project is
    that of the current folder, or of the one in `devenv -C FOLDER helm`.

    What `helm upgrade` or `helm uninstall` changes, `devenv diff` shows and `devenv up` puts right.

    Examples: `devenv helm list --all-namespaces`, `devenv helm -n alt-apps get values alt-backend`.
    """
    from devenv.cli.leading import leading_directory
    from devenv.cli.verbatim import become
    from devenv.workflows.tool_call import cluster_tool_call

    become(cluster_tool_call(leading_directory(context), "helm", context.args))
