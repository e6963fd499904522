/* Help, manual page and completion, all made from the command table. */
#include "cli/command.h"

#include <string.h>

static bool same_noun(size_t i)
{
    return i > 0 && strcmp(CLI_COMMANDS[i - 1].noun, CLI_COMMANDS[i].noun) == 0;
}

void cli_help_all(FILE *out)
{
    fprintf(out, "bootseal: read, check and explain the evidence of a measured boot\n\n"
                 "  bootseal eventlog show /sys/kernel/security/tpm0/binary_bios_measurements\n"
                 "  bootseal eventlog diff yesterday.bin today.bin\n"
                 "  bootseal explain quote.nonce\n\n");
    for (size_t i = 0; i < CLI_N_COMMANDS; i++)
        fprintf(out, "  %-11s%-8s %s\n", same_noun(i) ? "" : CLI_COMMANDS[i].noun,
                CLI_COMMANDS[i].verb, CLI_COMMANDS[i].summary);
    fprintf(out,
            "\nOptions of one command: bootseal COMMAND --help. '-' as FILE is standard input.\n");
}

static void print_synopsis(FILE *out, const struct cli_command *command)
{
    fprintf(out, "bootseal %s%s%s%s%s%s", command->noun, *command->verb ? " " : "", command->verb,
            " [OPTION]...", *command->arguments ? " " : "", command->arguments);
}

void cli_help_command(FILE *out, const struct cli_command *command)
{
    fprintf(out, "  %s\n\n", command->example);
    print_synopsis(out, command);
    fprintf(out, "\n%s\n\n", command->details);
    for (int i = 0; i < OPTIONS; i++) {
        char left[64];
        const char *value = cli_option_value((enum cli_option)i);

        if (!(command->options >> i & 1) && i > OPTION_HELP)
            continue;
        snprintf(left, sizeof left, "%s%s%s", cli_option_name((enum cli_option)i), value ? " " : "",
                 value ? value : "");
        fprintf(out, "  %-22s %s\n", left, cli_option_help((enum cli_option)i));
    }
    fprintf(
        out,
        "\nExit: 0 holds, 1 does not hold, 2 usage, 3 malformed, 4 not permitted, 5 not found,\n"
        "      6 conflict, 7 unreachable, 9 internal error\n");
}

void cli_print_mdoc(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '.' && text[1] == ' ') {
            fputs(".\n", out);
            text++;
        } else if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void print_manual_options(FILE *out, uint64_t options)
{
    fprintf(out, ".Bl -tag -width Ds\n");
    for (int i = 0; i < OPTIONS; i++) {
        const char *value = cli_option_value((enum cli_option)i);

        if (!(options >> i & 1))
            continue;
        fprintf(out, ".It Fl %s", cli_option_name((enum cli_option)i) + 1);
        if (value)
            fprintf(out, " Ar %s", value);
        fputs("\n", out);
        cli_print_mdoc(out, cli_option_help((enum cli_option)i));
        fputs(".\n", out);
    }
    fprintf(out, ".El\n");
}

static void print_manual_command(FILE *out, const struct cli_command *command)
{
    fprintf(out, ".Ss bootseal %s%s%s", command->noun, *command->verb ? " " : "", command->verb);
    fprintf(out, "%s%s\n", *command->arguments ? " " : "", command->arguments);
    fputc(command->summary[0] - 'a' + 'A', out);
    cli_print_mdoc(out, command->summary + 1);
    fputs(".\n", out);
    cli_print_mdoc(out, command->details);
    fputs("\n", out);
    if (command->options)
        print_manual_options(out, command->options);
    fprintf(out, ".Bd -literal -offset indent\n");
    cli_print_mdoc(out, command->example);
    fprintf(out, "\n.Ed\n");
}

static const struct {
    int code;
    const char *meaning;
} EXIT_CODES[] = {
    {EXIT_HOLDS, "It holds: trusted, equal, done."},
    {EXIT_HOLDS_NOT, "It does not hold: untrusted, different, not proven."},
    {EXIT_USAGE, "Wrong usage."},
    {EXIT_MALFORMED, "The input is malformed or over a limit; standard error names the byte."},
    {EXIT_NOT_PERMITTED, "Not permitted."},
    {EXIT_NOT_FOUND, "Not found."},
    {EXIT_CONFLICT, "Conflict with the present state."},
    {EXIT_UNREACHABLE, "The service cannot be reached."},
    {EXIT_INTERNAL, "Internal error."},
};

void cli_print_manual(FILE *out)
{
    fprintf(
        out,
        ".Dd November 21, 2026\n.Dt BOOTSEAL 1\n.Os\n.Sh NAME\n.Nm bootseal\n"
        ".Nd read, check and explain the evidence of a measured boot\n.Sh SYNOPSIS\n"
        ".Nm\n.Ar noun\n.Ar verb\n.Op Ar option ...\n.Op Ar argument ...\n"
        ".Sh DESCRIPTION\n.Nm\n"
        "works offline on event logs, IMA lists, quotes and evidence bundles, and administers a\n"
        ".Xr bootseald 8\nservice.\nStandard output is data, standard error is talk.\n"
        "A file called\n.Sq \\-\nis standard input.\n.Sh OPTIONS\n"
        "Every command has these:\n");
    print_manual_options(out, (UINT64_C(1) << OPTION_JSON) | (UINT64_C(1) << OPTION_COLOR) |
                                  (UINT64_C(1) << OPTION_HELP) | (UINT64_C(1) << OPTION_VERSION));
    fprintf(out, ".Sh COMMANDS\n");
    for (size_t i = 0; i < CLI_N_COMMANDS; i++)
        print_manual_command(out, &CLI_COMMANDS[i]);
    fprintf(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (size_t i = 0; i < sizeof EXIT_CODES / sizeof *EXIT_CODES; i++)
        fprintf(out, ".It %d\n%s\n", EXIT_CODES[i].code, EXIT_CODES[i].meaning);
    fprintf(out, ".El\n.Sh SEE ALSO\n.Xr bootseal_appraise 3 ,\n.Xr bootseal\\-claims 7 ,\n.Xr "
                 "bootseal\\-agent 8 ,\n"
                 ".Xr bootseald 8\n");
}

void cli_print_completion(FILE *out)
{
    fprintf(out, "# bash completion for bootseal\n_bootseal()\n{\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
                 "    case \"$COMP_CWORD:${COMP_WORDS[1]}:${COMP_WORDS[2]}\" in\n    1:*) words='");
    for (size_t i = 0; i < CLI_N_COMMANDS; i++)
        if (!same_noun(i))
            fprintf(out, "%s%s", i ? " " : "", CLI_COMMANDS[i].noun);
    fprintf(out, "' ;;\n");
    for (size_t i = 0; i < CLI_N_COMMANDS; i++) {
        if (same_noun(i) || !*CLI_COMMANDS[i].verb)
            continue;
        fprintf(out, "    2:%s:*) words='%s", CLI_COMMANDS[i].noun, CLI_COMMANDS[i].verb);
        for (size_t k = i + 1; k < CLI_N_COMMANDS && same_noun(k); k++)
            fprintf(out, " %s", CLI_COMMANDS[k].verb);
        fprintf(out, "' ;;\n");
    }
    for (size_t i = 0; i < CLI_N_COMMANDS; i++) {
        fprintf(out, "    *:%s:%s) words='--json --color --help", CLI_COMMANDS[i].noun,
                *CLI_COMMANDS[i].verb ? CLI_COMMANDS[i].verb : "*");
        for (int k = 0; k < OPTIONS; k++)
            if (CLI_COMMANDS[i].options >> k & 1)
                fprintf(out, " %s", cli_option_name((enum cli_option)k));
        fprintf(out, "' ;;\n");
    }
    fprintf(out, "    esac\n"
                 "    if [[ $word == -* || $COMP_CWORD -le 2 ]]; then\n"
                 "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    fi\n"
                 "}\ncomplete -o default -F _bootseal bootseal\n");
}
