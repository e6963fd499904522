# Test cases in shell, reported as cmocka does, so that ./test counts each of them. Source it.

cases_passed=0
cases_failed=()

# case_ok NAME COMMAND...: the command must succeed.
case_ok() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "[       OK ] $name"
        cases_passed=$((cases_passed + 1))
    else
        printf '%s\n' "$output" | tail -20
        echo "[  FAILED  ] $name"
        cases_failed+=("$name")
    fi
}

# exits_with STATUS COMMAND...: true when the command ends with just that status.
exits_with() {
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    [ "$status" = "$wanted" ] || { echo "exit status $status, not $wanted: $*"; return 1; }
}

# says PATTERN COMMAND...: true when the command's output (both streams) has a line that matches.
says() {
    local pattern=$1 output
    shift
    output=$("$@" 2>&1) || true
    grep -qE -- "$pattern" <<<"$output" || { printf 'no line matches %s in:\n%s\n' "$pattern" "$output"; return 1; }
}

# jq 1.6 takes no answer at all for yes: here jq -e ends with 4 then, as later ones do. Also in bash -c.
jq() {
    local answer status=0
    [ "$1" = -e ] || { command jq "$@"; return; }
    answer=$(command jq "$@") || status=$?
    [ -n "$answer" ] || return 4
    printf '%s\n' "$answer"
    return "$status"
}
export -f jq

cases_end() {
    [ ${#cases_failed[@]} = 0 ] && { echo "[  PASSED  ] $cases_passed test(s)."; exit 0; }
    echo "[  FAILED  ] ${#cases_failed[@]} test(s), listed below:"
    printf '[  FAILED  ] %s\n' "${cases_failed[@]}"
    exit 1
}
