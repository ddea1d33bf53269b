/* Output for programs and people. Records are JSON lines unless a person looks. */
#include "base/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { TABLE_GROUP = 1000, WIDTH_DEFAULT = 80, FLEX_LEAST = 12, CELL_MAX = 400 };

struct row {
	enum out_color color;
	char **cells;
};
struct table {
	const struct column *columns;
	size_t n, rows;
	bool titled;
	struct row row[TABLE_GROUP];
};

static const char *const formats[] = {"json", "human", "tsv", "ids", NULL};

static int
terminal_width(void)
{
	struct winsize w;
	const char *columns = getenv("COLUMNS");
	int64_t n;

	if (columns != NULL && text_number(columns, &n) && n >= 20 && n <= 1000)
		return (int)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20)
		return w.ws_col;
	return WIDTH_DEFAULT;
}

/* "json, human, tsv or ids" */
static const char *
format_list(void *ctx, const char *const *more, const char ***all)
{
	char *text = talloc_strdup(ctx, "");
	size_t n = 0;

	for (size_t i = 0; formats[i] != NULL; i++)
		text_push(ctx, all, &n, formats[i]);
	for (; more != NULL && *more != NULL; more++)
		text_push(ctx, all, &n, *more);
	for (size_t i = 0; i < n; i++)
		text = talloc_asprintf_append_buffer(text, "%s%s",
		    i == 0	 ? ""
		    : i == n - 1 ? " or "
				 : ", ",
		    (*all)[i]);
	return text;
}

enum rc
out_open(void *ctx, const char *name, const char *const *more, struct out **out,
    struct err *err)
{
	struct out *o = talloc_zero(ctx, struct out);
	const char *no_color = getenv("NO_COLOR"), **all = NULL;

	o->to = stdout;
	o->tty = isatty(STDOUT_FILENO) == 1;
	o->color = o->tty && (no_color == NULL || *no_color == '\0');
	o->format = o->tty ? OUT_HUMAN : OUT_JSON;
	if (name != NULL) {
		size_t i = 0;

		while (formats[i] != NULL && strcmp(formats[i], name) != 0)
			i++;
		if (formats[i] == NULL) {
			const char *list = format_list(ctx, more, &all);

			return err_fail(err, RC_USAGE, "--output \"%s\": use %s%s", name,
			    list, text_hint(ctx, name, all));
		}
		o->format = (enum out_format)i;
	}
	o->width = o->tty ? terminal_width() : 0;
	*out = o;
	return RC_OK;
}

void
out_page(struct out *out)
{
	const char *pager = getenv("PAGER");
	char *argv[16], *words, *save = NULL;
	size_t n = 0;
	int fd[2];
	pid_t pid;

	if (!out->tty || out->pager != 0 || (pager != NULL && *pager == '\0'))
		return;
	words = talloc_strdup(out, pager ? pager : "less");
	for (char *w = strtok_r(words, " ", &save); w != NULL && n < 15;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	if (n == 0 || strcmp(argv[0], "cat") == 0 || pipe(fd) != 0)
		return;
	setenv("LESS", "FRX", 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(fd[0], STDIN_FILENO);
		close(fd[0]);
		close(fd[1]);
		execvp(argv[0], argv);
		/* No such pager: what was written is still shown. */
		char buf[4096];
		ssize_t got;

		while ((got = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
			if (write(STDOUT_FILENO, buf, (size_t)got) != got)
				break;
		}
		_exit(0);
	}
	close(fd[0]);
	if (pid > 0) {
		dup2(fd[1], STDOUT_FILENO);
		out->pager = pid;
	}
	close(fd[1]);
}

enum rc
out_close(struct out *out, struct err *err)
{
	int e = 0;

	out_table_end(out);
	if (fflush(out->to) != 0 || ferror(out->to))
		e = errno ? errno : EIO;
	if (out->pager != 0) {
		close(STDOUT_FILENO);
		while (waitpid((pid_t)out->pager, NULL, 0) < 0 && errno == EINTR)
			;
		return RC_OK;
	}
	if (e == EPIPE)
		return RC_OK;
	if (e != 0) {
		errno = e;
		err_errno(err, "writing standard output");
		return err->rc = RC_IO;
	}
	return RC_OK;
}

void
out_json(struct out *out, json_t *record)
{
	json_dumpf(record, out->to, JSON_COMPACT);
	putc('\n', out->to);
	json_decref(record);
}

static const char *
color_on(const struct out *out, enum out_color color)
{
	static const char *const codes[] = {
	    "", "\033[2m", "\033[1m", "\033[31m", "\033[33m", "\033[32m"};

	return out->color ? codes[color] : "";
}

static const char *
color_off(const struct out *out, enum out_color color)
{
	return out->color && color != COLOR_NONE ? "\033[0m" : "";
}

void
out_line(struct out *out, enum out_color color, const char *fmt, ...)
{
	va_list ap;
	char *raw, *safe;

	va_start(ap, fmt);
	raw = talloc_vasprintf(out, fmt, ap);
	va_end(ap);
	safe = text_safe(out, raw, TEXT_BLOCK);
	fprintf(out->to, "%s%s%s\n", color_on(out, color), safe, color_off(out, color));
	talloc_free(raw);
	talloc_free(safe);
}

void
out_block(struct out *out, const char *text, int indent)
{
	char *safe = text_safe(out, text, TEXT_BLOCK);
	size_t n = strlen(safe);

	while (n > 0 && safe[n - 1] == '\n')
		safe[--n] = '\0';
	for (const char *s = safe; *s != '\0';) {
		size_t len = strcspn(s, "\n");

		fprintf(out->to, "%*s%.*s\n", len ? indent : 0, "", (int)len, s);
		s += len + (s[len] == '\n');
	}
	talloc_free(safe);
}

void
out_id(struct out *out, int64_t id)
{
	fprintf(out->to, "%lld\n", (long long)id);
}

void
out_table(struct out *out, const struct column *columns, size_t n)
{
	out->table = talloc_zero(out, struct table);
	out->table->columns = columns;
	out->table->n = n;
}

static void
tsv_cell(FILE *to, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '\t':
			fputs("\\t", to);
			break;
		case '\n':
			fputs("\\n", to);
			break;
		case '\r':
			fputs("\\r", to);
			break;
		case '\\':
			fputs("\\\\", to);
			break;
		default:
			putc(*s, to);
		}
	}
}

static void
cell(struct out *out, const struct column *c, const char *s, int width, bool last)
{
	char *cut = text_cut(out, s, width);
	int pad = width - text_width(cut);

	if (c->right)
		fprintf(out->to, "%*s%s", pad, "", cut);
	else
		fprintf(out->to, "%s%*s", cut, last ? 0 : pad, "");
	if (!last)
		fputs("  ", out->to);
	talloc_free(cut);
}

static void
table_flush(struct out *out)
{
	struct table *t = out->table;
	int width[16] = {0}, sum = 0, flex = -1;

	if (t->rows == 0)
		return;
	for (size_t c = 0; c < t->n; c++) {
		width[c] = text_width(t->columns[c].title);
		for (size_t r = 0; r < t->rows; r++) {
			int w = text_width(t->row[r].cells[c]);

			width[c] = w > width[c] ? w : width[c];
		}
		sum += width[c] + (c > 0 ? 2 : 0);
		if (t->columns[c].flex)
			flex = (int)c;
	}
	if (out->width > 0 && flex >= 0 && sum > out->width) {
		width[flex] -= sum - out->width;
		width[flex] = width[flex] < FLEX_LEAST ? FLEX_LEAST : width[flex];
	}
	if (!t->titled) {
		fputs(color_on(out, COLOR_DIM), out->to);
		for (size_t c = 0; c < t->n; c++)
			cell(out, &t->columns[c], t->columns[c].title, width[c],
			    c + 1 == t->n);
		fprintf(out->to, "%s\n", color_off(out, COLOR_DIM));
		t->titled = true;
	}
	for (size_t r = 0; r < t->rows; r++) {
		fputs(color_on(out, t->row[r].color), out->to);
		for (size_t c = 0; c < t->n; c++)
			cell(out, &t->columns[c], t->row[r].cells[c], width[c],
			    c + 1 == t->n);
		fprintf(out->to, "%s\n", color_off(out, t->row[r].color));
		talloc_free(t->row[r].cells);
	}
	t->rows = 0;
}

void
out_row(struct out *out, enum out_color color, const char *const *cells)
{
	struct table *t = out->table;
	struct row *r;

	if (out->format == OUT_TSV) {
		for (size_t c = 0; c < t->n; c++) {
			if (c > 0)
				putc('\t', out->to);
			tsv_cell(out->to, cells[c]);
		}
		putc('\n', out->to);
		return;
	}
	if (t->rows == TABLE_GROUP)
		table_flush(out);
	r = &t->row[t->rows++];
	r->color = color;
	r->cells = mem_array(t, char *, t->n);
	for (size_t c = 0; c < t->n; c++) {
		char *safe = text_safe(r->cells, cells[c], TEXT_LINE);

		safe[text_prefix(safe, CELL_MAX)] = '\0';
		r->cells[c] = safe;
	}
}

void
out_table_end(struct out *out)
{
	if (out->table == NULL)
		return;
	table_flush(out);
	TALLOC_FREE(out->table);
}
