/* Loads the configuration. Owns the arena with its values; trusts the files as far as their syntax,
 * which is checked. Must never take an unknown key, a bad value or a cut line in silence. */
#include "conf/internal.h"

#include "os/file.h"

#include <ini.h>
#include <stdio.h>

enum {
    LINE_LEN = 196,     /* what fits into inih's buffer with its line end */
    VARIABLE_LEN = 128, /* of an environment variable's name */
    CONF_MEMORY = 4 * 1024 * 1024,
};

/* One file (or flag, or variable) that is being read. */
struct source {
    struct conf *conf;
    struct span text;
    size_t at;   /* next byte */
    size_t line; /* from 1, of the line that inih has */
    enum conf_origin_kind kind;
    const char *where;
    struct error *error;
    bool failed;
    bool seen[CONF_KEYS]; /* in this file */
};

/* Puts file and line before a message; returns false. */
static bool say_where(struct source *source, const char *message)
{
    char kept[sizeof source->error->message];

    snprintf(kept, sizeof kept, "%s", message);
    source->failed = true;
    if (source->line)
        return error_plain(source->error, ERROR_USAGE, "%.100s:%zu: %s", source->where,
                           source->line, kept);
    return error_plain(source->error, ERROR_USAGE, "%.100s: %s", source->where, kept);
}

static bool set_value(struct source *source, enum conf_key key, const char *text)
{
    struct conf_value *value = &source->conf->values[key];
    int64_t number;
    char *copy;

    if (!conf_check_value(key, text, &number, source->error))
        return say_where(source, source->error->message);
    if (source->seen[key])
        return say_where(source, "this key is given twice");
    source->seen[key] = true;
    copy = arena_text(&source->conf->arena, span_text(text));
    if (!copy) {
        source->failed = true;
        return arena_error(&source->conf->arena, source->error);
    }
    *value = (struct conf_value){copy, number, {source->kind, source->where, source->line}};
    return true;
}

static bool set_named(struct source *source, const char *section, const char *name,
                      const char *text)
{
    enum conf_key key = conf_find(section, name);
    char message[160];

    if (key < CONF_KEYS && conf_concerns(key, source->conf->program))
        return set_value(source, key, text);
    snprintf(message, sizeof message, "there is no key %.40s.%.40s", section, name);
    return say_where(source, message);
}

/* inih's handler: 0 ends with an error. */
static int take_pair(void *context, const char *section, const char *name, const char *text)
{
    struct source *source = context;

    return !source->failed && set_named(source, section, name, text);
}

/* A line that inih would cut, join or pass over is refused here. */
static bool line_is_plain(struct source *source, struct span line)
{
    if (line.len > LINE_LEN)
        return say_where(source, "the line is too long");
    if (memchr(line.data, '\0', line.len))
        return say_where(source, "the line holds a NUL");
    if (line.len && (line.data[0] == ' ' || line.data[0] == '\t'))
        return say_where(source, "a line must not begin with a blank");
    if (line.len && line.data[0] == '[') {
        const uint8_t *end = memchr(line.data, ']', line.len);
        char section[LINE_LEN + 1];

        snprintf(section, sizeof section, "%.*s", end ? (int)(end - line.data - 1) : 0,
                 (const char *)line.data + 1);
        if (!end || end != line.data + line.len - 1 ||
            !conf_has_section(section, source->conf->program))
            return say_where(source, "there is no such section");
    }
    return true;
}

/* inih's way to get the next line; NULL at the end and after a failure. */
static char *next_line(char *buffer, int buffer_len, void *context)
{
    struct source *source = context;
    const uint8_t *start = source->text.data + source->at, *end;
    size_t left = source->text.len - source->at, len;

    if (source->failed || left == 0)
        return NULL;
    source->line++;
    end = memchr(start, '\n', left);
    len = end ? (size_t)(end - start) : left;
    source->at += end ? len + 1 : len;
    if (len && start[len - 1] == '\r')
        len--;
    if (!line_is_plain(source, span_of(start, len)) || (int)len + 2 > buffer_len)
        return NULL;
    memcpy(buffer, start, len);
    memcpy(buffer + len, "\n", 2);
    return buffer;
}

bool conf_parse(struct conf *conf, struct span text, enum conf_origin_kind kind, const char *where,
                struct error *error)
{
    struct source source = {
        .conf = conf, .text = text, .kind = kind, .where = where, .error = error};
    int wrong_line = ini_parse_stream(next_line, &source, take_pair, &source);

    if (source.failed)
        return false;
    if (wrong_line == 0)
        return true;
    source.line = wrong_line > 0 ? (size_t)wrong_line : source.line;
    return say_where(&source, "this is no \"key = value\", [section] or # comment");
}

static bool load_file(struct conf *conf, const char *path, bool optional,
                      enum conf_origin_kind kind, struct error *error)
{
    struct span text;
    const char *where = arena_text(&conf->arena, span_text(path));

    if (!where)
        return arena_error(&conf->arena, error);
    if (!os_file_read(path, LIMIT_CONF_LEN, &conf->arena, &text, error))
        return optional && error->code == ERROR_NOT_FOUND;
    return conf_parse(conf, text, kind, where, error);
}

static bool load_drop_ins(struct conf *conf, const char *file, struct error *error)
{
    const char *directory = arena_printf(&conf->arena, "%s.d", file);
    const char **names;
    size_t n;

    if (!directory)
        return arena_error(&conf->arena, error);
    if (!os_directory_list(directory, ".conf", LIMIT_CONF_DROP_INS, &conf->arena, &names, &n,
                           error))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *path = arena_printf(&conf->arena, "%s/%s", directory, names[i]);

        if (!path)
            return arena_error(&conf->arena, error);
        if (!load_file(conf, path, false, CONF_ORIGIN_DROP_IN, error))
            return false;
    }
    return true;
}

/* BOOTSEAL_SECTION_KEY, where the section is one of ours; other BOOTSEAL_ variables are not
 * configuration. */
static bool load_variable(struct conf *conf, const char *variable, struct error *error)
{
    static const char PREFIX[] = "BOOTSEAL_";
    const char *start = variable + sizeof PREFIX - 1, *equals = strchr(variable, '=');
    char name[VARIABLE_LEN], *key;
    struct source source = {.conf = conf, .kind = CONF_ORIGIN_ENVIRONMENT, .error = error};
    size_t len;

    if (strncmp(variable, PREFIX, sizeof PREFIX - 1) != 0 || !equals || equals < start)
        return true;
    len = (size_t)(equals - start);
    if (len >= sizeof name)
        return true;
    for (size_t i = 0; i < len; i++)
        name[i] = (char)(start[i] >= 'A' && start[i] <= 'Z' ? start[i] + ('a' - 'A') : start[i]);
    name[len] = '\0';
    key = strchr(name, '_');
    if (!key)
        return true;
    *key++ = '\0';
    if (!conf_has_section(name, conf->program))
        return true;
    source.where = arena_text(&conf->arena, span_of(variable, (size_t)(equals - variable)));
    if (!source.where)
        return arena_error(&conf->arena, error);
    return set_named(&source, name, key, equals + 1);
}

static bool load_flag(struct conf *conf, const char *flag, struct error *error)
{
    struct source source = {.conf = conf, .kind = CONF_ORIGIN_FLAG, .error = error};
    const char *dot = strchr(flag, '.'), *equals = strchr(flag, '=');
    const char *section, *name;

    source.where = arena_printf(&conf->arena, "--set %.80s", flag);
    if (!source.where)
        return arena_error(&conf->arena, error);
    if (!dot || !equals || dot > equals)
        return say_where(&source, "this is no section.key=value");
    section = arena_text(&conf->arena, span_of(flag, (size_t)(dot - flag)));
    name = arena_text(&conf->arena, span_of(dot + 1, (size_t)(equals - dot - 1)));
    if (!section || !name)
        return arena_error(&conf->arena, error);
    return set_named(&source, section, name, equals + 1);
}

static bool load_defaults(struct conf *conf, struct error *error)
{
    for (enum conf_key key = 0; key < CONF_KEYS; key++) {
        struct conf_value *value = &conf->values[key];

        *value = (struct conf_value){.text = conf_describe(key)->value, .origin.where = ""};
        if (!conf_check_value(key, value->text, &value->number, error))
            return false;
    }
    return true;
}

static bool load(const struct conf_sources *sources, struct conf *conf, struct error *error)
{
    if (!load_defaults(conf, error))
        return false;
    if (sources->file &&
        (!load_file(conf, sources->file, sources->file_optional, CONF_ORIGIN_FILE, error) ||
         !load_drop_ins(conf, sources->file, error)))
        return false;
    for (size_t i = 0; sources->environment && sources->environment[i]; i++)
        if (!load_variable(conf, sources->environment[i], error))
            return false;
    for (size_t i = 0; i < sources->n_flags; i++)
        if (!load_flag(conf, sources->flags[i], error))
            return false;
    return true;
}

bool conf_load(const struct conf_sources *sources, struct conf *conf, struct error *error)
{
    struct conf loaded = {.arena = arena_init(CONF_MEMORY), .program = sources->program};

    if (!load(sources, &loaded, error)) {
        arena_done(&loaded.arena);
        return false;
    }
    *conf = loaded;
    return true;
}

void conf_done(struct conf *conf)
{
    arena_done(&conf->arena);
}

const char *conf_text(const struct conf *conf, enum conf_key key)
{
    return conf->values[key].text;
}

int64_t conf_number(const struct conf *conf, enum conf_key key)
{
    return conf->values[key].number;
}

bool conf_bool(const struct conf *conf, enum conf_key key)
{
    return conf->values[key].number != 0;
}
