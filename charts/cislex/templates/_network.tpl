{{/* One outgoing rule; no peers = any address. Takes (list peers ports). */}}
{{- define "cislex.egress" -}}
- ports:
    {{- range index . 1 }}
    - {protocol: TCP, port: {{ int . }}}
    {{- end }}
  {{- with index . 0 }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "cislex.egressDns" -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
  to:
    {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
{{- end -}}

{{/* What every pod that touches results needs: names, the bucket, the collector. */}}
{{- define "cislex.egressStore" -}}
{{- $policy := .Values.networkPolicy -}}
{{- include "cislex.egressDns" . }}
{{- if eq .Values.store.type "s3" }}
{{ include "cislex.egress" (list $policy.s3.to ($policy.s3.ports | default (list (include "cislex.urlPort" (.Values.store.s3.endpoint | default "https://s3"))))) }}
{{- end }}
{{- with .Values.telemetry.otelEndpoint }}
{{ include "cislex.egress" (list $policy.otel.to ($policy.otel.ports | default (list (include "cislex.urlPort" .)))) }}
{{- end }}
{{- end -}}

{{/* Pods of the bundled Ray cluster: KubeRay sets this label on every one. */}}
{{- define "cislex.rayPods" -}}
ray.io/cluster: {{ include "cislex.rayClusterName" . }}
{{- end -}}

{{/* Every outgoing edge of a service. */}}
{{- define "cislex.egressService" -}}
{{- $policy := .Values.networkPolicy -}}
{{- include "cislex.egressStore" . }}
{{- if eq .Values.ledger.type "postgresql" }}
{{ include "cislex.egress" (list $policy.postgresql.to $policy.postgresql.ports) }}
{{- end }}
{{- if eq .Values.engine.type "ray" }}
{{- if .Values.rayCluster.enabled }}
- ports:
    - {protocol: TCP, port: 8265}
  to:
    - podSelector:
        matchLabels:
          {{- include "cislex.rayPods" . | nindent 10 }}
          ray.io/node-type: head
{{- else }}
{{ include "cislex.egress" (list $policy.ray.to ($policy.ray.ports | default (list (include "cislex.urlPort" .Values.engine.ray.address)))) }}
{{- end }}
{{- else if eq .Values.engine.type "kubernetes" }}
{{ include "cislex.egress" (list $policy.kubernetesApi.to $policy.kubernetesApi.ports) }}
{{- end }}
{{- if eq .Values.auth.mode "oidc" }}
{{ include "cislex.egress" (list $policy.oidc.to ($policy.oidc.ports | default (list (include "cislex.urlPort" (.Values.auth.oidc.jwksUrl | default .Values.auth.oidc.issuer))))) }}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
