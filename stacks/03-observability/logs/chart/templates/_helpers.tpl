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
