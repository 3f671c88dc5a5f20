/* SPDX-License-Identifier: Apache-2.0 */
/* Hashing a file. */
#include "tools/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "suit/hash.h"

enum su_status image_file_digest(const char *path, enum digest_alg alg, struct digest *digest_out,
	uint64_t *size_out, struct su_error *err)
{
	int fd su_auto(su_close_fd) = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return su_fail(err, SU_IO, path, "cannot be opened: %s", strerror(errno));
	struct hash *hash su_auto(hash_free) = NULL;
	SU_TRY(hash_new(alg, &hash, err));
	uint8_t chunk[65536];
	ssize_t got;
	*size_out = 0;
	while ((got = read(fd, chunk, sizeof(chunk))) > 0) {
		hash_update(hash, su_span_of(chunk, (size_t)got));
		*size_out += (uint64_t)got;
	}
	if (got < 0)
		return su_fail(err, SU_IO, path, "cannot be read: %s", strerror(errno));
	*digest_out = hash_final(hash);
	return SU_OK;
}
