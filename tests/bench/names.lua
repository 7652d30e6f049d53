-- The domains that a run asks for: POOL of NAMES, all alike or, with ZIPF set, a few of them most of the time.
local POOL = 100000

local function domain(names, zipf)
  if not zipf then return string.format("d%07d.example", math.random(0, names - 1)) end
  -- The rank by Zipf's law with exponent 1, nearly: its logarithm is uniform. Then ranks are strewn over the names.
  local rank = math.floor(math.exp(math.random() * math.log(names + 1))) - 1
  return string.format("d%07d.example", (rank * 7919) % names)
end

-- Requests made beforehand, so that making them takes nothing from the measurement.
return function(make)
  math.randomseed(tonumber(os.getenv("SEED")) or os.time())
  local names, zipf = tonumber(os.getenv("NAMES")), os.getenv("ZIPF") == "1"
  local pool = {}
  for number = 1, math.min(POOL, math.max(names, 1) * 4) do pool[number] = make(domain(names, zipf)) end
  local at = 0
  return function()
    at = at % #pool + 1
    return pool[at]
  end
end
