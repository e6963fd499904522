# shellcheck shell=bash
# An nginx that knows nothing of Bootseal but its CA certificate: it lets in whoever proves, by mutual TLS, to hold
# the key of a certificate which that CA issued. For the demo and the tests of the lab.
#
# Needs lab/session.sh and lab/ports.sh.

relying_party_port=''

# start_relying_party DIR CLIENT_CA: keeps its files in DIR and sets relying_party_port. Clients know it as
# service.lab and have to trust DIR/relying-party.pem, which is a certificate of its own making.
start_relying_party()
{
    local dir=$1 client_ca=$2
    mkdir -p "$dir"
    relying_party_port=$(free_port)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=service.lab \
        -addext subjectAltName=DNS:service.lab -keyout "$dir/relying-party.key" -out "$dir/relying-party.pem" 2>/dev/null
    cat >"$dir/nginx.conf" <<END
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log;
events { worker_connections 64; }
http {
    access_log $dir/access.log;
    client_body_temp_path $dir/tmp;
    proxy_temp_path $dir/tmp;
    fastcgi_temp_path $dir/tmp;
    uwsgi_temp_path $dir/tmp;
    scgi_temp_path $dir/tmp;
    server {
        listen 127.0.0.1:$relying_party_port ssl;
        ssl_certificate $dir/relying-party.pem;
        ssl_certificate_key $dir/relying-party.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_client_certificate $client_ca;
        ssl_verify_client on;
        ssl_verify_depth 2;
        location / { return 200 "welcome, \$ssl_client_s_dn\\n"; }
    }
}
END
    nginx -e "$dir/error.log" -p "$dir" -c "$dir/nginx.conf" >"$dir/nginx.log" 2>&1 &
    at_exit "stop_process $!"
    wait_for_port "$relying_party_port" || die "nginx does not start: $(cat "$dir/nginx.log" "$dir/error.log")"
}
