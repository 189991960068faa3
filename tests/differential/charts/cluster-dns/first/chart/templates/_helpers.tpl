{{- define "dns.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}"
{{- if .Values.isClusterService }}
k8s-app: {{ .Chart.Name | quote }}
kubernetes.io/cluster-service: "true"
kubernetes.io/name: "DNS"
{{- end }}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end }}

{{- define "dns.ports" -}}
{{- range .Values.servers }}
- {port: {{ .port }}, protocol: UDP, name: udp-{{ .port }}, targetPort: {{ .port }}}
- {port: {{ .port }}, protocol: TCP, name: tcp-{{ .port }}, targetPort: {{ .port }}}
{{- end }}
{{- end }}
