#!/bin/bash
# Reference values made from Debian's own packages hold for a host that boots them: every image that a real boot
# loaded is in the document, and the kernel's is missing from one that was made without the kernel's package.
set -euo pipefail
lab=$1 bootseal=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
release=$(cat "$("$lab/kernel")/release")
# apt's own user must be able to write there, or it warns.
chmod 755 "$work"
(cd "$work" && apt-get download -q shim-signed="$(dpkg-query -W -f '${Version}' shim-signed)" \
    grub-efi-amd64-signed="$(dpkg-query -W -f '${Version}' grub-efi-amd64-signed)" "linux-image-$release" >/dev/null)
echo 'cat /sys/kernel/security/tpm0/binary_bios_measurements >/out/eventlog.bin' >"$work/task"
"$lab/host" new --ca "$work/ca" --loader linuxefi "$work/host"
"$lab/host" boot --task "$work/task" --out "$work/out" "$work/host"

# missing DOCUMENT: images that the boot loaded and the document lacks.
missing()
{
    comm -23 <("$bootseal" eventlog claims --json "$work/out/eventlog.bin" | jq -r '.claims["boot.images"].value[]' | sort -u) \
        <("$bootseal" reference show --json "$1" | jq -r '.references[] | select(.name == "boot.images").values[].value' | sort -u)
}

"$bootseal" reference make "$work"/*.deb --name debian-boot --output "$work/whole"
"$bootseal" reference make "$work"/shim-signed_*.deb "$work"/grub-efi-amd64-signed_*.deb --name debian-boot --output "$work/loaders"
grep -q "^shim-signed .* shimx64\.efi\.signed = sha256:" "$work/whole"
grep -q "^linux-image-$release .* vmlinuz-$release = sha256:" "$work/whole"
[ "$("$bootseal" eventlog claims --json "$work/out/eventlog.bin" | jq '.claims["boot.images"].value | length')" -ge 3 ]
[ -z "$(missing "$work/whole")" ]
[ "$(missing "$work/loaders" | wc -l)" = 1 ]
[ "$("$bootseal" reference diff "$work/loaders" "$work/whole" | grep -c '^- ')" = 0 ]
