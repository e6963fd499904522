#!/bin/sh
# The exported names, the public header and the manual pages name the same functions; the example
# programs do what their pages say. Usage: exports.sh SOURCE LIBRARY EXAMPLE-REPLAY
set -eu
source=$1 library=$2 replay=$3
exported=$(nm -D --defined-only "$library" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort)
declared=$(grep -v "^ \*" "$source/include/bootseal.h" | grep -o "bootseal_[a-z_]*(" | tr -d "(" | sort -u)
documented=$(sed -n 's/^\.Nm \(bootseal_[a-z_]*\).*/\1/p' "$source"/man/bootseal_*.3 | sort -u)
[ "$exported" = "$declared" ] ||
    { echo "exported:"; echo "$exported"; echo "declared:"; echo "$declared"; exit 1; }
[ "$exported" = "$documented" ] ||
    { echo "exported:"; echo "$exported"; echo "documented:"; echo "$documented"; exit 1; }
"$replay" <"$source/tests/fixtures/secure-boot/eventlog.bin" >/dev/null
if "$replay" </dev/null >/dev/null 2>&1; then echo "an empty log was replayed"; exit 1; fi
