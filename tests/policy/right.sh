#!/bin/sh
# Unusual and right: every policy in tests/policy/right compiles, and each of its rules comes to what its
# message says on a boot of our own, whose log is taken at its word. Usage: right.sh SOURCE BOOTSEAL
set -eu
source=$1 bootseal=$(realpath "$2")
cd "$source/tests/policy/right"
failed=0
for policy in *.policy; do
    found=$("$bootseal" features --json --policy "./$policy" "$source/tests/fixtures/secure-boot/eventlog.bin") || true
    wrong=$(printf '%s' "$found" | jq -r '.policies[0].features[] | select(.state != .rules[0].message) |
        "\(.feature) is \(.state), not \(.rules[0].message)"')
    [ -n "$found" ] && [ -z "$wrong" ] && continue
    printf '%s: %s\n' "$policy" "${wrong:-it does not compile}"
    failed=1
done
exit $failed
