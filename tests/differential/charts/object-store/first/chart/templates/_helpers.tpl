{{- define "store.labels" -}}
app: {{ .Chart.Name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
release: {{ .Release.Name }}
heritage: {{ .Release.Service }}
{{- end }}
{{- define "store.script" -}}
#!/bin/sh
set -e ; # Have script exit in the event of a failed command.
MC="/usr/bin/mc --insecure"
createBucket() {
	BUCKET=$1
	POLICY=$2
	${MC} mb myminio/$BUCKET	# tab between
}
{{- range .Values.buckets }}
createBucket {{ tpl .name $ }} {{ .policy | default "none" | quote }} {{ .purge | default false }}
{{- end }}
{{- end }}
