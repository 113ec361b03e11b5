{{/* Labels that stay the same over the release's life. */}}
{{- define "stack.selectorLabels" -}}
app.kubernetes.io/name: grafana
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

{{/* Grafana's settings, by the variables that go over its grafana.ini. */}}
{{- define "grafana.settings" -}}
# Whoever reaches Traefik may look; nobody may log in, so nobody changes anything.
GF_AUTH_ANONYMOUS_ENABLED: "true"
GF_AUTH_ANONYMOUS_ORG_ROLE: Viewer
GF_AUTH_BASIC_ENABLED: "false"
GF_AUTH_DISABLE_LOGIN_FORM: "true"
GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true"
GF_SNAPSHOTS_ENABLED: "false"
GF_SERVER_ROOT_URL: http://{{ .Values.host }}.{{ .Values.global.devenv.domain }}:{{ .Values.global.devenv.httpPort }}/
GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: /dashboards/devenv/cluster.json
GF_USERS_DEFAULT_THEME: system
# Alertmanager does that.
GF_UNIFIED_ALERTING_ENABLED: "false"
# It asks nobody outside, be it for plugins or for news.
GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"
GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
GF_ANALYTICS_REPORTING_ENABLED: "false"
GF_NEWS_NEWS_FEED_ENABLED: "false"
GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false"
GF_PLUGINS_PREINSTALL_DISABLED: "true"
GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true"
GF_LOG_MODE: console
GF_LOG_LEVEL: warn
# Go then collects garbage instead of being killed.
GOMEMLIMIT: {{ include "grafana.memory" . }}
{{- end }}

{{/* Four fifths of the limit, in bytes. */}}
{{- define "grafana.memory" -}}
{{- $limit := .Values.resources.limits.memory -}}
{{- if hasSuffix "Gi" $limit -}}
{{ mulf (trimSuffix "Gi" $limit) 819 | floor }}MiB
{{- else -}}
{{ mulf (trimSuffix "Mi" $limit) 0.8 | floor }}MiB
{{- end -}}
{{- end }}
