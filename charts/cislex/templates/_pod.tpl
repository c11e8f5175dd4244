{{/* The pod of one service. Takes dict root, name, service (merged values). */}}
{{- define "cislex.pod" -}}
{{- $root := .root -}}
{{- $v := .root.Values -}}
{{- $service := .service -}}
{{- $gpus := int $service.gpu.count -}}
{{- $full := include "cislex.fullname" $root -}}
metadata:
  labels:
    {{- include "cislex.labels" (list $root .name) | nindent 4 }}
    {{- with $service.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Not of quotas and certificates: the servers read those again by themselves.
    checksum/config: {{ printf "%s%s" (include "cislex.settings" $root) (include "cislex.jobs" $root) | sha256sum }}
    {{- with $service.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ $full }}-{{ .name }}
  automountServiceAccountToken: {{ eq $v.engine.type "kubernetes" }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $service.terminationGracePeriodSeconds }}
  {{- with $v.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- include "cislex.placement" (list $root $service $gpus) | nindent 2 }}
  {{- with include "cislex.affinity" (dict "root" $root "affinity" $service.affinity) }}
  affinity:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with $service.topologySpread }}
  topologySpreadConstraints:
    {{- range . }}
    - {{- toYaml . | nindent 6 }}
      labelSelector:
        matchLabels:
          {{- include "cislex.selector" (list $root $.name) | nindent 10 }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- include "cislex.podSecurity" $root | nindent 4 }}
  containers:
    - name: {{ .name }}
      image: {{ include "cislex.image" (list $root $service.image) }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      command: [/opt/cislex/bin/python, -m, cislex_{{ .name }}]
      args: [--listen, "0.0.0.0:50051"]
      envFrom:
        - configMapRef: {name: {{ $full }}-settings}
      env:
        {{- with include "cislex.ledgerEnv" $root }}{{ . | nindent 8 }}{{ end }}
        {{- with include "cislex.s3Env" $root | trim }}{{ . | nindent 8 }}{{ end }}
        {{- with include "cislex.rayEnv" $root }}{{ . | nindent 8 }}{{ end }}
        {{- with include "cislex.gpuEnv" $gpus }}{{ . | nindent 8 }}{{ end }}
        {{- with $service.env }}{{ toYaml . | nindent 8 }}{{ end }}
      ports:
        - {name: grpc, containerPort: 50051}
        - {name: health, containerPort: 50052}
        {{- if $v.telemetry.metrics.enabled }}
        - {name: metrics, containerPort: 9464}
        {{- end }}
      startupProbe:
        grpc: {port: 50052}
        timeoutSeconds: 3
        {{- toYaml $service.probes.startup | nindent 8 }}
      readinessProbe:
        grpc: {port: 50052, service: ready}
        timeoutSeconds: 3
        {{- toYaml $service.probes.readiness | nindent 8 }}
      livenessProbe:
        grpc: {port: 50052}
        timeoutSeconds: 3
        {{- toYaml $service.probes.liveness | nindent 8 }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ $service.preStopSeconds }}}
      resources:
        {{- include "cislex.resources" (list $root $service.resources $gpus) | nindent 8 }}
      securityContext:
        {{- include "cislex.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        - {name: home, mountPath: /var/lib/cislex}
        - {name: tmp, mountPath: /tmp}
        {{- if eq $v.store.type "volume" }}
        - {name: store, mountPath: /srv/cislex}
        {{- end }}
        {{- if $v.tls.enabled }}
        - {name: tls, mountPath: /etc/cislex/tls, readOnly: true}
        {{- if $v.tls.clientCa.existingSecret }}
        - {name: client-ca, mountPath: /etc/cislex/client-ca, readOnly: true}
        {{- end }}
        {{- end }}
        {{- if eq $v.auth.mode "static" }}
        - {name: auth, mountPath: /etc/cislex/auth, readOnly: true}
        {{- end }}
        {{- if include "cislex.hasQuotas" $root }}
        - {name: quotas, mountPath: /etc/cislex/quotas, readOnly: true}
        {{- end }}
        {{- if eq $v.engine.type "kubernetes" }}
        - {name: job, mountPath: /etc/cislex/job, readOnly: true}
        {{- end }}
        {{- with $service.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 4Gi}
    {{- if not (include "cislex.homeClaim" $root) }}
    - name: home
      emptyDir: {sizeLimit: {{ $v.home.size }}}
    {{- end }}
    {{- if eq $v.store.type "volume" }}
    - name: store
      persistentVolumeClaim: {claimName: {{ include "cislex.sharedClaim" $root }}}
    {{- end }}
    {{- if $v.tls.enabled }}
    - name: tls
      secret: {secretName: {{ include "cislex.tlsSecret" $root }}, defaultMode: 0440}
    {{- with $v.tls.clientCa.existingSecret }}
    - name: client-ca
      secret: {secretName: {{ . }}, defaultMode: 0440}
    {{- end }}
    {{- end }}
    {{- if eq $v.auth.mode "static" }}
    - name: auth
      secret: {secretName: {{ $v.auth.static.existingSecret }}, defaultMode: 0440}
    {{- end }}
    {{- if include "cislex.hasQuotas" $root }}
    - name: quotas
      configMap: {name: {{ $v.quotas.existingConfigMap | default (printf "%s-quotas" $full) }}}
    {{- end }}
    {{- if eq $v.engine.type "kubernetes" }}
    - name: job
      configMap: {name: {{ $full }}-job}
    {{- end }}
    {{- with $service.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* A claim for each pod's home: only where attempts run in the pods themselves. */}}
{{- define "cislex.homeClaim" -}}
{{- if and (eq .Values.engine.type "local") .Values.home.persistent }}true{{ end -}}
{{- end -}}

{{/* Who shares a ReadWriteOnce volume must be on its node. Takes dict root, affinity. */}}
{{- define "cislex.affinity" -}}
{{- $affinity := deepCopy (.affinity | default dict) -}}
{{- with .root.Values.store -}}
{{- if and (eq .type "volume") (eq .volume.accessMode "ReadWriteOnce") -}}
  {{- $labels := include "cislex.releaseSelector" $.root | fromYaml -}}
  {{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" $labels) -}}
  {{- $pods := $affinity.podAffinity | default dict -}}
  {{- $terms := append ($pods.requiredDuringSchedulingIgnoredDuringExecution | default list) $term -}}
  {{- $_ := set $pods "requiredDuringSchedulingIgnoredDuringExecution" $terms -}}
  {{- $_ := set $affinity "podAffinity" $pods -}}
{{- end -}}
{{- end -}}
{{- with $affinity }}{{ toYaml . }}{{ end -}}
{{- end -}}
