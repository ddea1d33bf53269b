/* Composing a message from options, stdin, an editor and files. */
#include "change/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

static enum rc
read_fd(void *ctx, int fd, char **text, size_t *n, struct err *err)
{
	size_t room = 65536;
	ssize_t r;

	*text = mem_array(ctx, char, room + 1);
	*n = 0;
	for (;;) {
		r = read(fd, *text + *n, room - *n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, "reading the text");
		if (r == 0)
			break;
		*n += (size_t)r;
		if (*n > COMPOSE_MAX)
			return err_fail(err, RC_INVALID,
			    "the text is longer than %d bytes", COMPOSE_MAX);
		if (*n == room) {
			room *= 2;
			*text = mem_grow(ctx, *text, char, room + 1);
		}
	}
	(*text)[*n] = '\0';
	return RC_OK;
}

/* $EDITOR is split at blanks and run without a shell. */
static enum rc
run_editor(void *ctx, const char *path, struct err *err)
{
	const char *editor = getenv("VISUAL");
	char *argv[16], *words, *save = NULL;
	size_t n = 0;
	int status = 0;
	pid_t pid;

	if (editor == NULL || *editor == '\0')
		editor = getenv("EDITOR");
	words = talloc_strdup(ctx, editor && *editor ? editor : "vi");
	for (char *w = strtok_r(words, " ", &save); w != NULL && n < 14;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n++] = talloc_strdup(ctx, path);
	argv[n] = NULL;
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		return err_errno(err, "starting %s", argv[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_fail(
		    err, RC_USAGE, "the editor \"%s\" failed: nothing was done", argv[0]);
	return RC_OK;
}

static enum rc
edit(void *ctx, const char *start, char **text, size_t *n, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = talloc_asprintf(ctx, "%s/tkt.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	int fd = mkstemp(path);
	enum rc rc;

	if (fd < 0)
		return err_errno(err, "%s", path);
	if (write(fd, start, strlen(start)) != (ssize_t)strlen(start))
		rc = err_errno(err, "%s", path);
	else
		rc = run_editor(ctx, path, err);
	close(fd);
	/* Opened anew: many editors write a new file and rename it. */
	fd = rc == RC_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (rc == RC_OK)
		rc = fd < 0 ? err_errno(err, "%s", path) : read_fd(ctx, fd, text, n, err);
	if (fd >= 0)
		close(fd);
	unlink(path);
	if (rc == RC_OK && strcmp(*text, start) == 0)
		rc =
		    err_fail(err, RC_USAGE, "the text was not changed: nothing was done");
	return rc;
}

enum rc
compose_text(const struct desk *d, void *ctx, const char *given, bool use_stdin,
    const char *start, char **text, size_t *n, struct err *err)
{
	if (given != NULL) {
		*text = talloc_strdup(ctx, given);
		*n = strlen(given);
		return RC_OK;
	}
	if (use_stdin && isatty(STDIN_FILENO) != 1)
		return read_fd(ctx, STDIN_FILENO, text, n, err);
	if (!use_stdin)
		return err_fail(
		    err, RC_USAGE, "with records on stdin the text must come from -m");
	if (d->brokered)
		return err_fail(err, RC_USAGE, "the text must come from -m or stdin");
	return edit(ctx, start, text, n, err);
}

static void
add_attachment(void *ctx, struct message *m, const struct attachment *a)
{
	m->attachments =
	    mem_grow(ctx, m->attachments, struct attachment, m->nattachments + 1);
	m->attachments[m->nattachments] = *a;
	m->attachments[m->nattachments].part = (int64_t)m->nattachments + 1;
	m->nattachments++;
}

enum rc
compose_body(struct store *s, void *ctx, struct message *m, const char *text, size_t n,
    struct err *err)
{
	struct attachment a = {0};
	enum rc rc;

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	m->body = text_clean(ctx, text, n, TEXT_BLOCK, BODY_MAX);
	m->quoted = "";
	if (n <= BODY_MAX)
		return RC_OK;
	m->flags |= MESSAGE_CUT;
	rc = attachment_put(s, ctx, "message.txt", "text/plain", text, n, &a, err);
	if (rc == RC_OK)
		add_attachment(ctx, m, &a);
	return rc;
}

enum rc
compose_files(const struct desk *d, void *ctx, struct message *m,
    const struct opt_list *files, struct err *err)
{
	for (size_t i = 0; i < files->n; i++) {
		struct attachment a = {0};
		char *data = NULL;
		size_t n = 0;
		enum rc rc;

		if (m->nattachments >= ATTACHMENTS_MAX)
			return err_fail(
			    err, RC_USAGE, "more than %d attachments", ATTACHMENTS_MAX);
		rc = desk_read_file(
		    d, ctx, files->v[i], ATTACHMENT_SIZE_MAX, &data, &n, err);
		if (rc == RC_OK)
			rc = attachment_put(
			    d->store, ctx, files->v[i], NULL, data, n, &a, err);
		if (rc != RC_OK)
			return rc;
		talloc_free(data);
		add_attachment(ctx, m, &a);
	}
	return RC_OK;
}
