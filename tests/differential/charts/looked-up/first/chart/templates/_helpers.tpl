{{- define "looked.secret" -}}
{{- lookup "v1" "Secret" .Release.Namespace (printf "%s-auth" .Release.Name) | toYaml }}
{{- end }}
