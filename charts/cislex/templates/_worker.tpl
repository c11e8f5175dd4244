{{/* Pods that run attempts: the Jobs of the kubernetes engine, and the nodes of a bundled Ray cluster. */}}

{{/* Environment of such a container: the store, its keys, no GPU unless asked for, and what the site adds. Takes
(list $root gpuCount env). */}}
{{- define "cislex.workerEnv" -}}
{{- $root := index . 0 -}}
- name: CISLEX_HOME
  value: /var/lib/cislex/home
{{- range $name, $value := include "cislex.storeSettings" $root | fromJson }}
- name: CISLEX_{{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- if eq $root.Values.store.type "s3" }}
- name: CISLEX_STORE_CACHE_BYTES
  value: {{ int64 $root.Values.store.s3.cacheBytes | quote }}
{{- end }}
{{- with $root.Values.telemetry.otelEndpoint }}
- name: CISLEX_OTEL_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- include "cislex.s3Env" $root }}
{{- with include "cislex.gpuEnv" (index . 1) }}
{{ . }}
{{- end }}
{{- with index . 2 }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "cislex.workerMounts" -}}
- {name: home, mountPath: /var/lib/cislex}
- {name: tmp, mountPath: /tmp}
{{- if eq .Values.store.type "volume" }}
- {name: store, mountPath: /srv/cislex}
{{- end }}
{{- end -}}

{{/* Takes (list $root scratchSize). */}}
{{- define "cislex.workerVolumes" -}}
{{- $root := index . 0 -}}
- name: home
  emptyDir: {sizeLimit: {{ index . 1 }}}
- name: tmp
  emptyDir: {sizeLimit: {{ index . 1 }}}
{{- if eq $root.Values.store.type "volume" }}
- name: store
  persistentVolumeClaim: {claimName: {{ include "cislex.sharedClaim" $root }}}
{{- end }}
{{- end -}}

{{/* The Jobs that the kubernetes engine chooses from and fills in (cislex_runtime.engines.kubernetes_jobs): attempts that use a
GPU, light ones, and all others. */}}
{{- define "cislex.jobs" -}}
{{- $job := .Values.job -}}
{{- with int $job.gpu.count }}
{{ include "cislex.job" (dict "root" $ "attempts" "gpu" "resources" $job.resources "gpus" .) }}
---
{{- end }}
{{ include "cislex.job" (dict "root" . "attempts" "light" "resources" $job.light.resources "gpus" 0) }}
---
{{ include "cislex.job" (dict "root" . "attempts" "" "resources" $job.resources "gpus" 0) }}
{{- end -}}

{{- define "cislex.job" -}}
{{- $root := .root -}}
{{- $job := $root.Values.job -}}
{{- $labels := mergeOverwrite (include "cislex.labels" (list $root "worker") | fromYaml) (deepCopy $job.labels) -}}
apiVersion: batch/v1
kind: Job
metadata:
  labels:
    {{- toYaml $labels | nindent 4 }}
    {{- with .attempts }}
    cislex.dev/attempts: {{ . }}
    {{- end }}
    {{- if $root.Values.kueue.enabled }}
    kueue.x-k8s.io/queue-name: {{ $root.Values.kueue.queueName }}
    {{- end }}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: {{ $job.ttlSecondsAfterFinished }}
  template:
    metadata:
      labels:
        {{- toYaml $labels | nindent 8 }}
      {{- with $job.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ include "cislex.fullname" $root }}-worker
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 60
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- include "cislex.placement" (list $root $job .gpus) | nindent 6 }}
      {{- with include "cislex.affinity" (dict "root" $root "affinity" dict) }}
      affinity:
        {{- . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "cislex.podSecurity" $root | nindent 8 }}
      containers:
        - name: worker
          image: {{ include "cislex.image" (list $root $job.image) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [/opt/cislex/bin/python]
          env:
            {{- include "cislex.workerEnv" (list $root .gpus $job.env) | nindent 12 }}
          resources:
            {{- include "cislex.resources" (list $root .resources .gpus) | nindent 12 }}
          securityContext:
            {{- include "cislex.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            {{- include "cislex.workerMounts" $root | nindent 12 }}
      volumes:
        {{- include "cislex.workerVolumes" (list $root $job.scratchSize) | nindent 8 }}
{{- end -}}
