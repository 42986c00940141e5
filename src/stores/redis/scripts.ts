import { createHash } from "node:crypto";
import { CHANGED } from "./codec.ts";
import type { RedisConnection } from "./client.ts";
import { replyCode } from "./retry.ts";

/** A script that Redis runs as one step: nothing sees it half done. @see https://redis.io/docs/latest/develop/programmability/eval-intro/ */
export interface RedisScript {
  readonly text: string;
  /** The name under which Redis knows the script once it has run it. */
  readonly sha: string;
}

function script(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Runs a script, by name if the server knows it, and returns its reply, a list of texts. Rejects as the client does. */
export async function runScript(
  connection: RedisConnection,
  { sha, text }: RedisScript,
  keys: readonly string[],
  args: readonly string[],
): Promise<readonly string[]> {
  const rest = [String(keys.length), ...keys, ...args];
  const [key = ""] = keys;
  let reply: unknown;
  try {
    reply = await connection.command(key, ["evalsha", sha, ...rest]);
  } catch (error) {
    if (replyCode(error) !== "NOSCRIPT") throw error;
    // The server restarted, or its scripts were flushed. Running the text makes the script known again.
    reply = await connection.command(key, ["eval", text, ...rest]);
  }
  return Array.isArray(reply) ? reply.map(String) : [];
}

/**
 * Starts every script: reads what is known of the history.
 *
 * The keys belong together. If one was evicted, deleted or flushed without the others, `isWhole` is false, and the
 * history counts as lost.
 *
 * `run` changes whenever this may no longer be the data that was there before: Redis picks a new replication id when a
 * server starts and when a replica becomes the master, and never picks one twice. Replicas have their master's.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/replication/#replication-id-explained
 */
const STATE = `
local events, meta, keys = KEYS[1], KEYS[2], KEYS[3]
local info = redis.call('INFO', 'replication')
local _, runAt = string.find(info, 'master_replid:', 1, true)
local run = runAt and string.sub(info, runAt + 1, runAt + 40) or ''
local state = redis.call('HMGET', meta, 'epoch', 'first', 'last', 'bytes', 'keyed', 'ended')
local epoch, ended = state[1], state[6]
local first, last = tonumber(state[2]), tonumber(state[3])
local bytes, keyed = tonumber(state[4]), tonumber(state[5])
local isWhole = epoch and redis.call('XLEN', events) == last - first + 1

-- A large number would else become one with an exponent.
local function text(number)
  return string.format('%d', number)
end
`;

/** Drops events before `cut`, and more while there are more than `limit` bytes, but never any from `stop` on. */
const DROP = `
local function drop(cut, limit, stop)
  local from = first
  local function isTooMuch()
    return first < stop and (first < cut or bytes > limit)
  end
  while isTooMuch() do
    local some = math.max(1, math.min(64, math.floor(65536 * (last - first + 1) / (bytes + 1))))
    for _, entry in ipairs(redis.call('XRANGE', events, text(first), '+', 'COUNT', text(some))) do
      if not isTooMuch() then break end
      bytes = bytes - #entry[2][4]
      first = first + 1
    end
  end
  if first > from then
    redis.call('XTRIM', events, 'MINID', text(first))
    redis.call('ZREMRANGEBYSCORE', keys, '-inf', '(' .. text(first))
    keyed = redis.call('ZCARD', keys)
  end
end
`;

/**
 * Appends groups of events, each whole or not at all, and publishes what is new.
 *
 * KEYS: events, meta, keys, writer. ARGV: see the locals, then for each group the number of its events, and for each event
 * its type, its key (or nothing) and its data.
 *
 * Replies with the id of the first new event, a text, and the known events. In the text `+` is a new event (their ids are
 * consecutive), `5,` is the known event 5, `E` a group refused because the stream has ended, and `;` ends a group.
 */
export const APPEND = script(`${STATE}${DROP}
local writer = KEYS[4]
local channel, seq, fresh, isDue = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
local maxEvents, slack, maxBytes, maxMessageBytes, ttlMs, writerTtlMs =
  string.match(ARGV[5], '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)')
maxEvents, slack = tonumber(maxEvents), tonumber(slack)
maxBytes, maxMessageBytes = tonumber(maxBytes), tonumber(maxMessageBytes)
isWhole = isWhole and (keyed == 0 or redis.call('ZCARD', keys) == keyed)

-- Known events are returned as they were stored.
local function reply(start, answer)
  local parts = { start, answer }
  for id in string.gmatch(answer, '%d+') do
    local entry = redis.call('XRANGE', events, id, id)[1]
    if entry then
      parts[#parts + 1] = id
      parts[#parts + 1] = entry[2][2]
      parts[#parts + 1] = entry[2][4]
    end
  end
  return parts
end

-- A client that lost its connection repeats a command that may have been run: it gets the reply of that one.
local done = redis.call('GET', writer)
if done then
  local seqEnd = string.find(done, ' ', 1, true)
  local doneSeq = tonumber(string.sub(done, 1, seqEnd - 1))
  if doneSeq > seq then
    return redis.error_reply('STALE a later call of this writer has been run')
  end
  if doneSeq == seq then
    local doneEpoch, start, answer = string.match(done, '^(%S+) (%d+) (%S*)$', seqEnd + 1)
    if isWhole and doneEpoch == epoch then return reply(start, answer) end
  end
end

if not isWhole then
  epoch, ended, first, last, bytes, keyed = fresh, false, 1, 0, 0, 0
end
local start, hadFirst, hadKeys, wasEnded = last + 1, first, keyed, ended
local message, messageBytes = {}, 0
local answer = {}
local at = 6
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local known, own, willEnd, isRefused = {}, {}, ended, false
  local id = last
  for place = at + 1, at + 3 * count, 3 do
    local key = ARGV[place + 1]
    if key ~= '' then
      -- Before the first event of a history, keys are those that an earlier history left behind.
      known[place] = own[key] or (first <= last and redis.call('ZSCORE', keys, key))
    end
    if not known[place] then
      if willEnd then
        isRefused = true
        break
      end
      id = id + 1
      if key ~= '' then own[key] = text(id) end
      willEnd = ARGV[place] == 'ssetarget:end'
    end
  end
  if isRefused then
    answer[#answer + 1] = 'E'
  else
    ended = willEnd
    for place = at + 1, at + 3 * count, 3 do
      if known[place] then
        answer[#answer + 1] = known[place] .. ','
      else
        local kind, key, data = ARGV[place], ARGV[place + 1], ARGV[place + 2]
        if last == 0 then redis.call('UNLINK', events, meta, keys) end
        last = last + 1
        bytes = bytes + #data
        redis.call('XADD', events, text(last) .. '-0', 'type', kind, 'data', data)
        if key ~= '' then
          redis.call('ZADD', keys, text(last), key)
          keyed = keyed + 1
        end
        answer[#answer + 1] = '+'
        messageBytes = messageBytes + #kind + #data
        if messageBytes <= maxMessageBytes then
          message[#message + 1] = kind
          message[#message + 1] = data
        end
      end
    end
  end
  answer[#answer + 1] = ';'
  at = at + 1 + 3 * count
end

answer = table.concat(answer)
local isNothing = last < start
start = text(start)
redis.call('SET', writer, ARGV[2] .. ' ' .. epoch .. ' ' .. start .. ' ' .. answer, 'PX', writerTtlMs)
local parts = reply(start, answer)
if isNothing then return parts end

if last - first >= maxEvents + slack then
  drop(last - maxEvents + 1, maxBytes, last)
elseif bytes > maxBytes then
  drop(first, maxBytes - maxBytes / 16, last)
end
redis.call('HSET', meta, 'last', text(last), 'bytes', text(bytes))
if not isWhole then
  redis.call('HSET', meta, 'epoch', epoch, 'first', text(first), 'keyed', text(keyed))
elseif first ~= hadFirst or keyed ~= hadKeys then
  redis.call('HSET', meta, 'first', text(first), 'keyed', text(keyed))
end
if ended and not wasEnded then redis.call('HSET', meta, 'ended', '1') end

if isDue or not isWhole or hadKeys == 0 and keyed > 0 then
  for _, key in ipairs({ events, meta, keys }) do
    if ttlMs == '0' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ttlMs) end
  end
end

local head = epoch .. ' ' .. run .. ' ' .. start .. ' ' .. text(last)
if messageBytes <= maxMessageBytes then
  head = head .. '\\n' .. table.concat(message, '\\n')
end
redis.call('PUBLISH', channel, head)
return parts
`);

/**
 * Reads a page. KEYS: events, meta. ARGV: the first id wanted, the most events and bytes.
 *
 * Replies with epoch, run, the first and the last retained id, whether the stream has ended, the id of the page's first
 * event, and then type and data of each event.
 */
export const READ = script(`${STATE}
local from, maxEvents, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not isWhole then return { '', run, '1', '0', '', '1' } end
from = math.max(from, first)
local page = { epoch, run, text(first), text(last), ended or '', text(from) }
local count, size = 0, 0
while count < maxEvents and from <= last do
  local some = math.floor(maxBytes * (last - first + 1) / (bytes + 1)) + 1
  some = math.min(some, maxEvents - count, 256)
  local entries = redis.call('XRANGE', events, text(from), '+', 'COUNT', text(some))
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    size = size + #fields[4]
    if count > 0 and size > maxBytes then return page end
    count = count + 1
    page[#page + 1] = fields[2]
    page[#page + 1] = fields[4]
  end
  from = from + #entries
end
return page
`);

/** Drops events. KEYS: events, meta, keys. ARGV: the first id that stays, the channel. Replies whether it did. */
export const TRIM = script(`${STATE}${DROP}
local from = first
if not isWhole then return {} end
drop(math.min(tonumber(ARGV[1]), last + 1), math.huge, last + 1)
if first == from then return {} end
redis.call('HSET', meta, 'first', text(first), 'bytes', text(bytes), 'keyed', text(keyed))
redis.call('PUBLISH', ARGV[2], '${CHANGED}')
return { '1' }
`);

/** Drops the whole stream. KEYS: events, meta, keys. ARGV: the channel. Replies whether there was one. */
export const DELETE = script(`
if redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3]) == 0 then return {} end
redis.call('PUBLISH', ARGV[1], '${CHANGED}')
return { '1' }
`);
