#!/bin/bash
# A real host from its first boot to a verdict, a certificate and its use; then the same host with Secure Boot off.
set -euo pipefail
lab=$1 build=$2 policy=$3
. "$lab/session.sh"
. "$lab/fleet.sh"
make_work
run=$work

# api PATH [OPTION…]: curl as administrator.
api()
{
    local path=$1
    shift
    curl -sSf --cacert "$BOOTSEAL_CA" -H "Authorization: Bearer $BOOTSEAL_TOKEN" "$@" "$BOOTSEAL_URL/api/v1/$path"
}

# expect WHAT EXPECTED FOUND
expect()
{
    [ "$2" = "$3" ] || {
        cat "$run/host/out/task.log" "$run/service/bootseald.log" >&2
        die "$1: expected \"$2\", found \"$3\""
    }
}

start_fleet
api policy -X PUT -H "Content-Type: text/plain" --data-binary @"$policy" >/dev/null
new_host host --loader linuxefi
start_host host
finish_host host
api hosts/host >"$run/good.json"
expect "verdict of the good boot" trusted "$(jq -r .verdict "$run/good.json")"
expect "exit status of attest" 0 "$(cat "$run/host/out/attest.status")"
expect "nginx on the good boot" admitted "$(at_relying_party host fetch)"

"$lab/host" change --loader linuxefi --secure-boot off "$run/host"
start_host host
finish_host host
api hosts/host >"$run/bad.json"
expect "verdict without Secure Boot" untrusted "$(jq -r .verdict "$run/bad.json")"
expect "exit status of attest" 1 "$(cat "$run/host/out/attest.status")"
expect "nginx, with the credentials of the good boot" refused "$(at_relying_party host fetch-before)"
expect "nginx, after the refusal" refused "$(at_relying_party host fetch)"
expect "the reason" true "$(jq 'any(.reasons[]; .pcr == 7 and .rule == "secure-boot" and .event != null and .found == "false")' "$run/bad.json")"
expect "the same host" "$(jq -r .id "$run/good.json")" "$(jq -r .id "$run/bad.json")"
