-- SPDX-License-Identifier: Apache-2.0
-- wrk -s wrk.lua URL -- PATH N: asks for PATH with the numbers from 1 to N after it, in turn (N = 0:
-- for PATH alone). More arguments are header lines. Ends with one line of JSON.
local requests, at = {}, 0

function init(args)
	local headers = {}
	for i = 3, #args do
		local name, value = args[i]:match("^([^:]+): (.*)$")
		headers[name] = value
	end
	local path, n = args[1], tonumber(args[2])
	for i = 1, math.max(n, 1) do
		requests[i] = wrk.format("GET", n > 0 and path .. i or path, headers)
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary)
	local errors = summary.errors
	print(string.format(
		'{"answered": %d, "bytes": %d, "refused": %d, "broken": %d, "seconds": %.6f}',
		summary.requests, summary.bytes, errors.status,
		errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6))
end
