# Task: what a host does with Bootseal. Enrols when it has not yet, attests, and asks a relying party for a page with
# the identity key in its TPM. Each step's exit status goes to /out; what is printed, to the console.
# shellcheck shell=sh
. /in/attest.conf # service, ca_fingerprint, relying_party
name=$(hostname)

# step FILE COMMAND…: runs it, shows its lines under the host's name, keeps its output and exit status.
step()
{
    file=$1
    shift
    status=0
    "$@" >"/out/$file" 2>&1 || status=$?
    echo "$status" >"/out/$file.status"
    sed "s/^/$name: /" "/out/$file"
    return "$status"
}

bootseal-agent status >/dev/null 2>&1
if [ $? = 5 ]; then # not enrolled
    step enroll bootseal-agent enroll "$service" --ca-fingerprint "$ca_fingerprint" --name "$name" || exit
else # what an earlier boot was given: does it work in this one?
    step fetch-before bootseal-agent fetch "$relying_party" --ca /in/relying-party.pem
fi
step attest bootseal-agent attest
step fetch bootseal-agent fetch "$relying_party" --ca /in/relying-party.pem
exit 0
