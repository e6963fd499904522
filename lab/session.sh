# shellcheck shell=bash
# What every lab program needs: progress lines, failing, a folder of its own, and ending what it started.
#
# Owns: the cleaning up. Whatever a program starts or creates is handed to `at_exit` in the same breath,
# and undone in reverse order however the program ends. Must never touch a process that it did not
# start, or anything outside the folders it was given.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
session_started=${session_started:-$(date +%s)}
export session_started
cleanups=()
work=

# Progress goes to standard error, with the seconds since the outermost program began.
say()
{
    printf '%4ds  %s\n' "$(($(date +%s) - session_started))" "$*" >&2
}

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

usage_error()
{
    printf '%s: %s\nTry: %s --help\n' "${0##*/}" "$*" "$0" >&2
    exit 2
}

# The comment block at the top of a program is its manual.
show_help()
{
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
}

# Prints the canonical form of a path, of which the last part need not exist yet: swtpm_setup wants absolute ones.
absolute()
{
    realpath -m -- "$1"
}

run_cleanups()
{
    local status=$? i
    trap - EXIT INT TERM HUP
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
        eval "${cleanups[i]}" || true
    done
    exit "$status"
}

# Takes one shell command.
at_exit()
{
    if [ "${#cleanups[@]}" -eq 0 ]; then
        trap run_cleanups EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
    fi
    cleanups+=("$1")
}

# Sets `work` to an empty folder that goes away with the program. Short, since socket paths end at 107 bytes.
make_work()
{
    work=$(mktemp -d "${TMPDIR:-/tmp}/bootseal-lab.XXXXXX")
    at_exit "rm -rf -- $(printf %q "$work")"
}

# What takes long to make and is the same for every boot: the kernel's package, the initrd, the root disk.
lab_cache()
{
    printf '%s\n' "${BOOTSEAL_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bootseal/lab}"
}

# Ends one process that this program started: politely, then after five seconds for certain.
stop_process()
{
    local pid=$1 i
    [ -n "$pid" ] && kill "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 50; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

require_commands()
{
    local command missing=()
    for command in "$@"; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || missing+=("$command")
    done
    [ "${#missing[@]}" -eq 0 ] || die "not installed: ${missing[*]} (lab/README.md lists the packages)"
    PATH=$PATH:/usr/sbin:/sbin
}
