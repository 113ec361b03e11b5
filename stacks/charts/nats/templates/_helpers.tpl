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
devenv.io/stack: {{ .Release.Name }}
{{- with .Values.global.devenv.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "nats.configuration" -}}
server_name: {{ .Release.Name }}
port: 4222
http_port: 8222
{{- /* The default of 2 s is too short for the clients of a machine that is busy. */}}
authorization { timeout: 10 }
jetstream {
  store_dir: /data
  max_memory_store: {{ .Values.jetstream.maxMemory }}
  max_file_store: {{ .Values.jetstream.maxFile }}
}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ toJson $value }}
{{- end }}
include accounts.conf
{{- if .Values.credentials.open }}
include open.conf
{{- end }}
{{- end }}
