/* Articles of elsewhere: bundles of ours, folders and archives of other generators (Hugo,
 * Jekyll: front matter in YAML, TOML or JSON), Zendesk's help centre. They become files
 * of kb.git, in one commit, which the caller publishes. */
#ifndef EXCHANGE_KB_IMPORT_H
#define EXCHANGE_KB_IMPORT_H

#include "kb/write.h"

#define KB_IMPORT_MAX (1024LL * 1024 * 1024) /* bytes of all files */

struct kb_import;
struct kb_imported {
	const char *from, *path; /* path: in kb.git, NULL when it was left out */
	const char *id;		 /* of an article, else NULL */
	const char *why;	 /* it was left out, or NULL */
};
/* `each` gets every file, as it is read. Belongs to ctx. */
struct kb_import *kb_import_new(void *ctx, struct desk *d,
    void (*each)(void *arg, const struct kb_imported *i), void *arg);

/* Each adds what it finds; RC_INVALID for a hostile or damaged source. */
enum rc kb_import_dir(struct kb_import *k, const char *dir, struct err *err) CHECKED;
enum rc kb_import_archive(struct kb_import *k, const char *path, struct err *err) CHECKED;
/* {"articles": [...], "sections": [...], "categories": [...]}, in one object or several,
 * one a line; or objects of articles alone. */
enum rc kb_import_zendesk(struct kb_import *k, const char *path, struct err *err) CHECKED;

/* How many files are to be committed, and how many articles were left out as wrong. */
size_t kb_import_count(const struct kb_import *k, size_t *wrong);
/* One commit; RC_NONE when all is there already. */
enum rc kb_import_commit(
    struct kb_import *k, const char *message, struct err *err) CHECKED;

/* A bundle (kb-publish --bundle): manifest.json, articles/PATH, www/PATH. Without
 * `internal` only what is public. */
enum rc kb_bundle(void *ctx, struct desk *d, const char *file, bool internal,
    int64_t *articles, struct err *err) CHECKED;

#endif
