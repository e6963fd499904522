/* Words for the numbers of Windows records. Judges none. */
#include "claims/windows_text.h"

#include <inttypes.h>

const char *windows_transfer_word(uint64_t transfer)
{
    static const char *const words[] = {
        [WINDOWS_TRANSFER_NONE] = "nothing",
        [WINDOWS_TRANSFER_LOADER] = "the loader",
        [WINDOWS_TRANSFER_RESUME] = "the resume loader",
        [WINDOWS_TRANSFER_UTILITY] = "a utility",
        [WINDOWS_TRANSFER_UNCHECKED] = "an application whose signature was not checked",
        [WINDOWS_TRANSFER_HYPERVISOR] = "the hypervisor loader",
    };

    return transfer < sizeof words / sizeof *words ? words[transfer] : NULL;
}

const char *windows_nx_word(uint64_t policy)
{
    static const char *const words[] = {"opt-in", "opt-out", "off", "on"};

    return policy < sizeof words / sizeof *words ? words[policy] : NULL;
}

const char *windows_iommu_word(uint64_t policy)
{
    static const char *const words[] = {"default", "enabled", "disabled"};

    return policy < sizeof words / sizeof *words ? words[policy] : NULL;
}

const char *windows_device_word(uint64_t type)
{
    static const struct {
        uint32_t type;
        const char *word;
    } WORDS[] = {
        {0x00010001, "hard disk"},   {0x00010002, "removable disk"},
        {0x00010003, "CD-ROM"},      {0x00010004, "partition"},
        {0x00010005, "file"},        {0x00010006, "RAM disk"},
        {0x00020000, "serial line"}, {0x00010007, "virtual hard disk"},
        {0x00030000, "network"},     {0x00040000, "VM bus"},
        {0x00050000, "composite"},   {0x00060000, "CimFS"},
    };

    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (WORDS[i].type == type)
            return WORDS[i].word;
    return NULL;
}

const char *windows_unlock_word(struct arena *arena, uint32_t *flags)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } WORDS[] = {
        {0x001, "cached key"}, {0x002, "key on the medium"}, {0x004, "TPM"},
        {0x010, "PIN"},        {0x020, "external key"},      {0x040, "recovery key"},
        {0x080, "passphrase"}, {0x100, "network"},           {0x200, "automatic unlock key"},
    };
    uint32_t flag = *flags & -*flags;

    if (flag == 0)
        return "none";
    *flags &= ~flag;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (WORDS[i].flag == flag)
            return WORDS[i].word;
    return arena_printf(arena, "0x%" PRIx32, flag);
}

const char *windows_date(struct arena *arena, int64_t filetime)
{
    enum { DAYS_4 = 4 * 365 + 1, DAYS_100 = 25 * DAYS_4 - 1, DAYS_400 = 4 * DAYS_100 + 1 };
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t days = (filetime < 0 ? 0 : (uint64_t)filetime) / (UINT64_C(864000) * 1000000);
    uint64_t year = 1601 + days / DAYS_400 * 400; /* whose 400 years end with a leap year */
    uint64_t hundreds, ones;
    bool leap;
    size_t month = 0;

    days %= DAYS_400;
    hundreds = days / DAYS_100 < 3 ? days / DAYS_100 : 3;
    days -= hundreds * DAYS_100;
    year += hundreds * 100 + days / DAYS_4 * 4;
    days %= DAYS_4;
    ones = days / 365 < 3 ? days / 365 : 3;
    days -= ones * 365;
    year += ones;
    leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while (days >= (uint64_t)lengths[month] + (month == 1 && leap)) {
        days -= lengths[month] + (month == 1 && leap);
        month++;
    }
    return arena_printf(arena, "%04" PRIu64 "-%02zu-%02" PRIu64, year, month + 1, days + 1);
}

const char *windows_version(struct arena *arena, uint64_t version)
{
    return arena_printf(arena, "%u.%u.%u.%u", (unsigned)(version >> 48),
                        (unsigned)(version >> 32 & 0xFFFF), (unsigned)(version >> 16 & 0xFFFF),
                        (unsigned)(version & 0xFFFF));
}
