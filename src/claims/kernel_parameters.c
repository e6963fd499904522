/* Two readers of one line: the kernel's own, and that of everybody who looks for words in it. They
 * disagree about quotes and about what stands after "--", and who writes the line knows that. */
#include "claims/kernel_parameters.h"

#include "base/limits.h"

enum row_reader { READER_KERNEL, READER_WORDS };
enum row_match {
    MATCH_ANY,
    MATCH_IS,
    MATCH_BEGINS,
    MATCH_HAS,
    MATCH_YES,
    MATCH_NO,
    MATCH_NOT_NO,
};

static const struct row {
    const char *name;
    size_t name_len; /* without the '*' */
    const char *value, *meaning;
    enum row_reader reader;
    enum row_match match;
    enum kernel_decision decision;
    bool prefix;
} ROWS[] = {
#define KERNEL_PARAMETER(text, by, how, compared, decides, says, source)                           \
    {.name = (text),                                                                               \
     .name_len = sizeof(text) - 1 - ((text)[sizeof(text) - 2] == '*'),                             \
     .value = (compared),                                                                          \
     .meaning = (says),                                                                            \
     .reader = READER_##by,                                                                        \
     .match = MATCH_##how,                                                                         \
     .decision = KERNEL_##decides,                                                                 \
     .prefix = (text)[sizeof(text) - 2] == '*'},
#include "claims/kernel_parameters.def"
#undef KERNEL_PARAMETER
};
enum { N_ROWS = sizeof ROWS / sizeof *ROWS };

/* Rows whose names begin alike, in the order of the table: a line has dozens of words, and hardly
 * any of them is in it. */
enum { N_BEGINNINGS = 32, NO_ROW = UINT8_MAX };
_Static_assert(sizeof ROWS / sizeof *ROWS < UINT8_MAX, "a row's number fits into a byte");

struct reading {
    struct kernel_parameters parameters;
    uint8_t first[N_BEGINNINGS]; /* row, by the name's first character */
    uint8_t next[N_ROWS];        /* row that begins alike */
    bool now[N_ROWS];            /* the last parameter of the row's name decides so */
    bool ever[N_ROWS];           /* some parameter did */
    kernel_parameter_found *found;
    void *context;
};

struct parameter {
    struct span text, name;
    struct span value; /* data is NULL when there is no "=" */
};

/* Linux lib/ctype.c counts the no-break space of Latin-1 among them. */
static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0;
}

static struct span part(struct span text, size_t from, size_t to)
{
    return span_of(text.data + from, to > from ? to - from : 0);
}

static bool ends_in_quote(struct span text)
{
    return text.len && text.data[text.len - 1] == '"';
}

static struct parameter split(struct span text, bool with_value, size_t equals)
{
    struct parameter parameter = {.text = text, .name = text};

    if (with_value) {
        parameter.name = part(text, 0, equals);
        parameter.value = part(text, equals + 1, text.len);
    }
    return parameter;
}

/* The next parameter as the kernel's next_arg finds it (Linux lib/cmdline.c): quotes keep spaces
 * together wherever they stand, and one pair of them is taken off a value or a whole parameter. */
static bool next_parameter(struct span *rest, struct parameter *parameter)
{
    size_t start = 0, end, equals = 0;
    bool quoted, in_quote;
    struct span text;

    while (start < rest->len && is_space(rest->data[start]))
        start++;
    if (start == rest->len)
        return false;
    quoted = in_quote = rest->data[start] == '"';
    start += quoted;
    for (end = start; end < rest->len && (in_quote || !is_space(rest->data[end])); end++) {
        if (equals == 0 && rest->data[end] == '=')
            equals = end - start;
        in_quote ^= rest->data[end] == '"';
    }
    text = part(*rest, start, end);
    *rest = part(*rest, end, rest->len);
    if (equals && equals + 1 < text.len && text.data[equals + 1] == '"') {
        bool closed = ends_in_quote(text);

        *parameter = split(text, true, equals);
        parameter->value = part(text, equals + 2, text.len - closed);
        if (quoted && !closed && ends_in_quote(parameter->value))
            parameter->value.len--;
        return true;
    }
    if (quoted && ends_in_quote(text))
        text.len--;
    *parameter = split(text, equals != 0, equals);
    return true;
}

/* The next word between spaces, for those who know no quotes. */
static bool next_word(struct span *rest, struct parameter *word)
{
    size_t start = 0, end, equals;
    struct span text;

    while (start < rest->len && (rest->data[start] <= ' ' || rest->data[start] == '"'))
        start++;
    if (start == rest->len)
        return false;
    for (end = start; end < rest->len && rest->data[end] > ' ';)
        end++;
    text = part(*rest, start, end);
    *rest = part(*rest, end, rest->len);
    while (ends_in_quote(text))
        text.len--;
    for (equals = 0; equals < text.len && text.data[equals] != '=';)
        equals++;
    *word = split(text, equals < text.len, equals);
    if (word->value.len && word->value.data[0] == '"')
        word->value = part(word->value, 1, word->value.len);
    return true;
}

/* '-' and '_' are the same in a name (Linux kernel/params.c, parameq). */
static bool is_name(struct span name, const struct row *row)
{
    if (name.len < row->name_len || (name.len > row->name_len && !row->prefix))
        return false;
    for (size_t i = 0; i < row->name_len; i++)
        if ((name.data[i] == '-' ? '_' : (char)name.data[i]) != row->name[i])
            return false;
    return true;
}

/* Linux lib/kstrtox.c, kstrtobool. Letters that only newer kernels take are no answer. */
static bool is_bool(struct span value, const char *words, char second)
{
    if (value.len == 0)
        return false;
    if (strchr(words, value.data[0]) != NULL)
        return true;
    return value.len > 1 && (value.data[0] | 0x20) == 'o' && (value.data[1] | 0x20) == second;
}

bool kernel_list_next(struct span *list, struct span *item)
{
    const uint8_t *comma;
    size_t len;

    if (list->len == 0)
        return false;
    comma = memchr(list->data, ',', list->len);
    len = comma ? (size_t)(comma - list->data) : list->len;
    *item = part(*list, 0, len);
    *list = part(*list, len + (comma != NULL), list->len);
    return true;
}

static bool has_item(struct span list, struct span beginning)
{
    struct span item;

    while (kernel_list_next(&list, &item))
        if (span_begins(item, beginning))
            return true;
    return false;
}

static bool decides(const struct row *row, struct span value)
{
    switch (row->match) {
    case MATCH_ANY:
        return true;
    case MATCH_IS:
        return span_is(value, row->value);
    case MATCH_BEGINS:
        return span_begins(value, span_text(row->value));
    case MATCH_HAS:
        return has_item(value, span_text(row->value));
    case MATCH_YES:
        return value.data == NULL || is_bool(value, "1yY", 'n');
    case MATCH_NO:
        return is_bool(value, "0nN", 'f');
    case MATCH_NOT_NO:
        return !is_bool(value, "0nN", 'f');
    }
    return false;
}

/* Each of policy_setup's words adds to the policy (Linux security/integrity/ima/ima_policy.c). */
static void add_ima_policies(struct kernel_parameters *parameters, struct span value)
{
    static const char *const words[KERNEL_IMA_POLICIES] = {"tcb", "appraise_tcb", "secure_boot",
                                                           "critical_data", "fail_securely"};

    while (value.len) {
        size_t len = 0;

        while (len < value.len && value.data[len] != '|' && value.data[len] != ' ')
            len++;
        for (size_t i = 0; i < KERNEL_IMA_POLICIES; i++)
            parameters->ima_policies[i] |= span_is(part(value, 0, len), words[i]);
        value = part(value, len + (len < value.len), value.len);
    }
}

static uint8_t beginning(char c)
{
    return (uint8_t)(c == '-' ? '_' : c) % N_BEGINNINGS;
}

static void chain_rows(struct reading *reading)
{
    memset(reading->first, NO_ROW, sizeof reading->first);
    for (size_t i = N_ROWS; i-- > 0;) {
        uint8_t *first = &reading->first[beginning(ROWS[i].name[0])];

        reading->next[i] = *first;
        *first = (uint8_t)i;
    }
}

static void look_up(struct reading *reading, enum row_reader reader,
                    const struct parameter *parameter)
{
    const char *meaning = NULL;
    size_t i = NO_ROW;

    if (parameter->name.len)
        i = reading->first[beginning((char)parameter->name.data[0])];
    for (; i != NO_ROW; i = reading->next[i]) {
        const struct row *row = &ROWS[i];

        if (row->reader != reader || !is_name(parameter->name, row))
            continue;
        reading->now[i] = decides(row, parameter->value);
        if (!reading->now[i])
            continue;
        reading->ever[i] = true;
        reading->parameters.verdicts[row->decision].value = parameter->value;
        if (row->decision == KERNEL_IMA_POLICY)
            add_ima_policies(&reading->parameters, parameter->value);
        if (!meaning)
            meaning = row->meaning;
    }
    if (!meaning)
        return;
    reading->parameters.n_found++;
    if (reading->found)
        reading->found(reading->context,
                       &(struct kernel_parameter){.text = parameter->text, .meaning = meaning});
}

static void sum_up(struct reading *reading)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        struct kernel_verdict *verdict = &reading->parameters.verdicts[ROWS[i].decision];

        verdict->holds |= reading->now[i];
        verdict->revoked |= reading->ever[i] && !reading->now[i];
    }
}

bool kernel_parameters_read(struct span line, kernel_parameter_found *found, void *context,
                            struct kernel_parameters *parameters)
{
    struct reading reading = {.found = found, .context = context};
    struct span rest = line;
    struct parameter parameter;

    if (line.len > LIMIT_KERNEL_COMMAND_LINE_LEN)
        return false;
    chain_rows(&reading);
    while (next_parameter(&rest, &parameter)) {
        if (span_is(parameter.name, "--") && parameter.value.data == NULL)
            break; /* the rest is for the first program (Linux kernel/params.c, parse_args) */
        look_up(&reading, READER_KERNEL, &parameter);
    }
    rest = line;
    while (next_word(&rest, &parameter)) {
        look_up(&reading, READER_WORDS, &parameter);
        if (span_is(parameter.name, "init"))
            reading.parameters.init_word = parameter.value;
        else if (span_is(parameter.name, "rdinit"))
            reading.parameters.rdinit_word = parameter.value;
    }
    sum_up(&reading);
    *parameters = reading.parameters;
    return true;
}
