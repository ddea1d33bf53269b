/* The present year and the content of the zone files, as one text. */
#include "policy/tzdata.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "base/zone.h"

enum { DAY_MS = 86400000 };

static void
add_file(crypto_hash_sha256_state *hash, const char *zone)
{
	char path[256], block[8192];
	ssize_t n;
	int fd;

	/* A zone that is gone changes the text, too. */
	crypto_hash_sha256_update(hash, (const unsigned char *)zone, strlen(zone));
	if (!instant_zone_known(zone))
		return;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0)
		crypto_hash_sha256_update(hash, (const unsigned char *)block, (size_t)n);
	if (fd >= 0)
		close(fd);
}

enum rc
tzdata_stamp(void *ctx, struct desk *d, char **stamp, struct err *err)
{
	crypto_hash_sha256_state hash;
	unsigned char sum[crypto_hash_sha256_BYTES];
	json_t *sla = NULL, *zones, *v;
	int y, m, day;
	size_t i;
	enum rc rc = version_held(d->store, d->config->version, "sla", &sla, err);

	*stamp = NULL;
	if (rc == RC_NONE) /* applied before there were clocks */
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	zones = json_object_get(sla, "zones");
	crypto_hash_sha256_init(&hash);
	json_array_foreach(zones, i, v) add_file(&hash, json_string_value(v));
	crypto_hash_sha256_final(&hash, sum);
	civil_date(desk_now(d) / DAY_MS, &y, &m, &day);
	if (json_array_size(zones) > 0)
		*stamp =
		    talloc_asprintf(ctx, "%d:%s", y, text_hex(ctx, sum, sizeof(sum)));
	json_decref(sla);
	return RC_OK;
}
