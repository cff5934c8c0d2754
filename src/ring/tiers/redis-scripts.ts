// This file holds what Redis does in one step, in its own language.

/*
 * weir:{DIGEST}:m        manifest: "EXPIRES_MS PIECES SIZE_BYTES CONTENT_TYPE"
 * weir:{DIGEST}:0 …      the pieces of the body; they end when the manifest ends, and soon without
 * weir:{index}:age       sorted set of "DIGEST:SIZE_BYTES" by when it came, in µs of the server
 * weir:{index}:expiry    the same members by when they end
 * weir:{index}:bytes     sum of the sizes
 *
 * Each script keeps to one hash tag, as Cluster wants it. So the index and what it names change one
 * after the other, and may differ where a weir died in between: what has ended on its own stays in
 * the index until a sweep, and what the index lost ends by its own time.
 */

const MANIFEST = `
local m = redis.call('GET', KEYS[1])
if not m then return -1 end
local expires, pieces, bytes = string.match(m, '^(%d+) (%d+) (%d+) ')
local base = string.sub(KEYS[1], 1, -2)
`;

/** KEYS manifest. 1 where it is held with all its pieces. */
export const HELD = `${MANIFEST}
for i = 0, pieces - 1 do
  if redis.call('EXISTS', base .. i) == 0 then return 0 end
end
return 1`;

/** KEYS manifest; ARGV expiresAtMs, ttlMs. Gives the size of what is held, or -1. */
export const EXTEND = `${MANIFEST}
for i = 0, pieces - 1 do
  if redis.call('EXISTS', base .. i) == 0 then return -1 end
end
if tonumber(ARGV[1]) > tonumber(expires) then
  for i = 0, pieces - 1 do redis.call('PEXPIRE', base .. i, ARGV[2]) end
  redis.call('SET', KEYS[1], ARGV[1] .. string.sub(m, #expires + 1), 'PX', ARGV[2])
end
return tonumber(bytes)`;

/**
 * KEYS manifest; ARGV expiresAtMs, ttlMs, the rest of the manifest, pieces, sizeBytes. 1 where all
 * pieces are there, and now count as held; 0 where one has gone meanwhile.
 */
export const COMMIT = `
local base = string.sub(KEYS[1], 1, -2)
local length = 0
for i = 0, ARGV[4] - 1 do
  if redis.call('EXISTS', base .. i) == 0 then return 0 end
  length = length + redis.call('STRLEN', base .. i)
end
if length ~= tonumber(ARGV[5]) then return 0 end
local expires, ttl = ARGV[1], tonumber(ARGV[2])
local held = redis.call('GET', KEYS[1])
if held then
  local until_ms = string.match(held, '^(%d+) ')
  if tonumber(until_ms) > tonumber(expires) then
    expires, ttl = until_ms, math.max(1, redis.call('PTTL', KEYS[1]))
  end
end
for i = 0, ARGV[4] - 1 do redis.call('PEXPIRE', base .. i, ttl) end
redis.call('SET', KEYS[1], expires .. ARGV[3], 'PX', ttl)
return 1`;

/**
 * KEYS manifest; ARGV the latest end it may have, or nothing for any. -1 where it is not held, 0
 * where it was extended and stays, else what it held.
 */
export const DROP = `${MANIFEST}
if ARGV[1] ~= '' and tonumber(expires) > tonumber(ARGV[1]) then return 'later' end
redis.call('UNLINK', KEYS[1])
for i = 0, pieces - 1 do redis.call('UNLINK', base .. i) end
return bytes`;

const COUNT = `
local function forget(member)
  if redis.call('ZREM', KEYS[1], member) == 1 then
    redis.call('DECRBY', KEYS[3], string.match(member, ':(%d+)$'))
  end
  redis.call('ZREM', KEYS[2], member)
end
local function count()
  local held = redis.call('ZCARD', KEYS[1])
  if held == 0 then
    -- A replica may be asked as well, as long as nothing is written
    if redis.call('EXISTS', KEYS[3]) == 1 then redis.call('DEL', KEYS[3]) end
    return 0
  end
  local total = redis.call('GET', KEYS[3])
  if total then return tonumber(total) end
  total = 0
  for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    total = total + string.match(member, ':(%d+)$')
  end
  redis.call('SET', KEYS[3], string.format('%.0f', total))
  return total
end
`;

/** KEYS of the index; ARGV member, its size, expiresAtMs. */
export const NOTE = `${COUNT}
count()
local time = redis.call('TIME')
if redis.call('ZADD', KEYS[1], 'NX', time[1] .. string.format('%06d', time[2]), ARGV[1]) == 1 then
  redis.call('INCRBY', KEYS[3], ARGV[2])
end
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not ends or tonumber(ends) < tonumber(ARGV[3]) then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
return 1`;

/** KEYS of the index; ARGV members. */
export const FORGET = `${COUNT}
for _, member in ipairs(ARGV) do forget(member) end
return 1`;

/**
 * KEYS of the index; ARGV nowMs, sizeBytes or -1, how many at most. Takes out of the index what must
 * go, so that of two weirs only one gets it: expired or not, member, the end it had, again and again.
 */
export const TAKE = `${COUNT}
local taken = {}
local function take(why, member)
  table.insert(taken, why)
  table.insert(taken, member)
  table.insert(taken, redis.call('ZSCORE', KEYS[2], member) or '0')
  forget(member)
end
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  take('expired', member)
end
local total, most = count(), tonumber(ARGV[2])
if #taken == 0 and most >= 0 and total > most then
  for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[3] - 1)) do
    if total <= most then break end
    total = total - string.match(member, ':(%d+)$')
    take('evicted', member)
  end
end
return taken`;

/** KEYS of the index. Gives how many and how large. */
export const USE = `${COUNT}
return { redis.call('ZCARD', KEYS[1]), count() }`;
