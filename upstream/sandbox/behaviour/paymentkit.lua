-- What PaymentKit's documents say of what each operation does.

local function unchanged(call) return call.record end

-- Nobody documents what a price_id costs.
local unit_amount = 1000

local function notify(type, object)
  local id = "evt_dev_" .. token()
  emit{type = type, id = id,
    headers = {["X-Webhook-Event-Id"] = id, ["X-Webhook-Event-Type"] = type, ["X-Webhook-Delivery-Id"] = token()},
    targets = map(all("WebhookEndpointCreate"), function(endpoint)
      return {url = endpoint.url, secret = endpoint.secret}
    end),
    payload = {id = id, object = "event", type = type, created = epoch(), livemode = false, data = {object = object}}}
end

-- A session and a payment link are paid alike: by their secret token.
local function checkout_of(secret)
  local session = find("CheckoutSession", {secure_token = secret}) or find("PaymentLink", {secure_token = secret})
  if not session then return nil end
  local request = session.request or {}
  local lines = map(request.line_items, function(item)
    local quantity = item.quantity or 1
    return {name = item.price_id or "Item", quantity = quantity, amount = times(unit_amount, quantity)}
  end)
  local total = sum(lines, "amount")
  local id = session.id or secret
  return {
    title = "Checkout", customer = request.customer_id or "a guest", currency = "usd", lines = lines, total = total,
    status = session.state or "open", success = back_to(request.success_url, id), cancel = back_to(request.return_url, id),
    pay = function()
      update(session, nil, nil, {state = "paid"})
      notify("invoice.paid", create("Invoice", {
        id = "inv_dev_" .. token(), status = "paid", currency = "usd", total_amount_atom = total, due_amount_atom = 0,
        paid_amount_atom = total}))
    end,
    fail = function() end,
    expire = function() update(session, nil, nil, {state = "expired"}) end}
end

return {
  authorization = {"Bearer"},
  api_key = "sk_live_sandbox",
  invalid_status = 422,
  signature = {header = "X-Webhook-Signature"},
  checkout = checkout_of,
  pay = pay,
  jobs = {settle = settle},
  error = function(refusal)
    if #refusal.violations > 0 then
      return {detail = map(refusal.violations, function(one)
        return {loc = {"body", one.path}, msg = one.message, type = one.code}
      end)}
    end
    return {type = "about:blank", title = refusal.message, status = refusal.status, request_id = refusal.trace_id}
  end,
  params = {subscription_id = {["in"] = "Subscription"}, external_id = {["in"] = "Invoice"}},

  operations = {
    CheckoutSessions_CreateCheckoutSession = function(call)
      local expanded = contains(call.query.expand, "custom_fields")
      return create("CheckoutSession", {
        id = "cs_dev_" .. token(), secure_token = token(),
        custom_fields = expanded and (call.body.custom_fields or {}) or nil}, nil, {request = call.body})
    end,
    Customers_ListCustomers = function()
      local customers = all("Customer")
      return {data = customers, total = #customers}
    end,
    Customers_CreateCustomer = function(call) return create("Customer", call.sent, {id = "cus_dev_" .. token()}) end,
    Subscriptions_CreateSubscription = function()
      local subscription = create("Subscription", {id = "sub_dev_" .. token(), status = "active"})
      notify("customer.subscription.created", subscription)
      return subscription
    end,
    Subscriptions_UpdateSubscription = unchanged,
    Subscriptions_CancelSubscription = function(call)
      check(call.record.status ~= "cancelled", 409, "conflict", "the subscription is cancelled already")
      return update(call.record, {status = "cancelled"})
    end,
    Subscriptions_ScheduleSubscriptionCancellation = unchanged,
    Subscriptions_PauseSubscription = function(call) return update(call.record, {status = "paused"}) end,
    Subscriptions_CancelScheduledPause = function(call) return update(call.record, {status = "active"}) end,
    Subscriptions_ChangeSubscriptionPlan = function() return {created_subscriptions = array{}} end,
    Subscriptions_CreateSubscriptionChangeRequest = function(call)
      local subscription = get("Subscription", {id = call.body.subscription_id})
      return {id = "cr_dev_" .. token(), state = "draft", subscription_id = subscription.id}
    end,
    Invoices_CreateInvoice = function(call)
      return create("Invoice", {
        id = "inv_dev_" .. token(), status = "draft", currency = call.body.currency or "usd", total_amount_atom = 0,
        due_amount_atom = 0, paid_amount_atom = 0})
    end,
    Invoices_FinalizeInvoice = function(call)
      check(call.record.status == "draft", 400, "bad-request", "only a draft can be finalized")
      return update(call.record, {status = "open"})
    end,
    Refunds_CreateRefund = function(call)
      check(call.body.payment_intent_id or call.body.invoice_id, 422, "missing",
        "payment_intent_id or invoice_id is required", "payment_intent_id")
      return create("Refund", {status = "pending"})
    end,
    WebhookEndpoints_CreateWebhookEndpoint = function(call)
      local secret = token()
      create("WebhookEndpointCreate", call.sent, nil, {secret = secret})
      return {id = "we_dev_" .. token(), url = call.body.url, secret = secret}
    end,
    PaymentLinks_CreatePaymentLink = function(call)
      local secret = token()
      return create("PaymentLink", {url = page_url(secret), secure_token = secret, is_active = true}, nil,
        {request = call.body})
    end,
    Processors_CreateProcessorRoute = function(call)
      return create("ProcessorRoute", call.sent, {id = "proute_dev_" .. token(), created_at = now()})
    end,
    Processors_ListProcessors = function() return {data = {{id = "proc_dev_card", name = "Cards"}}} end,
  },
}
