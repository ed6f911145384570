#!/bin/sh
# Writes the rule files with links of your own. Prometheus has no setting that an annotation could take a base from.
#
#   set-links.sh RUNBOOKS GRAFANA DIRECTORY
#   set-links.sh https://wiki.example.net/sounder https://grafana.example.net /etc/prometheus/rules
set -eu
if [ "$#" -ne 3 ]; then
  echo "usage: $0 RUNBOOKS-URL GRAFANA-URL DIRECTORY" >&2
  exit 2
fi
for url in "$1" "$2"; do
  case "$url" in
    *[!A-Za-z0-9:/._~%-]*) echo "$url: write a URL without spaces, quotes, ?, & or #" >&2; exit 2 ;;
    http://?* | https://?*) ;;
    *) echo "$url: write a URL that begins with https:// or http://" >&2; exit 2 ;;
  esac
done
here=$(dirname "$0")
mkdir -p "$3"
for file in "$here"/*.rules.yml; do
  sed -e "s,https://runbooks\.example/,${1%/}/,g" -e "s,https://grafana\.example/,${2%/}/,g" \
    "$file" >"$3/$(basename "$file")"
done
