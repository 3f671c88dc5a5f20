/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How manifests of older drafts are refused. The drafts before suit-manifest-28 used other numbers
 * for the same things, and numbers were used again with another meaning (9 was install and is now
 * invoke) while the version stayed 1. Whoever finds evidence of them says so with this text, under
 * SU_UNSUPPORTED, because "unknown key" would send an author looking in the wrong place.
 */
#pragma once

#define OLD_DRAFT_TEXT "uses the numbering of an older draft of suit-manifest: "
