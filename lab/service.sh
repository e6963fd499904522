# shellcheck shell=bash
# A bootseald for lab hosts, on a port of the loopback address, and the command line that speaks to it.
#
# Needs lab/session.sh, lab/ports.sh and $build, the build folder.

service_port='' # on 127.0.0.1; hosts call it bootseal.lab
service_ca=''   # file: the certificate of its CA, PEM
service_fingerprint=''

# start_service DIR TPM_MAKER: keeps its state in DIR; counts TPMs made by TPM_MAKER (a folder of lab/tpm --ca). Sets the
# three above, and exports what `bootseal` needs to speak to it as administrator.
start_service()
{
    local dir=$1 maker=$2
    mkdir -p "$dir/trust"
    cp "$maker/root.pem" "$maker/issuer.pem" "$dir/trust/"
    service_port=$(free_port)
    cat >"$dir/bootseald.conf" <<END
[server]
listen = 127.0.0.1:$service_port
name = bootseal.lab
state_directory = $dir/state
workers = 2

[enrol]
trust_directory = $dir/trust
END
    mkdir -p "$dir/state"
    "$build/src/server/bootseald" --config "$dir/bootseald.conf" >"$dir/stdout.log" 2>"$dir/bootseald.log" &
    at_exit "stop_process $!"
    wait_for_port "$service_port" || die "bootseald does not start: $(tail -n 20 "$dir/bootseald.log")"
    service_ca=$dir/state/ca.pem
    service_fingerprint=$(openssl x509 -in "$service_ca" -outform der | sha256sum | cut -d' ' -f1)
    export BOOTSEAL_URL=https://127.0.0.1:$service_port
    export BOOTSEAL_CA=$service_ca
    BOOTSEAL_TOKEN=$(cat "$dir/state/data/admin.token")
    export BOOTSEAL_TOKEN
}
