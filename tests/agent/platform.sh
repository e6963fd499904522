#!/usr/bin/env bash
# A host whose TPM holds a platform certificate: a policy demands certified hardware, proven at least as well as
# a signature; the host passes from the enrolment on at which its own certificate counts, and no longer.
# Usage: platform.sh AGENT BOOTSEALD BOOTSEAL BOOT PLATFORM SOURCE-ROOT
set -uo pipefail
agent=$1 bootseald=$2 bootseal=$3 boot=$4 platform=$5 root=$6

# Socket paths end at 107 bytes, so the folder is short.
work=$(mktemp -d /tmp/bootseal-platform-XXXXXX)
fixture=$root/tests/fixtures/secure-boot
tcti=swtpm:path=$work/s
port=$((20000 + RANDOM % 20000))
url=https://127.0.0.1:$port
pids=()

finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "not as expected: $*"
    echo '--- output' && cat "$work/out" "$work/err" 2>/dev/null
    echo '--- service' && tail -5 "$work/service.log"
    exit 1
}

# expect STATUS TEXT COMMAND...: the command ends with STATUS and says TEXT on stdout or stderr.
expect() {
    local status=$1 text=$2 got
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" = "$status" ] || fail "$* ended with $got, not $status"
    grep -qF -- "$text" "$work/out" "$work/err" || fail "$* does not say '$text'"
    echo "ok: ${*##*/} -> $status, '$text'"
}

# wait_for SECONDS COMMAND...
wait_for() {
    local tries=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        ((--tries > 0)) || fail "waited too long for: $*"
        sleep 0.1
    done
}

host() { "$agent" "$@" --tcti "$tcti" --state-dir "$work/state"; }
attest() { host attest --eventlog "$fixture/eventlog.bin" --ima "$fixture/ima.bin" "$@"; }
enroll() { host enroll "$url" --name a.example --ca "$work/service/ca.pem" "$@"; }
api() {
    curl -sf --cacert "$work/service/ca.pem" \
        -H "Authorization: Bearer $(cat "$work/service/data/admin.token")" "$@"
}
shown() { api "$url/api/v1/hosts/a.example" | jq -e "$@"; }
command_line() {
    "$bootseal" "$@" --server "$url" --ca "$work/service/ca.pem" --token-file "$work/service/data/admin.token"
}
show() { command_line host show a.example; }
service_up() { curl -sf --cacert "$work/service/ca.pem" "$url/api/v1/ca" -o /dev/null; }

start_service() {
    "$bootseald" --set server.state_directory="$work/service" --set server.listen="127.0.0.1:$port" \
        --set server.name=127.0.0.1 --set enrol.trust_directory="$work/trust" "$@" >>"$work/service.log" 2>&1 &
    service_pid=$!
    pids+=("$service_pid")
    wait_for 10 service_up
}

stop_service() { kill "$service_pid" && wait "$service_pid"; }

# put_in_tpm FILE: where makers put it, padded as they do.
put_in_tpm() {
    export TPM2TOOLS_TCTI=$tcti
    tpm2_nvundefine -C o 0x1c90000 >/dev/null 2>&1
    { cat "$1" && printf '\377%.0s' {1..16}; } >"$work/nv"
    tpm2_nvdefine -C o -s "$(stat -c %s "$work/nv")" -a 'ownerread|ownerwrite|authread' 0x1c90000 >/dev/null &&
        tpm2_nvwrite -C o -i "$work/nv" 0x1c90000 || fail "the TPM does not take the certificate"
}

certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -keyout "$work/$2.key" -out "$3" 2>/dev/null || fail "no key for $1"
}

"$root/lab/tpm" --ca "$work/ca" "$work/tpm" || fail "no TPM can be manufactured"
"$root/lab/tpm" --ca "$work/ca" "$work/other-tpm" || fail "no other TPM can be manufactured"
mkdir "$work/trust" "$work/makers" "$work/service" && cp "$work/ca/root.pem" "$work/ca/issuer.pem" "$work/trust"
certificate 'Acme platforms' maker "$work/makers/acme.pem"
certificate 'hardware catalogues' catalog "$work/catalog.pem"
swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --server "type=unixio,path=$work/s" \
    --ctrl "type=unixio,path=$work/s.ctrl" --flags not-need-init,startup-clear 2>/dev/null &
pids+=($!)
wait_for 10 socat -u OPEN:/dev/null "UNIX-CONNECT:$work/s"
"$boot" "$tcti" "$fixture/eventlog.bin" "$fixture/ima.bin" || fail "the boot cannot be replayed"

# What the machine that runs this test says of itself must be what the certificate says.
start_service
expect 0 'enrolled as a.example' enroll
manufacturer=$(shown -r '.reported."hardware.manufacturer" // "Acme"')
model=$(shown -r '.reported."hardware.model" // "Anvil 3000"')
ek_issuer=$(shown -r .ek_issuer)
shown '.platform == null' >/dev/null || fail "a platform certificate that nobody has"
stop_service

cat >"$work/catalog" <<END
[catalog]
name = test
version = 1
issued = $(date -u +%F)
valid_until = $(date -u -d tomorrow +%F)

[model anvil]
level = secured-core
source = none: a test
manufacturer = $manufacturer
product = $model
platform_issuer = CN=Acme platforms
ek_issuer = $ek_issuer
END
"$bootseal" catalog sign "$work/catalog" --key "$work/catalog.key" >/dev/null || fail "no signature"
cat >"$work/policy" <<END
[policy]
name = certified
version = 1
description = hardware that its makers signed for

[rule hardware]
require = hardware.certified_level == "secured-core"
grade = signed
message = Only certified hardware runs here
END
serve() { # serve TPM-MAKERS
    start_service --set enrol.platform_trust_directory="$work/makers" --set enrol.trust_directory="$1" \
        --set attest.catalog_certificates_file="$work/catalog.pem"
}
serve "$work/trust"
command_line catalog apply "$work/catalog" --reason test >/dev/null || fail "the catalogue is not taken"
api -H 'Content-Type: text/plain' --data-binary "@$work/policy" -X PUT "$url/api/v1/policy" -o /dev/null ||
    fail "the policy is not taken"

# Nobody signed for it yet; then somebody signed for another, and a stranger for it.
expect 1 'Only certified hardware' attest
make() { "$platform" "$work/$1.key" "$2" "$3" "$manufacturer" "$model" >"$work/platform.cer"; }
make maker "$work/makers/acme.pem" "$work/other-tpm/ek-rsa.der" && put_in_tpm "$work/platform.cer"
expect 0 '"platform_certificates":1' enroll --json
shown -r .platform.refusal | grep -q '^platform.holder' || fail "another TPM's certificate is believed"
expect 0 'not believed: platform.holder: it names another EK certificate' show
expect 1 'Only certified hardware' attest
certificate 'Acme platforms' stranger "$work/stranger.pem"
make stranger "$work/stranger.pem" "$work/tpm/ek-rsa.der" && put_in_tpm "$work/platform.cer"
expect 0 '"platform_certificates":1' enroll --json
expect 0 'platform.issuer: its signature is not that of the issuer it names' show
expect 1 'Only certified hardware' attest

make maker "$work/makers/acme.pem" "$work/tpm/ek-rsa.der" && put_in_tpm "$work/platform.cer"
expect 0 '"platform_certificates":1' enroll --json
shown --arg model "$model" '.platform | .issuer == "CN=Acme platforms" and .model == $model and .serial == "4711"' \
    >/dev/null || fail "the service does not say what the certificate proves"
expect 0 'serial number 4711, signed by CN=Acme platforms' show
expect 0 'trusted until' attest
expect 0 'trusted until' attest

# What is remembered of an unchanged host ends with what its certificates prove.
put_in_tpm "$work/tpm/ek-rsa.der"
expect 0 'enrolled as a.example' enroll
expect 0 'not believed: platform.certificate' show
expect 1 'Only certified hardware' attest

# It signs for a host only whose EK certificate was proven, now and when it enrolled first.
make maker "$work/makers/acme.pem" "$work/tpm/ek-rsa.der" && put_in_tpm "$work/platform.cer"
mkdir "$work/nobody"
stop_service && serve "$work/nobody"
expect 0 'enrolled as a.example' enroll
expect 0 'not believed: platform.holder: the EK certificate is not proven' show
expect 1 'Only certified hardware' attest
command_line host forget a.example >/dev/null || fail "the host is not forgotten"
enroll >/dev/null 2>&1
command_line host approve a.example >/dev/null || fail "the host is not approved"
stop_service && serve "$work/trust"
expect 0 'enrolled as a.example' enroll
expect 0 'not believed: the EK certificate was not proven when the host enrolled first' show
expect 1 'Only certified hardware' attest
command_line host forget a.example >/dev/null || fail "the host is not forgotten"
expect 0 'enrolled as a.example' enroll
expect 0 'trusted until' attest
