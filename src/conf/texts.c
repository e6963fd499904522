/* The texts made from the table: sample file, manual, effective values. Owns nothing. */
#include "conf/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Takes what a stream wrote into the arena; the stream is closed. */
static char *take(FILE *stream, char **text, size_t *len, struct arena *arena)
{
    char *copy = NULL;

    if (fclose(stream) == 0)
        copy = arena_text(arena, span_of(*text, *len));
    free(*text);
    return copy;
}

/* Keys of a section stand together, and programs differ by whole sections. */
static bool starts_section(enum conf_key key)
{
    return key == 0 || strcmp(conf_describe(key - 1)->section, conf_describe(key)->section) != 0;
}

char *conf_sample(enum conf_program program, struct arena *arena)
{
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);

    if (!stream)
        return NULL;
    fputs("# Every key with its default. Take the # away to change one. Later wins: this file,\n"
          "# NAME.conf.d/*.conf in order of names, BOOTSEAL_SECTION_KEY in the environment, "
          "options.\n",
          stream);
    for (enum conf_key key = 0; key < CONF_KEYS; key++) {
        const struct conf_description *what = conf_describe(key);

        if (!conf_concerns(key, program))
            continue;
        if (starts_section(key))
            fprintf(stream, "\n[%s]\n", what->section);
        fprintf(stream, "\n# %s", what->description);
        if (*what->unit)
            fprintf(stream, " In %s.", what->unit);
        fprintf(stream, "\n#%s =%s%s\n", what->name, *what->value ? " " : "", what->value);
    }
    return take(stream, &text, &len, arena);
}

char *conf_manual(enum conf_program program, struct arena *arena)
{
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);
    bool in_list = false;

    if (!stream)
        return NULL;
    for (enum conf_key key = 0; key < CONF_KEYS; key++) {
        const struct conf_description *what = conf_describe(key);

        if (!conf_concerns(key, program))
            continue;
        if (starts_section(key)) {
            fprintf(stream, "%s.Ss Section [%s]\n.Bl -tag -width Ds\n", in_list ? ".El\n" : "",
                    what->section);
            in_list = true;
        }
        fprintf(stream, ".It Ic %s No = Ar %s\n%s\n", what->name, conf_type_name(what->type),
                what->description);
        if (*what->unit)
            fprintf(stream, "In %s.\n", what->unit);
        if (*what->value)
            fprintf(stream, "Default: %s.\n", what->value);
    }
    fputs(".El\n", stream);
    return take(stream, &text, &len, arena);
}

static void print_origin(FILE *stream, const struct conf_origin *origin)
{
    static const char *const KINDS[] = {
        [CONF_ORIGIN_DEFAULT] = "default", [CONF_ORIGIN_FILE] = "file",
        [CONF_ORIGIN_DROP_IN] = "drop-in", [CONF_ORIGIN_ENVIRONMENT] = "environment",
        [CONF_ORIGIN_FLAG] = "flag",
    };

    fprintf(stream, "\t# %s", KINDS[origin->kind]);
    if (*origin->where)
        fprintf(stream, " %s", origin->where);
    if (origin->line)
        fprintf(stream, ":%zu", origin->line);
}

char *conf_show(const struct conf *conf, bool origin, struct arena *arena)
{
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);

    if (!stream)
        return NULL;
    for (enum conf_key key = 0; key < CONF_KEYS; key++) {
        if (!conf_concerns(key, conf->program))
            continue;
        fprintf(stream, "%s.%s = %s", conf_describe(key)->section, conf_describe(key)->name,
                conf->values[key].text);
        if (origin)
            print_origin(stream, &conf->values[key].origin);
        fputc('\n', stream);
    }
    return take(stream, &text, &len, arena);
}
