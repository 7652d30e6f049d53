-- GET of Mozilla's document of a random one of NAMES domains, as Thunderbird asks.
local names = tonumber(os.getenv("NAMES"))
math.randomseed(os.time())
request = function()
  local domain = string.format("d%07d.example", math.random(0, names - 1))
  wrk.headers["Host"] = "autoconfig." .. domain
  return wrk.format("GET", "/mail/config-v1.1.xml?emailaddress=taro%40" .. domain)
end
