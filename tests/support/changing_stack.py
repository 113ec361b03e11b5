"""A stack with one object of each kind that Kubernetes lets be changed in part only, and a value for each such part."""

from __future__ import annotations

import json
from typing import Any

from support.environment import Project

NAME = "changing"
VALUES: dict[str, Any] = {
    "size": "1Gi",
    "files": "1Gi",
    "label": "first",
    "greeting": "hello",
    "role": "view",
    "headless": False,
    "command": "sleep 3600 & wait",
}
_STACK = f"""
name: {NAME}
layer: 06-application
summary: A stack whose objects cannot be changed
namespace: {NAME}
version: "1"
needs: [namespaces]
deadline: 90s
sources:
  - chart: {{path: chart}}
"""
_TEMPLATE = """
{{- define "pod" }}
terminationGracePeriodSeconds: 1
containers:
  - name: main
    image: IMAGE
    command: [sh, -c, "trap 'exit 0' TERM; COMMAND"]
{{- end }}
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  # Of such a one, claims are deleted with the object.
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  template:
    metadata: {labels: {app: store}}
    spec:
      {{- include "pod" . | replace "COMMAND" .Values.command | indent 6 }}
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ .Values.size }}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web, label: {{ .Values.label }}}}
  template:
    metadata: {labels: {app: web, label: {{ .Values.label }}}}
    spec:
      {{- include "pod" . | replace "COMMAND" "sleep 3600 & wait" | indent 6 }}
          volumeMounts: [{name: files, mountPath: /files}]
      volumes: [{name: files, persistentVolumeClaim: {claimName: files}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ .Values.files }}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      {{- include "pod" . | replace "COMMAND" (printf "echo %s" .Values.greeting) | indent 6 }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
immutable: true
data: {greeting: {{ .Values.greeting }}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ .Values.role }}}
subjects: [{kind: ServiceAccount, name: default, namespace: NAMESPACE}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  {{- if .Values.headless }}
  clusterIP: None
  {{- end }}
  selector: {app: web}
  ports: [{port: 80}]
"""


def write_stack(project: Project) -> None:
    """Add the stack to the project; it is not installed yet."""
    stack = project.root / "stacks" / "06-application" / NAME
    templates = stack / "chart" / "templates"
    templates.mkdir(parents=True)
    (stack / "stack.yaml").write_text(_STACK)
    (stack / "chart" / "Chart.yaml").write_text(f"apiVersion: v2\nname: {NAME}\nversion: 0.1.0\n")
    image = project.kubectl("-n", "alt-database", "get", "sts", "postgres", "-o", "jsonpath={..containers[0].image}")
    (templates / "all.yaml").write_text(_TEMPLATE.replace("IMAGE", image).replace("NAMESPACE", NAME))
    spec = project.spec
    project.write_spec({**spec, "stacks": [*spec["stacks"], {"name": NAME, "values": VALUES}]})


def set_values(project: Project, **values: Any) -> None:
    """Change values of the stack."""
    spec = project.spec
    spec["stacks"][-1]["values"] |= values
    project.write_spec(spec)


def find(project: Project, kind: str, name: str) -> dict[str, Any]:
    """An object of the stack."""
    found: dict[str, Any] = json.loads(project.kubectl("-n", NAME, "get", kind, name, "-o", "json"))
    return found


def uid(project: Project, kind: str, name: str) -> str:
    """What tells an object from another one of its name."""
    return str(find(project, kind, name)["metadata"]["uid"])


def run(project: Project, pod: str, script: str) -> str:
    """What a script prints that is run in a pod of the stack."""
    return project.kubectl("-n", NAME, "exec", pod, "--", "sh", "-c", script).strip()
