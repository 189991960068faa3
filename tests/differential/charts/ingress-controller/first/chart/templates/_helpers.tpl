{{- define "ingress.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ingress.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "ingress.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "ingress.params" -}}
- /nginx-ingress-controller
- --publish-service=$(POD_NAMESPACE)/{{ .Release.Name }}
- --election-id={{ default (printf "%s-leader" .Release.Name) .Values.electionID }}
- --controller-class={{ .Values.ingressClass.controllerValue }}
- --configmap=$(POD_NAMESPACE)/{{ .Release.Name }}
{{- if .Values.admission.enabled }}
- --validating-webhook=:8443
{{- end }}
{{- range $key, $value := .Values.extraArgs }}
- --{{ $key }}{{ with $value }}={{ . }}{{ end }}
{{- end }}
{{- end }}

{{- define "ingress.hook" }}
  annotations:
    "helm.sh/hook": pre-install,pre-upgrade,post-install,post-upgrade
    "helm.sh/hook-delete-policy": before-hook-creation,hook-succeeded
  labels: {{- include "ingress.labels" . | nindent 4 }}
{{- end }}
