/* Words of summaries. Cuts what is too long visibly; remembers a full arena instead of failing. */
#include "claims/say.h"

#include "base/text.h"
#include "claims/claims.h"
#include "wire/efi_device_path.h"
#include "wire/efi_guid.h"

#include <stdarg.h>
#include <stdio.h>

enum { HEX_LEN = 32, LEAST_TEXT = 3 };

/* Adds words, or dots once and for all when they do not fit. */
void say(struct summary *summary, const char *format, ...)
{
    static const char dots[] = " ...";
    const size_t room = sizeof summary->text - sizeof dots - summary->len;
    va_list arguments;
    int len;

    if (summary->full)
        return;
    va_start(arguments, format);
    len = vsnprintf(summary->text + summary->len, room, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= room) {
        memcpy(summary->text + summary->len, dots, sizeof dots);
        summary->len += sizeof dots - 1;
        summary->full = true;
        return;
    }
    summary->len += (size_t)len;
}

/* As say, for text that may be NULL because the arena is full. */
void say_text(struct summary *summary, const char *text)
{
    if (!text)
        summary->out_of_memory = true;
    else
        say(summary, "%s", text);
}

void say_separator(struct summary *summary, const char *separator)
{
    if (summary->len)
        say(summary, "%s", separator);
}

static struct span cut(struct span bytes, size_t len)
{
    return span_of(bytes.data, bytes.len < len ? bytes.len : len);
}

void say_printable(struct summary *summary, struct span bytes)
{
    say_text(summary, text_printable(summary->arena, cut(bytes, LIMIT_SUMMARY_TEXT_LEN)));
    if (bytes.len > LIMIT_SUMMARY_TEXT_LEN)
        say(summary, "...");
}

void say_utf16(struct summary *summary, struct span bytes)
{
    say_text(summary, text_utf16(summary->arena, cut(bytes, 2 * LIMIT_SUMMARY_TEXT_LEN)));
}

void say_hex(struct summary *summary, struct span bytes)
{
    say_text(summary, text_hex(summary->arena, cut(bytes, HEX_LEN)));
    if (bytes.len > HEX_LEN)
        say(summary, "... (%zu bytes)", bytes.len);
}

void say_guid(struct summary *summary, struct span guid)
{
    char text[EFI_GUID_TEXT_LEN + 1];
    const char *name = efi_guid_name(efi_guid_find(guid));

    if (name || guid.len != EFI_GUID_LEN) {
        say(summary, "%s", name ? name : "no GUID");
        return;
    }
    efi_guid_print(guid, text);
    say(summary, "%s", text);
}

void say_certificate(struct summary *summary, struct span der)
{
    struct claim_item item = {.kind = CLAIM_ITEM_CERTIFICATE, .bytes = der};

    say_text(summary, claim_item_print(summary->crypto, &item, summary->arena));
}

void say_broken(struct summary *summary, const struct error *error)
{
    say_separator(summary, "; ");
    say(summary, "malformed: %s", error->message);
}

void say_device_path(struct summary *summary, struct span path)
{
    struct error error = {0};
    const char *text;

    if (efi_device_path_print(path, summary->arena, &text, &error))
        say(summary, "%s", text);
    else if (error.code == ERROR_MEMORY)
        summary->out_of_memory = true;
    else
        say_broken(summary, &error);
}

/* The printable characters that data begin with. */
static size_t text_len(struct span data)
{
    size_t len = 0;

    while (len < data.len && data.data[len] >= 0x20 && data.data[len] < 0x7F)
        len++;
    return len;
}

/* The same of UTF-16LE, in bytes. */
static size_t wide_text_len(struct span data)
{
    size_t len = 0;

    while (len + 1 < data.len && data.data[len] >= 0x20 && data.data[len] < 0x7F &&
           data.data[len + 1] == 0)
        len += 2;
    return len;
}

void say_vendor_data(struct summary *summary, struct span data)
{
    struct span text = data;
    size_t len;

    while (text.len && text.data[text.len - 1] == 0)
        text.len--;
    len = text_len(text);
    if (len >= LEAST_TEXT && len == text.len) {
        say_printable(summary, text);
        return;
    }
    if (wide_text_len(data) >= 2 * LEAST_TEXT && wide_text_len(data) + 1 >= text.len) {
        say_utf16(summary, data);
        return;
    }
    if (len >= LEAST_TEXT && text.data[len] == 0) {
        say_printable(summary, span_of(text.data, len));
        say(summary, ": ");
        text = span_of(data.data + len, data.len - len);
        while (text.len && text.data[0] == 0)
            text = span_of(text.data + 1, text.len - 1);
        say_hex(summary, text);
        return;
    }
    if (data.len == EFI_GUID_LEN)
        say_guid(summary, data);
    else
        say_hex(summary, data);
}
