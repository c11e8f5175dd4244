{{/* Combinations that cannot work, each with its reason. values.schema.json refuses unknown keys and wrong types; what
hangs on two values at once is refused here, where the reason can be told. Answers a JSON list of reasons. */}}

{{- define "cislex.problems" -}}
{{- $all := list -}}
{{- range list "engine" "storage" "security" "gpu" "reach" "operators" -}}
  {{- $all = concat $all (include (printf "cislex.problems.%s" .) $ | fromJsonArray) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{- define "cislex.problems.engine" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- $enabled := list -}}
{{- range $name := list "encoder" "trainer" "explainer" "motif" -}}
  {{- $service := include "cislex.service" (list $ $name) | fromJson -}}
  {{- if $service.enabled -}}
    {{- $enabled = append $enabled $name -}}
    {{- if eq $v.engine.type "local" -}}
      {{- if gt (int $service.replicas) 1 -}}
        {{- $bad = append $bad (printf "services.%s.replicas is %d, but with engine.type local attempts run in the pod that owns the service and a second pod would stand idle: use 1, or engine.type ray or kubernetes" $name (int $service.replicas)) -}}
      {{- end -}}
      {{- if $service.autoscaling.enabled -}}
        {{- $bad = append $bad (printf "services.%s.autoscaling needs engine.type ray or kubernetes: with local one pod runs everything" $name) -}}
      {{- end -}}
    {{- end -}}
    {{- if gt (int $service.autoscaling.minReplicas) (int $service.autoscaling.maxReplicas) -}}
      {{- $bad = append $bad (printf "services.%s.autoscaling.minReplicas is above maxReplicas" $name) -}}
    {{- end -}}
    {{- $drain := get $v.settings "drain_grace_s" | default 10 -}}
    {{- $needed := add (int $service.preStopSeconds) (mul 2 (int $drain)) 10 -}}
    {{- if lt (int $service.terminationGracePeriodSeconds) (int $needed) -}}
      {{- $bad = append $bad (printf "services.%s.terminationGracePeriodSeconds is %d, but draining takes up to %d seconds (preStopSeconds + 2 × drain_grace_s + 10): running calls would be cut off" $name (int $service.terminationGracePeriodSeconds) $needed) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $key := concat (keys $v.commonLabels) (keys $v.serviceDefaults.podLabels) (keys $v.job.labels) | uniq | sortAlpha -}}
  {{- if has $key (list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/part-of") -}}
    {{- $bad = append $bad (printf "the label %s is the chart's own: Services and policies find their pods by it" $key) -}}
  {{- end -}}
{{- end -}}
{{- if not $enabled -}}
  {{- $bad = append $bad "no service is enabled: set services.encoder.enabled or another one" -}}
{{- else if not (has $v.routing.shared $enabled) -}}
  {{- $bad = append $bad (printf "routing.shared names %s, which is not enabled" $v.routing.shared) -}}
{{- end -}}
{{- if eq $v.engine.type "ray" -}}
  {{- if and (not $v.engine.ray.address) (not $v.rayCluster.enabled) -}}
    {{- $bad = append $bad "engine.type ray needs engine.ray.address of a cluster, or rayCluster.enabled" -}}
  {{- else if and $v.engine.ray.address $v.rayCluster.enabled -}}
    {{- $bad = append $bad "engine.ray.address and rayCluster.enabled exclude each other: which cluster?" -}}
  {{- else if and $v.engine.ray.address (not $v.engine.ray.tokenSecret.name) -}}
    {{- $bad = append $bad "engine.ray.address needs engine.ray.tokenSecret.name: whoever reaches a Ray cluster without a token runs code in it" -}}
  {{- end -}}
{{- else if $v.rayCluster.enabled -}}
  {{- $bad = append $bad (printf "rayCluster.enabled, but engine.type is %s: nothing would use the cluster" $v.engine.type) -}}
{{- end -}}
{{- toJson $bad -}}
{{- end -}}

{{- define "cislex.problems.storage" -}}
{{- $v := .Values -}}
{{- $local := eq $v.engine.type "local" -}}
{{- $s3 := eq $v.store.type "s3" -}}
{{- $bad := list -}}
{{- if eq $v.ledger.type "sqlite" -}}
  {{- if not $local -}}
    {{- $bad = append $bad (printf "ledger.type sqlite with engine.type %s: API pods on several nodes cannot share a SQLite file: use ledger.type postgresql" $v.engine.type) -}}
  {{- end -}}
  {{- if $s3 -}}
    {{- $bad = append $bad "ledger.type sqlite with store.type s3: the services share no volume that the ledger could lie on: use postgresql" -}}
  {{- else if ne $v.store.volume.accessMode "ReadWriteOnce" -}}
    {{- $bad = append $bad "ledger.type sqlite on a ReadWriteMany volume: locks of network file systems do not protect SQLite: use postgresql, or accessMode ReadWriteOnce" -}}
  {{- end -}}
{{- else if not $v.ledger.postgresql.existingSecret -}}
  {{- $bad = append $bad "ledger.type postgresql needs ledger.postgresql.existingSecret, a Secret with the database's URL" -}}
{{- end -}}
{{- if $s3 -}}
  {{- if not $v.store.s3.bucket -}}
    {{- $bad = append $bad "store.type s3 needs store.s3.bucket" -}}
  {{- end -}}
  {{- if and (not $v.store.s3.existingSecret) (not $v.store.s3.workloadIdentity) -}}
    {{- $bad = append $bad "store.type s3 needs credentials: store.s3.existingSecret, or store.s3.workloadIdentity" -}}
  {{- else if and $v.store.s3.existingSecret $v.store.s3.workloadIdentity -}}
    {{- $bad = append $bad "store.s3.existingSecret and store.s3.workloadIdentity exclude each other" -}}
  {{- end -}}
  {{- if and (not $local) (hasPrefix "file:" $v.engine.mailboxUrl) -}}
    {{- $bad = append $bad "engine.mailboxUrl is a file, but services and workers share no volume with store.type s3: use s3://…, or leave it empty" -}}
  {{- end -}}
  {{- if ge (float64 $v.store.s3.cacheBytes) (include "cislex.bytes" $v.home.size | float64) -}}
    {{- $bad = append $bad (printf "store.s3.cacheBytes does not fit into home.size %s: pods would be evicted" $v.home.size) -}}
  {{- else if and (eq $v.engine.type "kubernetes") (ge (float64 $v.store.s3.cacheBytes) (include "cislex.bytes" $v.job.scratchSize | float64)) -}}
    {{- $bad = append $bad (printf "store.s3.cacheBytes does not fit into job.scratchSize %s: Jobs would be evicted" $v.job.scratchSize) -}}
  {{- end -}}
{{- else -}}
  {{- if and (not $local) (ne $v.store.volume.accessMode "ReadWriteMany") -}}
    {{- $bad = append $bad (printf "engine.type %s with store.type volume needs store.volume.accessMode ReadWriteMany: workers run on other nodes; or use store.type s3" $v.engine.type) -}}
  {{- end -}}
  {{- if hasPrefix "s3:" $v.engine.mailboxUrl -}}
    {{- $bad = append $bad "engine.mailboxUrl is in a bucket, but store.type volume gives the pods no credentials for one" -}}
  {{- end -}}
{{- end -}}
{{- toJson $bad -}}
{{- end -}}

{{- define "cislex.problems.security" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- if $v.tls.enabled -}}
  {{- if and (not $v.tls.existingSecret) (not $v.tls.certManager.enabled) -}}
    {{- $bad = append $bad "tls.enabled needs a certificate: tls.existingSecret, or tls.certManager.enabled" -}}
  {{- else if and $v.tls.existingSecret $v.tls.certManager.enabled -}}
    {{- $bad = append $bad "tls.existingSecret and tls.certManager.enabled exclude each other" -}}
  {{- else if and $v.tls.certManager.enabled (not $v.tls.certManager.issuerRef.name) -}}
    {{- $bad = append $bad "tls.certManager.enabled needs tls.certManager.issuerRef.name" -}}
  {{- end -}}
{{- else -}}
  {{- if $v.tls.clientCa.existingSecret -}}
    {{- $bad = append $bad "tls.clientCa without tls.enabled: clients show certificates only over TLS" -}}
  {{- end -}}
  {{- if $v.tls.certManager.enabled -}}
    {{- $bad = append $bad "tls.certManager.enabled without tls.enabled: nothing would use the certificate" -}}
  {{- end -}}
{{- end -}}
{{- if eq $v.auth.mode "static" -}}
  {{- if not $v.auth.static.existingSecret -}}
    {{- $bad = append $bad "auth.mode static needs auth.static.existingSecret, a Secret with the file of hashed tokens" -}}
  {{- end -}}
{{- else if eq $v.auth.mode "oidc" -}}
  {{- if or (not $v.auth.oidc.issuer) (not $v.auth.oidc.audience) -}}
    {{- $bad = append $bad "auth.mode oidc needs auth.oidc.issuer and auth.oidc.audience: a token for somebody else must not open this" -}}
  {{- else if not (hasPrefix "https://" $v.auth.oidc.issuer) -}}
    {{- $bad = append $bad "auth.oidc.issuer must be an https URL: its keys decide who may call" -}}
  {{- end -}}
{{- else if include "cislex.hasQuotas" . -}}
  {{- $bad = append $bad "quotas need auth.mode static or oidc: without tokens every caller names the tenant it likes" -}}
{{- end -}}
{{- if and (ne $v.auth.mode "none") (not $v.tls.enabled) (not $v.auth.allowPlaintext) -}}
  {{- $bad = append $bad (printf "auth.mode %s without tls.enabled: tokens would cross the network in plain text; set auth.allowPlaintext only where a mesh encrypts between pods" $v.auth.mode) -}}
{{- end -}}
{{- if and $v.quotas.content $v.quotas.existingConfigMap -}}
  {{- $bad = append $bad "quotas.content and quotas.existingConfigMap exclude each other" -}}
{{- end -}}
{{- toJson $bad -}}
{{- end -}}

{{- define "cislex.problems.gpu" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- range $name := list "encoder" "trainer" "explainer" "motif" -}}
  {{- $service := include "cislex.service" (list $ $name) | fromJson -}}
  {{- if and (eq $service.image.variant "gpu") (has $name (list "encoder" "motif")) -}}
    {{- $bad = append $bad (printf "services.%s.image.variant is gpu, but only trainer, explainer and worker have such an image: the %s computes nothing on a GPU" $name $name) -}}
  {{- end -}}
  {{- if gt (int $service.gpu.count) 0 -}}
    {{- if and (ne $v.engine.type "local") (ne $name "explainer") -}}
      {{- $bad = append $bad (printf "services.%s.gpu.count with engine.type %s: its API pods compute nothing and would hold the GPU idle: give it to %s" $name $v.engine.type (ternary "job.gpu.count" "a rayCluster.workerGroups entry" (eq $v.engine.type "kubernetes"))) -}}
    {{- else if ne $service.image.variant "gpu" -}}
      {{- $bad = append $bad (printf "services.%s.gpu.count is %d, but its image's variant is %s, which has no CUDA: set services.%s.image.variant: gpu" $name (int $service.gpu.count) $service.image.variant $name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if gt (int $v.job.gpu.count) 0 -}}
  {{- if ne $v.engine.type "kubernetes" -}}
    {{- $bad = append $bad (printf "job.gpu.count with engine.type %s: only the kubernetes engine makes Jobs" $v.engine.type) -}}
  {{- else if ne $v.job.image.variant "gpu" -}}
    {{- $bad = append $bad (printf "job.gpu.count is %d, but job.image.variant is %s, which has no CUDA" (int $v.job.gpu.count) $v.job.image.variant) -}}
  {{- end -}}
{{- end -}}
{{- if $v.rayCluster.enabled -}}
  {{- $most := 0 -}}
  {{- range $group := $v.rayCluster.workerGroups -}}
    {{- $most = max $most (dig "gpu" "count" 0 $group | int) -}}
    {{- $image := mergeOverwrite (deepCopy $v.job.image) (deepCopy ($group.image | default dict)) -}}
    {{- if and (gt (dig "gpu" "count" 0 $group | int) 0) (ne $image.variant "gpu") -}}
      {{- $bad = append $bad (printf "rayCluster.workerGroups %s has GPUs, but its image's variant is %s, which has no CUDA" $group.name $image.variant) -}}
    {{- end -}}
    {{- if or (gt (int $group.minReplicas) (int $group.replicas)) (gt (int $group.replicas) (int $group.maxReplicas)) -}}
      {{- $bad = append $bad (printf "rayCluster.workerGroups %s: minReplicas ≤ replicas ≤ maxReplicas does not hold" $group.name) -}}
    {{- end -}}
  {{- end -}}
  {{- if gt (float64 $v.engine.ray.heavyGpus) (float64 $most) -}}
    {{- $bad = append $bad (printf "engine.ray.heavyGpus is %v, but no group of rayCluster.workerGroups has so many: trainings would wait for ever" $v.engine.ray.heavyGpus) -}}
  {{- else if and (gt $most 0) (eq (float64 $v.engine.ray.heavyGpus) 0.0) -}}
    {{- $bad = append $bad "rayCluster.workerGroups has GPUs, but engine.ray.heavyGpus is 0: nothing would use them" -}}
  {{- end -}}
{{- end -}}
{{- toJson $bad -}}
{{- end -}}

{{- define "cislex.problems.reach" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- if and $v.routing.grpcRoute.enabled (not $v.routing.grpcRoute.parentRefs) -}}
  {{- $bad = append $bad "routing.grpcRoute.enabled needs routing.grpcRoute.parentRefs, the Gateway that it hangs on" -}}
{{- end -}}
{{- if and $v.routing.grpcRoute.enabled $v.tls.enabled (not $v.routing.grpcRoute.backendCaConfigMap) -}}
  {{- $bad = append $bad "routing.grpcRoute with tls.enabled needs routing.grpcRoute.backendCaConfigMap: else the gateway would speak plain text to pods that expect TLS" -}}
{{- end -}}
{{- if and $v.routing.ingress.enabled (or (not $v.routing.ingress.className) (and (ne $v.routing.ingress.className "nginx") (not $v.routing.ingress.annotations))) -}}
  {{- $bad = append $bad "routing.ingress.enabled needs routing.ingress.className, and (but for nginx) the annotations by which that controller speaks gRPC to backends" -}}
{{- end -}}
{{- if and $v.routing.ingress.enabled (or (not $v.routing.host) (not $v.routing.ingress.tlsSecret)) -}}
  {{- $bad = append $bad "routing.ingress.enabled needs routing.host and routing.ingress.tlsSecret: an Ingress speaks gRPC only over TLS" -}}
{{- end -}}
{{- if and $v.tls.clientCa.existingSecret (or $v.routing.grpcRoute.enabled $v.routing.ingress.enabled) -}}
  {{- $bad = append $bad "tls.clientCa with routing: a gateway ends the client's TLS, so its certificate never reaches the pods; check certificates at the gateway, or call the Services directly" -}}
{{- end -}}
{{- if and $v.networkPolicy.enabled $v.networkPolicy.strict -}}
  {{- $edges := dict -}}
  {{- if eq $v.ledger.type "postgresql" }}{{ $_ := set $edges "postgresql" $v.networkPolicy.postgresql.to }}{{ end -}}
  {{- if eq $v.store.type "s3" }}{{ $_ := set $edges "s3" $v.networkPolicy.s3.to }}{{ end -}}
  {{- if and (eq $v.engine.type "ray") $v.engine.ray.address }}{{ $_ := set $edges "ray" $v.networkPolicy.ray.to }}{{ end -}}
  {{- if or (eq $v.engine.type "kubernetes") (and $v.rayCluster.enabled $v.rayCluster.autoscaling) }}{{ $_ := set $edges "kubernetesApi" $v.networkPolicy.kubernetesApi.to }}{{ end -}}
  {{- if $v.telemetry.otelEndpoint }}{{ $_ := set $edges "otel" $v.networkPolicy.otel.to }}{{ end -}}
  {{- if eq $v.auth.mode "oidc" }}{{ $_ := set $edges "oidc" $v.networkPolicy.oidc.to }}{{ end -}}
  {{- range $name, $peers := $edges -}}
    {{- if not $peers -}}
      {{- $bad = append $bad (printf "networkPolicy.strict needs networkPolicy.%s.to: without peers that edge leads to any address" $name) -}}
    {{- end -}}
  {{- end -}}
{{- else if $v.networkPolicy.strict -}}
  {{- $bad = append $bad "networkPolicy.strict without networkPolicy.enabled promises what nothing enforces" -}}
{{- end -}}
{{- toJson $bad -}}
{{- end -}}

{{- define "cislex.problems.operators" -}}
{{- $v := .Values -}}
{{- $bad := list -}}
{{- if not $v.telemetry.metrics.enabled -}}
  {{- if or (ne $v.telemetry.metrics.monitor "none") $v.telemetry.dashboard.enabled $v.telemetry.alerts.enabled -}}
    {{- $bad = append $bad "telemetry.metrics.monitor, dashboard and alerts need telemetry.metrics.enabled" -}}
  {{- end -}}
{{- end -}}
{{- if $v.kueue.enabled -}}
  {{- if not (or (eq $v.engine.type "kubernetes") $v.rayCluster.enabled) -}}
    {{- $bad = append $bad "kueue.enabled needs engine.type kubernetes or rayCluster.enabled: there is nothing to queue" -}}
  {{- end -}}
  {{- if and $v.kueue.localQueue.create (not $v.kueue.localQueue.clusterQueue) (not $v.kueue.clusterQueue.create) -}}
    {{- $bad = append $bad "kueue.localQueue.create needs kueue.localQueue.clusterQueue, or kueue.clusterQueue.create" -}}
  {{- end -}}
  {{- if and $v.kueue.clusterQueue.create (not $v.kueue.clusterQueue.quota) -}}
    {{- $bad = append $bad "kueue.clusterQueue.create needs kueue.clusterQueue.quota: a queue without quota admits nothing" -}}
  {{- end -}}
{{- end -}}
{{- if $v.keda.enabled -}}
  {{- if eq $v.engine.type "local" -}}
    {{- $bad = append $bad "keda.enabled needs engine.type ray or kubernetes: with local one pod runs everything" -}}
  {{- end -}}
  {{- if and (eq $v.keda.trigger "postgresql") (not $v.keda.postgresql.existingSecret) -}}
    {{- $bad = append $bad "keda.trigger postgresql needs keda.postgresql.existingSecret" -}}
  {{- end -}}
  {{- if and (eq $v.keda.trigger "prometheus") (not (and $v.keda.prometheus.serverAddress $v.telemetry.metrics.enabled)) -}}
    {{- $bad = append $bad "keda.trigger prometheus needs keda.prometheus.serverAddress and telemetry.metrics.enabled" -}}
  {{- end -}}
  {{- if gt (int $v.keda.minReplicas) (int $v.keda.maxReplicas) -}}
    {{- $bad = append $bad "keda.minReplicas is above keda.maxReplicas" -}}
  {{- end -}}
  {{- range $name := list "encoder" "trainer" "explainer" "motif" -}}
    {{- if (include "cislex.service" (list $ $name) | fromJson).autoscaling.enabled -}}
      {{- $bad = append $bad (printf "keda.enabled and services.%s.autoscaling exclude each other: two autoscalers would fight over the pods" $name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $apis := dict -}}
{{- if $v.rayCluster.enabled }}{{ $_ := set $apis "rayCluster.enabled" (list "ray.io/v1" "the KubeRay operator") }}{{ end -}}
{{- if $v.kueue.enabled }}{{ $_ := set $apis "kueue.enabled" (list "kueue.x-k8s.io/v1beta1" "Kueue" "kueue.x-k8s.io/v1beta2") }}{{ end -}}
{{- if $v.keda.enabled }}{{ $_ := set $apis "keda.enabled" (list "keda.sh/v1alpha1" "KEDA") }}{{ end -}}
{{- if ne $v.telemetry.metrics.monitor "none" }}{{ $_ := set $apis "telemetry.metrics.monitor" (list "monitoring.coreos.com/v1" "the Prometheus operator") }}{{ end -}}
{{- if $v.telemetry.alerts.enabled }}{{ $_ := set $apis "telemetry.alerts.enabled" (list "monitoring.coreos.com/v1" "the Prometheus operator") }}{{ end -}}
{{- if and $v.tls.enabled $v.tls.certManager.enabled }}{{ $_ := set $apis "tls.certManager.enabled" (list "cert-manager.io/v1" "cert-manager") }}{{ end -}}
{{- if $v.routing.grpcRoute.enabled }}{{ $_ := set $apis "routing.grpcRoute.enabled" (list "gateway.networking.k8s.io/v1" "the Gateway API") }}{{ end -}}
{{- range $key, $api := $apis -}}
  {{- $found := "" -}}
  {{- range $one := $api -}}
    {{- if include "cislex.hasApi" (list $ $one) }}{{ $found = $one }}{{ end -}}
  {{- end -}}
  {{- if not $found -}}
    {{- $bad = append $bad (printf "%s needs %s, but this cluster does not know %s: install it, or name it in assumeApiVersions when rendering without a cluster" $key (index $api 1) (index $api 0)) -}}
  {{- end -}}
{{- end -}}
{{- toJson $bad -}}
{{- end -}}

{{/* A quantity of Kubernetes in bytes: plain, k … T, Ki … Ti. */}}
{{- define "cislex.bytes" -}}
{{- $unit := regexFind "[a-zA-Z]*$" . -}}
{{- $factor := get (dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776) $unit -}}
{{- mulf (trimSuffix $unit . | float64) (float64 $factor) | printf "%.0f" -}}
{{- end -}}
