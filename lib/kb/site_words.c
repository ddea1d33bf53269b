/* Words of the site's pages. A language is added here and nowhere else. */
#include <string.h>

#include "kb/site_priv.h"

static const struct site_words all[] = {
    {.language = "en",
	.name = "English",
	.skip = "Skip to the content",
	.search = "Search",
	.languages = "Languages",
	.sections = "Sections",
	.all = "All articles",
	.feed = "Feed",
	.contact = "Contact support",
	.home = "Help",
	.contents = "On this page",
	.changed = "Changed",
	.tags = "Tags",
	.tagged = "Articles about",
	.outdated = "This translation is older than the original. The newest version:",
	.archived = "This article is archived and no longer maintained.",
	.helpful = "Was this helpful?",
	.yes = "Yes",
	.no = "No",
	.comment = "What was missing? (optional)",
	.empty = "There is nothing here yet.",
	.newest = "Changed lately",
	.moved = "This article has moved:",
	.here = "You are here",
	.missing = "This page does not exist."},
    {.language = "de",
	.name = "Deutsch",
	.skip = "Zum Inhalt springen",
	.search = "Suchen",
	.languages = "Sprachen",
	.sections = "Bereiche",
	.all = "Alle Artikel",
	.feed = "Feed",
	.contact = "Support kontaktieren",
	.home = "Hilfe",
	.contents = "Auf dieser Seite",
	.changed = "Ge\xc3\xa4ndert",
	.tags = "Schlagw\xc3\xb6rter",
	.tagged = "Artikel zu",
	.outdated = "Diese \xc3\x9c"
		    "bersetzung ist \xc3\xa4lter als das Original. Die neueste Fassung:",
	.archived = "Dieser Artikel ist archiviert und wird nicht mehr gepflegt.",
	.helpful = "War das hilfreich?",
	.yes = "Ja",
	.no = "Nein",
	.comment = "Was hat gefehlt? (freiwillig)",
	.empty = "Hier ist noch nichts.",
	.newest = "Zuletzt ge\xc3\xa4ndert",
	.moved = "Dieser Artikel ist umgezogen:",
	.here = "Sie sind hier",
	.missing = "Diese Seite gibt es nicht."}};

const struct site_words *
site_words(const char *language)
{
	size_t n = strcspn(language, "-");

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strlen(all[i].language) == n &&
		    strncmp(all[i].language, language, n) == 0)
			return &all[i];
	}
	return &all[0];
}

const char *
site_language_name(const char *language)
{
	static const char *const names[][2] = {{"en", "English"}, {"de", "Deutsch"},
	    {"fr", "Fran\xc3\xa7"
		   "ais"},
	    {"es", "Espa\xc3\xb1ol"}, {"it", "Italiano"}, {"nl", "Nederlands"},
	    {"pt", "Portugu\xc3\xaas"}, {"pl", "Polski"}, {"sv", "Svenska"},
	    {"da", "Dansk"}, {"fi", "Suomi"},
	    {"cs", "\xc4\x8c"
		   "e\xc5\xa1tina"},
	    {"tr", "T\xc3\xbcrk\xc3\xa7"
		   "e"},
	    {"ru", "\xd0\xa0\xd1\x83\xd1\x81\xd1\x81\xd0\xba\xd0\xb8\xd0\xb9"},
	    {"uk", "\xd0\xa3\xd0\xba\xd1\x80\xd0\xb0\xd1\x97\xd0\xbd\xd1\x81\xd1\x8c\xd0"
		   "\xba\xd0\xb0"},
	    {"ja", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
	    {"zh", "\xe4\xb8\xad\xe6\x96\x87"},
	    {"ar", "\xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\xa9"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], language) == 0)
			return names[i][1];
	}
	return language;
}

bool
site_right_to_left(const char *language)
{
	static const char *const rtl[] = {"ar", "fa", "he", "ur", "yi", "ps", NULL};
	size_t n = strcspn(language, "-");

	for (const char *const *l = rtl; *l != NULL; l++) {
		if (strlen(*l) == n && strncmp(*l, language, n) == 0)
			return true;
	}
	return false;
}
