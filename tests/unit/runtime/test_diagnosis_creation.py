"""Why a cluster could not be created."""

from __future__ import annotations

from devenv.errors import CommandFailedError
from devenv.runtime.diagnosis.creation import creation_failure

KIND = """\
Creating cluster "devenv-shop" ...
 ✗ Starting control-plane 🕹️
ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec" failed: exit status 1

Command Output: I1129 11:33:40.962974     180 initconfiguration.go:262] loading configuration from "/kind/kubeadm.conf"
I1129 11:34:43.384792     180 round_trippers.go:632] "Response" verb="POST" url="https://192.168.112.2:6443/" status=""
error: error execution phase wait-control-plane: cannot obtain client without bootstrap: rate: Wait(n=1) would exceed
k8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/workflow.(*Runner).Run.func1
\tk8s.io/kubernetes@v1.36.3/cmd/kubeadm/app/cmd/phases/workflow/runner.go:262
github.com/spf13/cobra.(*Command).execute
\tgithub.com/spf13/cobra@v1.10.2/command.go:1015
main.main
\tdevenv/node/main.go:49
runtime.goexit
\truntime/asm_amd64.s:1771
""".splitlines()
JOURNAL = """\
Started kubelet.service - kubelet: The Kubernetes Node Agent.
E1129 11:33:58.563931     450 run.go:72] "command failed" err="an older reason"
E1129 11:34:35.297027     880 run.go:72] "command failed" err="invalid configuration: cgroup [\\"kubelet\\"] is missing"
kubelet.service: Main process exited, code=exited, status=1/FAILURE
"""
FAILED = CommandFailedError(
    "kind ended", argv=("kind", "create", "cluster"), status=1, output="runtime.goexit", hint=""
)


def test_the_kubelet_that_does_not_run_is_named_with_its_own_last_reason() -> None:
    error = creation_failure("devenv-shop", FAILED, KIND, {"one": "", "two": JOURNAL})

    assert error.message == "cluster devenv-shop could not be created: the kubelet of two ends again and again"
    assert error.context["kubelet"] == 'invalid configuration: cgroup ["kubelet"] is missing'


def test_a_kubelet_that_has_ended_once_is_not_to_blame() -> None:
    once = "".join(line for line in JOURNAL.splitlines(keepends=True) if "an older reason" not in line)

    error = creation_failure("devenv-shop", FAILED, KIND, {"one": once})

    assert error.message == "cluster devenv-shop could not be created"
    assert "kubelet" not in error.context


def test_kubeadms_last_word_is_the_cause_and_its_trace_is_left_out() -> None:
    error = creation_failure("devenv-shop", FAILED, KIND, {})

    assert error.message == "cluster devenv-shop could not be created"
    assert error.context["cause"].startswith("error execution phase wait-control-plane: cannot obtain client")
    lines = error.context["last lines"].splitlines()
    assert lines[-1].startswith("error: error execution phase")
    assert not [line for line in lines if line.startswith(("\t", "I1129", "k8s.io", "github.com", "main.", "runtime."))]


def test_the_engines_reason_for_not_starting_a_node_is_the_cause() -> None:
    run = 'command "docker run --name devenv-shop-control-plane … kindest/node" failed with error: exit status 126'
    refused = (
        "docker: Error response from daemon: failed to create task: OCI runtime create failed: runc create "
        "failed: unable to start container process: unable to apply caps: operation not permitted: unknown."
    )
    output = [
        " ✗ Preparing nodes 📦 ",
        f"ERROR: failed to create cluster: {run}",
        "Command Output: 5f0e",
        refused,
        "",
        "Run 'docker run --help'",
    ]

    error = creation_failure("devenv-shop", FAILED, output, {})

    assert error.context["cause"].endswith("unable to apply caps: operation not permitted: unknown")
    assert "CAP_SYS_RESOURCE" in error.hint
    assert "cluster/engine/runc-wrapper" in error.hint

    output[2:4] = ["Command Output: docker: Error response from daemon: Conflict. The name is in use."]
    error = creation_failure("devenv-shop", FAILED, output, {})
    assert error.context["cause"] == "Conflict. The name is in use"
    assert error.hint == "devenv up --verbose"


def test_without_kubeadms_word_the_cause_is_kinds() -> None:
    output = [" ✗ Preparing nodes 📦 ", "ERROR: failed to create cluster: node(s) already exist"]

    error = creation_failure("devenv-shop", FAILED, output, {})

    assert error.context["cause"] == "failed to create cluster: node(s) already exist"
    assert error.hint == "devenv up --verbose"
