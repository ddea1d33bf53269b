/* Does a channel program keep the channel protocol? (chat-bridge test) */
#ifndef CHAT_CONFORM_H
#define CHAT_CONFORM_H

#include "desk/cmd.h"

/* Runs it here, as a bridge would, and prints a `check` record for each rule of
 * tkt-channel(7). RC_NONE when one was broken. */
enum rc conform(struct cmd_env *env, int argc, char **argv, struct err *err) CHECKED;

#endif
