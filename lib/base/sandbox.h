/* Giving up what a parser of foreign bytes does not need. */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>

/* From now on, for this process: files are written, made, moved and removed only below
 * these directories (Landlock), nothing is executed, and no socket is made but a local
 * one, for syslog (seccomp). What the kernel does not have is left out; true when both
 * hold. `writable` ends with NULL. */
bool sandbox_enter(const char *const *writable);

#endif
