#!/bin/sh
# Writes the list of vip-tenants.txt into the two VIP alerts of prometheus-alerts.yml; with --check it only compares.
# PromQL has no variables and YAML no concatenation, so two rules cannot share a list in any other way.
# Refuses names that are not made of letters, digits, '.', '_' and '-', and an empty list.
set -eu
cd "$(dirname "$0")"
list=vip-tenants.txt
rules=prometheus-alerts.yml

# tr drops the carriage returns of a Windows editor; a dot is written [.], which needs no escapes in PromQL or here.
names=$(tr -d '\r' <"$list" | sed 's/#.*//; s/[[:space:]]*$//; s/^[[:space:]]*//; /^$/d')
if [ -z "$names" ]; then
  echo "$list: no tenant in it" >&2
  exit 1
fi
if printf '%s\n' "$names" | grep -n '[^A-Za-z0-9._-]' >&2; then
  echo "$list: the names above hold characters that are not allowed" >&2
  exit 1
fi
pattern=$(printf '%s\n' "$names" | sed 's/\./[.]/g' | paste -s -d '|' -)

wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
sed '/^ *- alert: [A-Za-z]*VIP$/,/^ *for:/ s/tenant_id=~"[^"]*"/tenant_id=~"'"$pattern"'"/' "$rules" >"$wanted"
count=$(grep -cF "tenant_id=~\"$pattern\"" "$wanted" || true)
if [ "$count" -ne 2 ]; then
  echo "$rules: expected the list in 2 VIP alerts, found room for it in $count" >&2
  exit 1
fi
if cmp -s "$rules" "$wanted"; then
  echo "$rules: VIP tenants as in $list"
elif [ "${1:-}" = --check ]; then
  echo "$rules: VIP tenants differ from $list; run: sh monitoring/vip-tenants.sh" >&2
  exit 1
else
  # Into the same file, not over it: a container that mounts the file itself keeps seeing it.
  cat "$wanted" >"$rules"
  echo "$rules: VIP tenants written; reload Prometheus"
fi
