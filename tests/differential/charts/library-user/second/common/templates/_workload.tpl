{{- define "common.util.merge" -}}
{{- $top := first . -}}
{{- $overrides := fromYaml (include (index . 1) $top) | default (dict) -}}
{{- $base := fromYaml (include (index . 2) $top) | default (dict) -}}
{{- toYaml (merge $overrides $base) -}}
{{- end }}
{{- define "common.deployment.base" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "common.names.fullname" . }}
  labels: {{- include "common.labels.standard" (dict "customLabels" (.Values.commonLabels | default dict) "context" $) | nindent 4 }}
spec:
  revisionHistoryLimit: 5
  minReadySeconds: 0
  selector: {matchLabels: {app: {{ .Chart.Name }}}}
  template:
    metadata: {labels: {app: {{ .Chart.Name }}}}
    spec:
      containers:
      - name: {{ .Chart.Name }}
        image: {{ .Values.image }}
{{- end }}
{{- define "common.deployment" -}}
{{- include "common.util.merge" (append . "common.deployment.base") -}}
{{- end }}
{{- define "common.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "common.names.fullname" . }}
  labels: {{- include "common.labels.standard" (dict "customLabels" (.Values.commonLabels | default dict) "context" $) | nindent 4 }}
spec:
  ports:
  {{- range $name, $port := .Values.ports }}
  - {name: {{ $name }}, port: {{ $port }}}
  {{- end }}
  selector: {app: {{ .Chart.Name }}}
{{- end }}
