/* Calls as a switch has written them down (call detail records): phone-log(1). */
#ifndef PHONE_LOG_H
#define PHONE_LOG_H

#include "phone/call.h"

#define PHONE_LOG_VIA "phone:log"

/* A row of CSV, by the names of its columns. */
struct call_row {
	struct call call;
	const char *src, *dst;
	int64_t start, end;
	int64_t duration, talked; /* seconds: in all, and spoken */
	bool answered;
};
/* Names of Asterisk's columns, in the order of cdr_csv; n of them. */
extern const char *const call_columns[];
extern const size_t ncall_columns;
/* Are these a header, or already a row of Asterisk's? */
bool call_is_header(const char *const *columns);
/* RC_INVALID says what is missing. Strings into ctx. */
enum rc call_row_read(void *ctx, const struct config *c, json_t *row,
    struct call_row *out, struct err *err) CHECKED;
/* Files it, in a transaction: a note at the ticket it belongs to, a ticket for a call
 * that nobody took. What was called before `since` is passed over. r->call says what came
 * of it. */
enum rc call_row_file(struct change_tx *tx, void *ctx, struct desk *d, struct call_row *r,
    int64_t since, struct err *err) CHECKED;

#endif
