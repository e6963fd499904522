/* The table of keys: look-ups, types and the texts that are made from it. Owns nothing. */
#include "conf/internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define MAX_NUMBER  (INT64_C(1) << 53)
#define MAX_SECONDS (INT64_C(10) * 365 * 24 * 3600)

static const struct conf_description TABLE[] = {
#define CONF(symbol, section, name, type, value, unit, description)                                \
    [CONF_##symbol] = {section, name, CONF_TYPE_##type, value, unit, description},
#include "conf/conf.def"
#undef CONF
};

const struct conf_description *conf_describe(enum conf_key key)
{
    return &TABLE[key];
}

const char *conf_type_name(enum conf_type type)
{
    static const char *const NAMES[] = {
        [CONF_TYPE_TEXT] = "text",       [CONF_TYPE_PATH] = "path",
        [CONF_TYPE_BOOL] = "yes or no",  [CONF_TYPE_NUMBER] = "number",
        [CONF_TYPE_SECONDS] = "time",    [CONF_TYPE_ADDRESS] = "address:port",
        [CONF_TYPE_LEVEL] = "log level", [CONF_TYPE_PCR_LIST] = "list of PCRs",
        [CONF_TYPE_NAME] = "name",       [CONF_TYPE_URL] = "URL",
    };

    return NAMES[type];
}

enum conf_key conf_find(const char *section, const char *name)
{
    for (enum conf_key key = 0; key < CONF_KEYS; key++)
        if (strcmp(TABLE[key].section, section) == 0 && strcmp(TABLE[key].name, name) == 0)
            return key;
    return CONF_KEYS;
}

bool conf_concerns(enum conf_key key, enum conf_program program)
{
    bool is_agents = strcmp(TABLE[key].section, "agent") == 0;

    return program == CONF_PROGRAM_ANY || key == CONF_LOG_LEVEL ||
           is_agents == (program == CONF_PROGRAM_AGENT);
}

bool conf_has_section(const char *section, enum conf_program program)
{
    for (enum conf_key key = 0; key < CONF_KEYS; key++)
        if (conf_concerns(key, program) && strcmp(TABLE[key].section, section) == 0)
            return true;
    return false;
}

static bool is_digits(const char *text, size_t len)
{
    return len > 0 && len <= 16 && strspn(text, "0123456789") >= len;
}

static bool parse_bool(const char *text, int64_t *number)
{
    static const char *const YES[] = {"yes", "true", "on"}, *const NO[] = {"no", "false", "off"};

    for (size_t i = 0; i < 3; i++) {
        if (strcasecmp(text, YES[i]) == 0 || strcasecmp(text, NO[i]) == 0) {
            *number = strcasecmp(text, YES[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool parse_number(const char *text, int64_t *number)
{
    *number = strtoll(text, NULL, 10);
    return is_digits(text, strlen(text)) && *number <= MAX_NUMBER;
}

static bool parse_seconds(const char *text, int64_t *number)
{
    static const char UNITS[] = "smhd";
    static const int64_t SECONDS[] = {1, 60, 3600, 24 * 3600};
    size_t len = strlen(text);
    const char *unit = len ? strchr(UNITS, text[len - 1]) : NULL;

    if (!is_digits(text, unit ? len - 1 : len))
        return false;
    *number = strtoll(text, NULL, 10);
    if (*number > MAX_SECONDS)
        return false;
    *number *= unit ? SECONDS[unit - UNITS] : 1;
    return *number <= MAX_SECONDS;
}

/* "192.0.2.1" or "[2001:db8::1]". */
static bool is_address(const char *text, size_t len)
{
    char host[INET6_ADDRSTRLEN + 1];
    uint8_t binary[16];

    if (len == 0 || len > sizeof host)
        return false;
    if (text[0] != '[') {
        snprintf(host, sizeof host, "%.*s", (int)len, text);
        return inet_pton(AF_INET, host, binary) == 1;
    }
    snprintf(host, sizeof host, "%.*s", (int)(len - 2), text + 1);
    return len > 2 && text[len - 1] == ']' && inet_pton(AF_INET6, host, binary) == 1;
}

static bool is_port(const char *text)
{
    return is_digits(text, strlen(text)) && strtoll(text, NULL, 10) <= 65535;
}

static bool parse_address(const char *text)
{
    const char *colon = strrchr(text, ':');

    return colon && is_port(colon + 1) && is_address(text, (size_t)(colon - text));
}

/* Ranges and numbers of 0-23, separated by commas. */
static bool parse_pcrs(const char *text, int64_t *number)
{
    const char *at = text;

    for (*number = 0;; at++) {
        char *end;
        unsigned long first, last;

        if (*at < '0' || *at > '9')
            return false;
        first = last = strtoul(at, &end, 10);
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (first > last || last >= LIMIT_PCRS)
            return false;
        for (unsigned long pcr = first; pcr <= last; pcr++)
            *number |= INT64_C(1) << pcr;
        at = end;
        if (*at != ',')
            return *at == '\0';
    }
}

static bool is_host_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", text[i]))
            return false;
    return len > 0 && len <= LIMIT_NAME_LEN;
}

/* Names go into certificates, where a comma would begin another one. */
static bool is_name(const char *text)
{
    uint8_t binary[16];

    return is_host_name(text, strlen(text)) || inet_pton(AF_INET6, text, binary) == 1;
}

/* Without TLS only to this machine. */
static bool parse_url(const char *text)
{
    bool plain = strncmp(text, "http://", 7) == 0;
    const char *host = text + (plain ? 7 : 8), *port;
    size_t host_len;

    if (!plain && strncmp(text, "https://", 8) != 0)
        return false;
    host_len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (host_len > strlen(host))
        return false;
    port = host + host_len;
    if (*port && (*port != ':' || !is_port(port + 1)))
        return false;
    if (plain)
        return span_is(span_of(host, host_len), "127.0.0.1") ||
               span_is(span_of(host, host_len), "[::1]") ||
               span_is(span_of(host, host_len), "localhost");
    return is_address(host, host_len) || (host[0] != '[' && is_host_name(host, host_len));
}

static bool parse_level(const char *text)
{
    return strcmp(text, "error") == 0 || strcmp(text, "warning") == 0 ||
           strcmp(text, "info") == 0 || strcmp(text, "debug") == 0;
}

/* Texts go into command lines, logs and certificates. */
static bool is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static bool is_legal(enum conf_type type, const char *text, int64_t *number)
{
    switch (type) {
    case CONF_TYPE_TEXT:
        return true;
    case CONF_TYPE_PATH:
        return text[0] == '/';
    case CONF_TYPE_BOOL:
        return parse_bool(text, number);
    case CONF_TYPE_NUMBER:
        return parse_number(text, number);
    case CONF_TYPE_SECONDS:
        return parse_seconds(text, number);
    case CONF_TYPE_ADDRESS:
        return parse_address(text);
    case CONF_TYPE_LEVEL:
        return parse_level(text);
    case CONF_TYPE_PCR_LIST:
        return parse_pcrs(text, number);
    case CONF_TYPE_NAME:
        return is_name(text);
    case CONF_TYPE_URL:
        return parse_url(text);
    }
    return false;
}

bool conf_check_value(enum conf_key key, const char *text, int64_t *number, struct error *error)
{
    static const char *const EXPECTED[] = {
        [CONF_TYPE_TEXT] = "printable text",
        [CONF_TYPE_PATH] = "an absolute path",
        [CONF_TYPE_BOOL] = "yes or no",
        [CONF_TYPE_NUMBER] = "a whole number",
        [CONF_TYPE_SECONDS] = "a time such as 90, 15m, 2h or 7d",
        [CONF_TYPE_ADDRESS] = "address:port such as 127.0.0.1:8443 or [::]:8443",
        [CONF_TYPE_LEVEL] = "error, warning, info or debug",
        [CONF_TYPE_PCR_LIST] = "PCRs such as 0-7,11,14",
        [CONF_TYPE_NAME] = "a DNS name or an address",
        [CONF_TYPE_URL] = "https://host or https://host:port",
    };
    const struct conf_description *what = &TABLE[key];
    int64_t parsed = 0;

    if (!is_printable(text) ||
        !((*text == '\0' && *what->value == '\0') || is_legal(what->type, text, &parsed)))
        return error_plain(error, ERROR_USAGE, "%s.%s wants %s, not \"%.40s\"", what->section,
                           what->name, EXPECTED[what->type], is_printable(text) ? text : "?");
    *number = parsed;
    return true;
}
