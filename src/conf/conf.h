/* Configuration: one table of keys, one precedence, every value with its origin.
 *
 * Flag > environment (BOOTSEAL_SECTION_KEY) > drop-ins (FILE.d/NAME.conf in bytewise order, FILE
 * being the main file) > main file > built-in default. The table is conf.def. An unknown key, a bad
 * value, a key given twice in one file or a line that is none is an error with file and line;
 * nothing falls back silently. Secrets are never values here: keys name files. Values are checked
 * as they are set, so a reader cannot fail. */
#ifndef BOOTSEAL_CONF_CONF_H
#define BOOTSEAL_CONF_CONF_H

#include "base/arena.h"

enum conf_key {
#define CONF(symbol, section, name, type, value, unit, description) CONF_##symbol,
#include "conf/conf.def"
#undef CONF
    CONF_KEYS
};

enum conf_type {
    CONF_TYPE_TEXT,
    CONF_TYPE_PATH,     /* absolute, or empty when the default is empty */
    CONF_TYPE_BOOL,     /* yes no true false on off */
    CONF_TYPE_NUMBER,   /* 0 to 2^53, decimal */
    CONF_TYPE_SECONDS,  /* 90, 90s, 15m, 2h, 7d */
    CONF_TYPE_ADDRESS,  /* 127.0.0.1:8443, [::1]:8443 */
    CONF_TYPE_LEVEL,    /* error warning info debug */
    CONF_TYPE_PCR_LIST, /* 0-7,11,14: bits of conf_number */
    CONF_TYPE_NAME,     /* host.example, 192.0.2.1, 2001:db8::1, or empty as above */
    CONF_TYPE_URL,      /* https://host[:port], or empty when the default is empty */
};

/* Whose configuration is read: [agent] is the agent's, [log] everybody's, the rest the service's. */
enum conf_program {
    CONF_PROGRAM_ANY = 0,
    CONF_PROGRAM_SERVICE,
    CONF_PROGRAM_AGENT,
};

enum conf_origin_kind {
    CONF_ORIGIN_DEFAULT = 0,
    CONF_ORIGIN_FILE,
    CONF_ORIGIN_DROP_IN,
    CONF_ORIGIN_ENVIRONMENT,
    CONF_ORIGIN_FLAG,
};

struct conf_origin {
    enum conf_origin_kind kind;
    const char *where; /* file, variable, flag; "" for a default */
    size_t line;       /* from 1, in files; else 0 */
};

struct conf_value {
    const char *text; /* as given */
    int64_t number;   /* numbers, seconds, PCR bits; 0 or 1 for booleans */
    struct conf_origin origin;
};

struct conf {
    struct arena arena;
    enum conf_program program; /* keys of another one do not exist in its sources */
    struct conf_value values[CONF_KEYS];
};

/* What conf_load reads. */
struct conf_sources {
    enum conf_program program;
    const char *file;         /* main file; NULL: none, and no drop-ins */
    bool file_optional;       /* a main file that does not exist is no error */
    const char *const *flags; /* "section.key=value", in the order given; the last one wins */
    size_t n_flags;
    const char *const *environment; /* like environ, NULL-terminated; NULL: none */
};

/* Loads everything. On failure the error's message starts with where: "FILE:LINE: ..." */
bool conf_load(const struct conf_sources *sources, struct conf *conf,
               struct error *error) MUST_CHECK;
void conf_done(struct conf *conf);

const char *conf_text(const struct conf *conf, enum conf_key key);
int64_t conf_number(const struct conf *conf, enum conf_key key);
bool conf_bool(const struct conf *conf, enum conf_key key);

/* Sets one value as if from text in a file at line; for conf_load, tests and the fuzz target. */
bool conf_parse(struct conf *conf, struct span text, enum conf_origin_kind kind, const char *where,
                struct error *error) MUST_CHECK;

/* What a key is; for `config show`, the manual and the sample file. Static. */
struct conf_description {
    const char *section, *name;
    enum conf_type type;
    const char *value; /* the default's text */
    const char *unit;  /* "" when it has none */
    const char *description;
};
const struct conf_description *conf_describe(enum conf_key key);
const char *conf_type_name(enum conf_type type);

/* Texts made from the table, in the arena; NULL when it is full. */
char *conf_sample(enum conf_program program, struct arena *arena); /* the commented sample file */
char *conf_manual(enum conf_program program, struct arena *arena); /* mdoc: .Ss and list each */
char *conf_show(const struct conf *conf, bool origin, struct arena *arena); /* effective values */

#endif
