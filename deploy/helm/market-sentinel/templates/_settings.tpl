{{/* Settings and secrets, as the release and the migration before it both need them. */}}

{{/* Keys of the Secret that the chart makes, base64; empty when everything is in secrets that exist. */}}
{{- define "market-sentinel.secretData" -}}
{{- if and (eq .Values.database.kind "postgresql") (not .Values.database.existingSecret.name) }}
database-url: {{ .Values.database.url | b64enc }}
{{- with .Values.database.replicaUrl }}
database-replica-url: {{ . | b64enc }}
{{- end }}
{{- end }}
{{- with .Values.alphaVantage.apiKey }}
alpha-vantage-api-key: {{ . | b64enc }}
{{- end }}
{{- end -}}

{{/* Environment that no secret is in. */}}
{{- define "market-sentinel.configData" -}}
SENTINEL_SERVER__SHUTDOWN_TIMEOUT_S: {{ .Values.api.shutdownTimeoutSeconds | quote }}
{{- range $name, $value := .Values.config }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- if eq .Values.database.kind "sqlite" }}
SENTINEL_DATABASE__URL: sqlite:/data/sentinel.db
SENTINEL_DATABASE__MIGRATE: auto
{{- else }}
SENTINEL_DATABASE__MIGRATE: never
{{- end }}
{{- end -}}

{{/* What is mounted below /run/secrets/sentinel, as YAML: a list of path, variable, secret and key. Takes root and made, the name of the Secret of the chart. */}}
{{- define "market-sentinel.secretFiles" -}}
{{- $values := .root.Values -}}
{{- if eq $values.database.kind "postgresql" }}
{{- with $values.database.existingSecret }}
{{- if .name }}
- {path: database-url, variable: SENTINEL_DATABASE__URL_FILE, secret: {{ .name }}, key: {{ .urlKey }}}
{{- if .replicaUrlKey }}
- {path: database-replica-url, variable: SENTINEL_DATABASE__REPLICA_URL_FILE, secret: {{ .name }}, key: {{ .replicaUrlKey }}}
{{- end }}
{{- else }}
- {path: database-url, variable: SENTINEL_DATABASE__URL_FILE, secret: {{ $.made }}, key: database-url}
{{- if $values.database.replicaUrl }}
- {path: database-replica-url, variable: SENTINEL_DATABASE__REPLICA_URL_FILE, secret: {{ $.made }}, key: database-replica-url}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with $values.alphaVantage }}
{{- if .existingSecret.name }}
- {path: alpha-vantage-api-key, variable: SENTINEL_PROVIDERS__ALPHA_VANTAGE__API_KEY_FILE, secret: {{ .existingSecret.name }}, key: {{ .existingSecret.key }}}
{{- else if .apiKey }}
- {path: alpha-vantage-api-key, variable: SENTINEL_PROVIDERS__ALPHA_VANTAGE__API_KEY_FILE, secret: {{ $.made }}, key: alpha-vantage-api-key}
{{- end }}
{{- end }}
{{- end -}}
