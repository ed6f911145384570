{{/*
The pod of an agent. Takes {root, network}: the chart's top, and pod or host.

The pod network's pod meets the Pod Security level "restricted" with icmpPrivilege ping or none. The sysctl must not stand
in a pod of the host network: the kubelet refuses to start it, for it would be the node's.
*/}}
{{- define "sounder.podTemplate" -}}
{{- $top := .root -}}
{{- $isHost := eq .network "host" -}}
{{- $isRoot := eq $top.Values.icmpPrivilege "raw" -}}
metadata:
  labels:
    {{- include "sounder.labels" $top | nindent 4 }}
    sounder-network: {{ .network }}
    {{- with $top.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: sounder
    {{- if eq $top.Values.configChange "restart" }}
    checksum/config: {{ include "sounder.config" $top | sha256sum }}
    {{- end }}
    {{- with $top.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "sounder.serviceAccountName" $top }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $top.Values.terminationGracePeriodSeconds }}
  {{- if $isHost }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- with $top.Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $top.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $top.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: {{ not $isRoot }}
    runAsUser: {{ ternary 0 (int64 $top.Values.runAsUser) $isRoot }}
    runAsGroup: {{ ternary 0 (int64 $top.Values.runAsGroup) $isRoot }}
    seccompProfile:
      type: RuntimeDefault
    {{- if and (eq $top.Values.icmpPrivilege "ping") (not $isHost) }}
    sysctls:
      - name: net.ipv4.ping_group_range
        value: "0 2147483647"
    {{- end }}
  containers:
    - name: sounder
      image: {{ include "sounder.image" $top | quote }}
      imagePullPolicy: {{ $top.Values.image.pullPolicy }}
      args:
        - run
        - --config.file=/etc/sounder/sounder.yml
        {{- if eq $top.Values.configChange "reload" }}
        - --config.enable-auto-reload
        {{- end }}
        - {{ printf "--web.listen-address=%s" (default (printf "%s:%v" (ternary "$(POD_IP)" "" $isHost) $top.Values.web.port) $top.Values.web.listenAddress) | quote }}
        {{- with $top.Values.web.externalUrl }}
        - {{ printf "--web.external-url=%s" . | quote }}
        {{- end }}
        {{- with include "sounder.prefix" $top }}
        - {{ printf "--web.route-prefix=%s" . | quote }}
        {{- end }}
        {{- if $top.Values.web.enableLifecycle }}
        - --web.enable-lifecycle
        {{- end }}
        - --log.level={{ $top.Values.log.level }}
        - --log.format={{ $top.Values.log.format }}
        {{- range $top.Values.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      env:
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        {{- with $top.Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $top.Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ $top.Values.web.port }}
          protocol: TCP
      livenessProbe:
        httpGet:
          path: {{ include "sounder.prefix" $top }}/-/healthy
          port: http
        {{- toYaml $top.Values.livenessProbe | nindent 8 }}
      readinessProbe:
        httpGet:
          path: {{ include "sounder.prefix" $top }}/-/ready
          port: http
        {{- toYaml $top.Values.readinessProbe | nindent 8 }}
      resources:
        {{- toYaml $top.Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
          {{- if $isRoot }}
          add: [NET_RAW]
          {{- end }}
      volumeMounts:
        # The folder, not the file: a file mounted by subPath never changes.
        - name: config
          mountPath: /etc/sounder
          readOnly: true
        {{- with $top.Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "sounder.configMapName" $top }}
    {{- with $top.Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $top.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $top.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $top.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq $top.Values.kind "Deployment" }}
  {{- with $top.Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}
