{{- define "secrets.mode" -}}
{{- if not .Values.global.enabled }}{{ $_ := set . "mode" "" }}
{{- else if eq (.Values.server.ha.enabled | toString) "true" }}{{ $_ := set . "mode" "ha" }}
{{- else }}{{ $_ := set . "mode" "standalone" }}{{ end }}
{{- $_ := set . "injectorEnabled" (or (eq (.Values.injector.enabled | toString) "true") (and (eq (.Values.injector.enabled | toString) "-") .Values.global.enabled)) }}
{{- end }}

{{- define "secrets.labels" }}
    app.kubernetes.io/name: {{ .Chart.Name }}
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "secrets.claims" }}
  volumeClaimTemplates:
    - metadata:
        name: data
        {{- if .Values.server.dataStorage.labels }}
        labels: {{- toYaml .Values.server.dataStorage.labels | nindent 10 }}
        {{- end }}
      spec:
        accessModes:
          - {{ .Values.server.dataStorage.accessMode | default "ReadWriteOnce" }}
        resources:
          requests:
            storage: {{ .Values.server.dataStorage.size }}
        {{- if .Values.server.dataStorage.storageClass }}
        storageClassName: {{ .Values.server.dataStorage.storageClass }}
        {{- end }}
{{- end }}
