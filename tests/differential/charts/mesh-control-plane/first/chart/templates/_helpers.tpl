{{- define "mesh.labels" -}}
app: istiod
istio.io/rev: {{ .Values.revision | default "default" | quote }}
release: {{ .Release.Name }}
operator.istio.io/component: "Pilot"
app.kubernetes.io/name: istiod
app.kubernetes.io/managed-by: Helm
{{- end }}

{{- define "mesh.config" -}}
defaultConfig:
  discoveryAddress: {{ .Release.Name }}.{{ .Release.Namespace }}.svc:15012
  proxyMetadata: {}
{{- with .Values.meshConfig }}
{{ toYaml . }}
{{- end }}
rootNamespace: {{ .Release.Namespace }}
trustDomain: cluster.local
{{- end }}
