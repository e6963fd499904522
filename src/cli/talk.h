/* What a command reads and says: files in, errors on stderr in four parts, JSON on stdout. */
#ifndef BOOTSEAL_CLI_TALK_H
#define BOOTSEAL_CLI_TALK_H

#include "cli/command.h"
#include "document/document.h"

#include <jansson.h>

/* Reads a whole file, or standard input for "-", of at most cap bytes into the arena. On false the
 * error has been said and *status is the exit code. */
bool talk_read(struct cli *cli, const char *path, size_t cap, struct span *bytes,
               enum exit_status *status) MUST_CHECK;

/* A copy for the terminal: names of files, and what errors repeat of them, may come from a hostile
 * folder. Never NULL. */
const char *talk_printable(struct cli *cli, const char *text);

/* The files of an option that takes several, with commas between them; none when it is not given. At
 * most n_max. Paths and files are in the arena. On false all has been said. */
struct talk_file {
    const char *path;
    struct span bytes;
};
bool talk_paths(struct cli *cli, enum cli_option option, size_t n_max, struct talk_file **files,
                size_t *n_files, enum exit_status *status) MUST_CHECK;

/* As talk_paths, and reads them: at most cap bytes each. */
bool talk_read_files(struct cli *cli, enum cli_option option, size_t cap, struct talk_file **files,
                     size_t *n_files, enum exit_status *status) MUST_CHECK;

/* Says an error: what failed and where, expected and found, likely cause, what to do next; as a
 * problem object with --json. path may be NULL. Returns the exit code that belongs to it. */
enum exit_status talk_error(struct cli *cli, const char *path, const struct error *error);

/* As talk_error with its own words for what to do next; NULL says nothing. */
enum exit_status talk_error_next(struct cli *cli, const char *path, const struct error *error,
                                 const char *next);

/* Says what is wrong at a place in a document, as "path:line:column: message" or as a problem object
 * with that code; returns EXIT_MALFORMED. */
enum exit_status talk_place(struct cli *cli, const char *code, const char *path,
                            struct document_position position, const char *message);

/* Writes a problem object ("bootseal.problem.v1") as one line on stderr and drops the reference. */
void talk_problem(json_t *problem);

/* The days of --expires; 0 when it is not given. */
bool talk_days(struct cli *cli, int64_t *days, enum exit_status *status) MUST_CHECK;

/* Writes a result to the file of --output, or to standard output. On false all has been said. */
bool talk_result(struct cli *cli, struct span bytes, enum exit_status *status) MUST_CHECK;

/* Says wrong usage of an option's value and returns EXIT_USAGE. */
enum exit_status talk_usage(struct cli *cli, enum cli_option option, const char *expected);

/* Prints the object with a newline and drops the reference. */
void talk_json(json_t *object);

/* An object that starts with "schema": "bootseal.NAME.v1". */
json_t *talk_schema(const char *name);

/* The option --bank as an algorithm; 0 when it is not given. */
bool talk_bank(struct cli *cli, uint16_t *alg, enum exit_status *status) MUST_CHECK;

/* Terminal colours, empty when colour is off. */
enum talk_color { TALK_PLAIN, TALK_GOOD, TALK_BAD, TALK_WARN, TALK_DIM, TALK_BOLD };
const char *talk_color(const struct cli *cli, enum talk_color color);

#endif
