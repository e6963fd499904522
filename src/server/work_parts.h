/* Parts that several messages between front and workers have. Internal to work_message.h's kind of
 * file: the readers fail the reader that they are given and have nothing else to say. */
#ifndef BOOTSEAL_SERVER_WORK_PARTS_H
#define BOOTSEAL_SERVER_WORK_PARTS_H

#include "server/work_message.h"
#include "wire/cbor.h"

#define WORK_CLAUSE "bootseald worker message"

/* Caps of what crosses this border beyond those of base/limits.h. */
enum {
    WORK_MEMORY_CAP = 1024,
    WORK_TEXT_CAP = 4096,
};

uint64_t work_read_u64(struct reader *reader, const char *what);
uint32_t work_read_u32(struct reader *reader, const char *what);

/* Every message is one array of fixed length that starts with its kind. */
bool work_begin(struct reader *reader, enum work_kind kind, size_t n_items);
struct cbor_writer work_start(struct arena *arena, enum work_kind kind, size_t n_items);

void work_write_reasons(struct cbor_writer *writer, const struct reasons *reasons);
/* In the arena; NULL after failing the reader. */
struct reasons *work_read_reasons(struct reader *reader, struct arena *arena);

void work_write_endorsed(struct cbor_writer *writer, const struct endorsed *endorsed);
struct endorsed work_read_endorsed(struct reader *reader);

void work_write_sources(struct cbor_writer *writer, const struct policy_sources *sources);
struct policy_sources work_read_sources(struct reader *reader, struct arena *arena);

void work_write_policies(struct cbor_writer *writer, const struct work_policies *policies);
struct work_policies work_read_policies(struct reader *reader, struct arena *arena);

void work_write_catalog(struct cbor_writer *writer, const struct work_catalog *catalog);
struct work_catalog work_read_catalog(struct reader *reader);

#endif
