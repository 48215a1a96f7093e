-- What ConvergeGate's documents say of checkout sessions and refunds.

-- A code that the customer does not confirm.
local unconfirmed = "777000"

local function invalid(condition, message, path)
  return check(condition, 400, "invalid_request_error", message, path)
end

local function error_type(status)
  return status == 401 and "authentication_error" or status < 500 and "invalid_request_error" or "api_error"
end

-- To the session's notification_url; the key to the API is what the signature is made with.
local function notify(session, type)
  local id = "evt_" .. token()
  local targets = array{}
  if session.notification_url ~= "" then
    targets[1] = {url = session.notification_url, secret = settings.api_key}
  end
  emit{type = type, id = id, targets = targets, payload = {
    id = id, type = type, created_at = epoch(), data = {status = session.status, session_id = session.id}}}
end

local function become(session, status)
  update(session, {status = status})
  notify(session, "session." .. status)
  return session
end

local function checkout_of(id)
  local session = find("CheckoutSession", {id = id})
  if not session then return nil end
  return {
    title = "Checkout", customer = session.customer_firstname .. " " .. session.customer_lastname, currency = session.currency,
    lines = array{{name = "Payment", quantity = 1, amount = session.amount_total}}, total = session.amount_total,
    status = session.status, success = back_to(session.success_url, id),
    cancel = back_to(session.cancel_url ~= "" and session.cancel_url or session.success_url, id),
    pay = function() become(session, "completed") end,
    fail = function() end,
    expire = function() become(session, "expired") end}
end

return {
  authorization = {"Basic", "Bearer"},
  api_key = "sk_test_sandbox",
  encoding = "form",
  signature = {header = "Sec-Signature", timestamp = "Sec-Timestamp", unit = "s", separator = "", key = "sha256"},
  checkout = checkout_of,
  pay = pay,
  jobs = {settle = settle},
  error = function(refusal)
    local violation = refusal.violations[1]
    return {error = {type = error_type(refusal.status), message = refusal.message, param = violation and violation.path}}
  end,
  params = {id = {["in"] = "CheckoutSession"}},

  operations = {
    CheckoutSessions_CreateCheckoutSession = function(call)
      local body, id = call.body, token()
      local session = create("CheckoutSession", body, {
        id = id, status = "open", livemode = false, amount_total = body.amount, amount_sub_total = body.amount,
        amount_refunded = 0, cancel_url = body.cancel_url or "", notification_url = body.notification_url or "",
        customer_ip = body.customer_ip or "", customer_country = body.customer_country or "", locale = body.locale or "",
        payment_method = body.payment_method or array{"blik"}, expire_at = body.expires_at or epoch() + 86400,
        created_at = epoch(), url = page_url(id)})
      notify(session, "session.created")
      return session
    end,
    CheckoutSessions_RetrieveCheckoutSession = function(call)
      local session = call.record
      if session.status == "open" and session.expire_at < epoch() then become(session, "expired") end
      return session
    end,
    CheckoutSessions_PayCheckoutSession = function(call)
      local session, code = call.record, call.body.blik_code
      invalid(code, "a code is required", "blik_code")
      invalid(session.status == "open", "this session is not open")
      return code == unconfirmed and session or become(session, "completed")
    end,
    Refunds_CreateRefund = function(call)
      local body = call.body
      local session = get("CheckoutSession", {id = body.session_id})
      invalid(session.status == "completed", "nothing was paid yet", "session_id")
      local refunded = session.amount_refunded or 0
      local amount = body.amount or session.amount_total - refunded
      invalid(0 < amount and amount <= session.amount_total - refunded, "more than is left to refund", "amount")
      update(session, {amount_refunded = refunded + amount})
      return create("Refund", {
        id = "re_" .. token(), amount = amount, status = "pending", reason = body.reason or "requested_by_customer",
        created_at = epoch(), livemode = false})
    end,
    Refunds_RetrieveRefund = {params = {id = {["in"] = "Refund"}}}},
}
