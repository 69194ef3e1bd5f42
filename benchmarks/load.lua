-- One operation, asked over and over. What to ask stands in the environment. Where CHAINS names a file
-- of refresh tokens, each thread of wrk has one connection, and spends a chain of them of its own.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("position", #threads)
end

function init()
  expected = tonumber(os.getenv("EXPECTED"))
  unexpected = 0
  wrk.method = os.getenv("METHOD")
  wrk.path = os.getenv("TARGET")
  wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
  wrk.body = os.getenv("BODY")
  if wrk.method == "POST" then
    wrk.headers["Content-Type"] = "application/json"
  end
  if os.getenv("CHAINS") then
    local number = 0
    for line in io.lines(os.getenv("CHAINS")) do
      number = number + 1
      if number == position then
        token = line
      end
    end
  end
  always = wrk.format()
end

function request()
  if token then
    return wrk.format(nil, nil, nil, '{"refresh":"' .. token .. '"}')
  end
  return always
end

function response(status, headers, body)
  if status ~= expected then
    unexpected = unexpected + 1
  elseif token then
    token = body:match('"refresh"%s*:%s*"([^"]+)"')
  end
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("unexpected")
  end
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), wrong
  ))
end
