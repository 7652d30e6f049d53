-- POST of Outlook's Autodiscover request for a random one of NAMES domains.
local names = tonumber(os.getenv("NAMES"))
math.randomseed(os.time())
wrk.headers["Content-Type"] = "text/xml"
local head = '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>taro@'
local tail = '</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>'
request = function()
  local domain = string.format("d%07d.example", math.random(0, names - 1))
  wrk.headers["Host"] = "autodiscover." .. domain
  return wrk.format("POST", "/autodiscover/autodiscover.xml", nil, head .. domain .. tail)
end
