/* Words that questions are made of, and answers too. */
#include "kb/stop_words.h"

#include <stdlib.h>
#include <string.h>

/* In the order of strcmp(3). */
static const char *const words[] = {"a", "aber", "about", "after", "all", "alle", "als",
    "also", "am", "an", "and", "any", "are", "as", "at", "auch", "auf", "aus", "be",
    "because", "been", "bei", "beim", "bin", "bitte", "but", "by", "can", "cannot",
    "could", "da", "danke", "das", "dass", "dear", "dem", "den", "der", "des", "did",
    "die", "dies", "diese", "dieser", "do", "does", "don", "durch", "ein", "eine",
    "einem", "einen", "einer", "er", "es", "for", "from", "f\303\274r", "get", "habe",
    "haben", "had", "hallo", "has", "hat", "have", "he", "hello", "her", "here", "hi",
    "him", "his", "how", "i", "ich", "if", "ihr", "ihre", "im", "in", "ins", "into", "is",
    "ist", "it", "its", "just", "kann", "kein", "keine", "k\303\266nnen", "m", "man",
    "me", "mein", "meine", "meinen", "meiner", "mich", "mir", "mit", "more", "my", "nach",
    "need", "nicht", "no", "noch", "not", "now", "nur", "oder", "of", "on", "one", "or",
    "our", "out", "please", "s", "sehr", "sein", "sich", "sie", "sind", "so", "some",
    "still", "t", "than", "thank", "thanks", "that", "the", "their", "them", "then",
    "there", "they", "this", "to", "too", "um", "und", "uns", "up", "us", "van", "ve",
    "von", "vor", "war", "warum", "was", "we", "wenn", "were", "what", "when", "where",
    "which", "who", "why", "wie", "will", "wir", "with", "wo", "would", "yes", "you",
    "your", "zu", "zum", "zur", "\303\274ber"};

static int
by_word(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

bool
is_stop_word(const char *word)
{
	return bsearch(word, words, sizeof(words) / sizeof(words[0]), sizeof(words[0]),
		   by_word) != NULL;
}
