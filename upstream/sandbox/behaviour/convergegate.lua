-- What ConvergeGate's documents say of checkout sessions and refunds.

-- Codes that do not pay at once.
local unconfirmed, confirmed_later, wrong = "777000", "777001", "777002"

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

local function pay_link(session) return session.status == "open" and page_url(session.id) or nil end

local function is_pending(refund) return refund.status == "pending" end

return {
  authorization = {"Basic", "Bearer"},
  api_key = "sk_test_sandbox",
  encoding = "form",
  signature = {header = "Sec-Signature", timestamp = "Sec-Timestamp", unit = "s", separator = "", key = "sha256"},
  checkout = checkout_of,
  jobs = {fail_refund = function(asked)
    local refund = find("Refund", {id = asked.id, status = "pending"})
    if refund then update(refund, {status = "failed"}) end
  end},
  -- Four retries, then longer and longer pauses for up to three days.
  retries = {pauses = {10, 10, 10, 10, 60, 600, 6000, 60000, 190000}},
  events = {
    {"session.created", "CheckoutSession", function(session) notify(session, "session.created") end},
    {"session.expired", "CheckoutSession", function(session) notify(session, "session.expired") end},
    {"session.completed", "CheckoutSession", function(session) notify(session, "session.completed") end}},
  title = function() return "ConvergeGate store" end,
  magic_emails = true,
  magic = array{
    {value = unconfirmed, text = "This BLIK code is never confirmed: the session stays open"},
    {value = confirmed_later, text = "This BLIK code is confirmed after ten seconds"},
    {value = wrong, text = "This BLIK code is refused"},
    {value = tostring(magic_refund), text = "A refund of this amount fails after ten seconds"}},
  sections = {
    {name = "checkouts", title = "Checkouts", collection = "CheckoutSession", columns = {
      {"Id", "id"}, {"Customer", "customer_email"}, {"Status", "status"}, {"Total", "amount_total", money = "currency"},
      {"Refunded", "amount_refunded", money = "currency"}, {"Checkout", link = pay_link}}},
    {name = "refunds", title = "Refunds", collection = "Refund",
      columns = {{"Id", "id"}, {"Status", "status"}, {"Amount", "amount", money = "pln"}, {"Reason", "reason"}},
      acts = {
        -- The documents print one status of a refund: pending.
        {"succeed", "Succeed", when = is_pending, run = function(refund) update(refund, {status = "succeeded"}) end},
        {"fail", "Fail", when = is_pending, run = function(refund) update(refund, {status = "failed"}) end}}}},
  error = function(refusal)
    local violation = refusal.violations[1]
    return {error = {type = error_type(refusal.status), message = refusal.message, param = violation and violation.path}}
  end,
  params = {id = {["in"] = "CheckoutSession"}},

  operations = {
    CheckoutSessions_CreateCheckoutSession = function(call)
      local body, id = call.body, token()
      local expires_at = body.expires_at or epoch() + 86400
      local session = create("CheckoutSession", body, {
        id = id, status = "open", livemode = false, amount_total = body.amount, amount_sub_total = body.amount,
        amount_refunded = 0, cancel_url = body.cancel_url or "", notification_url = body.notification_url or "",
        customer_ip = body.customer_ip or "", customer_country = body.customer_country or "", locale = body.locale or "",
        payment_method = body.payment_method or array{"blik"}, expire_at = expires_at,
        created_at = epoch(), url = page_url(id)})
      notify(session, "session.created")
      begin_checkout(id, body.amount, body.customer_email, expires_at)
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
      invalid(code ~= wrong, "this code is wrong or too old", "blik_code")
      if code == confirmed_later then after(10, "settle", {token = session.id, pay = true}) end
      if code == unconfirmed or code == confirmed_later then return session end
      return become(session, "completed")
    end,
    Refunds_CreateRefund = function(call)
      local body = call.body
      local session = get("CheckoutSession", {id = body.session_id})
      invalid(session.status == "completed", "nothing was paid yet", "session_id")
      local refunded = session.amount_refunded or 0
      local amount = body.amount or session.amount_total - refunded
      invalid(0 < amount and amount <= session.amount_total - refunded, "more than is left to refund", "amount")
      update(session, {amount_refunded = refunded + amount})
      local refund = create("Refund", {
        id = "re_" .. token(), amount = amount, status = "pending", reason = body.reason or "requested_by_customer",
        created_at = epoch(), livemode = false})
      if amount == magic_refund then after(10, "fail_refund", {id = refund.id}) end
      return refund
    end,
    Refunds_RetrieveRefund = {params = {id = {["in"] = "Refund"}}}},
}
