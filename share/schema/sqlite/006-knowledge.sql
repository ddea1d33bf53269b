-- instant
-- The knowledge base. kb.git is the truth; article and what hangs on it say what is published of it and are made
-- anew by kb-publish --all. Votes and citations name articles by id, so that they outlive a rename and a removal.
CREATE TABLE article (
  n INTEGER PRIMARY KEY,                        -- its number in the search index
  id TEXT NOT NULL, language TEXT NOT NULL,     -- what people call it; one a language
  path TEXT NOT NULL UNIQUE, section TEXT NOT NULL,
  title TEXT NOT NULL, summary TEXT NOT NULL,
  audience TEXT NOT NULL, state TEXT NOT NULL,  -- public internal; published draft archived
  revision TEXT NOT NULL, blob TEXT NOT NULL,   -- git's names: the commit that changed it last, its content
  author TEXT NOT NULL,                         -- of that commit
  created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, -- of its first and last commit
  reviewed_at INTEGER,                          -- when somebody said it is still right
  UNIQUE (id, language)) STRICT;
CREATE INDEX article_shown ON article(language, section, title, id)  -- lists of the site
  WHERE audience = 'public' AND state = 'published';
CREATE INDEX article_language ON article(language);                  -- which there are
CREATE INDEX article_changed ON article(changed_at);
CREATE TABLE article_text (                     -- plain text, for snippets; apart, so that lists read little
  n INTEGER PRIMARY KEY REFERENCES article, headings TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE article_alias (alias TEXT NOT NULL, language TEXT NOT NULL, n INTEGER NOT NULL REFERENCES article,
  renamed INTEGER NOT NULL,                     -- 1: it was its id once; 0: the front matter says so
  PRIMARY KEY (alias, language)) STRICT, WITHOUT ROWID;
CREATE INDEX article_alias_of ON article_alias(n);
CREATE TABLE article_tag (n INTEGER NOT NULL REFERENCES article, tag TEXT NOT NULL,
  PRIMARY KEY (n, tag)) STRICT, WITHOUT ROWID;
CREATE INDEX article_tag_tag ON article_tag(tag);
CREATE TABLE article_link (n INTEGER NOT NULL REFERENCES article,
  kind TEXT NOT NULL, target TEXT NOT NULL,     -- article: an id or alias; file: a path in kb.git
  PRIMARY KEY (n, kind, target)) STRICT, WITHOUT ROWID;
CREATE INDEX article_link_target ON article_link(target);
CREATE TABLE article_section_title (path TEXT NOT NULL, language TEXT NOT NULL, title TEXT NOT NULL,
  summary TEXT NOT NULL, PRIMARY KEY (path, language)) STRICT, WITHOUT ROWID;
CREATE TABLE article_problem (                  -- why a file of kb.git is not published as it is
  path TEXT NOT NULL, line INTEGER NOT NULL, message TEXT NOT NULL,
  PRIMARY KEY (path, line, message)) STRICT, WITHOUT ROWID;
CREATE TABLE article_word (                     -- words as written, for prefixes and for "did you mean"
  word TEXT NOT NULL, language TEXT NOT NULL, stem TEXT NOT NULL, articles INTEGER NOT NULL,
  PRIMARY KEY (word, language)) STRICT, WITHOUT ROWID;
CREATE TABLE article_vote (                     -- was this helpful?
  id INTEGER PRIMARY KEY, article TEXT NOT NULL, language TEXT NOT NULL,
  revision TEXT NOT NULL,                       -- which the voter saw
  helpful INTEGER NOT NULL, comment TEXT NOT NULL, ticket INTEGER, actor TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX article_vote_ticket ON article_vote(ticket) WHERE ticket IS NOT NULL;
CREATE INDEX article_vote_of ON article_vote(article, language);
CREATE TABLE article_cite (                     -- tkt-reply --article
  message INTEGER NOT NULL,                     -- may be purged: it is counted no more then
  article TEXT NOT NULL, language TEXT NOT NULL, revision TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (message, article, language)) STRICT, WITHOUT ROWID;
CREATE INDEX article_cite_of ON article_cite(article, language);
CREATE TABLE article_view (article TEXT NOT NULL, language TEXT NOT NULL,
  day INTEGER NOT NULL, views INTEGER NOT NULL, -- days since 1970, UTC
  PRIMARY KEY (article, language, day)) STRICT, WITHOUT ROWID;
CREATE TABLE article_miss (                     -- searches that found nothing
  words TEXT NOT NULL PRIMARY KEY, times INTEGER NOT NULL, last_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE article_search USING fts5(title, tags, headings, body, tokenize="unicode61 remove_diacritics 2");
