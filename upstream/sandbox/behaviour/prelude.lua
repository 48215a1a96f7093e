-- What every provider's behaviour is written with: small helpers, and what an operation does that
-- has no rule of its own.
--
-- From the program come:
--   find(collection, where)      the first record with these relations, or nil
--   all(collection, where)       all of them;  count(collection, where);  newest(collection, most)  the newest first
--   list(collection, where)      those that the request's query asks for, and whether there are more
--   create(collection, from, set, hidden)   a new record: `from` and `set` go into the members that its schema has,
--                                defaults complete it, `hidden` is kept beside it and never shown
--   update(record, from, set, hidden), delete(record)
--   refuse(status, code, message, path)     ends the call, and takes back what it did
--   now(), epoch(), epoch(time), later(time, seconds), flake(), token(), slug(text)
--   page_url(token)              the address of a checkout's page
--   emit(event)                  tells {type, id, payload, targets = {{url, secret}}} once the call has gone through
--   shown(type, body)            the body as the provider documents it for an event of this type
--   after(seconds, job, argument)           calls settings.jobs[job] then
--
-- A relation is a member, or a path "lines.product_id", and a value. A list of values means any of them, `null` that there
-- is none. A relation to nil is no relation: it is not narrowed by it.

function first(...)
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    if value ~= nil and value ~= null then return value end
  end
end

function merge(...)
  local merged = {}
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...)) or {}) do merged[name] = value end
  end
  return merged
end

-- What `f` makes of each element and its index (from 0); what it makes nothing of is left out.
function map(elements, f)
  local made = array{}
  for i, element in ipairs(elements or {}) do made[#made + 1] = f(element, i - 1) end
  return made
end

function pluck(elements, member)
  return map(elements, function(element) return element[member] end)
end

function contains(elements, value)
  for _, element in ipairs(elements or {}) do
    if element == value then return true end
  end
  return false
end

-- An integer that does not fit into 64 bits is the nearest that does.
local function clamped(exact, about)
  if about >= 2.0 ^ 63 then return math.maxinteger end
  if about < -2.0 ^ 63 then return math.mininteger end
  return exact
end

function times(a, b) return clamped(a * b, (a + 0.0) * b) end

function sum(elements, member)
  local total = 0
  for _, element in ipairs(elements or {}) do
    local value = member and element[member] or element
    if math.type(value) == "integer" then total = clamped(total + value, (total + 0.0) + value) end
  end
  return total
end

function check(condition, status, code, message, path)
  if not condition then refuse(status, code, message, path) end
  return condition
end

function get(collection, where)
  return find(collection, where) or refuse(404, "not-found", collection .. " was not found")
end

function delete_all(collection, where)
  for _, record in ipairs(all(collection, where)) do delete(record) end
end

local function value_of(setting, ...)
  if type(setting) == "function" then return setting(...) end
  return setting
end

-- By the shape of the path: GET lists or shows, POST creates, PATCH and PUT update, DELETE deletes. Path parameters tie a
-- record to its parents: {customerId} must equal the record's customer_id, and a created record gets it.
function default(call)
  local operation, rule = call.operation, call.rule
  local collection = operation.collection
  if not collection then return call.record or {} end
  local where = merge(operation.parents, value_of(rule.where, call))
  if operation.verb == "GET" then
    if operation.names_record then
      return operation.lists and array{call.record} or call.record
    elseif operation.lists then
      return (list(collection, where))
    end
    -- What nothing writes, such as a summary, is made up: the reply's schema fills it.
    return operation.is_written and get(collection, where) or find(collection, where) or {}
  elseif operation.verb == "POST" then
    if operation.one_of_a_kind and find(collection, where) then
      refuse(409, "conflict", collection .. " exists already")
    end
    local set = merge(where, value_of(rule.set, call))
    local created = create(collection, call.sent, set, set)
    return operation.lists and array{created} or created
  end
  local record = operation.names_record and call.record or get(collection, where)
  if operation.verb == "DELETE" then
    delete(record)
  else
    update(record, call.sent, value_of(rule.set, call))
  end
  return record
end

-- What the call in progress is: its path, query and body (without nulls), `sent` (the body with them), the records that
-- the path names (`store`, `order`; the last one is `record`), its operation and rule.
current = {}

-- An entry of `operations` is a function of the call, or a table of
--   before  runs ahead of what the shape of the path says     set    members that it sets, or a function of the call
--   call    runs in place of it                                where  further relations of a list or a lookup
-- and of what the listing reads: filters, order_by. `dry_run`: what was done is taken back, and only shown.
function serve(call, sent)
  local rule = (settings.operations or {})[call.operation.id] or {}
  current = call
  call.sent = sent
  for name, handle in pairs(call.records) do call[name] = fetch(handle.collection, handle.key) end
  if type(rule) == "function" then return rule(call) end
  call.rule = rule
  if rule.before then rule.before(call) end
  return (rule.call or default)(call)
end

-- The page behind a checkout's link. A provider's `checkout(token)` returns nil, or
--   title, customer, lines (name, quantity, amount), total, currency, status ("open" while it can be paid)
--   pay(), fail(reason), expire()           what becomes of its records
--   success, cancel                         where the customer goes then
reasons = array{
  {value = "insufficient_funds", text = "Insufficient funds"}, {value = "expired_card", text = "Expired card"},
  {value = "fraud", text = "Suspected fraud"}, {value = "authentication_failed", text = "3-D Secure failed"}}

local seconds_until_later = 10

-- The address with the session's id in the places for it.
function back_to(address, id)
  if not address then return nil end
  return (address:gsub("{CHECKOUT_SESSION_ID}", (id:gsub("%%", "%%%%"))))
end

local function reason_text(value)
  for _, reason in ipairs(reasons) do
    if reason.value == value then return reason.text end
  end
  refuse(400, "bad-request", "choose a reason of the list")
end

pay = {
  show = function(asked)
    local checkout = settings.checkout and settings.checkout(asked.token)
    if not checkout then return nil end
    return {
      title = checkout.title, customer = checkout.customer, lines = checkout.lines, total = checkout.total,
      currency = checkout.currency, status = checkout.status, reasons = reasons}
  end,
  act = function(asked)
    local checkout = settings.checkout and settings.checkout(asked.token)
    check(checkout, 404, "not-found", "this link leads to no checkout")
    check(checkout.status == "open", 409, "conflict", "this checkout is " .. checkout.status)
    if asked.action == "pay" then
      checkout.pay()
      return {redirect = checkout.success}
    elseif asked.action == "decline" then
      local text = reason_text(asked.reason)
      checkout.fail(asked.reason)
      return {declined = text}
    elseif asked.action == "later" or asked.action == "later-decline" then
      after(seconds_until_later, "settle", {token = asked.token, pay = asked.action == "later"})
      return {redirect = checkout.success}
    elseif asked.action == "abandon" then
      return {redirect = checkout.cancel}
    elseif asked.action == "expire" then
      checkout.expire()
      return {redirect = checkout.cancel}
    end
    refuse(400, "bad-request", "choose what to do")
  end,
}

-- What a provider puts off; its `jobs` are these and its own.
jobs = {
  -- A payment that was put off.
  settle = function(asked)
    local checkout = settings.checkout(asked.token)
    if not checkout or checkout.status ~= "open" then return end
    if asked.pay then checkout.pay() else checkout.fail("insufficient_funds") end
  end,
  -- A magic checkout goes its way; one whose time is over expires.
  act = function(asked)
    local checkout = settings.checkout(asked.token)
    if checkout and checkout.status == "open" then pay.act(asked) end
  end,
}

-- Values of a checkout that let it go its way by itself, for tests without a browser: the total in minor units, or the
-- customer's e-mail address.
local magic = {
  {total = 4001, name = "pay", action = "pay", text = "is paid at once"},
  {total = 4002, name = "insufficient_funds", action = "decline", text = "is declined: insufficient funds"},
  {total = 4003, name = "expired_card", action = "decline", text = "is declined: expired card"},
  {total = 4004, name = "fraud", action = "decline", text = "is declined: suspected fraud"},
  {total = 4005, name = "authentication_failed", action = "decline", text = "is declined: 3-D Secure failed"},
  {total = 4006, name = "later", action = "later", text = "is paid after ten seconds"},
  {total = 4007, name = "later-decline", action = "later-decline", text = "is declined after ten seconds"},
  {total = 4008, name = "expire", action = "expire", text = "expires at once"}}

-- A refund of this amount fails after ten seconds, where the provider's refunds have a state.
magic_refund = 4009
local magic_host = "@magic.example"

function magic_values()
  local values = map(magic, function(one) return {value = tostring(one.total), text = "A total of this " .. one.text} end)
  for _, one in ipairs(settings.magic_emails and magic or {}) do
    values[#values + 1] = {value = one.name .. magic_host, text = "With this e-mail address: it " .. one.text}
  end
  for _, one in ipairs(settings.magic or {}) do values[#values + 1] = one end
  return values
end

-- Once for each new checkout. `expires_at` is when it expires, in seconds, or nil.
function begin_checkout(token, total, email, expires_at)
  for _, one in ipairs(magic) do
    if total == one.total or email == one.name .. magic_host then
      after(0, "act", {token = token, action = one.action, reason = one.name})
    end
  end
  if expires_at then after(expires_at - epoch(), "act", {token = token, action = "expire"}) end
end

-- The events that a user may have told at a word: settings.events has {type, collection, tell}, where `tell` is a
-- function of the record.
function events() return map(settings.events, function(event) return event[1] end) end

function tell(asked)
  for _, event in ipairs(settings.events or {}) do
    if event[1] == asked.type then
      local records = asked.id and all(event[2], {id = asked.id}) or newest(event[2], 1)
      check(#records > 0, 404, "not-found", "there is no such record")
      event[3](records[1])
      return {type = asked.type, id = records[1].id}
    end
  end
  refuse(400, "bad-request", "there is no such event")
end
