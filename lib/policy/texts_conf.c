/* Canned replies and templates: the files canned/NAME[.LANGUAGE].md and
 * templates/NAME[.LANGUAGE].md of a desk, checked and compiled. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/front.h"
#include "base/mem.h"
#include "base/mustache.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"
#include "policy/texts.h"

extern const char template_acknowledgement[], template_acknowledgement_de[];

static const char *const template_names[] = {
    "reply", "update", "transcript", "code", "notice", "digest", NULL};

struct text_file {
	struct conf *c;
	const struct config *desk;
	const char *file;
	int line; /* the body's first */
};

/* "line 3: text" of the file, or of what begins at f->line. */
static void
wrong_in(const struct text_file *f, int first, const char *text)
{
	char *end = NULL;
	long line = 1;

	if (strncmp(text, "line ", 5) == 0) {
		line = strtol(text + 5, &end, 10);
		text = *end == ':' ? end + 2 : end;
	}
	conf_wrong_at(f->c, f->file, (int)line + first - 1, text);
}

static void
check_name(void *arg, const char *name, int line)
{
	const struct text_file *f = arg;
	char *text;

	if (texts_value_known(f->desk, name))
		return;
	text = talloc_asprintf(f->c->ctx, "{{%s}}: no such value", name);
	conf_wrong_at(f->c, f->file, f->line + line - 1, text);
}

void
conf_check_template(struct conf *c, const struct config *desk, const char *text,
    const char *file, int line)
{
	struct text_file f = {c, desk, file, line};
	struct mustache *m = NULL;
	struct err bad;

	if (mustache_parse(c->ctx, text, &m, &bad) != RC_OK)
		wrong_in(&f, line, bad.text);
	else
		mustache_names(m, check_name, &f);
}

static const char *
head_text(const struct text_file *f, json_t *head, const char *key)
{
	json_t *v = json_object_get(head, key);

	if (v != NULL && !json_is_string(v))
		wrong_in(f, 1, talloc_asprintf(f->c->ctx, "%s is one text", key));
	return json_string_value(v);
}

static void
check_head(const struct text_file *f, json_t *head, json_t *o)
{
	static const char *const keys[] = {"title", "language", "set", NULL};
	const char *set = head_text(f, head, "set"), *key;
	struct changes changes = {0};
	struct err bad;
	json_t *v;

	json_object_foreach(head, key, v)
	{
		if (word_index(keys, key) < 0)
			wrong_in(f, 1,
			    talloc_asprintf(f->c->ctx, "\"%s\": no such key%s", key,
				text_hint(f->c->ctx, key, keys)));
	}
	conf_put(o, "title", head_text(f, head, "title"));
	if (set == NULL)
		return;
	if (changes_parse(f->c->ctx, set, f->desk, &changes, &bad) != RC_OK)
		wrong_in(f, 1, talloc_asprintf(f->c->ctx, "set: %s", bad.text));
	else
		conf_put(o, "set", changes_print(f->c->ctx, &changes));
}

/* One file's text into kind -> name -> language. */
static void
add_text(const struct text_file *given, const char *name, const char *language,
    const char *text, json_t *kind)
{
	struct text_file f = *given;
	json_t *head = NULL, *o, *languages;
	const char *body = "", *said;
	struct err bad;

	if (front_read(text, &head, &body, &f.line, &bad) != RC_OK) {
		wrong_in(&f, 1, bad.text);
		return;
	}
	o = json_object();
	check_head(&f, head, o);
	said = head_text(&f, head, "language");
	if (language == NULL)
		language = said ? said : "";
	else if (said != NULL && strcmp(said, language) != 0)
		wrong_in(&f, 1,
		    talloc_asprintf(f.c->ctx, "language: %s, but the file's name says %s",
			said, language));
	language = text_lower(talloc_strdup(f.c->ctx, language));
	conf_check_template(f.c, f.desk, body, f.file, f.line);
	conf_put(o, "body", body);
	json_decref(head);
	languages = json_object_get(kind, name);
	if (languages == NULL) {
		languages = json_object();
		json_object_set_new(kind, name, languages);
	}
	if (json_object_get(languages, language) != NULL)
		wrong_in(&f, 1,
		    talloc_asprintf(
			f.c->ctx, "\"%s\" has a text in this language already", name));
	json_object_set_new(languages, language, o);
}

static int
is_text_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return *e->d_name != '.' && n > 3 && strcmp(e->d_name + n - 3, ".md") == 0;
}

static void
one_file(const struct text_file *f, const char *file_name, json_t *kind)
{
	const char *text = conf_take_file(f->c, f->file);
	char *name =
		 talloc_strndup(f->c->ctx, file_name, strlen(file_name) - strlen(".md")),
	     *language = strchr(name, '.');

	if (text == NULL)
		return;
	if (language != NULL)
		*language++ = '\0';
	if (!text_is_name(name, NAME_MAX_BYTES) ||
	    (language != NULL && !text_is_name(text_lower(language), NAME_MAX_BYTES)))
		wrong_in(f, 1,
		    "a name has small letters, digits, - and _: "
		    "NAME.md or NAME.LANGUAGE.md");
	else if (strlen(text) > TEXT_FILE_MAX)
		wrong_in(f, 1, "longer than 64 kB");
	else
		add_text(f, name, language, text, kind);
}

/* All files of a folder, by name; there may be none. */
static void
read_folder(struct conf *c, const struct config *desk, const char *folder, json_t *kind)
{
	char *path = talloc_asprintf(c->ctx, "%s/%s", c->dir, folder);
	struct dirent **v = NULL;
	int n = scandir(path, &v, is_text_file, alphasort);

	for (int i = 0; i < n; i++) {
		struct text_file f = {
		    c, desk, talloc_asprintf(c->ctx, "%s/%s", folder, v[i]->d_name), 1};

		one_file(&f, v[i]->d_name, kind);
		free(v[i]);
	}
	free(v);
}

void
conf_texts(struct conf *c, const struct config *desk)
{
	struct text_file ours = {c, desk, "canned/acknowledgement.md", 1};
	json_t *canned = json_object(), *templates = json_object(), *v;
	const char *name;

	read_folder(c, desk, "canned", canned);
	read_folder(c, desk, "templates", templates);
	if (json_object_get(canned, "acknowledgement") == NULL) {
		add_text(
		    &ours, "acknowledgement", NULL, template_acknowledgement, canned);
		add_text(
		    &ours, "acknowledgement", NULL, template_acknowledgement_de, canned);
	}
	json_object_foreach(templates, name, v)
	{
		if (word_index(template_names, name) < 0)
			conf_warn_at(c, talloc_asprintf(c->ctx, "templates/%s.md", name),
			    1,
			    talloc_asprintf(c->ctx, "nothing asks for template \"%s\"%s",
				name, text_hint(c->ctx, name, template_names)));
	}
	c->out->texts = record_own(
	    c->ctx, json_pack("{s:o,s:o}", "canned", canned, "templates", templates));
}

bool
conf_canned_known(const struct conf *c, const char *name)
{
	return json_object_get(json_object_get(c->out->texts, "canned"), name) != NULL;
}

const char **
conf_canned_names(struct conf *c)
{
	const char **names = NULL, *name;
	size_t n = 0;
	json_t *v;

	json_object_foreach(json_object_get(c->out->texts, "canned"), name, v)
	    text_push(c->ctx, &names, &n, name);
	return names ? names : mem_array(c->ctx, const char *, 1);
}
