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

{{/* Where ClickHouse is, for the log collector. */}}
{{- define "stack.clickhouse" -}}
- {name: CLICKHOUSE_URL, value: {{ .Values.clickhouse | quote }}}
- name: CLICKHOUSE_USER
  valueFrom: {secretKeyRef: {name: {{ .Release.Name }}, key: username}}
- name: CLICKHOUSE_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .Release.Name }}, key: password}}
- name: CLICKHOUSE_READER_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .Release.Name }}, key: reader_password}}
- {name: RETENTION_DAYS, value: {{ .Values.retentionDays | quote }}}
{{- end }}

{{/* Vector's, at its API. */}}
{{- define "vector.probes" -}}
startupProbe:
  httpGet: {path: /health, port: 8686}
  periodSeconds: 1
  failureThreshold: 60
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /health, port: 8686}
  timeoutSeconds: 5
livenessProbe:
  httpGet: {path: /health, port: 8686}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}
