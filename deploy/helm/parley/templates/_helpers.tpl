{{- define "parley.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Short enough for the names of roles behind it. */ -}}
{{- define "parley.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains (include "parley.name" .) .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "parley.name" .) | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "parley.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "parley.selector" . }}
{{- end -}}

{{- define "parley.selector" -}}
app.kubernetes.io/name: {{ include "parley.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "parley.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- /* Of every process. What a role is told wins over what all are told: a name may be there once. */ -}}
{{- define "parley.env" -}}
{{- $root := .root -}}
{{- $set := dict
  "KAFKA_BOOTSTRAP_SERVERS" $root.Values.kafka.bootstrapServers
  "SCHEMA_REGISTRY_URL" $root.Values.registry.url
  "PARLEY_METRICS_HOST" "0.0.0.0"
  "PARLEY_METRICS_PORT" "9404"
  "PARLEY_LOG_FORMAT" "json"
  "PARLEY_JAVA_OPTS" "-XX:MaxRAMPercentage=70" -}}
{{- $set = mergeOverwrite $set .own $root.Values.kafka.settings $root.Values.settings .settings -}}
{{- range $name := keys $set | sortAlpha }}
{{- $value := get $set $name }}
- name: {{ $name }}
{{- /* Helm reads numbers as fractions, of which it writes the large ones as powers of ten. */}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}
  value: {{ printf "%.0f" $value | quote }}
{{- else }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- with $root.Values.registry.existingSecret }}
- name: SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO
  valueFrom:
    secretKeyRef: {name: {{ . | quote }}, key: SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO}
{{- end }}
{{- end -}}

{{- define "parley.secret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: {name: {{ .from.existingSecret | quote }}, key: {{ .from.key | quote }}}
{{- end -}}

{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}
