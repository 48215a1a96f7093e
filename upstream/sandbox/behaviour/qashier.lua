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

local one_session = {{name = "id", type = "string"}}

return {
  authorization = {"Basic", "Bearer"},
  api_key = "sk_test_sandbox",
  trace_id_header = "Request-Id",
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
      return create("CheckoutSession", {
        id = id, object = "checkout.session", mode = "payment", status = "open", payment_status = "unpaid",
        currency = items[1].currency, line_items = {object = "list", data = items},
        amount_total = sum(items, "amount_total"), created = epoch(), expires_at = body.expires_at or epoch() + 86400,
        return_url = body.return_url, success_url = body.success_url, url = "https://pay.sandbox.invalid/" .. id})
    end,
    CheckoutSessions_ListCheckoutSessions = {
      filters = {created = "created"},
      call = function()
        local sessions, more = list("CheckoutSession")
        return {object = "list", data = sessions, has_more = more, url = "/checkout/sessions"}
      end},
    CheckoutSessions_RetrieveCheckoutSession = function(call)
      local session = call.record
      if session.status == "open" and session.expires_at < epoch() then update(session, {status = "expired"}) end
      return session
    end,
    CheckoutSessions_ExpireCheckoutSession = function(call)
      check_open(call.record, "only an open session can be expired")
      return update(call.record, {status = "expired"})
    end,

    Pay = function(call)
      check_open(call.record, "this session is over")
      return update(call.record, {status = "complete", payment_status = "paid"})
    end,
    ShowEvent = function(call)
      local session = call.record
      check(session.status ~= "open", 404, "no_event", "nothing has happened to this session yet")
      return {
        id = "evt_" .. session.id, api_version = "1.0.0", account = "acct_sandbox", created = epoch(),
        request = {id = "req_sandbox", idempotency_key = ""},
        type = session.status == "complete" and "checkout.session.completed" or "checkout.session.expired",
        data = {object = session}}
    end},

  pages = {
    {id = "Pay", tag = "", rpc = "", verb = "GET", path = "/pay/{id}", path_params = one_session, status = 200,
      reply = {type = "any"}},
    {id = "ShowEvent", tag = "", rpc = "", verb = "GET", path = "/events/{id}", path_params = one_session, status = 200,
      reply = {type = "any"}}},
}
