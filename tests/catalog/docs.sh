#!/bin/sh
# The catalogues that we show are ones, and the manual names every key. Usage: docs.sh SOURCE BOOTSEAL
set -eu
source=$1 bootseal=$2
sed -n '/^```ini$/,/^```$/p' "$source/docs/catalog.md" | grep -v '^```' | "$bootseal" catalog show -
"$bootseal" catalog show "$source/examples/lab.catalog"
keys=$(sed -n 's/^KEY([^"]*"\([^"]*\)".*/\1/p' "$source/src/catalog/catalog.def")
[ "$(echo "$keys" | wc -l)" = "$(grep -c '^KEY(' "$source/src/catalog/catalog.def")" ]
for key in $keys; do
    grep -q "^| \`$key\` |" "$source/docs/catalog.md" || { echo "docs/catalog.md lacks $key"; exit 1; }
done
