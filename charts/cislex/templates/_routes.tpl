{{/* Which rpc service goes to which of ours; what every one answers goes to routing.shared. JSON {grpc service: name}. */}}
{{- define "cislex.routes" -}}
{{- $to := dict -}}
{{- range $name := list "encoder" "trainer" "explainer" "motif" -}}
{{- if (include "cislex.service" (list $ $name) | fromJson).enabled -}}
  {{- $_ := set $to (printf "cislex.%s.v1.%sService" $name (title $name)) $name -}}
{{- end -}}
{{- end -}}
{{- if (include "cislex.service" (list . "explainer") | fromJson).enabled -}}
  {{- $_ := set $to "inference.GRPCInferenceService" "explainer" -}}
{{- end -}}
{{- toJson $to -}}
{{- end -}}
