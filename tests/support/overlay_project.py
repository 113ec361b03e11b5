"""A project of kustomize stacks with base, overlays and components, and of a chart: nothing is wrong with it."""

from __future__ import annotations

from pathlib import Path

PROFILES = ("dev", "staging", "prod")
_STACK = """\
name: {name}
layer: 04-apps
summary: {name}
namespace: {name}
version: "1"
sources:
  - {source}
"""
_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      serviceAccountName: {name}
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {name}
          image: registry.example/{name}:1.4.2
          ports:
            - name: http
              containerPort: 8080
          envFrom:
            - configMapRef:
                name: settings
          env:
            - name: PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {name}
                  key: password
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          resources:
            requests:
              cpu: 10m
              memory: 32Mi
            limits:
              memory: 64Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
"""
_OTHERS = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
spec:
  rules:
    - host: {name}.shop.localhost
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
"""
_CREDENTIALS = """\
apiVersion: v1
kind: Secret
metadata:
  name: {name}
stringData:
  password: local
"""
_BASE = """\
resources:
  - deployment.yaml
  - others.yaml
  - secret.yaml
configMapGenerator:
  - name: settings
    literals:
      - GREETING=hello
"""
_OVERLAY = """\
resources:
  - ../../base
components:
  - ../../components/debugging
patches:
  - path: patches/deployment.yaml
  - target:
      kind: Deployment
      name: {name}
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/image
        value: registry.example/{name}:1.4.2-{profile}
"""
_PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: {replicas}
"""
_COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - path: environment.yaml
"""
_ENVIRONMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  template:
    spec:
      containers:
        - name: {name}
          env:
            - name: DEBUG
              value: "1"
"""
_CHART = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  level: {{ .Values.level | quote }}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ .Release.Name }}
spec:
  schedule: {{ .Values.schedule | quote }}
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
          containers:
            - name: report
              image: registry.example/report:{{ .Values.tag }}
              resources:
                {{- toYaml .Values.resources | nindent 16 }}
              securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
_VALUES = """\
level: info
schedule: "0 3 * * *"
tag: "3"
resources:
  requests: {cpu: 10m, memory: 32Mi}
  limits: {memory: 64Mi}
"""


def write_overlay_project(root: Path, names: tuple[str, ...] = ("web",), chart: str = "report") -> Path:
    """A project with a kustomize stack of each name, and one of a chart unless that has no name; returns `root`."""
    stacks = [*names, *([chart] if chart else [])]
    listed = ", ".join(f"{{name: {name}}}" for name in stacks)
    files = {"devenv.yaml": f"project: shop\nstacks: [{listed}]\nstack_paths: [stacks]\n"}
    for name in names:
        files |= {f"stacks/04-apps/{name}/{file}": text for file, text in _kustomize_stack(name).items()}
    if chart:
        files |= {f"stacks/04-apps/{chart}/{file}": text for file, text in _chart_stack(chart).items()}
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return root


def _kustomize_stack(name: str) -> dict[str, str]:
    files = {
        "stack.yaml": _STACK.format(name=name, source='kustomize: {path: "overlays/{profile}"}'),
        "base/kustomization.yaml": _BASE,
        "base/deployment.yaml": _DEPLOYMENT.format(name=name),
        "base/others.yaml": _OTHERS.format(name=name),
        "base/secret.yaml": _CREDENTIALS.format(name=name),
        "components/debugging/kustomization.yaml": _COMPONENT,
        "components/debugging/environment.yaml": _ENVIRONMENT.format(name=name),
    }
    for replicas, profile in enumerate(PROFILES, 1):
        files[f"overlays/{profile}/kustomization.yaml"] = _OVERLAY.format(name=name, profile=profile)
        files[f"overlays/{profile}/patches/deployment.yaml"] = _PATCH.format(name=name, replicas=replicas)
    return files


def _chart_stack(name: str) -> dict[str, str]:
    return {
        "stack.yaml": _STACK.format(name=name, source="chart: {path: chart}"),
        "values/prod.yaml": "level: warning\n",
        "chart/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n",
        "chart/values.yaml": _VALUES,
        "chart/templates/all.yaml": _CHART,
    }
