/* The signer: the only process that holds the CA's key and the policy key.
 *
 * Owns the keys directory. Trusts the front to have a durable passing verdict, and nothing else it
 * says: names, key forms and lifetimes are checked again, the policy reference and the service's
 * own names are the signer's own. Never opens a network socket; after its start it can neither open
 * files nor start anything. */
#ifndef BOOTSEAL_SERVER_SIGNER_H
#define BOOTSEAL_SERVER_SIGNER_H

/* Runs until the front closes channel; gives the exit status. */
int signer_run(int control, int channel);

#endif
