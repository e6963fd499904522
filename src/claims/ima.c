/* Violations in the IMA list: entries whose file was open for writing while it was measured. Reads
 * only the part of the list that the caller found proven; src/verify has judged its form. */
#include "wire/ima.h"
#include "claims/collect.h"

void collect_ima(struct collector *collector)
{
    struct ima_list list;
    struct ima_entry entry;
    struct error ignored; /* verify reports what breaks the format; here it is merely unknown */
    enum ima_step step;
    bool violation = false;

    if (collector->input->ima.len == 0 || !ima_list_open(&list, collector->input->ima, &ignored))
        return;
    while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY)
        violation |= entry.violation;
    if (step == IMA_FAILED)
        return;
    collect_bool(collector, CLAIM_IMA_VIOLATIONS, violation);
    collector->claims->claims[CLAIM_IMA_VIOLATIONS].grade = collector->input->ima_attested
                                                                ? CLAIM_ATTESTED
                                                                : CLAIM_REPORTED;
}
