-- The domains that a run asks for: POOL of NAMES, all alike or, with ZIPF set, a few of them most of the time.
local POOL = 100000

local function domain(names, zipf)
  if not zipf then return string.format("d%07d.example", math.random(0, names - 1)) end
  -- The rank by Zipf's law with exponent 1, nearly: its logarithm is uniform. Then ranks are strewn over the names.
  local rank = math.floor(math.exp(math.random() * math.log(names + 1))) - 1
  return string.format("d%07d.example", (rank * 7919) % names)
end

-- With THINK set, a connection waits after each answer, that many milliseconds on average.
local think = tonumber(os.getenv("THINK"))
if think then
  delay = function() return math.random(0, 2 * think) end
end

-- In the process that reports: the time of a request in milliseconds that 50, 99 and 99.9 % do not exceed.
done = function(_, latency)
  local function ms(share) return latency:percentile(share) / 1000 end
  io.write(string.format("percentiles %.3f %.3f %.3f\n", ms(50), ms(99), ms(99.9)))
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
