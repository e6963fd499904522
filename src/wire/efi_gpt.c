/* Framing of the partition table event. Trusts neither number nor size of the entries it names. */
#include "wire/efi_gpt.h"

enum { GPT_HEADER_LEN = 92, GPT_ENTRY_LEN_MIN = 128, GPT_ENTRY_LEN_MAX = 4096 };

bool efi_gpt_decode(struct span bytes, struct efi_gpt *gpt, struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.2.7.1", error);
    struct efi_gpt decoded = {0};
    struct reader header = reader_child(&reader, GPT_HEADER_LEN, "UEFI 2.10 5.3.2");

    reader_bytes(&header, 40, "signature, revision, checksum and own addresses");
    decoded.first_usable_lba = reader_le64(&header);
    decoded.last_usable_lba = reader_le64(&header);
    decoded.disk_guid = reader_bytes(&header, EFI_GUID_LEN, "disk GUID");
    reader_bytes(&header, 12, "address and number of entries");
    decoded.entry_len = reader_le32(&header);
    reader_bytes(&header, 4, "checksum of the entries");
    reader_join(&reader, &header);
    decoded.n_partitions = reader_le64(&reader);
    reader_cap(&reader, decoded.n_partitions, LIMIT_GPT_PARTITIONS, "partitions");
    if (reader_ok(&reader) &&
        (decoded.entry_len < GPT_ENTRY_LEN_MIN || decoded.entry_len > GPT_ENTRY_LEN_MAX))
        reader_fail(&reader, ERROR_MALFORMED, "partition entries of %u bytes", decoded.entry_len);
    if (!reader_ok(&reader))
        return false;
    decoded.entries = reader_bytes(&reader, (size_t)decoded.n_partitions * decoded.entry_len,
                                   "partition entries");
    if (!reader_end(&reader))
        return false;
    *gpt = decoded;
    return true;
}

struct efi_gpt_partition efi_gpt_partition(const struct efi_gpt *gpt, uint64_t index)
{
    struct error error = {0};
    struct reader reader = reader_init(gpt->entries, "UEFI 2.10 5.3.3", &error);
    struct efi_gpt_partition partition = {0};

    reader_bytes(&reader, (size_t)index * gpt->entry_len, "partitions before");
    partition.type_guid = reader_bytes(&reader, EFI_GUID_LEN, "partition type");
    partition.guid = reader_bytes(&reader, EFI_GUID_LEN, "partition GUID");
    partition.first_lba = reader_le64(&reader);
    partition.last_lba = reader_le64(&reader);
    partition.attributes = reader_le64(&reader);
    partition.name = reader_bytes(&reader, 72, "partition name");
    return partition;
}
