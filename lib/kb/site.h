/* The site: static HTML below DESK/www (or where tkt.conf says), one style sheet, no
 * scripts. What it shows is what rows say; kb_publish() calls it after its commit.
 *
 *   index.html style.css sitemap.xml files/PATH
 *   LANG/index.html LANG/ID.html LANG/s/SECTION/index.html LANG/t/TAG.html
 *   LANG/all.html LANG/feed.xml LANG/search.json
 *
 * Each file is replaced by rename(2): a reader gets the old or the new one. Start pages
 * come last, and removals after them. */
#ifndef KB_SITE_H
#define KB_SITE_H

#include "kb/kb.h"

/* What a publication touched. */
struct site_change {
	bool all; /* or nothing is known of the site: everything */
	const char *
	    *ids; /* that lead elsewhere now: came, went, other readers; aliases, too */
	const char **names;    /* the same with their languages: "en/refund" */
	const char **own;      /* of articles of which the content alone changed */
	const char **sections; /* whose lists change */
	const char **tags;
	const char **files; /* of kb.git that changed: "img/a.png" */
	size_t nids, nnames, nown, nsections, ntags, nfiles;
};
/* Writes what follows from it; *pages counts files that were written or removed. */
enum rc site_write(void *ctx, struct desk *d, struct repo *r, const char *revision,
    const struct site_change *c, void (*progress)(void *arg, const char *what, int64_t n),
    void *arg, int64_t *pages, struct err *err) CHECKED;
/* What the site looks like besides its articles: it is written anew when that differs. In
 * ctx. */
char *site_fingerprint(void *ctx, const struct desk *d);
/* Is there a site at all? A restored desk has none. */
bool site_there(const struct desk *d);
/* The folder it is in; in ctx. */
char *site_dir(void *ctx, const struct desk *d);

#endif
