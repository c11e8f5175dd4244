{{/* What the servers are told: environment variables of cislex_core.settings.Settings. */}}

{{/* Settings that are no secret, as one map; empty ones are left out. */}}
{{- define "cislex.settings" -}}
{{- $v := .Values -}}
{{- $of := dict
    "HOME" "/var/lib/cislex/home"
    "ENGINE" $v.engine.type
    "HEALTH_LISTEN" "0.0.0.0:50052"
    "LOG_FORMAT" "json"
    "FAN_OUT" $v.engine.fanOut
    "MAILBOX_URL" $v.engine.mailboxUrl
    "STORE_KEEP_DAYS" $v.store.keepDays
    "AUTH" $v.auth.mode
    "OTEL_ENDPOINT" $v.telemetry.otelEndpoint
-}}
{{- if eq $v.engine.type "local" -}}
  {{- $_ := set $of "HEAVY_SLOTS" $v.engine.heavySlots -}}
  {{- $_ := set $of "LIGHT_SLOTS" $v.engine.lightSlots -}}
{{- else -}}
  {{- $_ := set $of "MAX_HEAVY" $v.engine.maxHeavy -}}
  {{- $_ := set $of "MAX_LIGHT" $v.engine.maxLight -}}
{{- end -}}
{{- if eq $v.engine.type "ray" -}}
  {{- $own := printf "http://%s-head-svc:8265" (include "cislex.rayClusterName" .) -}}
  {{- $_ := set $of "RAY_ADDRESS" (ternary $own $v.engine.ray.address $v.rayCluster.enabled) -}}
  {{- $_ := set $of "RAY_HEAVY_CPUS" $v.engine.ray.heavyCpus -}}
  {{- $_ := set $of "RAY_HEAVY_GPUS" $v.engine.ray.heavyGpus -}}
  {{- $_ := set $of "RAY_HEAVY_MEMORY_BYTES" (int64 $v.engine.ray.heavyMemoryBytes) -}}
{{- else if eq $v.engine.type "kubernetes" -}}
  {{- $_ := set $of "JOB_TEMPLATE" "/etc/cislex/job/job.yaml" -}}
  {{- $_ := set $of "KUBERNETES_NAMESPACE" .Release.Namespace -}}
{{- end -}}
{{- if eq $v.ledger.type "sqlite" -}}
  {{- $_ := set $of "LEDGER_URL" "sqlite:////srv/cislex/ledger.sqlite" -}}
{{- else -}}
  {{- $_ := set $of "LEDGER_POOL" $v.ledger.postgresql.pool -}}
{{- end -}}
{{- if eq $v.store.type "s3" -}}
  {{- $_ := set $of "STORE_CACHE_BYTES" (int64 $v.store.s3.cacheBytes) -}}
  {{- $_ := set $of "STORE_PUBLIC_ENDPOINT" $v.store.s3.publicEndpoint -}}
{{- else if ne $v.engine.type "local" -}}
  {{- $_ := set $of "MAILBOX_URL" ($v.engine.mailboxUrl | default "file:///srv/cislex/mailbox") -}}
{{- end -}}
{{- $of = merge $of (include "cislex.storeSettings" . | fromJson) -}}
{{- if $v.tls.enabled -}}
  {{- $_ := set $of "TLS_CERT" "/etc/cislex/tls/tls.crt" -}}
  {{- $_ := set $of "TLS_KEY" "/etc/cislex/tls/tls.key" -}}
  {{- if $v.tls.clientCa.existingSecret -}}
    {{- $_ := set $of "TLS_CLIENT_CA" (printf "/etc/cislex/client-ca/%s" $v.tls.clientCa.key) -}}
  {{- end -}}
{{- end -}}
{{- if $v.telemetry.metrics.enabled -}}
  {{- $_ := set $of "METRICS_LISTEN" "0.0.0.0:9464" -}}
{{- end -}}
{{- if eq $v.auth.mode "static" -}}
  {{- $_ := set $of "AUTH_TOKENS_FILE" (printf "/etc/cislex/auth/%s" $v.auth.static.key) -}}
{{- else if eq $v.auth.mode "oidc" -}}
  {{- $_ := set $of "OIDC_ISSUER" $v.auth.oidc.issuer -}}
  {{- $_ := set $of "OIDC_AUDIENCE" $v.auth.oidc.audience -}}
  {{- $_ := set $of "OIDC_JWKS_URL" $v.auth.oidc.jwksUrl -}}
  {{- $_ := set $of "OIDC_ALGORITHMS" (join "," $v.auth.oidc.algorithms) -}}
  {{- $_ := set $of "OIDC_TENANT_CLAIM" $v.auth.oidc.tenantClaim -}}
  {{- $_ := set $of "OIDC_ROLE_CLAIM" $v.auth.oidc.roleClaim -}}
{{- end -}}
{{- if and (ne $v.auth.mode "none") $v.auth.allowPlaintext -}}
  {{- $_ := set $of "ALLOW_PLAINTEXT_TOKENS" "1" -}}
{{- end -}}
{{- if include "cislex.hasQuotas" . -}}
  {{- $_ := set $of "QUOTAS_FILE" (printf "/etc/cislex/quotas/%s" $v.quotas.key) -}}
{{- end -}}
{{- range $name, $value := $v.settings -}}
  {{- $_ := set $of (upper $name) (ternary (int64 $value) $value (and (kindIs "float64" $value) (eq (floor $value) $value))) -}}
{{- end -}}
{{- $out := dict -}}
{{- range $name, $value := $of -}}
  {{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) -}}
    {{- $_ := set $out (printf "CISLEX_%s" $name) (toString $value) -}}
  {{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/* Where the store is: the servers, the Jobs and the Ray nodes must agree. JSON, names without CISLEX_. */}}
{{- define "cislex.storeSettings" -}}
{{- $of := dict -}}
{{- with .Values.store -}}
{{- if eq .type "s3" -}}
  {{- $_ := set $of "STORE_URL" (printf "s3://%s" (list .s3.bucket (trimAll "/" .s3.prefix) | compact | join "/")) -}}
  {{- with .s3.endpoint -}}{{- $_ := set $of "STORE_ENDPOINT" . -}}{{- end -}}
{{- else -}}
  {{- $_ := set $of "STORE_DIR" "/srv/cislex/store" -}}
{{- end -}}
{{- end -}}
{{- toJson $of -}}
{{- end -}}

{{- define "cislex.hasQuotas" -}}
{{- if or .Values.quotas.content .Values.quotas.existingConfigMap }}true{{ end -}}
{{- end -}}

{{/* The bucket's region and keys, from a Secret or from the pod's identity. */}}
{{- define "cislex.s3Env" -}}
{{- if eq .Values.store.type "s3" -}}
{{- with .Values.store.s3 }}
- name: AWS_REGION
  value: {{ .region | quote }}
{{- if not .workloadIdentity }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .accessKeyIdKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .secretAccessKeyKey }}}}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "cislex.ledgerEnv" -}}
{{- if eq .Values.ledger.type "postgresql" -}}
- name: CISLEX_LEDGER_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.ledger.postgresql.existingSecret }}, key: {{ .Values.ledger.postgresql.urlKey }}}}
{{- end -}}
{{- end -}}

{{- define "cislex.rayTokenSecret" -}}
{{- .Values.engine.ray.tokenSecret.name | default (ternary (include "cislex.rayClusterName" .) "" .Values.rayCluster.enabled) -}}
{{- end -}}

{{- define "cislex.rayEnv" -}}
{{- if and (eq .Values.engine.type "ray") (include "cislex.rayTokenSecret" .) -}}
- name: RAY_AUTH_MODE
  value: token
- name: RAY_AUTH_TOKEN
  valueFrom: {secretKeyRef: {name: {{ include "cislex.rayTokenSecret" . }}, key: {{ .Values.engine.ray.tokenSecret.key }}}}
{{- end -}}
{{- end -}}

{{/* Without a GPU asked for, NVIDIA's plugin would show a pod all GPUs of its node. Takes the number of GPUs. */}}
{{- define "cislex.gpuEnv" -}}
{{- if . -}}
- name: NVIDIA_DRIVER_CAPABILITIES
  value: compute,utility
{{- else -}}
- name: NVIDIA_VISIBLE_DEVICES
  value: void
{{- end -}}
{{- end -}}

{{/* resources with GPUs put in. Takes (list $root resources gpuCount). */}}
{{- define "cislex.resources" -}}
{{- $root := index . 0 -}}
{{- $resources := deepCopy (index . 1) -}}
{{- with index . 2 -}}
  {{- $gpus := dict $root.Values.gpu.resourceName (toString .) -}}
  {{- $_ := set $resources "limits" (merge (deepCopy ($resources.limits | default dict)) $gpus) -}}
  {{- $_ := set $resources "requests" (merge (deepCopy ($resources.requests | default dict)) $gpus) -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{/* nodeSelector, tolerations and runtime class, those of GPU nodes added. Takes (list $root values gpuCount). */}}
{{- define "cislex.placement" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
{{- $gpu := ternary $root.Values.gpu dict (gt (int (index . 2)) 0) -}}
{{- with mergeOverwrite (deepCopy ($gpu.nodeSelector | default dict)) (deepCopy ($own.nodeSelector | default dict)) }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat ($own.tolerations | default list) ($gpu.tolerations | default list) }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $gpu.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "cislex.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "cislex.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}
