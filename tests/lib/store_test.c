/* lib/store: registry and plans, transactions, blobs, the bell, newer stores. */
#include <stdio.h>
#include <sys/wait.h>

#include "base/instant.h"
#include "desk.h"

ATF_TC_WITHOUT_HEAD(registry__every_statement_prepares_and_none_scans);
ATF_TC_BODY(registry__every_statement_prepares_and_none_scans, tc)
{
	static const char *const large[] = {"SCAN t", "SCAN ticket", "SCAN m",
	    "SCAN message", "SCAN e", "SCAN event", NULL};
	struct err err = {0};
	struct desk *d = test_desk(NULL);
	size_t n = 0;

	for (const char *const *s = __start_store_sql; s < __stop_store_sql; s++, n++) {
		char *plan;

		OK(store_plan(d->store, d, *s, &plan, &err));
		for (const char *const *l = large;
		     strstr(*s, "scan */") == NULL && *l != NULL; l++) {
			const char *at = strstr(plan, *l);
			char after = at ? at[strlen(*l)] : '\0';

			/* By an index, or the newest of the log alone, is no scan. */
			if (at == NULL || after == '_' ||
			    (after >= 'a' && after <= 'z') || strstr(plan, "USING") ||
			    strstr(*s, "LIMIT 1") || strstr(*s, "max(id)") ||
			    strstr(*s, "e.id > ?1"))
				continue;
			ATF_CHECK_MSG(false, "%s\nscans: %s", *s, plan);
		}
	}
	ATF_CHECK_MSG(n > 40, "only %zu statements are registered", n);
}

ATF_TC_WITHOUT_HEAD(write__is_all_or_nothing);
ATF_TC_BODY(write__is_all_or_nothing, tc)
{
	struct err err = {0};
	struct desk *d = test_desk(NULL);
	char *v = NULL;

	OK(store_write(d->store, &err));
	OK(store_meta_set(d->store, "a", "1", &err));
	store_rollback(d->store);
	ATF_CHECK_EQ(RC_NONE, store_meta_get(d->store, d, "a", &v, &err));
	OK(store_write(d->store, &err));
	OK(store_meta_set(d->store, "a", "1", &err));
	OK(store_savepoint(d->store, &err));
	OK(store_meta_set(d->store, "b", "2", &err));
	store_rollback_to(d->store);
	OK(store_commit(d->store, &err));
	OK(store_meta_get(d->store, d, "a", &v, &err));
	ATF_CHECK_EQ(RC_NONE, store_meta_get(d->store, d, "b", &v, &err));
}

ATF_TC_WITHOUT_HEAD(open__refuses_what_it_cannot_know);
ATF_TC_BODY(open__refuses_what_it_cannot_know, tc)
{
	struct err err = {0};
	struct desk *d = test_desk(NULL);
	struct store *s;
	FILE *f;

	talloc_free(d);
	ATF_REQUIRE(system("sqlite3 desk/store.db 'PRAGMA user_version=99'") == 0);
	ATF_CHECK_EQ(RC_CONFIG, store_open(NULL, "desk", STORE_WRITE, &s, &err));
	ATF_CHECK_MSG(strstr(err.text, "schema 99") != NULL, "%s", err.text);
	f = fopen("desk/store.db", "w");
	fputs("this is no database, and long enough to be looked at as one would be", f);
	fclose(f);
	ATF_CHECK(store_open(NULL, "desk", STORE_WRITE, &s, &err) != RC_OK);
	ATF_CHECK_EQ(RC_NOTFOUND, store_open(NULL, "nowhere", STORE_READ, &s, &err));
}

ATF_TC_WITHOUT_HEAD(blob__same_bytes_one_file);
ATF_TC_BODY(blob__same_bytes_one_file, tc)
{
	struct err err = {0};
	struct desk *d = test_desk(NULL);
	unsigned char a[BLOB_HASH], b[BLOB_HASH];
	void *data;
	size_t n;
	int64_t removed = -1;

	OK(blob_put(d->store, "hello", 5, a, &err));
	OK(blob_put(d->store, "hello", 5, b, &err));
	ATF_CHECK(memcmp(a, b, BLOB_HASH) == 0);
	OK(blob_put(d->store, "", 0, b, &err));
	OK(blob_sync(d->store, &err));
	OK(blob_get(d->store, d, a, &data, &n, &err));
	ATF_CHECK(n == 5 && memcmp(data, "hello", 5) == 0);
	OK(blob_verify(d->store, a, &err));
	OK(blob_gc(d->store, 86400000, verify_named, d->store, &removed, &err));
	ATF_CHECK_EQ(0, removed);
	OK(blob_gc(d->store, -1000, verify_named, d->store, &removed, &err));
	ATF_CHECK_EQ(2, removed);
	ATF_CHECK_EQ(RC_NOTFOUND, blob_get(d->store, d, a, &data, &n, &err));
}

ATF_TC_WITHOUT_HEAD(bell__rings_for_others);
ATF_TC_BODY(bell__rings_for_others, tc)
{
	struct err err = {0};
	struct desk *d = test_desk(NULL);
	struct bell *b;
	int64_t start;

	OK(bell_open(d, d->store, &b, &err));
	ATF_CHECK_EQ(RC_NONE, bell_wait(b, 50, &err));
	if (fork() == 0) {
		struct store *s;

		usleep(100000);
		if (store_open(NULL, "desk", STORE_WRITE, &s, &err) != RC_OK ||
		    store_write(s, &err) != RC_OK ||
		    store_meta_set(s, "x", "y", &err) != RC_OK ||
		    store_commit(s, &err) != RC_OK)
			_exit(1);
		_exit(0);
	}
	start = now_ms();
	ATF_CHECK_EQ(RC_OK, bell_wait(b, 5000, &err));
	ATF_CHECK_MSG(now_ms() - start < 900, "%lld ms", (long long)(now_ms() - start));
	wait(NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, registry__every_statement_prepares_and_none_scans);
	ATF_TP_ADD_TC(tp, write__is_all_or_nothing);
	ATF_TP_ADD_TC(tp, open__refuses_what_it_cannot_know);
	ATF_TP_ADD_TC(tp, blob__same_bytes_one_file);
	ATF_TP_ADD_TC(tp, bell__rings_for_others);
	return atf_no_error();
}
