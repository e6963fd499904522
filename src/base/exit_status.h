/* How a program ends: the contract with scripts that all our programs share.
 *
 * Listed in every manual page; a number never changes its meaning. */
#ifndef BOOTSEAL_BASE_EXIT_STATUS_H
#define BOOTSEAL_BASE_EXIT_STATUS_H

enum exit_status {
    EXIT_HOLDS = 0,
    EXIT_HOLDS_NOT = 1,
    EXIT_USAGE = 2,
    EXIT_MALFORMED = 3,
    EXIT_NOT_PERMITTED = 4,
    EXIT_NOT_FOUND = 5,
    EXIT_CONFLICT = 6,
    EXIT_UNREACHABLE = 7,
    EXIT_INTERNAL = 9,
};

#endif
