/* What gather.c (what changed) and publish.c (making it so) share. */
#ifndef KB_PUBLISH_PRIV_H
#define KB_PUBLISH_PRIV_H

#include "kb/history.h"
#include "kb/site.h"

/* A file that the new commit has, and what becomes of its row. */
struct job {
	struct row row;
	struct row
	    *before; /* its row as it was, when its id or language is another now */
	int line;    /* of its aliases */
	bool kept;   /* broken: the row stays as it is */
	bool is_section;
	struct section section;
};
struct publishing {
	void *ctx;
	struct desk *d;
	struct store *s;
	struct repo *r;
	const struct kb_publish_want *want;
	char *old, head[REPO_ID];
	bool all;
	struct history *history;
	struct vocabulary *words;
	json_t *touched; /* set of paths */
	struct job **jobs;
	size_t njobs;
	int64_t *remove; /* rows that go, or come again as a job */
	size_t nremove;
	struct row **were; /* those rows as they were, for the site */
	struct findings f;
	struct site_change site;
	struct kb_published *result;
};

/* Fills p->touched: every path whose row may become another. */
enum rc publish_touched(struct publishing *p, struct err *err) CHECKED;
/* Reads them: p->jobs, p->remove, p->f, p->site.files. */
enum rc publish_gather(struct publishing *p, struct err *err) CHECKED;
/* The stems of a row's texts, counted for the vocabulary. */
void publish_words(struct publishing *p, struct row *r);

#endif
