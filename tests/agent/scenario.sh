#!/usr/bin/env bash
# A host's life with a real service and a real (software) TPM that went through a captured boot:
# enrolment, trust, the identity in use, a state that is not approved, another boot, an outage, a cleared TPM.
# Usage: scenario.sh AGENT BOOTSEALD BOOT SOURCE-ROOT
set -uo pipefail
agent=$1 bootseald=$2 boot=$3 root=$4

# Socket paths end at 107 bytes, so the folder is short.
work=$(mktemp -d /tmp/bootseal-agent-XXXXXX)
fixture=$root/tests/fixtures/secure-boot
tcti=swtpm:path=$work/s
port=$((20000 + RANDOM % 20000)) web_port=$((port + 1))
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
fetch() { host fetch "https://127.0.0.1:$web_port/" --ca "$work/web.pem"; }

power_on() {
    swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --server "type=unixio,path=$work/s" \
        --ctrl "type=unixio,path=$work/s.ctrl" --flags not-need-init,startup-clear 2>/dev/null &
    tpm_pid=$!
    pids+=("$tpm_pid")
    wait_for 10 socat -u OPEN:/dev/null "UNIX-CONNECT:$work/s" # a socket is there before anybody listens
    "$boot" "$tcti" "$fixture/eventlog.bin" "$fixture/ima.bin" || fail "the boot cannot be replayed"
}

power_off() {
    kill "$tpm_pid" && wait "$tpm_pid"
    rm -f "$work/s" "$work/s.ctrl"
}

service_up() { curl -sf --cacert "$work/service/ca.pem" "$url/api/v1/ca" -o /dev/null; }

start_service() {
    "$bootseald" --set server.state_directory="$work/service" --set server.listen="127.0.0.1:$port" \
        --set server.name=127.0.0.1 --set enrol.trust_directory="$work/trust" \
        --set attest.verdict_lifetime="$1" >>"$work/service.log" 2>&1 &
    service_pid=$!
    pids+=("$service_pid")
    wait_for 10 service_up
}

stop_service() { kill "$service_pid" && wait "$service_pid"; }

put_policy() {
    curl -sf --cacert "$work/service/ca.pem" \
        -H "Authorization: Bearer $(cat "$work/service/data/admin.token")" \
        -H 'Content-Type: text/plain' --data-binary "@$root/data/policies/recommended-baseline.policy" \
        -X PUT "$url/api/v1/policy" -o /dev/null || fail "the policy is not taken"
}

start_web() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=web \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$work/web.key" -out "$work/web.pem" 2>/dev/null
    cat >"$work/nginx.conf" <<END
daemon off;
user root;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
    access_log off;
    client_body_temp_path $work/n1; proxy_temp_path $work/n2; fastcgi_temp_path $work/n3;
    uwsgi_temp_path $work/n4; scgi_temp_path $work/n5;
    server {
        listen 127.0.0.1:$web_port ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $work/web.pem;
        ssl_certificate_key $work/web.key;
        ssl_client_certificate $work/service/ca.pem;
        ssl_verify_client on;
        location / { return 200 "welcome \$ssl_client_verify \$ssl_client_s_dn\n"; }
    }
}
END
    nginx -c "$work/nginx.conf" 2>/dev/null &
    pids+=($!)
    wait_for 5 test -s "$work/nginx.pid"
}

# What host is given as options, in a file; and one with a mistake.
configure() {
    printf '%s\n' '[agent]' "server = $url" "ca_file = $work/service/ca.pem" "state_directory = $work/state" \
        'name = a.example' "tcti = $tcti" >"$work/agent.conf"
    printf '%s\n' '[agent]' "sever = $url" >"$work/wrong.conf"
}

attested() { [ "$(grep -c 'event=agent.attested verdict=trusted' "$work/run.log")" -ge "$1" ]; }

"$root/lab/tpm" --ca "$work/ca" "$work/tpm" || fail "no TPM can be manufactured"
mkdir "$work/trust" "$work/service" && cp "$work/ca/root.pem" "$work/ca/issuer.pem" "$work/trust"
power_on
start_service 60s
put_policy
start_web
fingerprint=$(openssl x509 -in "$work/service/ca.pem" -noout -fingerprint -sha256 | sed 's/.*=//')

expect 5 'not enrolled' attest
expect 2 '--ca-fingerprint' host enroll "$url"
expect 4 'pinned' host enroll "$url" --name a.example --ca-fingerprint "$(printf '0%.0s' {1..64})"
expect 0 'enrolled as a.example' host enroll "$url" --name a.example --ca-fingerprint "$fingerprint"
configure
expect 0 'enrolled as a.example' "$agent" enroll --config "$work/agent.conf"
expect 2 'wrong.conf:2: there is no key agent.sever' "$agent" status --config "$work/wrong.conf"
expect 5 'absent.conf' "$agent" status --config "$work/absent.conf"
expect 1 'none yet' host status
expect 4 'no identity certificate' fetch
expect 0 'trusted until' attest
expect 0 '"verdict":"trusted"' attest --json
expect 0 'certificate in force' host status
expect 0 'good     service' host doctor --eventlog "$fixture/eventlog.bin"
expect 0 "$(uname -r)" host doctor --eventlog "$fixture/eventlog.bin"
expect 0 '"name":"dma.runtime"' host doctor --eventlog "$fixture/eventlog.bin" --json

# What the host says of itself comes to the service as its word.
curl -sf --cacert "$work/service/ca.pem" -H "Authorization: Bearer $(cat "$work/service/data/admin.token")" \
    "$url/api/v1/hosts/a.example" | jq -e --arg release "$(uname -r)" \
    '.reported | ."tpm.manufacturer" == "IBM" and (."kernel.version" | startswith($release))' >/dev/null ||
    fail "the service does not show what the host reports"

expect 0 'welcome SUCCESS' fetch
grep -qF a.example "$work/out" || fail "the certificate does not carry the host's name"
[ "$(curl -s --cacert "$work/web.pem" "https://127.0.0.1:$web_port/" -o /dev/null -w '%{http_code}')" = 400 ] ||
    fail "the web server lets anybody in"

"$boot" --extend "$tcti" 4
expect 4 'not those of the state' fetch
expect 1 'untrusted until' attest
expect 4 'no identity certificate' fetch
expect 1 'untrusted' host status

power_off && power_on
expect 0 'trusted until' attest
expect 0 'welcome SUCCESS' fetch

# An event log that is not there is told, and no verdict passes without it.
expect 1 'no event log' host attest --eventlog "$work/none" --ima "$fixture/ima.bin"
expect 0 'trusted until' attest

stop_service
expect 7 'connect' attest
start_service 5s
"$agent" run --tcti "$tcti" --state-dir "$work/state" --eventlog "$fixture/eventlog.bin" \
    --ima "$fixture/ima.bin" 2>"$work/run.log" &
run_pid=$!
pids+=("$run_pid")
wait_for 20 attested 2
stop_service
wait_for 20 grep -q event=agent.failed "$work/run.log"
seen=$(grep -c event=agent.attested "$work/run.log")
start_service 5s
wait_for 30 attested $((seen + 1))
kill -TERM "$run_pid"
wait "$run_pid" || fail "run ended with $?"
echo "ok: run attests again and again, through an outage, and ends on SIGTERM"

TPM2TOOLS_TCTI=$tcti tpm2_clear -c p 2>/dev/null
expect 6 'cleared or replaced' attest

# A new key now lies where the old one was; it must not pass for it, neither here nor at the service.
expect 6 'refuses' host enroll "$url" --name a.example --ca-fingerprint "$fingerprint"
expect 6 'cleared or replaced' attest
