/* Archives by libarchive: tar, compressed as the name says (.tar.zst, .tar.gz, .tar), out
 * to a file that appears whole or not at all, and in with limits: no name leads out,
 * nothing but files and folders, no bombs. */
#ifndef BASE_ARCHIVE_H
#define BASE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* ---- out ---- */

struct archive_out;
/* "-": standard output, as .tar.zst. A file is 0600, written beside its name and renamed
 * by archive_finish(); freeing it before that leaves nothing. Belongs to ctx. RC_USAGE
 * for another suffix. */
enum rc archive_create(
    void *ctx, const char *path, struct archive_out **a, struct err *err) CHECKED;
/* A member from memory, or n bytes from a descriptor, from where that stands. */
enum rc archive_add(struct archive_out *a, const char *name, const void *data, size_t n,
    struct err *err) CHECKED;
enum rc archive_add_fd(
    struct archive_out *a, const char *name, int fd, int64_t n, struct err *err) CHECKED;
/* The SHA-256 of the member last added, and its size. */
const unsigned char *archive_hash(const struct archive_out *a, int64_t *size);
/* All of it is on disk when this returns RC_OK. */
enum rc archive_finish(struct archive_out *a, struct err *err) CHECKED;

/* ---- in ---- */

#define ARCHIVE_NAME_MAX 512 /* bytes of a member's name */
#define ARCHIVE_MEMBERS_MAX 100000000
#define ARCHIVE_RATIO_MAX 200 /* times its compressed size, plus ARCHIVE_FREE bytes */
#define ARCHIVE_FREE (256 * 1024 * 1024)

struct archive_in;
struct archive_member {
	const char *name; /* relative, without "." and ".." */
	int64_t size;	  /* as the archive says; -1: it does not */
	bool folder;
};
/* "-": standard input. Belongs to ctx. */
enum rc archive_open(
    void *ctx, const char *path, struct archive_in **a, struct err *err) CHECKED;
/* The next member; RC_NONE at the end. RC_INVALID for a damaged or truncated archive, for
 * links, devices and names that lead out, and past a limit. */
enum rc archive_next(
    struct archive_in *a, struct archive_member *m, struct err *err) CHECKED;
/* All of a member, at most max bytes, NUL-terminated, in ctx. */
enum rc archive_read_all(struct archive_in *a, void *ctx, size_t max, char **data,
    size_t *n, struct err *err) CHECKED;
/* To a descriptor (-1: nowhere); its SHA-256 and size may be asked for. */
enum rc archive_read_to(struct archive_in *a, int fd, unsigned char hash[32],
    int64_t *size, struct err *err) CHECKED;
/* Piece by piece: RC_NONE at its end. The data is valid until the next call. */
enum rc archive_read_some(
    struct archive_in *a, const void **data, size_t *n, struct err *err) CHECKED;

#endif
