/* People: customers, their addresses, organizations. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "ticket/ticket.h"

/* ---- addresses ---- */

/* The syntax people use, not all of RFC 5322: local@domain without blanks or brackets. */
static bool
plausible_email(const char *s)
{
	const char *at = strrchr(s, '@');
	size_t n = strlen(s);

	if (at == NULL || at == s || at[1] == '\0' || n > PERSON_MAX)
		return false;
	if (strpbrk(s, " \t\r\n<>,;\"()") != NULL || at[1] == '.' || s[n - 1] == '.')
		return false;
	return true;
}

static char *
trimmed(void *ctx, const char *s, size_t n)
{
	while (n > 0 && (*s == ' ' || *s == '\t' || *s == '"')) {
		s++;
		n--;
	}
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '"'))
		n--;
	return text_clean(ctx, s, n, TEXT_LINE, SUBJECT_MAX);
}

enum rc
address_parse(void *ctx, const char *text, struct person_address *a, struct err *err)
{
	static const char *const kinds[] = {"email", "phone", "irc", "xmpp", "matrix",
	    "chat", "social", "web", "unix", NULL};
	const char *open = strrchr(text, '<'), *colon;
	char *value, *kind;

	if (open != NULL && text[strlen(text) - 1] == '>') {
		a->name = trimmed(ctx, text, (size_t)(open - text));
		value = talloc_strndup(ctx, open + 1, strlen(open) - 2);
	} else {
		a->name = "";
		value = talloc_strdup(ctx, text);
	}
	a->kind = "email";
	colon = strchr(value, ':');
	kind = talloc_strndup(ctx, value, strcspn(value, ":"));
	/* What other networks call an address may hold an @, too: xmpp:ann@example.org.
	 */
	if (colon != NULL &&
	    (word_index(kinds, kind) >= 0 || strchr(value, '@') == NULL)) {
		if (word_index(kinds, kind) < 0)
			return err_fail(err, RC_INVALID,
			    "address \"%s\": unknown kind \"%s\"%s", text, kind,
			    text_hint(ctx, kind, kinds));
		a->kind = kind;
		value = talloc_strdup(ctx, value + strlen(kind) + 1);
	} else if (*value == '+' &&
		   strspn(value + 1, "0123456789 ()/-") == strlen(value + 1)) {
		a->kind = "phone";
	}
	if (strcmp(a->kind, "email") == 0 && !plausible_email(value))
		return err_fail(err, RC_INVALID, "\"%s\" is not an address", text);
	if (strcmp(a->kind, "phone") == 0) {
		char *to = value;

		for (const char *p = value; *p != '\0'; p++) {
			if (*p == '+' || (*p >= '0' && *p <= '9'))
				*to++ = *p;
		}
		*to = '\0';
	}
	if (*value == '\0' || strlen(value) > PERSON_MAX)
		return err_fail(err, RC_INVALID, "\"%s\" is not an address", text);
	a->value =
	    text_lower(text_clean(ctx, value, strlen(value), TEXT_LINE, PERSON_MAX));
	return RC_OK;
}

/* ---- customers ---- */

SQL(sql_address_find, "SELECT coalesce(c.merged_into, c.id) FROM address a JOIN customer "
		      "c ON c.id = a.customer "
		      "WHERE a.kind = ?1 AND a.value = ?2");
SQL(sql_customer_get,
    "SELECT c.id, c.name, a.kind, a.value, c.language, c.organization, o.name "
    "FROM customer c LEFT JOIN address a ON a.customer = c.id "
    "LEFT JOIN organization o ON o.id = c.organization "
    "WHERE c.id = ?1 ORDER BY a.kind = 'email' DESC, a.proven_at IS NULL, a.value LIMIT "
    "1");
SQL(sql_customer_add,
    "INSERT INTO customer (name, organization) "
    "VALUES (?1, (SELECT organization FROM org_domain WHERE domain = ?2)) "
    "RETURNING id, organization");
SQL(sql_address_add, "INSERT INTO address (kind, value, customer) VALUES (?1, ?2, ?3)");
SQL(sql_address_prove, "UPDATE address SET proven_at = ?3 "
		       "WHERE kind = ?1 AND value = ?2 AND proven_at IS NULL");
SQL(sql_organization_find, "SELECT id FROM organization WHERE name = ?1");
SQL(sql_organization_name, "SELECT name FROM organization WHERE id = ?1");

enum rc
customer_find(
    struct store *s, const char *kind, const char *value, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_address_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, kind);
	bind_text(st, 2, value);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
address_prove(
    struct store *s, const char *kind, const char *value, int64_t at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_address_prove, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, kind);
	bind_text(st, 2, value);
	bind_int(st, 3, at);
	return stmt_run(st, err);
}

enum rc
customer_get(struct store *s, void *ctx, int64_t id, struct person *p, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_NOTFOUND, "no customer %lld", (long long)id);
	else if (rc == RC_OK)
		*p = (struct person){.id = id,
		    .name = col_strdup(ctx, st, 1),
		    .kind = col_strdup(ctx, st, 2),
		    .address = col_strdup(ctx, st, 3),
		    .language = col_strdup(ctx, st, 4),
		    .organization = col_int(st, 5),
		    .organization_name = col_strdup(ctx, st, 6)};
	stmt_done(st);
	return rc;
}

enum rc
customer_add(
    struct store *s, const struct person_address *a, struct person *p, struct err *err)
{
	const char *at = strrchr(a->value, '@');
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, a->name);
	bind_text(st, 2, at && strcmp(a->kind, "email") == 0 ? at + 1 : NULL);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*p = (struct person){.id = col_int(st, 0),
		    .name = a->name,
		    .kind = a->kind,
		    .address = a->value,
		    .organization = col_int(st, 1)};
	stmt_done(st);
	if (rc == RC_OK)
		rc = store_prepare(s, sql_address_add, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, a->kind);
	bind_text(st, 2, a->value);
	bind_int(st, 3, p->id);
	return stmt_run(st, err);
}

enum rc
organization_find(struct store *s, const char *name, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_organization_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, name);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
organization_name(
    struct store *s, void *ctx, int64_t id, const char **name, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_organization_name, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*name = col_strdup(ctx, st, 0);
	stmt_done(st);
	return rc == RC_NONE
		   ? err_fail(err, RC_NOTFOUND, "no organization %lld", (long long)id)
		   : rc;
}
