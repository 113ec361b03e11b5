{{/* Labels that stay the same over the release's life. */}}
{{- define "stack.selectorLabels" -}}
app.kubernetes.io/name: log-collector
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "stack.labels" -}}
{{ include "stack.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Values.global.devenv.project }}
devenv.io/stack: {{ .Release.Name }}
{{- with .Values.global.devenv.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
