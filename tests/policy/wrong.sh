#!/bin/sh
# Every wrong policy in tests/policy/wrong is refused with the line, column and message of its first
# line, and every message of the compiler is there. Usage: wrong.sh SOURCE BOOTSEAL
set -eu
source=$1 bootseal=$(realpath "$2")
cd "$source/tests/policy/wrong"
failed=0
for policy in *.policy; do
    expected="bootseal: $policy:$(sed -n '1s/^; //p' "$policy")"
    found=$("$bootseal" policy check "$policy" 2>&1) && found="it compiles: $found"
    found=$(printf '%s\n' "$found" | head -n 1)
    [ "$found" = "$expected" ] && continue
    printf 'expected %s\nfound    %s\n' "$expected" "$found"
    failed=1
done
# A message is a literal with a space in it that starts as a sentence does; what of it depends on the
# policy is left out, and so are limits of size, what only updates can do, and what values.c says better.
cd "$source/src/policy"
sed 's|/\*.*\*/||; /^ \*/d; /^\/\*/d; /^#/d' parse.c words.c constants.c functions.c reachability.c compile.c values.c ../document/document.c |
    grep -oE '"[a-z!&][^"\\%]*[a-z():,][ ][^"\\%]*' | sed 's/^"//; s/ *$//' | grep -F ' ' | sort -u |
    grep -vxE 'firmware set-up|expected text in double quotes|the list has too many values|the policy has|the text has|there are too many keys|there are too many sections of this kind|the value has too many lines|only texts and lists have values to accept, unlike' |
    while IFS= read -r message; do
        grep -qF -- "$message" ../../tests/policy/wrong/*.policy || { echo "no policy shows: $message"; exit 1; }
    done || failed=1
exit $failed
