/* Output: records as JSON lines, tab-separated, ids, or a table for a person. */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum out_format { OUT_JSON, OUT_HUMAN, OUT_TSV, OUT_IDS };

enum out_color {
	COLOR_NONE,
	COLOR_DIM,
	COLOR_BOLD,
	COLOR_RED,
	COLOR_YELLOW,
	COLOR_GREEN
};

struct column {
	const char *title; /* upper case for people, the record's key for tsv */
	bool right;	   /* align right */
	bool flex;	   /* gives way when the terminal is narrow; one a table */
};

struct out {
	FILE *to;
	enum out_format format;
	bool tty;   /* a person sees it */
	bool color; /* and may see colours */
	int width;  /* columns of the terminal; 0: no limit */
	long pager; /* pid of the pager, or 0 */
	struct table *table;
};

/* Chooses the format: `name` (json human tsv ids), or human on a terminal and JSON
 * otherwise. RC_USAGE for another name, which names `more` (or NULL) of the program's
 * own, too. Belongs to ctx; flushing is out_close's. */
enum rc out_open(void *ctx, const char *name, const char *const *more, struct out **out,
    struct err *err) CHECKED;
/* Sends what follows through $PAGER (default less) as git does, on a terminal only. */
void out_page(struct out *out);
/* Prints what is left, waits for the pager and tells whether all was really written
 * (RC_IO; a closed pipe is RC_OK: the reader had enough). */
enum rc out_close(struct out *out, struct err *err) CHECKED;

/* One JSON line. Takes over the reference. */
void out_json(struct out *out, json_t *record);
/* One line of text, made safe for the terminal. */
void out_line(struct out *out, enum out_color color, const char *fmt, ...) PRINTF(3, 4);
/* A block of text, made safe, indented by n blanks. */
void out_block(struct out *out, const char *text, int indent);
/* An id, one a line. */
void out_id(struct out *out, int64_t id);

/* A table: human rows are gathered until it ends (in groups of 1,000); tsv rows go out
 * at once, with \t \n \\ escaped. Cells are copied. Columns must outlive the table. */
void out_table(struct out *out, const struct column *columns, size_t n);
void out_row(struct out *out, enum out_color color, const char *const *cells);
void out_table_end(struct out *out);

#endif
