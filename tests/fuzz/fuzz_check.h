/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target may demand of the code under test. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool holds)
{
	if (!holds)
		abort();
}

/* A failure says what is wrong, and never that we made a mistake. */
static inline void require_told(enum su_status status, const struct su_error *err)
{
	if (status == SU_OK)
		return;
	require(status != SU_BUG && err->status == status && err->text[0] != '\0');
}

static inline void require_inside(struct su_span part, struct su_span whole)
{
	if (part.len > 0)
		require(part.data >= whole.data && part.len <= whole.len &&
			part.data + part.len <= whole.data + whole.len);
}
