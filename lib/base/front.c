/* Front matter: libyaml's events -> JSON. */
#include "base/front.h"

#include <string.h>
#include <yaml.h>

struct front {
	yaml_parser_t parser;
	int items;
};

static enum rc
wrong(const yaml_mark_t *at, const char *why, struct err *err)
{
	/* The mark counts from 0, and the line of "---" is above it. */
	return err_fail(err, RC_INVALID, "line %zu: %s", at->line + 2, why);
}

static enum rc
next_event(struct front *f, yaml_event_t *e, struct err *err)
{
	if (!yaml_parser_parse(&f->parser, e))
		return wrong(&f->parser.problem_mark,
		    f->parser.problem ? f->parser.problem : "it is no YAML", err);
	if (++f->items > 2 * FRONT_ITEMS_MAX) {
		enum rc rc = wrong(&e->start_mark, "too many values", err);

		yaml_event_delete(e);
		return rc;
	}
	return RC_OK;
}

static enum rc value_of(
    struct front *f, yaml_event_t *e, int depth, json_t **v, struct err *err) CHECKED;

static enum rc
list_of(struct front *f, int depth, json_t *list, struct err *err)
{
	for (;;) {
		yaml_event_t e;
		json_t *v = NULL;
		enum rc rc = next_event(f, &e, err);

		if (rc != RC_OK)
			return rc;
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&e);
			return RC_OK;
		}
		rc = value_of(f, &e, depth, &v, err);
		if (rc != RC_OK)
			return rc;
		json_array_append_new(list, v);
	}
}

static enum rc
object_of(struct front *f, int depth, json_t *o, struct err *err)
{
	for (;;) {
		yaml_event_t e;
		json_t *key = NULL, *v = NULL;
		yaml_mark_t at;
		enum rc rc = next_event(f, &e, err);

		if (rc != RC_OK)
			return rc;
		at = e.start_mark;
		if (e.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&e);
			return RC_OK;
		}
		rc = value_of(f, &e, depth, &key, err);
		if (rc == RC_OK && !json_is_string(key))
			rc = wrong(&at, "a key is a word", err);
		if (rc == RC_OK && json_object_get(o, json_string_value(key)) != NULL)
			rc = wrong(&at, "this key is there already", err);
		if (rc == RC_OK)
			rc = next_event(f, &e, err);
		if (rc == RC_OK)
			rc = value_of(f, &e, depth, &v, err);
		if (rc == RC_OK)
			json_object_set_new(o, json_string_value(key), v);
		json_decref(key);
		if (rc != RC_OK)
			return rc;
	}
}

/* Takes the event. */
static enum rc
value_of(struct front *f, yaml_event_t *e, int depth, json_t **v, struct err *err)
{
	yaml_mark_t at = e->start_mark;
	yaml_event_type_t type = e->type;
	enum rc rc;

	if (type == YAML_SCALAR_EVENT) {
		*v = json_stringn(
		    (const char *)e->data.scalar.value, e->data.scalar.length);
		yaml_event_delete(e);
		return *v ? RC_OK : wrong(&at, "it is not UTF-8", err);
	}
	yaml_event_delete(e);
	if (depth >= FRONT_DEPTH_MAX)
		return wrong(&at, "lists in lists in lists", err);
	if (type == YAML_SEQUENCE_START_EVENT) {
		*v = json_array();
		rc = list_of(f, depth + 1, *v, err);
	} else if (type == YAML_MAPPING_START_EVENT) {
		*v = json_object();
		rc = object_of(f, depth + 1, *v, err);
	} else {
		return wrong(&at, "this kind of YAML is not for here", err);
	}
	if (rc != RC_OK) {
		json_decref(*v);
		*v = NULL;
	}
	return rc;
}

/* The document between the lines. */
static enum rc
document(struct front *f, json_t **head, struct err *err)
{
	for (;;) {
		yaml_event_t e;
		yaml_mark_t at;
		yaml_event_type_t type;
		enum rc rc = next_event(f, &e, err);

		if (rc != RC_OK)
			return rc;
		type = e.type;
		at = e.start_mark;
		if (type == YAML_MAPPING_START_EVENT) {
			json_decref(*head);
			*head = NULL;
			rc = value_of(f, &e, 0, head, err);
			if (rc != RC_OK)
				return rc;
			continue;
		}
		yaml_event_delete(&e);
		if (type == YAML_STREAM_END_EVENT)
			return RC_OK;
		if (type != YAML_STREAM_START_EVENT &&
		    type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT)
			return wrong(
			    &at, "front matter is a list of \"key: value\"", err);
	}
}

/* The line "---" that ends it, or NULL. */
static const char *
end_of(const char *s, int *lines)
{
	for (*lines = 1; *s != '\0'; ++*lines) {
		size_t n = strcspn(s, "\n");

		if (strncmp(s, "---", 3) == 0 && strspn(s + 3, " \t\r") == n - 3)
			return s;
		s += n + (s[n] == '\n');
	}
	return NULL;
}

enum rc
front_read(const char *text, json_t **head, const char **body, int *line, struct err *err)
{
	struct front f = {0};
	const char *start = text + strcspn(text, "\n"), *end;
	json_t *made;
	int lines = 0;
	enum rc rc;

	*line = 1;
	if (strncmp(text, "---", 3) != 0 ||
	    text + 3 + strspn(text + 3, " \t\r") != start || *start == '\0') {
		*head = json_object();
		*body = text;
		return RC_OK;
	}
	start++;
	end = end_of(start, &lines);
	if (end == NULL)
		return err_fail(err, RC_INVALID,
		    "line 1: the front matter has no second line \"---\"");
	if (!yaml_parser_initialize(&f.parser))
		return err_fail(err, RC_BUG, "libyaml does not start");
	yaml_parser_set_input_string(
	    &f.parser, (const unsigned char *)start, (size_t)(end - start));
	made = json_object();
	rc = document(&f, &made, err);
	yaml_parser_delete(&f.parser);
	if (rc != RC_OK) {
		json_decref(made);
		return rc;
	}
	*head = made;
	*body = end + strcspn(end, "\n");
	*body += **body == '\n';
	*line = lines + 2;
	return RC_OK;
}
