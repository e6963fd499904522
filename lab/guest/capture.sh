# Task: hand back what tpm2-tools and the kernel know of this boot, for tests/fixtures.
# shellcheck shell=sh
set -eu
export TPM2TOOLS_TCTI=device:/dev/tpmrm0
cd /tmp
. /in/capture.conf # banks, nonce

tpm2_createak -Q -C 0x81010001 -c ak.ctx -G ecc -g sha256 -s ecdsa -u ak.tpmt -f tpmt
tpm2_readpublic -Q -c ak.ctx -f tss -o ak.tpm2b
tpm2_readpublic -Q -c ak.ctx -f pem -o ak.pem
for bank in $(echo "$banks" | tr , ' '); do
    tpm2_quote -Q -c ak.ctx -l "$bank:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14" -q "$nonce" -g sha256 \
        -m "quote-$bank.bin" -s "quote-$bank.sig"
    for pcr in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do
        echo "$pcr $(tr A-F a-f <"/sys/class/tpm/tpm0/pcr-$bank/$pcr")"
    done >"pcr-$bank.txt"
done
# After the quotes, as an agent has to: the signed PCR 10 is that of some prefix of this list.
cat /sys/kernel/security/ima/binary_runtime_measurements >ima.bin
log=/sys/kernel/security/tpm0/binary_bios_measurements
[ ! -e "$log" ] || cat "$log" >eventlog.bin
cp ./*.bin ./*.sig ./*.txt ak.tpmt ak.tpm2b ak.pem /out/
cat /proc/cmdline >/out/cmdline.txt
cat /sys/kernel/security/lockdown >/out/lockdown.txt
