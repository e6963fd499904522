#!/bin/bash
# Updates of real hosts under learned policies in force: kernel, RAM disk, command line and dbx of two that boot with shim
# and GRUB, the unified kernel image of a third. What was announced passes, for the hosts and hours named; what somebody
# changes at the same moment does not.
set -euo pipefail
lab=$1 build=$2 policy=$3
. "$lab/session.sh"
. "$lab/fleet.sh"
make_work
run=$work
bootseal=$build/src/cli/bootseal

# expect WHAT EXPECTED FOUND
expect()
{
    [ "$2" = "$3" ] || die "$1: expected \"$2\", found \"$3\""
    say "$1: $3"
}

# boot ROUND HOST…: boots them at once; keeps the evidence of each as $run/HOST-ROUND.
boot()
{
    local round=$1 host
    shift
    for host; do start_host "$host"; done
    for host; do
        finish_host "$host"
        "$bootseal" host evidence "$host" --output "$run/$host-$round" 2>/dev/null
    done
}

# judge EVIDENCE POLICY [UPDATE]: the verdict.
judge()
{
    "$bootseal" appraise "$run/$1" --policy "$run/$2" ${3:+--update "$run/$3"} --json >"$run/judged" || true
    jq -r .verdict "$run/judged"
}

# verdict HOST: the service's.
verdict()
{
    "$bootseal" host show "$1" --json | jq -r .verdict
}

# The rules that the last verdict names, each once, in one line.
rules()
{
    jq -r '[.reasons[].rule | values] | unique | join(" ")' "$run/judged"
}

# learn HOST: a policy that demands the state of its first boot, dbx too, which learning leaves out since it grows.
learn()
{
    "$bootseal" policy learn "$run/$1-1" --name "$1" --output "$run/$1.policy"
    {
        printf '\n[reference dbx]\n'
        "$bootseal" secureboot show "$run/$1-1" --json |
            jq -r '.claims["secure_boot.dbx"].value[]' | awk '{ print NR " = " $1 }'
        printf '\n[rule dbx]\nrequire = secure_boot.dbx.all(x, x in reference("dbx"))\n'
        printf 'message = dbx is as it was\n'
    } >>"$run/$1.policy"
}

# comes_true PLAN EVIDENCE: every digest that was planned for an event is in the log of the boot, or is printed.
comes_true()
{
    "$bootseal" eventlog show "$run/$2" --json | jq -r '.events[].digests[]?' | sort -u >"$run/measured"
    jq -r '.hosts[].changes[] | select(.event != null and .to != "").to' "$run/$1" | sort -u >"$run/planned"
    [ -s "$run/planned" ] || die "$1: nothing is planned"
    comm -23 "$run/planned" "$run/measured"
}

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Bootseal lab' -keyout "$run/own.key" \
    -out "$run/own.pem" 2>/dev/null
# A list with one SHA-256 digest, of nothing that exists, without an owner.
{
    printf '\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28'
    printf '\x4c\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00'
    head -c 16 /dev/zero
    printf 'bootseal revokes what nobody has' # 32 bytes
} >"$run/revoked"

start_fleet
"$bootseal" policy apply "$policy" --hosts 'web*'
for host in web1 web2; do
    new_host "$host" --loader linuxefi --release previous
done
new_host unified --chain uki --key "$run/own" --release previous
boot 1 web1 web2
boot 1 unified
learn web1
learn unified
expect "web1 as learned" trusted "$(judge web1-1 web1.policy)"
expect "web2, of the same kind" trusted "$(judge web2-1 web1.policy)"
expect "the unified kernel as learned" trusted "$(judge unified-1 unified.policy)"
"$bootseal" policy apply "$run/web1.policy" --binding web --hosts 'web*'
"$bootseal" policy apply "$run/unified.policy" --binding unified --hosts unified

say "the update: kernel and RAM disk, command line, dbx; a unified kernel image"
for host in web1 web2; do
    "$lab/host" change --loader linuxefi --append loglevel=3 --revoke "$run/revoked" "$run/$host"
done
"$lab/host" change --chain uki --key "$run/own" --append loglevel=3 "$run/unified"
mkdir "$run/new"
mcopy -n -i "$run/web1/boot.img" ::/EFI/debian/grub.cfg "$run/new/grub.cfg"
mcopy -n -i "$run/unified/boot.img" ::/EFI/BOOT/BOOTX64.EFI "$run/unified.efi"
cp "$("$lab/kernel")/vmlinuz" "$run/new/vmlinuz-$(cat "$("$lab/kernel")/release")"
"$bootseal" update plan "$run/new" --initrd "$("$lab/initrd")" --command-line-change '=>loglevel=3' --dbx "$run/revoked" \
    --hosts 'web*' --name web --output "$run/web.update" --json >"$run/web.plan"
"$bootseal" update plan "$run/unified.efi" --host "$run/unified-1" --name unified --output "$run/unified.update" --json \
    >"$run/unified.plan"
expect "hosts that share the plan" 2 "$(jq .n_hosts "$run/web.plan")"
"$bootseal" update announce "$run/web.update" --hosts 'web*' --until 1h --name web-update
"$bootseal" update announce "$run/unified.update" --hosts unified --until 1h --name unified-update
expect "who runs the update before it" old "$("$bootseal" update show unified-update --json | jq -r '.hosts[].runs' || true)"
expect "retiring the old before it" 1 "$("$bootseal" update finish unified-update --retire >&2 || echo $?)"
boot 2 web1 unified
expect "web1 in the service" trusted "$(verdict web1)"
expect "the unified kernel in the service" trusted "$(verdict unified)"
expect "who runs the update after it" new "$("$bootseal" update show unified-update --json | jq -r '.hosts[].runs')"

expect "web1 after an update that nobody announced" untrusted "$(judge web1-2 web1.policy)"
expect "web1 after the announced update" trusted "$(judge web1-2 web1.policy web.update)"
expect "planned for web1 and not measured" '' "$(comes_true web.plan web1-2)"
expect "the unified kernel, not announced" untrusted "$(judge unified-2 unified.policy)"
expect "the unified kernel, announced" trusted "$(judge unified-2 unified.policy unified.update)"
expect "planned for the unified kernel and not measured" '' "$(comes_true unified.plan unified-2)"
expect "a host whose update is another" untrusted "$(judge unified-2 unified.policy web.update)"

say "the same update, and something else with it"
"$lab/host" change --loader linuxefi --append 'loglevel=3 lockdown=none' "$run/web2"
boot 2 web2
expect "web2 with more than was announced" untrusted "$(judge web2-2 web1.policy web.update)"
expect "the rules that say so" "boot.files boot.kernel_command_line" "$(rules)"
expect "web2 in the service" untrusted "$(verdict web2)"

say "the update is finished, and the old retired"
until=$(($(date +%s) + 10))
"$bootseal" update announce "$run/web.update" --hosts 'web*' --until "$(date -u -d "@$until" +%FT%TZ)" --name web-update
"$bootseal" update finish web-update --retire
"$lab/host" change --loader linuxefi --release previous "$run/web2"
while [ "$(date +%s)" -le "$until" ]; do sleep 1; done
boot 3 web1 web2
expect "web1, past the hours of the update" trusted "$(verdict web1)"
expect "web2 with the old kernel, had it not been retired" trusted "$(judge web2-3 web1.policy web.update)"
expect "web2 with the old kernel" untrusted "$(verdict web2)"
expect "what the service says of it" policy.failed \
    "$("$bootseal" host show web2 --json | jq -r '[.reasons[] | select(.weight != "note").code] | unique | join(" ")')"

say "the update is withdrawn"
"$bootseal" update withdraw web-update
boot 4 web1
expect "web1, whose update is accepted no longer" untrusted "$(verdict web1)"
