{{/* Labels that stay the same over a release's life; the argument is a list of the root and the component's name. */}}
{{- define "stack.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{/* Labels of every object of a component. */}}
{{- define "stack.labels" -}}
{{- $root := index . 0 -}}
{{ include "stack.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: {{ $root.Values.global.devenv.project }}
devenv.io/stack: {{ $root.Release.Name }}
{{- with $root.Values.global.devenv.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What the restricted Pod Security Standard asks of a pod, and of a container. */}}
{{- define "stack.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65534
runAsGroup: 65534
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "stack.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* A service account with cluster-wide rights; the argument is a list of root, component and rules as YAML. */}}
{{- define "stack.account" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "stack.labels" (list $root $name) | nindent 4 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $root.Release.Name }}-{{ $name }}
  labels:
    {{- include "stack.labels" (list $root $name) | nindent 4 }}
rules:
  {{- index . 2 | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $root.Release.Name }}-{{ $name }}
  labels:
    {{- include "stack.labels" (list $root $name) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $root.Release.Name }}-{{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $root.Release.Namespace }}
{{- end }}

{{/* Rules with which something may be listed and watched; the argument is a map of API groups to resources. */}}
{{- define "stack.watches" -}}
{{- range $group, $resources := . }}
- apiGroups: [{{ $group | quote }}]
  resources: [{{ join ", " $resources }}]
  verbs: [get, list, watch]
{{- end }}
{{- end }}

{{/* The host's certificates, for what is asked outside behind a company's CA. */}}
{{- define "stack.hostCa" -}}
{{- with .Values.global.devenv.hostCa -}}
volumes:
  - name: host-ca
    configMap: {name: {{ . }}}
volumeMounts:
  - {name: host-ca, mountPath: /etc/ssl/certs, readOnly: true}
{{- end }}
{{- end }}
