{{/* Labels that stay the same over a release's life. */}}
{{- define "stack.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "stack.labels" -}}
{{ include "stack.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Values.global.devenv.project }}
devenv.io/stack: external-secrets
{{- with .Values.global.devenv.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
