"""A copy of a service for one test: what it is made of, as a function of what is installed.

The copy is made from the objects as they are in the cluster, and not from the chart with another release name. What
Helm, kustomize or kubectl applied runs already, with the images, values and secrets of this environment. A chart
rendered anew makes all of a release again: Jobs that migrate, volume claims, ExternalSecrets that take their time,
cluster-wide objects whose names its author wrote down, a release that `devenv status` would list. And it takes Helm.

It is a bare pod, without a Deployment of its own: two controllers less to wait for, its name is known beforehand, what
the API server refuses (quota, pod security, webhooks) is refused at once, and nothing counts it as a workload.

Everything in here is pure; `devenv.workflows.service_copy` asks the cluster, makes the objects and removes them.
"""
