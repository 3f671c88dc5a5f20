/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided on a request's headers alone, before any of its body is taken. */
#pragma once

#include "server/http_exchange.h"

/* Finds the route and checks query, type and announced length. false: a refusal is the reply. */
bool http_gate_open(struct http_exchange *exchange);
/* Whether the route asks for a token. */
bool http_gate_asks_token(const struct http_exchange *exchange);
/* Reads the bearer token; SU_OK: exchange->token_hash is set. */
bool http_gate_read_token(struct http_exchange *exchange);
/* Judges exchange->token. */
bool http_gate_judge_token(struct http_exchange *exchange);
void http_gate_refuse_token(struct http_exchange *exchange, const struct su_error *err);
/* The most bytes that the body may have. */
uint64_t http_gate_max_body(const struct http_exchange *exchange);
