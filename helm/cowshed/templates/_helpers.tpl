{{- define "cowshed.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What never changes in the life of a release, as selectors cannot. */}}
{{- define "cowshed.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "cowshed.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "cowshed.labels" -}}
{{ include "cowshed.selectorLabels" . }}
{{ include "cowshed.commonLabels" . }}
{{- end -}}

{{- define "cowshed.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest -}}
@{{ .Values.image.digest }}
{{- else -}}
:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Many pods can be there at once: "true" or "". */}}
{{- define "cowshed.replicated" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) -}}true{{- end -}}
{{- end -}}

{{- define "cowshed.volumeAccessMode" -}}
{{- .Values.volume.accessMode | default (ternary "ReadWriteMany" "ReadWriteOnce" (ne .Values.postgresql.url "")) -}}
{{- end -}}

{{/* What the Secret that the chart makes of values holds; empty where there is nothing for it. */}}
{{- define "cowshed.ownSecretData" -}}
{{- $data := dict -}}
{{- if not .Values.secret.existing -}}
{{- with .Values.secret.hooksKey }}{{ $_ := set $data "hooks-key" . }}{{ end -}}
{{- with .Values.secret.adminToken }}{{ $_ := set $data "admin-token" . }}{{ end -}}
{{- end -}}
{{- if and .Values.postgresql.url (not .Values.postgresql.existingSecret) -}}
{{- $_ := set $data "username" .Values.postgresql.username -}}
{{- $_ := set $data "password" .Values.postgresql.password -}}
{{- end -}}
{{- with $data }}{{ toYaml . }}{{ end -}}
{{- end -}}
