#!/bin/bash
# Everything that a real boot of a unified kernel image measured is named from the image on its disk, and
# nothing is without it.
set -euo pipefail
lab=$1 bootseal=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Bootseal lab' -keyout "$work/own.key" -out "$work/own.pem" 2>/dev/null
echo 'cat /sys/kernel/security/tpm0/binary_bios_measurements >/out/eventlog.bin' >"$work/task"
"$lab/host" new --ca "$work/ca" --chain uki --key "$work/own" "$work/host"
"$lab/host" boot --task "$work/task" --out "$work/out" "$work/host"
mcopy -n -i "$work/host/boot.img" ::/EFI/BOOT/BOOTX64.EFI "$work/unified.efi"
"$bootseal" component "$work/unified.efi" --eventlog "$work/out/eventlog.bin" >"$work/named"
grep -q 'unified kernel image .*, image$' "$work/named"
grep -q 'section \.initrd of .*, section$' "$work/named"
grep -q 'section \.cmdline of .*, load-options$' "$work/named"
"$bootseal" component "$work/unified.efi" --json | jq -e '.components[0].signers[0].holds' >/dev/null
status=0
"$bootseal" component "$work/task" --eventlog "$work/out/eventlog.bin" >/dev/null || status=$?
[ "$status" = 1 ]
