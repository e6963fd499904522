# shellcheck shell=bash
# TCP ports of the loopback address, for services that run as long as one program of the lab does.

# Prints a port on which nobody listens now.
free_port()
{
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# wait_for_port PORT: until somebody listens, ten seconds at most.
wait_for_port()
{
    local i
    for ((i = 0; i < 100; i++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}
