#!/bin/bash
# Secure Boot is real in the lab: a kernel with one changed byte does not start, and nothing is left running.
set -euo pipefail
lab=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$("$lab/kernel")/vmlinuz" "$work/kernel"
printf X | dd of="$work/kernel" bs=1 seek=1000000 conv=notrunc status=none
echo true >"$work/task"
"$lab/host" new --ca "$work/ca" --kernel "$work/kernel" "$work/host"
status=0
"$lab/host" boot --task "$work/task" "$work/host" || status=$?
[ "$status" = 4 ]
[ ! -e "$work/host/out" ]
if pgrep -af "$work/host" >&2; then
    exit 1
fi
