{{- define "gitops.labels" -}}
{{- $context := .context -}}
helm.sh/chart: {{ printf "%s-%s" $context.Chart.Name $context.Chart.Version }}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ $context.Release.Name }}
app.kubernetes.io/component: {{ .name }}
app.kubernetes.io/managed-by: {{ $context.Release.Service }}
app.kubernetes.io/part-of: gitops
app.kubernetes.io/version: {{ default $context.Chart.AppVersion $context.Values.global.image.tag | quote }}
{{- end }}

{{- define "gitops.config" -}}
{{- $presets := dict "url" (printf "https://%s" .Values.global.domain) "admin.enabled" true "application.instanceLabelKey" "gitops.test/instance" -}}
{{- range $key, $value := mergeOverwrite $presets (omit .Values.configs.cm "create" "annotations") }}
{{ $key }}: {{ tpl (toString $value) $ | toYaml }}
{{- end }}
{{- end }}
