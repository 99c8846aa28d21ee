#!/bin/sh
# Writes the list in vip-tenants.txt into the two VIP alerts in prometheus-alerts.yml; with --check it only compares.
# PromQL has no variables and YAML has no concatenation, so there is no other way for two rules to share a list.
# Rejects an empty list, and names with characters other than letters, digits, '.', '_' and '-'.
set -eu
cd "$(dirname "$0")"
list=vip-tenants.txt
rules=prometheus-alerts.yml

# tr removes carriage returns from Windows editors; a dot becomes [.], which needs no escaping in PromQL or here.
names=$(tr -d '\r' <"$list" | sed 's/#.*//; s/[[:space:]]*$//; s/^[[:space:]]*//; /^$/d')
if [ -z "$names" ]; then
  echo "$list: contains no tenants" >&2
  exit 1
fi
if printf '%s\n' "$names" | grep -n '[^A-Za-z0-9._-]' >&2; then
  echo "$list: the names above contain invalid characters" >&2
  exit 1
fi
pattern=$(printf '%s\n' "$names" | sed 's/\./[.]/g' | paste -s -d '|' -)

wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
sed '/^ *- alert: [A-Za-z]*VIP$/,/^ *for:/ s/tenant_id=~"[^"]*"/tenant_id=~"'"$pattern"'"/' "$rules" >"$wanted"
count=$(grep -cF "tenant_id=~\"$pattern\"" "$wanted" || true)
if [ "$count" -ne 2 ]; then
  echo "$rules: expected 2 VIP alerts with a tenant list, found $count" >&2
  exit 1
fi
if cmp -s "$rules" "$wanted"; then
  echo "$rules: VIP tenants match $list"
elif [ "${1:-}" = --check ]; then
  echo "$rules: VIP tenants differ from $list; run: sh monitoring/vip-tenants.sh" >&2
  exit 1
else
  # Write in place instead of replacing the file, so that a container that mounts the file itself sees the change.
  cat "$wanted" >"$rules"
  echo "$rules: VIP tenants updated; reload Prometheus"
fi
