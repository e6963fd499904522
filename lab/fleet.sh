# shellcheck shell=bash
# Hosts with Bootseal's agent, attesting to a service and using what it gives them, several at a time.
#
# Needs lab/session.sh; build, the build folder; and run, a folder that becomes the fleet's: run/NAME is a host and
# run/NAME/out what its last boot left (see lab/guest/attest.sh).

# shellcheck disable=SC2154 # lab_dir, build and run are the caller's
. "$lab_dir/ports.sh"
. "$lab_dir/service.sh"
. "$lab_dir/relying-party.sh"

declare -A booting # process of lab/host by host

# Service, relying party, and the disk that all hosts share. Hosts are made by the manufacturer $run/tpm-maker.
start_fleet()
{
    "$lab_dir/root" "$run/root.img" "$build/src/agent/bootseal-agent"
    # The first TPM makes the manufacturer, whom the service has to know.
    "$lab_dir/tpm" --ca "$run/tpm-maker" "$run/spare-tpm"
    start_service "$run/service" "$run/tpm-maker"
    start_relying_party "$run/nginx" "$service_ca"
    printf 'service=%s\nca_fingerprint=%s\nrelying_party=%s\n' https://bootseal.lab:8443 "$service_fingerprint" \
        https://service.lab:8443/ >"$run/attest.conf"
}

# new_host NAME [BOOT…]: BOOT as for lab/host.
new_host()
{
    local name=$1
    shift
    "$lab_dir/host" new --ca "$run/tpm-maker" "$@" "$run/$name"
}

# Boots it: the agent enrols when it has to, attests, and asks nginx for a page with the key in its TPM.
start_host()
{
    "$lab_dir/host" boot --task "$lab_dir/guest/attest.sh" --give "$run/attest.conf" \
        --give "$run/nginx/relying-party.pem" --root "$run/root.img" \
        --forward "10.0.2.100:8443=$service_port" --forward "10.0.2.101:8443=$relying_party_port" "$run/$1" &
    booting[$1]=$!
    at_exit "stop_process $!"
}

# Waits until it has powered itself off.
finish_host()
{
    wait "${booting[$1]}" || {
        tail -n 20 "$run/$1/serial.log" >&2
        die "$1 did not do its task"
    }
}

# How a request of the last boot ended: "admitted" when nginx gave the page, else "refused". The request is `fetch`, or
# `fetch-before`: one with what an earlier boot had been given, before the host attested in this one.
at_relying_party()
{
    local out=$run/$1/out/$2
    if [ "$(cat "$out.status" 2>/dev/null)" = 0 ] && grep -q '^welcome, ' "$out"; then
        echo admitted
    else
        echo refused
    fi
}
