/* Have the calendars of the applied version to be compiled anew? */
#ifndef POLICY_TZDATA_H
#define POLICY_TZDATA_H

#include "desk/desk.h"

/* A text that changes when a year begins or the rules of a zone of the applied calendars
 * do; NULL when there are none. Belongs to ctx. */
enum rc tzdata_stamp(void *ctx, struct desk *d, char **stamp, struct err *err) CHECKED;

#endif
