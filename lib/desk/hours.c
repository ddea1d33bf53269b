/* Calendars of the applied versions, loaded when first asked for and kept. */
#include <string.h>
#include <talloc.h>

#include "desk/calendar.h"
#include "desk/desk.h"

/* Versions whose calendar has the same content share it. */
struct desk_hours {
	int64_t version;
	const char *name;
	const struct calendar *calendar;
	struct desk_hours *next;
};

static const struct calendar *
with_id(const struct desk *d, const char *name, const char *id)
{
	for (const struct desk_hours *h = d->hours; h != NULL; h = h->next) {
		if (strcmp(h->name, name) == 0 && strcmp(h->calendar->id, id) == 0)
			return h->calendar;
	}
	return NULL;
}

static enum rc
load(struct desk *d, int64_t version, const char *name, const struct calendar **c,
    struct err *err)
{
	char *part = talloc_asprintf(d, "calendar:%s", name);
	struct calendar *loaded = NULL;
	const char *id = NULL;
	json_t *o = NULL;
	enum rc rc = version_find(d, d->store, version, part, &id, err);

	if (rc == RC_NONE)
		return err_fail(err, RC_CONFIG,
		    "calendar \"%s\" is not in version %lld of the configuration", name,
		    (long long)version);
	*c = rc == RC_OK ? with_id(d, name, id) : NULL;
	if (rc != RC_OK || *c != NULL)
		return rc;
	rc = version_held(d->store, version, part, &o, err);
	if (rc == RC_OK)
		rc = calendar_from_json(d, name, id, o, &loaded, err);
	json_decref(o);
	*c = loaded;
	return rc;
}

enum rc
desk_calendar(struct desk *d, int64_t version, const char *name,
    const struct calendar **c, struct err *err)
{
	struct desk_hours *h;
	enum rc rc;

	if (strcmp(name, calendar_always.name) == 0) {
		*c = &calendar_always;
		return RC_OK;
	}
	for (h = d->hours; h != NULL; h = h->next) {
		if (h->version == version && strcmp(h->name, name) == 0) {
			*c = h->calendar;
			return RC_OK;
		}
	}
	rc = load(d, version, name, c, err);
	if (rc != RC_OK)
		return rc;
	h = talloc(d, struct desk_hours);
	*h = (struct desk_hours){version, talloc_strdup(h, name), *c, d->hours};
	d->hours = h;
	return RC_OK;
}
