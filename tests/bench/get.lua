-- GET of TARGET, in which %s is the domain: Mozilla's document as Thunderbird asks for it, or a page for people.
local here = debug.getinfo(1, "S").source:match("@(.*/)")
local pooled = dofile(here .. "names.lua")
local target = os.getenv("TARGET")

init = function()
  request = pooled(function(domain)
    wrk.headers["Host"] = "autoconfig." .. domain
    return wrk.format("GET", (target:gsub("%%s", domain)))
  end)
end
