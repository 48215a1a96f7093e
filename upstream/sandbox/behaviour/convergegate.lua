-- What ConvergeGate's documents say of checkout sessions and refunds.

-- A code that the customer does not confirm.
local unconfirmed = "777000"

local function invalid(condition, message, path)
  return check(condition, 400, "invalid_request_error", message, path)
end

local function error_type(status)
  return status == 401 and "authentication_error" or status < 500 and "invalid_request_error" or "api_error"
end

return {
  authorization = {"Basic", "Bearer"},
  api_key = "sk_test_sandbox",
  encoding = "form",
  error = function(refusal)
    local violation = refusal.violations[1]
    return {error = {type = error_type(refusal.status), message = refusal.message, param = violation and violation.path}}
  end,
  params = {id = {["in"] = "CheckoutSession"}},

  operations = {
    CheckoutSessions_CreateCheckoutSession = function(call)
      local body, id = call.body, token()
      return create("CheckoutSession", body, {
        id = id, status = "open", livemode = false, amount_total = body.amount, amount_sub_total = body.amount,
        amount_refunded = 0, cancel_url = body.cancel_url or "", notification_url = body.notification_url or "",
        customer_ip = body.customer_ip or "", customer_country = body.customer_country or "", locale = body.locale or "",
        payment_method = body.payment_method or array{"blik"}, expire_at = body.expires_at or epoch() + 86400,
        created_at = epoch(), url = "https://checkout.sandbox.invalid/pay/" .. id})
    end,
    CheckoutSessions_RetrieveCheckoutSession = function(call)
      local session = call.record
      if session.status == "open" and session.expire_at < epoch() then update(session, {status = "expired"}) end
      return session
    end,
    CheckoutSessions_PayCheckoutSession = function(call)
      local session, code = call.record, call.body.blik_code
      invalid(code, "a code is required", "blik_code")
      invalid(session.status == "open", "this session is not open")
      return code == unconfirmed and session or update(session, {status = "completed"})
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
    Refunds_RetrieveRefund = {params = {id = {["in"] = "Refund"}}},

    ShowEvent = function(call)
      local session = call.record
      return {
        id = "evt_" .. session.id, created_at = session.created_at,
        type = session.status == "open" and "session.created" or "session." .. session.status,
        data = {status = session.status, session_id = session.id}}
    end},

  pages = {
    {id = "ShowEvent", tag = "", rpc = "", verb = "GET", path = "/events/{id}",
      path_params = {{name = "id", type = "string"}}, status = 200, reply = {type = "any"}}},
}
