{{- define "sounder.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters of the 63 a label may have: Kubernetes adds hashes to it and the chart "-host" or "-dashboard-…". */}}
{{- define "sounder.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "sounder.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sounder.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sounder.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sounder.labels" -}}
{{ include "sounder.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sounder.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sounder.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "sounder.configMapName" -}}
{{- default (include "sounder.fullname" .) .Values.existingConfigMap -}}
{{- end -}}

{{- define "sounder.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What comes before every path: empty, or /prefix. */}}
{{- define "sounder.prefix" -}}
{{- $path := .Values.web.routePrefix | trimSuffix "/" -}}
{{- if $path -}}
{{- printf "/%s" (trimPrefix "/" $path) -}}
{{- end -}}
{{- end -}}

{{/* The file sounder.yml. */}}
{{- define "sounder.config" -}}
{{- if not .Values.config -}}
{{- .Files.Get "files/sounder.yml" -}}
{{- else if kindIs "string" .Values.config -}}
{{- .Values.config -}}
{{- else -}}
{{- toYaml .Values.config -}}
{{- end -}}
{{- end -}}

{{/* Combinations that would render, and not do what was asked for. */}}
{{- define "sounder.check" -}}
{{- if and (eq .Values.kind "Deployment") (eq .Values.network "both") -}}
{{- fail "network both needs kind DaemonSet: what the container network adds is the difference of two agents on one node" -}}
{{- end -}}
{{- if and .Values.podDisruptionBudget.enabled (eq .Values.kind "DaemonSet") -}}
{{- fail "podDisruptionBudget needs kind Deployment: drains take no notice of DaemonSets" -}}
{{- end -}}
{{- if and .Values.existingConfigMap (eq .Values.configChange "restart") -}}
{{- fail "configChange restart cannot work with existingConfigMap, which the chart does not see: write configChange reload" -}}
{{- end -}}
{{- if not .Values.service.enabled -}}
{{- if .Values.probes -}}
{{- fail "probes need service.enabled: Prometheus asks the agent by the name of its Service" -}}
{{- end -}}
{{- if or .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- fail "ingress and httpRoute need service.enabled: they lead to it" -}}
{{- end -}}
{{- end -}}
{{- end -}}
