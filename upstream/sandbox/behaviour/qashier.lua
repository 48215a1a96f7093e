-- What Qashier's documents say of a checkout session's life.

local function line_item(item)
  local price = item.price_data or {}
  local product = price.product_data or {}
  local quantity = item.quantity or 1
  return {
    amount_total = times(price.unit_amount or 0, quantity), currency = price.currency or "sgd", quantity = quantity,
    description = first(product.description, product.name, "Item")}
end

local function check_open(session, message)
  check(session.status == "open", 400, "session_not_open", message)
end

-- Qashier documents no way to subscribe, and signs nothing: events go to --webhook alone.
local function notify(session)
  local id = "evt_" .. token()
  local type = session.status == "complete" and "checkout.session.completed" or "checkout.session.expired"
  emit{type = type, id = id, payload = {
    id = id, api_version = "1.0.0", account = "acct_sandbox", created = epoch(), type = type,
    request = {id = "req_sandbox", idempotency_key = ""}, data = {object = session}}}
end

local function expire(session)
  update(session, {status = "expired"})
  notify(session)
  return session
end

local function checkout_of(id)
  local session = find("CheckoutSession", {id = id})
  if not session then return nil end
  return {
    title = "Checkout", customer = "a guest", currency = session.currency, total = session.amount_total, status = session.status,
    lines = map(session.line_items.data, function(item)
      return {name = item.description, quantity = item.quantity, amount = item.amount_total}
    end),
    success = back_to(session.success_url, id), cancel = back_to(session.return_url, id),
    pay = function()
      update(session, {status = "complete", payment_status = "paid"})
      notify(session)
    end,
    fail = function() end,
    expire = function() expire(session) end}
end

local function pay_link(session) return session.status == "open" and page_url(session.id) or nil end

return {
  authorization = {"Basic", "Bearer"},
  api_key = "sk_test_sandbox",
  trace_id_header = "Request-Id",
  checkout = checkout_of,
  -- Qashier documents no retries: there are none.
  events = {
    {"checkout.session.completed", "CheckoutSession", function(session) notify(merge(session, {status = "complete"})) end},
    {"checkout.session.expired", "CheckoutSession", function(session) notify(merge(session, {status = "expired"})) end}},
  title = function() return "Qashier store" end,
  sections = {
    {name = "checkouts", title = "Checkouts", collection = "CheckoutSession", columns = {
      {"Id", "id"}, {"Status", "status"}, {"Payment", "payment_status"}, {"Total", "amount_total", money = "currency"},
      {"Expires", function(session) return session.expires_at and later("1970-01-01T00:00:00Z", session.expires_at) end},
      {"Checkout", link = pay_link}}}},
  error = function(refusal)
    local violation = refusal.violations[1]
    return {error = {type = "invalid_request_error", code = refusal.code, message = refusal.message,
      param = violation and violation.path}}
  end,
  params = {id = {["in"] = "CheckoutSession"}},

  operations = {
    CheckoutSessions_CreateCheckoutSession = function(call)
      local body = call.body
      check(#body.line_items > 0, 400, "parameter_missing", "a session needs a line item", "line_items")
      local id = "cs_" .. token()
      local items = map(body.line_items, line_item)
      local total = sum(items, "amount_total")
      local expires_at = body.expires_at or epoch() + 86400
      begin_checkout(id, total, nil, expires_at)
      return create("CheckoutSession", {
        id = id, object = "checkout.session", mode = "payment", status = "open", payment_status = "unpaid",
        currency = items[1].currency, line_items = {object = "list", data = items},
        amount_total = total, created = epoch(), expires_at = expires_at,
        return_url = body.return_url, success_url = body.success_url, url = page_url(id)})
    end,
    CheckoutSessions_ListCheckoutSessions = {
      filters = {created = "created"},
      call = function()
        local sessions, more = list("CheckoutSession")
        return {object = "list", data = sessions, has_more = more, url = "/checkout/sessions"}
      end},
    CheckoutSessions_RetrieveCheckoutSession = function(call)
      local session = call.record
      if session.status == "open" and session.expires_at < epoch() then expire(session) end
      return session
    end,
    CheckoutSessions_ExpireCheckoutSession = function(call)
      check_open(call.record, "only an open session can be expired")
      return expire(call.record)
    end},
}
