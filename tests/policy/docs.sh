#!/bin/sh
# The policy in the manual and the policies we ship compile. Usage: docs.sh SOURCE BOOTSEAL
set -eu
source=$1 bootseal=$2
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
sed -n '/^```ini$/,/^```$/p' "$source/docs/policy.md" | grep -v '^```' | "$bootseal" policy check -
sed -n '/^```ini$/,/^```$/p' "$source/docs/updates.md" | grep -v '^```' | "$bootseal" update check -
for policy in "$source"/data/policies/*.policy; do "$bootseal" policy check "$policy"; done
# every example of the section "Examples", as the one rule of a policy
awk '/^## /{in_examples = ($0 == "## Examples")} in_examples && /^    /{print substr($0, 5)} in_examples && /^$/{print ""}' \
    "$source/docs/policy.md" | awk -v RS= '{print > ENVIRON["TMPDIR"] "/example-" NR}'
printf '[reference-values]\nname = v\nversion = 1\n[reference our-platform-key]\nkey = "x"\n' >"$TMPDIR/values"
for example in "$TMPDIR"/example-*; do
    printf '[policy]\nname = n\nversion = 1\n[rule r]\nmessage = m\n%s\n' "$(cat "$example")" |
        "$bootseal" policy check --references "$TMPDIR/values" -
done
# the manual tells every function of the table
sed -n 's/^FUNCTION("\([^"]*\)", \([A-Z]*\),.*/\1 \2/p' "$source/src/policy/functions.def" |
    while read -r name form; do
        if [ "$form" = METHOD ]; then name=".$name"; else name="\`$name"; fi
        grep -qF "$name(" "$source/docs/policy.md" || { echo "docs/policy.md lacks $name()"; exit 1; }
    done
