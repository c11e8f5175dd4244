{{/* Names, labels and images. */}}

{{- define "cislex.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "cislex.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "cislex.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cislex.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: what the default-deny policy selects. */}}
{{- define "cislex.releaseSelector" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: cislex
{{- end -}}

{{/* Selector of one component's pods. Takes (list $root component). */}}
{{- define "cislex.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/name: {{ include "cislex.name" $root }}
{{- end -}}

{{/* Labels of one component's objects and pods. Takes (list $root component). */}}
{{- define "cislex.labels" -}}
{{- $root := index . 0 -}}
{{ include "cislex.selector" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: cislex
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* One image by digest, else by tag and variant. Takes (list $root image). */}}
{{- define "cislex.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $name := $image.repository -}}
{{- with $root.Values.image.registry }}{{ $name = printf "%s/%s" (trimSuffix "/" .) $image.repository }}{{ end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- $tag := $image.tag | default $root.Values.image.tag | default $root.Chart.AppVersion -}}
{{- printf "%s:%s-%s" $name $tag $image.variant -}}
{{- end -}}
{{- end -}}

{{/* One service's values: serviceDefaults under its own. Takes (list $root name); answers JSON. */}}
{{- define "cislex.service" -}}
{{- $root := index . 0 -}}
{{- mergeOverwrite (deepCopy $root.Values.serviceDefaults) (deepCopy (index $root.Values.services (index . 1))) | toJson -}}
{{- end -}}

{{/* Pods of a service at the least: what is asked for, else what the engine allows. Takes (list $root service). */}}
{{- define "cislex.replicas" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- if $root.Values.keda.enabled -}}{{ $root.Values.keda.minReplicas }}
{{- else if $service.autoscaling.enabled -}}{{ $service.autoscaling.minReplicas }}
{{- else if not (kindIs "invalid" $service.replicas) -}}{{ $service.replicas }}
{{- else -}}{{ ternary 1 2 (eq $root.Values.engine.type "local") }}
{{- end -}}
{{- end -}}

{{/* "true" when the cluster, or assumeApiVersions, has the API. Takes (list $root api). */}}
{{- define "cislex.hasApi" -}}
{{- $root := index . 0 -}}
{{- if or ($root.Capabilities.APIVersions.Has (index . 1)) (has (index . 1) $root.Values.assumeApiVersions) }}true{{ end -}}
{{- end -}}

{{/* The port of a URL, or that of its scheme. */}}
{{- define "cislex.urlPort" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- end -}}

{{- define "cislex.rayClusterName" -}}{{ include "cislex.fullname" . }}-ray{{- end -}}
{{- define "cislex.tlsSecret" -}}{{ .Values.tls.existingSecret | default (printf "%s-tls" (include "cislex.fullname" .)) }}{{- end -}}
{{- define "cislex.sharedClaim" -}}{{ .Values.store.volume.existingClaim | default (printf "%s-store" (include "cislex.fullname" .)) }}{{- end -}}

{{/* The test needs a token where calls need one, and a certificate where clients must show one. */}}
{{- define "cislex.testRuns" -}}
{{- if and .Values.tests.enabled (or (eq .Values.auth.mode "none") .Values.tests.tokenSecret.name) (or (not .Values.tls.clientCa.existingSecret) .Values.tests.clientCertSecret) }}true{{ end -}}
{{- end -}}
