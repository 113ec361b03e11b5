{{/* Labels that stay the same over a release's life. */}}
{{- define "stack.selectorLabels" -}}
app.kubernetes.io/name: {{ .Release.Name }}
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

{{/* Metadata of an object that is called like the release. */}}
{{- define "service.metadata" -}}
name: {{ .Release.Name }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "stack.labels" . | nindent 2 }}
{{- end }}

{{/* Named after what is in it: pods that need another content wait for it, and are new ones. */}}
{{- define "service.secretName" -}}
{{ .Release.Name }}-{{ toJson .Values.secrets | sha256sum | trunc 8 }}
{{- end }}

{{- define "service.configName" -}}
{{ .Release.Name }}-{{ printf "%s%s" (toJson .Values.files) (toJson .Values.texts) | sha256sum | trunc 8 }}
{{- end }}

{{/* Whether any file comes from a text. */}}
{{- define "service.hasTexts" -}}
{{- range .Values.files }}{{ if not .secret }}true{{ end }}{{ end }}
{{- end }}

{{/* Whether any of them is a program. */}}
{{- define "service.hasPrograms" -}}
{{- range .Values.files }}{{ if .executable }}true{{ end }}{{ end }}
{{- end }}

{{/* How a container is asked. Call with the context. */}}
{{- define "service.question" -}}
{{- $health := .Values.health }}
{{- $port := "" }}
{{- if not $health.exec }}{{ $port = $health.port | default (first .Values.ports).name }}{{ end }}
{{- /* Programs that look at whom they are asked for, as Django and Rails do, take localhost. */}}
{{- if $health.path -}}
httpGet: {path: {{ $health.path | quote }}, port: {{ $port }}, httpHeaders: [{name: Host, value: localhost}]}
{{- else if $health.exec -}}
exec: {command: {{ toJson $health.exec }}}
timeoutSeconds: 10
{{- else if $health.grpc }}
{{- range .Values.ports }}{{ if eq .name $port -}}
grpc: {port: {{ .port }}}
{{- end }}{{ end }}
{{- else -}}
tcpSocket: {port: {{ $port }}}
{{- end }}
{{- end }}

{{/* Whether it runs as its image says, with the capabilities of a container at a plain engine. */}}
{{- define "service.baseline" -}}
{{ if eq (.Values.podSecurity | default "restricted") "baseline" }}true{{ end }}
{{- end }}

{{/* The variables of a container. Call as the next. */}}
{{- define "service.variables" -}}
{{- if not (include "service.baseline" .root) }}
# The images' own may be a folder that cannot be written to, or that this user does not have.
- {name: HOME, value: /tmp}
{{- end }}
{{- if .root.Values.global.devenv.hostCa }}
{{- range list "SSL_CERT_FILE" "REQUESTS_CA_BUNDLE" "NODE_EXTRA_CA_CERTS" }}
- {name: {{ . }}, value: /run/devenv/ca-certificates.crt}
{{- end }}
{{- end }}
{{- range .it.env }}
{{- if .secret }}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ include "service.secretName" $.root }}, key: {{ .secret | quote }}}}
{{- else }}
- {name: {{ .name }}, value: {{ .value | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{/* The mounts of a container. Call as the next. */}}
{{- define "service.mounts" -}}
{{- $values := .root.Values -}}
{{- /* Whoever may write to the image's files has what the image has in /tmp. */}}
{{- if not (and (include "service.baseline" .root) (eq (toString .it.readOnly) "false")) }}
- {name: tmp, mountPath: /tmp}
{{- end }}
{{- if .supervised }}
- {name: supervisor, mountPath: /run/devenv-supervisor, readOnly: true}
{{- end }}
{{- if $values.global.devenv.hostCa }}
- {name: host-ca, mountPath: /run/devenv, readOnly: true}
{{- end }}
{{- if $values.secrets }}
# The kubelet starts no pod before what it mounts is there, and looks for it more often than for what variables refer to.
- {name: secrets, mountPath: /run/secrets/service, readOnly: true}
{{- end }}
{{- range $values.files }}
- {name: {{ ternary "secrets" "texts" (hasKey . "secret") }}, mountPath: {{ .path | quote }}, subPath: {{ .secret | default .key | quote }}, readOnly: true}
{{- end }}
{{- range $values.volumes }}
- {name: {{ printf "volume-%s" .name }}, mountPath: {{ .path | quote }}}
{{- end }}
{{- end }}

{{/* What every container has. Call with dict "root" "it" (its values) "name" "image" "resources". */}}
{{- define "service.container" -}}
{{- $values := .root.Values -}}
name: {{ .name }}
image: {{ .image }}
imagePullPolicy: IfNotPresent
{{- with .it.command }}
command:
  {{- if $.supervised }}
  - /run/devenv-supervisor/supervise
  {{- end }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .it.args }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .it.workingDir }}
workingDir: {{ . | quote }}
{{- end }}
{{- with include "service.variables" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  {{- if not (include "service.baseline" .root) }}
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  {{- end }}
  readOnlyRootFilesystem: {{ ternary false true (eq (toString .it.readOnly) "false") }}
  {{- if not (kindIs "invalid" .it.user) }}
  runAsUser: {{ int .it.user }}
  runAsNonRoot: {{ ne (int .it.user) 0 }}
  {{- end }}
{{- with include "service.mounts" . | trim }}
volumeMounts:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What a container before or beside it is given. Call with its values. */}}
{{- define "service.beside" -}}
{{- $usual := dict "requests" (dict "cpu" "5m" "memory" "16Mi") "limits" (dict "cpu" "1" "memory" "256Mi") }}
{{- toYaml (merge (deepCopy (.resources | default dict)) $usual) }}
{{- end }}

{{/* A pod. Call with dict "root" "restart". */}}
{{- define "service.pod" -}}
{{- $root := .root }}
{{- $values := .root.Values -}}
enableServiceLinks: false
{{- with .restart }}
restartPolicy: {{ . }}
{{- end }}
automountServiceAccountToken: false
terminationGracePeriodSeconds: 10
securityContext:
  {{- if not (kindIs "invalid" $values.user) }}
  runAsNonRoot: {{ ne (int $values.user) 0 }}
  runAsUser: {{ int $values.user }}
  runAsGroup: {{ int $values.user }}
  fsGroup: {{ int $values.user }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- if or $values.init $values.sidecars $values.supervisor }}
initContainers:
  {{- if $values.supervisor }}
  - name: supervisor
    image: {{ $values.supervisor }}
    imagePullPolicy: IfNotPresent
    args: [--copy, /run/devenv-supervisor]
    resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {cpu: "1", memory: 64Mi}}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    volumeMounts:
      - {name: supervisor, mountPath: /run/devenv-supervisor}
  {{- end }}
  {{- range $values.init }}
  - {{- include "service.container" (dict "root" $root "it" . "name" .name "image" (index $values.images .name) "resources" (include "service.beside" . | fromYaml)) | nindent 4 }}
  {{- end }}
  {{- range $values.sidecars }}
  - {{- include "service.container" (dict "root" $root "it" . "name" .name "image" (index $values.images .name) "resources" (include "service.beside" . | fromYaml)) | nindent 4 }}
    # It goes on beside the others, and ends with them.
    restartPolicy: Always
  {{- end }}
{{- end }}
containers:
  - {{- include "service.container" (dict "root" $root "it" (omit $values "user") "name" $root.Release.Name "image" $values.image "resources" $values.resources "supervised" $values.supervisor) | nindent 4 }}
    {{- with $values.ports }}
    ports:
      {{- range . }}
      - {name: {{ .name }}, containerPort: {{ .port }}}
      {{- end }}
    {{- end }}
    {{- if and $values.health (eq $values.workload "Deployment") }}
    {{- $question := include "service.question" $root }}
    startupProbe:
      {{- $question | nindent 6 }}
      periodSeconds: 1
      failureThreshold: {{ $values.health.startSeconds | default 300 }}
    readinessProbe:
      {{- $question | nindent 6 }}
      # A program each few seconds keeps the node busy.
      periodSeconds: {{ empty $values.health.exec | ternary 5 15 }}
    {{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- if $values.supervisor }}
  - name: supervisor
    emptyDir: {sizeLimit: 32Mi}
  {{- end }}
  {{- with $values.global.devenv.hostCa }}
  - name: host-ca
    configMap: {name: {{ . }}}
  {{- end }}
  {{- if $values.secrets }}
  - name: secrets
    secret: {secretName: {{ include "service.secretName" $root }}}
  {{- end }}
  {{- if include "service.hasTexts" $root }}
  - name: texts
    configMap: {name: {{ include "service.configName" $root }}{{ if include "service.hasPrograms" $root }}, defaultMode: 0555{{ end }}}
  {{- end }}
  {{- range $values.volumes }}
  - name: volume-{{ .name }}
    {{- if .size }}
    persistentVolumeClaim: {claimName: {{ printf "%s-%s" $root.Release.Name .name }}}
    {{- else if .claim }}
    persistentVolumeClaim: {claimName: {{ .claim }}}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- end }}
{{- end }}

{{/* Labels of its pods. */}}
{{- define "service.template" -}}
metadata:
  labels:
    {{- include "stack.labels" .root | nindent 4 }}
spec:
  {{- include "service.pod" . | nindent 2 }}
{{- end }}
