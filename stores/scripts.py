"""The Lua that runs inside Redis for the projection, and the calling of it.

Owns the scripts and the meaning of their answers. Each begins with the same gate: nothing is written for a worker whose
fence is older than the last, nor into a Redis that has forgotten what was written. Names come from `stores.keys`.
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from stores.keys import FENCE, WHOLE, WRITES
from stores.remote import translated

FENCED = -1
LOST = -2

_GATE = f"""
-- KEYS[1] fields   ARGV[1] fence   ARGV[2] writes that the caller has seen   ARGV[3] '1': the partition must be whole
local state = redis.call('HMGET', KEYS[1], '{FENCE}', '{WRITES}', '{WHOLE}')
if state[1] and state[1] > ARGV[1] then return {FENCED} end
if tonumber(state[2] or 0) < tonumber(ARGV[2]) or (ARGV[3] == '1' and not state[3]) then return {LOST} end
local function done(...)
  redis.call('HSET', KEYS[1], '{FENCE}', ARGV[1], ...)
  return redis.call('HINCRBY', KEYS[1], '{WRITES}', 1)
end
"""

SHOW = (
    _GATE
    + """
-- KEYS[2] masks   KEYS[3] totals   KEYS[4] slots   KEYS[5] before a slot of a bitmap
-- ARGV[4…7] how many of: names and values to set, names to delete, numbers (and as many masks), fields and values
-- ARGV[8] totals, or ''   ARGV[9…] these lists. Slices: Lua takes at most 8,000 arguments.
local function sliced(first, count, size, run)
  for from = first, first + count - 1, size do run(from, math.min(from + size, first + count) - 1) end
end
local sets, deletes, numbers, fields = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local at = 9
sliced(at, sets, 4000, function(from, to) redis.call('MSET', unpack(ARGV, from, to)) end)
at = at + sets
sliced(at, deletes, 4000, function(from, to) redis.call('DEL', unpack(ARGV, from, to)) end)
at = at + deletes

local touched = {}
local function turn(number, old, new)
  for byte = 1, math.max(#old, #new) do
    local is = string.byte(new, byte) or 0
    local differs = bit.bxor(string.byte(old, byte) or 0, is)
    local slot = 8 * byte - 8
    while differs > 0 do
      if differs % 2 == 1 then
        redis.call('SETBIT', KEYS[5] .. slot, number, is % 2)
        touched[slot] = true
      end
      differs, is, slot = bit.rshift(differs, 1), bit.rshift(is, 1), slot + 1
    end
  end
end
sliced(at, numbers, 2000, function(from, to)
  local before = redis.call('HMGET', KEYS[2], unpack(ARGV, from, to))
  local kept, gone = {}, {}
  for i = from, to do
    local number, new, old = ARGV[i], ARGV[i + numbers], before[i - from + 1] or ''
    if old ~= new then
      turn(number, old, new)
      if new == '' then gone[#gone + 1] = number else kept[#kept + 1] = number; kept[#kept + 1] = new end
    end
  end
  if #kept > 0 then redis.call('HSET', KEYS[2], unpack(kept)) end
  if #gone > 0 then redis.call('HDEL', KEYS[2], unpack(gone)) end
end)
for slot in pairs(touched) do redis.call('SADD', KEYS[4], slot) end
at = at + 2 * numbers

if ARGV[8] ~= '' then redis.call('SET', KEYS[3], ARGV[8]) end
return done(unpack(ARGV, at, at + fields - 1))
"""
)

CLEAR = (
    _GATE
    + f"""
-- KEYS as for showing: what is counted is begun anew, what is looked up stays
for _, slot in ipairs(redis.call('SMEMBERS', KEYS[4])) do redis.call('UNLINK', KEYS[5] .. slot) end
redis.call('UNLINK', KEYS[2], KEYS[4])
redis.call('HDEL', KEYS[1], '{WHOLE}')
return done()
"""
)

COMPLETE = _GATE + f"return done('{WHOLE}', '1')"

INTERSECT = """
-- KEYS[1] before a slot of a bitmap   KEYS[2] a temporary name   ARGV: slots with ',' between, one argument a question
local counts = {}
for i, question in ipairs(ARGV) do
  local names = {}
  for slot in string.gmatch(question, '%d+') do names[#names + 1] = KEYS[1] .. slot end
  if #names == 1 then
    counts[i] = redis.call('BITCOUNT', names[1])
  else
    redis.call('BITOP', 'AND', KEYS[2], unpack(names))
    counts[i] = redis.call('BITCOUNT', KEYS[2])
  end
end
redis.call('DEL', KEYS[2])
return counts
"""


class Script:
    """Calls one script by its digest; a server that does not know it (new, or emptied) is told it anew."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis = redis
        self._source = source.encode()
        self._digest = sha1(self._source, usedforsecurity=False).hexdigest().encode()

    async def __call__(self, names: Sequence[bytes], arguments: Sequence[bytes]) -> Any:
        """The script's answer. Raises Unavailable."""
        with translated():
            try:
                return await self._run(b"EVALSHA", self._digest, names, arguments)
            except NoScriptError:
                return await self._run(b"EVAL", self._source, names, arguments)

    async def _run(self, command: bytes, script: bytes, names: Sequence[bytes], arguments: Sequence[bytes]) -> Any:
        parts = (command, script, b"%d" % len(names), *names, *arguments)
        return await self._redis.execute_command(*parts)  # type: ignore[no-untyped-call]
