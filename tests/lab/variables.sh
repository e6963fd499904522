#!/bin/bash
# The editor of firmware variables changes what it is asked to and nothing else, and refuses what is no variable store.
set -euo pipefail
tool=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp /usr/share/OVMF/OVMF_VARS_4M.ms.fd "$work/store"
"$tool" list "$work/store" | sort >"$work/before"

"$tool" set "$work/store" MokSBState 01
"$tool" list "$work/store" | sort >"$work/after"
[ "$(diff "$work/before" "$work/after" | grep '^[<>]')" = $'> MokSBState\t1\t01' ]

"$tool" set "$work/store" SecureBootEnable 00
"$tool" list "$work/store" | grep -qx $'SecureBootEnable\t1\t00'

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout "$work/key" -outform der -out "$work/cert" 2>/dev/null
"$tool" certificate "$work/store" db "$work/cert"
# EFI_CERT_X509_GUID, then the list's size: header 28, owner 16, certificate.
size=$((28 + 16 + $(stat -c %s "$work/cert")))
"$tool" list "$work/store" | grep -q "^db"$'\t'"$size"$'\t'"a159c0a5e494a74a87b5ab155c2bf072"

# What is there stays in front of what is added.
before=$("$tool" list "$work/store" | awk '$1 == "dbx" { print $2 }')
head -c 76 /dev/zero >"$work/lists"
"$tool" add "$work/store" dbx "$work/lists"
[ "$("$tool" list "$work/store" | awk '$1 == "dbx" { print $2 }')" = $((before + 76)) ]

refuses()
{
    local status=0
    "$tool" "$@" 2>/dev/null || status=$?
    [ "$status" != 0 ]
}
sum=$(sha256sum "$work/store")
refuses set "$work/store" NoSuchVariable 01
refuses set "$work/store" MokSBState 1
refuses set "$work/store" MokSBState zz
refuses add "$work/store" dbx "$work/no-such-file"
head -c 100 "$work/store" >"$work/short"
refuses list "$work/short"
head -c 100000 /dev/zero >"$work/zeros"
refuses list "$work/zeros"
[ "$sum" = "$(sha256sum "$work/store")" ]
