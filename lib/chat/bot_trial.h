/* Talking to a bot in a desk that is thrown away: by hand, or a file of talks that say
 * what it must answer (chat-bot(1)). */
#ifndef CHAT_BOT_TRIAL_H
#define CHAT_BOT_TRIAL_H

#include "desk/cmd.h"

/* conf NULL: by the applied version; bot NULL: the only one. Articles are the desk's;
 * none where there is only a tkt.conf. RC_NONE when a talk went otherwise. */
enum rc bot_do_test(struct cmd_env *env, const char *conf, const char *bot, int argc,
    char **argv, struct err *err) CHECKED;
/* Lines of standard input, until its end or a person would come. */
enum rc bot_do_talk(
    struct cmd_env *env, const char *conf, const char *bot, struct err *err) CHECKED;
/* Talks that bots hold now, as records. */
enum rc bot_do_list(struct cmd_env *env, struct err *err) CHECKED;

#endif
