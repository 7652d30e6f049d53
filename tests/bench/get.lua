-- GET of Mozilla's document, as Thunderbird asks.
local here = debug.getinfo(1, "S").source:match("@(.*/)")
local pooled = dofile(here .. "names.lua")

init = function()
  request = pooled(function(domain)
    wrk.headers["Host"] = "autoconfig." .. domain
    return wrk.format("GET", "/mail/config-v1.1.xml?emailaddress=taro%40" .. domain)
  end)
end
