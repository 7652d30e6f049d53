-- POST of Outlook's Autodiscover request.
local here = debug.getinfo(1, "S").source:match("@(.*/)")
local pooled = dofile(here .. "names.lua")
local head = '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>taro@'
local tail = '</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>'

init = function()
  wrk.headers["Content-Type"] = "text/xml"
  request = pooled(function(domain)
    wrk.headers["Host"] = "autodiscover." .. domain
    return wrk.format("POST", "/autodiscover/autodiscover.xml", nil, head .. domain .. tail)
  end)
end
