/* gmime: the least a program that reads a mail with GMime costs: start, parse standard
 * input, take the text, exit. */
#include <gmime/gmime.h>
#include <unistd.h>

int
main(void)
{
	GMimeStream *in, *out = g_mime_stream_null_new();
	GMimeParser *parser;
	GMimeMessage *msg;

	g_mime_init();
	in = g_mime_stream_fs_new(STDIN_FILENO);
	parser = g_mime_parser_new_with_stream(in);
	msg = g_mime_parser_construct_message(parser, NULL);
	if (msg == NULL)
		return 1;
	(void)g_mime_object_write_to_stream(g_mime_message_get_mime_part(msg), NULL, out);
	return g_mime_message_get_subject(msg) == NULL;
}
