/* Desks to try a policy in. */
#include "trial/trial.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/sibling.h"

enum { COMPILED_MAX = 64 * 1024 * 1024 };

/* ---- folders ---- */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
throw_away(struct trial *t)
{
	char *slash;

	trial_close(t);
	slash = t->dir ? strrchr(t->dir, '/') : NULL;
	if (slash == NULL)
		return 0;
	*slash = '\0'; /* the temporary folder that the desk is in */
	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return 0;
}

static enum rc
run(struct trial *t, const char *const *argv, struct err *err)
{
	int status = 0;
	enum rc rc = sibling_run(t, argv, 0, NULL, &status, err);

	if (rc == RC_OK && status != 0)
		rc = err_fail(err, status == 78 ? RC_CONFIG : RC_IO, "%s failed: %d",
		    argv[0], status);
	return rc;
}

/* ---- the policy ---- */

/* tkt-config can compile: what it read is the source. */
static enum rc
source_of_file(struct trial *t, const char *conf, json_t **source, struct err *err)
{
	const char *argv[] = {"tkt-config", "check", "--compiled", "--conf", conf, NULL};
	const char *slash;
	char *text = NULL;
	int status = 0;
	json_t *parts, *main_file;
	enum rc rc = sibling_run(t, argv, COMPILED_MAX, &text, &status, err);

	if (rc == RC_OK && status != 0)
		return err_fail(err, RC_CONFIG, "%s has errors", conf);
	if (rc != RC_OK)
		return rc;
	parts = json_loads(text, 0, NULL);
	*source = json_incref(json_object_get(parts, "source"));
	json_decref(parts);
	/* Whatever its name is there, here it is the tkt.conf. */
	slash = strrchr(conf, '/');
	main_file = json_object_get(*source, slash ? slash + 1 : conf);
	if (main_file != NULL)
		json_object_set(*source, "tkt.conf", main_file);
	return *source ? RC_OK
		       : err_fail(err, RC_BUG, "what tkt-config compiled has no source");
}

static enum rc
apply(struct trial *t, const char *conf, struct desk *real, struct err *err)
{
	const char *argv[] = {"tkt-config", "apply", "-D", t->dir, "--quiet", NULL};
	json_t *source = NULL;
	enum rc rc = conf != NULL ? source_of_file(t, conf, &source, err)
				  : version_part(real->store, real->config->version,
					"source", &source, err);

	if (rc == RC_OK)
		rc = conf_unpack(t, t->dir, source, err);
	json_decref(source);
	return rc == RC_OK ? run(t, argv, err) : rc;
}

/* ---- as it was new ---- */

static enum rc
copy_file(const char *from, const char *to, struct err *err)
{
	FILE *in = fopen(from, "rbe"), *out = in ? fopen(to, "wbe") : NULL;
	char block[65536];
	size_t n;
	bool good = out != NULL;

	while (good && (n = fread(block, 1, sizeof(block), in)) > 0)
		good = fwrite(block, 1, n, out) == n;
	good = good && ferror(in) == 0;
	if (in != NULL)
		fclose(in);
	if (out != NULL && fclose(out) != 0)
		good = false;
	return good ? RC_OK : err_errno(err, "%s", to);
}

static char *
path_of(struct trial *t, const char *name)
{
	return talloc_asprintf(t, "%s/%s", t->dir, name);
}

enum rc
trial_open(struct trial *t, struct err *err)
{
	struct desk_want want = {.dir = t->dir, .write = true};

	return desk_open(t, &want, &t->d, err);
}

void
trial_close(struct trial *t)
{
	talloc_free(t->d);
	t->d = NULL;
}

enum rc
trial_reset(struct trial *t, struct err *err)
{
	enum rc rc;

	trial_close(t);
	unlink(path_of(t, "store.db-wal"));
	unlink(path_of(t, "store.db-shm"));
	rc = copy_file(path_of(t, "fresh.db"), path_of(t, "store.db"), err);
	return rc == RC_OK ? trial_open(t, err) : rc;
}

static enum rc
make(struct trial *t, const char *conf, struct desk *real, struct err *err)
{
	const char *argv[] = {"tkt-init", "--test", "--quiet", t->dir, NULL};
	enum rc rc = run(t, argv, err);

	if (rc == RC_OK)
		rc = apply(t, conf, real, err);
	if (rc == RC_OK)
		rc = copy_file(path_of(t, "store.db"), path_of(t, "fresh.db"), err);
	return rc == RC_OK ? trial_open(t, err) : rc;
}

enum rc
trial_new(void *ctx, const char *conf, struct desk *real, int64_t at, struct trial **out,
    struct err *err)
{
	const char *tmp = getenv("TMPDIR"), *now = getenv("TKT_NOW");
	struct trial *t = talloc_zero(ctx, struct trial);
	char *folder =
	    talloc_asprintf(t, "%s/tkt-trial.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	enum rc rc;

	if (mkdtemp(folder) == NULL) {
		talloc_free(t);
		return err_errno(err, "%s", folder);
	}
	t->dir = talloc_asprintf(t, "%s/desk", folder);
	talloc_set_destructor(t, throw_away);
	/* Desks made for tests go by this, and so do the programs that make one. */
	now = now ? talloc_strdup(t, now) : NULL;
	if (at != INSTANT_NONE)
		setenv("TKT_NOW", instant_print(t, at), 1);
	rc = make(t, conf, real, err);
	if (at != INSTANT_NONE && now != NULL)
		setenv("TKT_NOW", now, 1);
	else if (at != INSTANT_NONE)
		unsetenv("TKT_NOW");
	if (rc == RC_OK)
		*out = t;
	else
		talloc_free(t);
	return rc;
}
