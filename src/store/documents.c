/* Documents of operators: keeping them and reading them. Owns the table documents; trusts that name,
 * version and digest are those of the text. Must never change a document: it is there or it is not. */
#include "store/internal.h"

enum store_result act_document_put(struct db *db, const struct act *act)
{
    const struct store_document *document = &act->document;
    struct span sha256 = span_of(document->sha256, sizeof document->sha256);
    enum db_step step = db_run(
        db, "SELECT 1 FROM documents WHERE sha256 = ? AND kind = ? AND name = ? AND version = ?",
        "bitt", sha256, (int64_t)document->kind, document->name, document->version);

    if (step == DB_ROW)
        return STORE_OK;
    if (step != DB_DONE)
        return STORE_FAILED;
    step = db_run(db,
                  "INSERT INTO documents (sha256, kind, name, version, seq, text, created_by, "
                  "created_s) SELECT ?1, ?2, ?3, ?4, 1 + coalesce(max(seq), 0), ?5, ?6, ?7 "
                  "FROM documents WHERE kind = ?2 AND name = ?3",
                  "bittbti", sha256, (int64_t)document->kind, document->name, document->version,
                  document->text, document->created_by, document->created_s);
    if (step == DB_CONSTRAINT)
        return STORE_CONFLICT;
    return step == DB_DONE ? STORE_OK : STORE_FAILED;
}

#define DOCUMENT_COLUMNS "kind, name, version, sha256, created_by, created_s"

static void take_head(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_document *document = item;

    *document = (struct store_document){.kind = sqlite3_column_int(row, 0)};
    document->name = db_column_text(row, 1, arena, failed);
    document->version = db_column_text(row, 2, arena, failed);
    db_column_bytes(row, 3, document->sha256, sizeof document->sha256, failed);
    document->created_by = db_column_text(row, 4, arena, failed);
    document->created_s = sqlite3_column_int64(row, 5);
}

static void take_whole(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_document *document = item;

    take_head(row, arena, item, failed);
    document->text = db_column_span(row, 6, arena, failed);
}

bool store_document_get(struct store *store, enum store_document_kind kind, const char *name,
                        const char *version, struct arena *arena, struct store_document *document,
                        bool *found, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader,
                               "SELECT " DOCUMENT_COLUMNS ", text FROM documents WHERE kind = ?1 "
                               "AND name = ?2 AND (?3 OR version = ?4) ORDER BY seq DESC LIMIT 1",
                               "itit", (int64_t)kind, name, (int64_t)!version,
                               version ? version : ""),
                    take_whole, arena, document, found, error);
}

bool store_document_get_by_id(struct store *store, const uint8_t sha256[STORE_DIGEST_LEN],
                              struct arena *arena, struct store_document *document, bool *found,
                              struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader,
                               "SELECT " DOCUMENT_COLUMNS ", text FROM documents WHERE sha256 = ?",
                               "b", span_of(sha256, STORE_DIGEST_LEN)),
                    take_whole, arena, document, found, error);
}

bool store_document_head_get(struct store *store, const uint8_t sha256[STORE_DIGEST_LEN],
                             struct arena *arena, struct store_document *document, bool *found,
                             struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_one(store,
                    db_prepare(&store->reader,
                               "SELECT " DOCUMENT_COLUMNS " FROM documents WHERE sha256 = ?", "b",
                               span_of(sha256, STORE_DIGEST_LEN)),
                    take_head, arena, document, found, error);
}

bool store_document_list(struct store *store, enum store_document_kind kind, const char *name,
                         struct arena *arena, struct store_document **documents,
                         size_t *n_documents, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT " DOCUMENT_COLUMNS " FROM documents WHERE kind = ?1 "
                                "AND (?2 OR name = ?3) ORDER BY CASE WHEN ?2 THEN created_s END "
                                "DESC, name, seq DESC LIMIT ?4",
                                "iiti", (int64_t)kind, (int64_t)!name, name ? name : "",
                                (int64_t)LIMIT_LIST_ITEMS),
                     take_head, sizeof **documents, arena, (void **)documents, n_documents, error);
}
