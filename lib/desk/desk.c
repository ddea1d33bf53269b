/* Finding, owning, making and opening a desk. */
#include "desk/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

#define DESK_DEFAULT "/var/lib/tkt"
enum { DRAFT_MAX = 1024 * 1024 };

/* ---- finding ---- */

static bool
has_conf(const char *dir)
{
	char *path = talloc_asprintf(NULL, "%s/tkt.conf", dir);
	bool yes = access(path, F_OK) == 0;

	talloc_free(path);
	return yes;
}

static const char *
login_name(void *ctx, uid_t uid)
{
	struct passwd *pw = getpwuid(uid);

	return pw ? talloc_strdup(ctx, pw->pw_name) : talloc_asprintf(ctx, "uid %u", uid);
}

static enum rc
check_owner(void *ctx, const char *dir, bool looked_for, struct err *err)
{
	struct stat sb;
	gid_t groups[256];
	int n;

	if (stat(dir, &sb) != 0)
		return err_errno(err, "%s", dir);
	if (sb.st_uid == geteuid())
		return RC_OK;
	/* As git's safe.directory: nobody's desk is used just because we stand in it. */
	if (looked_for && sb.st_uid != 0 && !(sb.st_mode & S_ISGID))
		return err_fail(err, RC_DENIED,
		    "%s belongs to %s: a desk that was only found must be your own (say "
		    "-D if you mean it)",
		    dir, login_name(ctx, sb.st_uid));
	if ((sb.st_mode & 02070) == 02070) {
		n = getgroups(256, groups);
		for (int i = 0; i < n; i++) {
			if (groups[i] == sb.st_gid)
				return RC_OK;
		}
		if (sb.st_gid == getegid())
			return RC_OK;
	}
	return err_fail(err, RC_DENIED,
	    "%s belongs to %s: only its owner may use it (sudo -u %s, or ask for "
	    "tkt-shell)",
	    dir, login_name(ctx, sb.st_uid), login_name(ctx, sb.st_uid));
}

/* SQLite's log needs shared memory, which network file systems do not have. */
static enum rc
check_place(const char *dir, struct err *err)
{
	struct statfs fs;

	if (statfs(dir, &fs) != 0)
		return err_errno(err, "%s", dir);
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case 0xff534d42UL: /* CIFS */
	case 0xfe534d42UL: /* SMB2 */
	case CODA_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
		return err_fail(err, RC_CONFIG,
		    "%s is on a network file system: a desk needs a local disk", dir);
	default:
		return RC_OK;
	}
}

enum rc
desk_find(void *ctx, const char *dir, char **found, struct err *err)
{
	const char *env = getenv("TKT_DESK");
	bool looked_for = false;
	char *at = NULL, cwd[4096];
	enum rc rc;

	if (dir == NULL && env != NULL && *env != '\0')
		dir = env;
	if (dir != NULL) {
		if (!has_conf(dir))
			return err_fail(err, RC_NOTFOUND,
			    "no desk at %s (tkt-init %s makes one)", dir, dir);
		at = talloc_strdup(ctx, dir);
	} else {
		looked_for = true;
		if (getcwd(cwd, sizeof(cwd)) != NULL) {
			at = talloc_strdup(ctx, cwd);
			while (*at != '\0' && !has_conf(at))
				*strrchr(at, '/') = '\0';
		}
		if (at == NULL || *at == '\0')
			at = has_conf(DESK_DEFAULT) ? talloc_strdup(ctx, DESK_DEFAULT)
						    : NULL;
		if (at == NULL)
			return err_fail(err, RC_NOTFOUND,
			    "no desk here (make one: tkt-init DIR, or name one: -D DIR, "
			    "TKT_DESK)");
	}
	rc = check_owner(ctx, at, looked_for, err);
	if (rc == RC_OK)
		rc = check_place(at, err);
	if (rc == RC_OK)
		*found = at;
	return rc;
}

/* ---- opening ---- */

/* In a group desk a member is the agent whose unix login is theirs, and nobody else. */
static enum rc
group_actor(struct desk *d, struct err *err)
{
	const char *login = login_name(d, geteuid());

	for (size_t i = 0; i < d->config->nagents; i++) {
		const struct agent *a = &d->config->agents[i];

		if (strcmp(a->unix_login, login) == 0) {
			d->actor = (struct actor){.kind = ACTOR_AGENT,
			    .name = a->name,
			    .agent = a,
			    .role = config_role(d->config, a->role)};
			return RC_OK;
		}
	}
	return err_fail(err, RC_DENIED, "no agent of this desk has unix = %s", login);
}

static enum rc
find_actor(struct desk *d, const struct desk_want *want, struct err *err)
{
	const char *env = getenv("TKT_ACTOR"), *name = want->as;
	const struct agent *a;
	struct stat sb;

	if (stat(d->dir, &sb) == 0 && sb.st_uid != geteuid())
		return group_actor(d, err);
	if (name == NULL && env != NULL && *env != '\0')
		name = env;
	if (name == NULL || strcmp(name, "system") == 0) {
		d->actor = actor_system;
		return RC_OK;
	}
	a = config_agent(d->config, name);
	if (a == NULL)
		return err_fail(err, RC_USAGE, "agent \"%s\": no such agent%s", name,
		    text_hint(d, name, config_names(d, d->config, NAME_AGENT)));
	d->actor = (struct actor){.kind = ACTOR_AGENT,
	    .name = a->name,
	    .agent = a,
	    .role = config_role(d->config, a->role),
	    .by =
		want->as ? talloc_asprintf(d, "unix:%s", login_name(d, getuid())) : NULL};
	return RC_OK;
}

static enum rc
fixed(int64_t *to, struct err *err)
{
	const char *now = getenv("TKT_NOW");

	if (now == NULL || *now == '\0' || instant_parse(now, to))
		return RC_OK;
	return err_fail(err, RC_USAGE, "TKT_NOW: \"%s\" is not an RFC 3339 instant", now);
}

static enum rc
fix_clock(struct desk *d, bool write, struct err *err)
{
	return write && !d->test ? RC_OK : fixed(&d->now, err);
}

enum rc
now_given(int64_t *now, struct err *err)
{
	*now = now_ms();
	return fixed(now, err);
}

static enum rc
load(struct desk *d, const struct desk_want *want, struct err *err)
{
	json_t *o = NULL;
	int64_t version = 0;
	char *test = NULL, *id = NULL;
	enum rc rc = version_newest(d->store, &version, err);

	if (rc == RC_OK && version == 0)
		rc = err_fail(
		    err, RC_CONFIG, "no configuration is applied (run tkt-config apply)");
	if (rc == RC_OK)
		rc = version_part(d->store, version, "desk", &o, err);
	if (rc == RC_OK)
		rc = config_from_json(d, o, version, &d->config, err);
	json_decref(o);
	if (rc == RC_OK)
		rc = store_meta_get(d->store, d, "test", &test, err);
	if (rc == RC_OK || rc == RC_NONE)
		rc = store_meta_get(d->store, d, "desk", &id, err);
	if (rc != RC_OK)
		return rc == RC_NONE
			   ? err_fail(err, RC_CONFIG, "the store has no desk id")
			   : rc;
	d->test = test != NULL;
	d->id = id;
	rc = find_actor(d, want, err);
	return rc == RC_OK ? fix_clock(d, want->write, err) : rc;
}

enum rc
desk_open(void *ctx, const struct desk_want *want, struct desk **out, struct err *err)
{
	struct desk *d = talloc_zero(ctx, struct desk);
	struct stat sb;
	enum rc rc;

	d->brokered = getenv("TKT_BROKER") != NULL;
	if (d->brokered && (want->dir != NULL || want->as != NULL)) {
		talloc_free(d);
		return err_fail(
		    err, RC_DENIED, "-D and --as: tkt-shell has given desk and agent");
	}
	rc = desk_find(d, want->dir, &d->dir, err);
	if (rc == RC_OK && stat(d->dir, &sb) == 0 && (sb.st_mode & 0070))
		umask(0007);
	if (rc == RC_OK)
		rc = store_open(
		    d, d->dir, want->write ? STORE_WRITE : STORE_READ, &d->store, err);
	if (rc == RC_OK)
		rc = load(d, want, err);
	if (rc != RC_OK) {
		talloc_free(d);
		return rc;
	}
	*out = d;
	return RC_OK;
}

/* ---- making ---- */

enum rc
desk_new_key(const char *dir, struct err *err)
{
	unsigned char key[DESK_KEY];
	char *path = talloc_asprintf(NULL, "%s/secret/desk.key", dir), *hex;
	enum rc rc = RC_OK;
	int fd;

	randombytes_buf(key, sizeof(key));
	hex = text_hex(path, key, sizeof(key));
	hex = talloc_asprintf_append(hex, "\n");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, hex, strlen(hex)) != (ssize_t)strlen(hex) ||
	    fsync(fd) != 0)
		rc = err_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	talloc_free(path);
	return rc;
}

enum rc
desk_make(void *ctx, const char *dir, bool test, struct store **out, struct err *err)
{
	static const char *const folders[] = {"blobs", "secret", "canned", NULL};
	unsigned char id[8];
	char *store = talloc_asprintf(ctx, "%s/store.db", dir);
	enum rc rc;

	if (access(store, F_OK) == 0)
		return err_fail(err, RC_EXISTS, "%s is a desk already", dir);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_errno(err, "%s", dir);
	rc = check_place(dir, err);
	if (rc != RC_OK)
		return rc;
	if (chmod(dir, 0700) != 0)
		return err_errno(err, "%s", dir);
	for (const char *const *f = folders; *f != NULL; f++) {
		char *path = talloc_asprintf(ctx, "%s/%s", dir, *f);

		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return err_errno(err, "%s", path);
	}
	rc = desk_new_key(dir, err);
	if (rc == RC_OK)
		rc = store_open(ctx, dir, STORE_CREATE, out, err);
	if (rc == RC_OK)
		rc = store_write(*out, err);
	if (rc != RC_OK)
		return rc;
	randombytes_buf(id, sizeof(id));
	rc = store_meta_set(*out, "desk", text_hex(ctx, id, sizeof(id)), err);
	if (rc == RC_OK && test)
		rc = store_meta_set(*out, "test", "1", err);
	if (rc == RC_OK)
		return store_commit(*out, err);
	store_rollback(*out);
	return rc;
}

enum rc
desk_share(const char *dir, const char *group, struct err *err)
{
	static const char *const shared[] = {"", "/store.db", "/store.db-wal",
	    "/store.db-shm", "/store.lock", "/bell", "/blobs", "/canned", "/tkt.conf",
	    NULL};
	struct group *gr = group ? getgrnam(group) : NULL;

	if (group != NULL && gr == NULL)
		return err_fail(
		    err, RC_CONFIG, "group \"%s\": no such group on this system", group);
	for (const char *const *f = shared; *f != NULL; f++) {
		char *path = talloc_asprintf(NULL, "%s%s", dir, *f);
		struct stat sb;
		mode_t mode;
		int bad = 0;

		if (stat(path, &sb) == 0) {
			if (S_ISDIR(sb.st_mode))
				mode = gr ? 02770 : 0700;
			else
				mode = gr ? 0660 : 0600;
			if (gr != NULL && sb.st_gid != gr->gr_gid)
				bad = chown(path, (uid_t)-1, gr->gr_gid);
			if (bad == 0 && (sb.st_mode & 07777) != mode)
				bad = chmod(path, mode);
		}
		talloc_free(path);
		if (bad != 0)
			return err_errno(err, "%s%s", dir, *f);
	}
	return RC_OK;
}

/* ---- asking ---- */

int64_t
desk_now(const struct desk *d)
{
	return d->now ? d->now : now_ms();
}

enum rc
desk_instant(const struct desk *d, const char *option, const char *text, int64_t *ms,
    struct err *err)
{
	int64_t ago;

	if (text == NULL)
		return RC_OK;
	if ((*text == '-' || *text == '+') && duration_parse(text + 1, &ago))
		*ms = *text == '-' ? desk_now(d) - ago : desk_now(d) + ago;
	else if (!instant_parse_any(text, d->config->timezone, ms))
		return err_fail(err, RC_USAGE, "--%s \"%s\" is no time", option, text);
	return RC_OK;
}

const char *
desk_zone(const struct desk *d)
{
	const char *tz = getenv("TZ");

	if (tz != NULL && *tz != '\0')
		return tz;
	if (d->actor.agent != NULL && d->actor.agent->timezone != NULL)
		return d->actor.agent->timezone;
	return d->config->timezone;
}

enum rc
desk_read_keys(const struct desk *d, struct desk_keys *keys, struct err *err)
{
	char *path = talloc_asprintf(NULL, "%s/secret/desk.key", d->dir);
	char text[DESK_KEYS_MAX * (2 * DESK_KEY + 1) + 1], *line = text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	enum rc rc = RC_OK;

	keys->n = 0;
	if (n < 0)
		rc = err_errno(err, "%s", path);
	text[n < 0 ? 0 : n] = '\0';
	while (rc == RC_OK && *line != '\0') {
		size_t len = strcspn(line, "\n");

		line[len] = '\0';
		if (keys->n == DESK_KEYS_MAX || len != 2 * DESK_KEY ||
		    !text_unhex(line, keys->v[keys->n++], DESK_KEY))
			rc = err_fail(
			    err, RC_CONFIG, "%s: line %zu is not a key", path, keys->n);
		line += len + 1;
		if (line > text + n)
			break;
	}
	if (rc == RC_OK && keys->n == 0)
		rc = err_fail(err, RC_CONFIG, "%s holds no key", path);
	if (fd >= 0)
		close(fd);
	sodium_memzero(text, sizeof(text));
	talloc_free(path);
	return rc;
}

bool
desk_draft_differs(const struct desk *d)
{
	char *path = talloc_asprintf(NULL, "%s/tkt.conf", d->dir), *draft = NULL;
	json_t *source = NULL;
	const char *applied;
	struct err ignored;
	size_t n = 0;
	bool differs = false;

	if (!d->brokered &&
	    desk_read_file(d, path, path, DRAFT_MAX, &draft, &n, &ignored) == RC_OK &&
	    version_part(d->store, d->config->version, "source", &source, &ignored) ==
		RC_OK) {
		applied = json_string_value(json_object_get(source, "tkt.conf"));
		differs = applied == NULL || strcmp(applied, draft) != 0;
	}
	json_decref(source);
	talloc_free(path);
	return differs;
}

enum rc
desk_read_file(const struct desk *d, void *ctx, const char *path, size_t max, char **data,
    size_t *n, struct err *err)
{
	struct stat sb;
	ssize_t r = 0;
	char *buf;
	int fd;

	if (d->brokered)
		return err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_errno(err, "%s", path);
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		close(fd);
		return err_fail(err, RC_INVALID, "%s is not a file", path);
	}
	if ((size_t)sb.st_size > max) {
		close(fd);
		return err_fail(err, RC_INVALID, "%s: larger than %zu bytes", path, max);
	}
	buf = mem_array(ctx, char, (size_t)sb.st_size + 1);
	*n = 0;
	while (*n < (size_t)sb.st_size &&
	       (r = read(fd, buf + *n, (size_t)sb.st_size - *n)) > 0)
		*n += (size_t)r;
	close(fd);
	if (r < 0)
		return err_errno(err, "%s", path);
	*data = buf;
	return RC_OK;
}
