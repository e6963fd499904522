/* Owns the PCR selection: its wire form and its notation for people.
 * Trusts nothing. Must never repair what it reads: a selection is compared whole. */
#include "wire/tpm_pcr_selection.h"

#include "wire/tpm_alg.h"

#include <stdio.h>

static const uint32_t ALL_PCRS = (1u << LIMIT_PCRS) - 1;
static const char NOTATION[] = "tpm2-tools PCR selection";

enum { BITMAP_LEN = LIMIT_PCRS / 8, BITMAP_LEN_MAX = 4 };

static struct tpm_pcr_bank_selection decode_bank(struct reader *reader)
{
    struct tpm_pcr_bank_selection bank = {.alg = reader_be16(reader)};
    size_t len = reader_u8(reader);

    if (len > BITMAP_LEN_MAX)
        reader_fail(reader, ERROR_UNSUPPORTED, "PCR bitmap has %zu bytes", len);
    for (size_t i = 0; i < len && reader_ok(reader); i++)
        bank.pcrs |= (uint32_t)reader_u8(reader) << 8 * i;
    if (bank.pcrs & ~ALL_PCRS)
        reader_fail(reader, ERROR_UNSUPPORTED, "selection has PCRs over %d", LIMIT_PCRS - 1);
    return bank;
}

struct tpm_pcr_selection tpm_pcr_selection_decode(struct reader *reader)
{
    struct tpm_pcr_selection selection = {0};
    uint32_t n_banks = reader_be32(reader);

    if (!reader_cap(reader, n_banks, LIMIT_PCR_SELECTIONS, "number of PCR banks"))
        return selection;
    for (uint32_t i = 0; i < n_banks && reader_ok(reader); i++)
        selection.banks[selection.n_banks++] = decode_bank(reader);
    return selection;
}

void tpm_pcr_selection_encode(struct writer *writer, const struct tpm_pcr_selection *selection)
{
    writer_be32(writer, (uint32_t)selection->n_banks);
    for (size_t i = 0; i < selection->n_banks; i++) {
        writer_be16(writer, selection->banks[i].alg);
        writer_u8(writer, BITMAP_LEN);
        for (size_t byte = 0; byte < BITMAP_LEN; byte++)
            writer_u8(writer, (uint8_t)(selection->banks[i].pcrs >> 8 * byte));
    }
}

bool tpm_pcr_selection_equal(const struct tpm_pcr_selection *a, const struct tpm_pcr_selection *b)
{
    if (a->n_banks != b->n_banks)
        return false;
    for (size_t i = 0; i < a->n_banks; i++)
        if (a->banks[i].alg != b->banks[i].alg || a->banks[i].pcrs != b->banks[i].pcrs)
            return false;
    return true;
}

/* The bytes of *text before the first delimiter, which is skipped; everything when there is none.
 * *more tells whether a delimiter stood there. */
static struct span cut(struct span *text, char delimiter, bool *more)
{
    const uint8_t *end = text->len ? memchr(text->data, delimiter, text->len) : NULL;
    struct span head = *text;

    *more = end != NULL;
    if (end) {
        head.len = (size_t)(end - text->data);
        *text = span_of(end + 1, text->len - head.len - 1);
    } else {
        *text = span_of(text->data + text->len, 0);
    }
    return head;
}

static bool parse_number(struct span digits, uint32_t *pcr)
{
    uint32_t value = 0;

    if (digits.len == 0 || digits.len > 2)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = 10 * value + (digits.data[i] - '0');
    }
    *pcr = value;
    return value < LIMIT_PCRS;
}

/* One bank's PCRs: "0,1,2", "all" or "none". offset is where list starts in the whole text. */
static bool parse_pcrs(struct span list, size_t offset, uint32_t *pcrs, struct error *error)
{
    const uint8_t *start = list.data;
    bool more = true;

    *pcrs = span_is(list, "all") ? ALL_PCRS : 0;
    if (*pcrs || span_is(list, "none"))
        return true;
    while (more) {
        size_t at = offset + (size_t)(list.data - start);
        uint32_t pcr;

        if (!parse_number(cut(&list, ',', &more), &pcr))
            return error_set(error, ERROR_MALFORMED, at, NOTATION,
                             "expected a PCR number from 0 to %d", LIMIT_PCRS - 1);
        *pcrs |= 1u << pcr;
    }
    return true;
}

static bool has_bank(const struct tpm_pcr_selection *selection, uint16_t alg)
{
    for (size_t i = 0; i < selection->n_banks; i++)
        if (selection->banks[i].alg == alg)
            return true;
    return false;
}

bool tpm_pcr_selection_parse(struct span text, struct tpm_pcr_selection *selection,
                             struct error *error)
{
    struct tpm_pcr_selection parsed = {0};
    struct span left = text;
    bool more = true;

    while (more) {
        size_t at = text.len - left.len;
        struct span list = cut(&left, '+', &more), name;
        struct tpm_pcr_bank_selection bank;
        bool has_list;

        name = cut(&list, ':', &has_list);
        bank.alg = tpm_hash_by_name(name);
        if (!has_list || !bank.alg)
            return error_set(error, ERROR_MALFORMED, at, NOTATION,
                             "expected a bank and its PCRs, such as sha256:0,1,7");
        if (has_bank(&parsed, bank.alg))
            return error_set(error, ERROR_MALFORMED, at, NOTATION, "bank is given twice");
        if (parsed.n_banks == LIMIT_PCR_SELECTIONS)
            return error_set(error, ERROR_LIMIT, at, NOTATION, "over %d banks",
                             LIMIT_PCR_SELECTIONS);
        if (!parse_pcrs(list, at + name.len + 1, &bank.pcrs, error))
            return false;
        parsed.banks[parsed.n_banks++] = bank;
    }
    *selection = parsed;
    return true;
}

/* Appends to text as far as there is room. */
static void append(char *text, size_t text_len, const char *more)
{
    size_t len = strlen(text);

    snprintf(text + len, text_len - len, "%s", more);
}

static void print_bank(const struct tpm_pcr_bank_selection *bank, char *text, size_t text_len)
{
    const char *name = tpm_alg_name(bank->alg);
    const char *comma = "";
    char part[16];

    snprintf(part, sizeof part, "0x%04x", bank->alg);
    append(text, text_len, name ? name : part);
    append(text, text_len, ":");
    if (bank->pcrs == 0)
        append(text, text_len, "none");
    for (unsigned int pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (!(bank->pcrs >> pcr & 1))
            continue;
        snprintf(part, sizeof part, "%s%u", comma, pcr);
        append(text, text_len, part);
        comma = ",";
    }
}

const char *tpm_pcr_selection_print(const struct tpm_pcr_selection *selection, char *text,
                                    size_t text_len)
{
    text[0] = '\0';
    for (size_t i = 0; i < selection->n_banks; i++) {
        if (i > 0)
            append(text, text_len, "+");
        print_bank(&selection->banks[i], text, text_len);
    }
    return text;
}
