{{/*
The pod of a role: `sentinel` with its arguments, its settings and its secrets. Takes
  root            the chart's context
  args            what follows `sentinel`
  settings        name of the ConfigMap and of the Secret that the chart makes
  serviceAccount  its name
  resources       of the container
  restartPolicy   optional
  placement       optional dict with nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName
  container       optional YAML: ports, probes, lifecycle
  graceSeconds    optional
A further role is a Deployment of a few lines around this: see deployment.yaml.
*/}}
{{- define "market-sentinel.podSpec" -}}
{{- $files := include "market-sentinel.secretFiles" (dict "root" .root "made" .settings) | fromYamlArray -}}
{{- $sqlite := eq .root.Values.database.kind "sqlite" -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: false
# Nothing here needs the variables of Services, and those of one named `sentinel…` look like our settings.
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
{{- with .graceSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- range $key, $value := .placement }}
{{- if $value }}
{{ $key }}:
  {{- toYaml $value | nindent 2 }}
{{- end }}
{{- end }}
containers:
  - name: sentinel
    image: {{ include "market-sentinel.image" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: [sentinel]
    args: {{ .args | toJson }}
    envFrom:
      - configMapRef:
          name: {{ .settings }}
    {{- with $files }}
    env:
      {{- range . }}
      - name: {{ .variable }}
        value: /run/secrets/sentinel/{{ .path }}
      {{- end }}
    {{- end }}
    {{- with .container }}
    {{- . | nindent 4 }}
    {{- end }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    securityContext:
      {{- toYaml .root.Values.containerSecurityContext | nindent 6 }}
    volumeMounts:
      - name: scratch
        mountPath: /tmp
      {{- if $files }}
      - name: secrets
        mountPath: /run/secrets/sentinel
        readOnly: true
      {{- end }}
      {{- if $sqlite }}
      - name: data
        mountPath: /data
      {{- end }}
volumes:
  - name: scratch
    emptyDir:
      sizeLimit: {{ .root.Values.api.scratchSize }}
  {{- with $files }}
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        {{- range . }}
        - secret:
            name: {{ .secret }}
            items:
              - key: {{ .key }}
                path: {{ .path }}
        {{- end }}
  {{- end }}
  {{- if $sqlite }}
  - name: data
    persistentVolumeClaim:
      claimName: {{ include "market-sentinel.fullname" .root }}
  {{- end }}
{{- end -}}
