-- What PaymentKit's documents say of what each operation does.

local function unchanged(call) return call.record end

-- Nobody documents what a price_id costs: here 1000, and "price_4002" costs 4002.
local function unit_amount(price_id) return math.tointeger((price_id or ""):match("^price_(%d%d?%d?%d?%d?%d?)$")) or 1000 end

local function total_of(items)
  return sum(map(items, function(item) return times(unit_amount(item.price_id), item.quantity or 1) end))
end

local month = 30 * 24 * 3600

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
    return {name = item.price_id or "Item", quantity = quantity, amount = times(unit_amount(item.price_id), quantity)}
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

local function pay_link(session) return (session.state or "open") == "open" and page_url(session.secure_token) or nil end

local function pay_invoice(invoice)
  update(invoice, {status = "paid", due_amount_atom = 0, paid_amount_atom = invoice.total_amount_atom})
  notify("invoice.paid", invoice)
end

local function bill(subscription)
  pay_invoice(create("Invoice", {
    id = "inv_dev_" .. token(), status = "open", currency = "usd", total_amount_atom = subscription.amount or 1000,
    due_amount_atom = 0, paid_amount_atom = 0}))
end

-- A month later: an invoice, paid. A clock that is set forward by months brings each of them.
local function renew(asked)
  local subscription = find("Subscription", {id = asked.id})
  if not subscription or subscription.status == "cancelled" then return end
  if subscription.status == "active" then bill(subscription) end
  after(asked.at + month - epoch(), "renew", {id = asked.id, at = asked.at + month})
end

local function new_checkout(collection, set, request)
  local secret = token()
  local made = create(collection, merge(set, {secure_token = secret}), nil, {request = request})
  local hours = request.expires_in_hours
  begin_checkout(secret, total_of(request.line_items), nil, hours and epoch() + hours * 3600)
  return made, secret
end

return {
  authorization = {"Bearer"},
  api_key = "sk_live_sandbox",
  invalid_status = 422,
  signature = {header = "X-Webhook-Signature"},
  checkout = checkout_of,
  jobs = {renew = renew},
  -- Five failed attempts end it, and a 4xx ends it at once.
  retries = {pauses = {5, 30, 180, 1080}, final_4xx = true},
  events = {
    {"invoice.paid", "Invoice", function(invoice) notify("invoice.paid", invoice) end},
    {"customer.subscription.created", "Subscription", function(one) notify("customer.subscription.created", one) end}},
  title = function() return "PaymentKit account" end,
  sections = {
    {name = "checkouts", title = "Checkouts", collection = "CheckoutSession", columns = {
      {"Id", "id"}, {"Status", function(session) return session.state or "open" end},
      {"Total", function(session) return total_of((session.request or {}).line_items) end, money = "usd"},
      {"Checkout", link = pay_link}}},
    {name = "links", title = "Payment links", collection = "PaymentLink", key = "secure_token", columns = {
      {"Token", "secure_token"}, {"Status", function(link) return link.state or "open" end}, {"Checkout", link = pay_link}}},
    {name = "invoices", title = "Invoices", collection = "Invoice",
      columns = {
        {"Id", "id"}, {"Status", "status"}, {"Total", "total_amount_atom", money = "currency"},
        {"Due", "due_amount_atom", money = "currency"}},
      acts = {{"pay", "Pay", when = function(invoice) return invoice.status == "open" end, run = pay_invoice}}},
    {name = "subscriptions", title = "Subscriptions", collection = "Subscription",
      columns = {{"Id", "id"}, {"Status", "status"}},
      acts = {{"renew", "Renew now", when = function(one) return one.status == "active" end, run = bill}}},
    {name = "customers", title = "Customers", collection = "Customer", columns = {{"Id", "id"}, {"Name", "name"}, {"E-mail", "email"}}},
    {name = "endpoints", title = "Webhook endpoints", collection = "WebhookEndpointCreate", key = "url", columns = {{"Address", "url"}}}},
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
      return (new_checkout("CheckoutSession", {
        id = "cs_dev_" .. token(), custom_fields = expanded and (call.body.custom_fields or {}) or nil}, call.body))
    end,
    Customers_ListCustomers = function()
      local customers = all("Customer")
      return {data = customers, total = #customers}
    end,
    Customers_CreateCustomer = function(call) return create("Customer", call.sent, {id = "cus_dev_" .. token()}) end,
    Subscriptions_CreateSubscription = function(call)
      local subscription = create("Subscription", {id = "sub_dev_" .. token(), status = "active"}, nil,
        {amount = total_of(call.body.items)})
      notify("customer.subscription.created", subscription)
      after(month, "renew", {id = subscription.id, at = epoch() + month})
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
      local link, secret = new_checkout("PaymentLink", {is_active = true}, call.body)
      return update(link, {url = page_url(secret)})
    end,
    Processors_CreateProcessorRoute = function(call)
      return create("ProcessorRoute", call.sent, {id = "proute_dev_" .. token(), created_at = now()})
    end,
    Processors_ListProcessors = function() return {data = {{id = "proc_dev_card", name = "Cards"}}} end,
  },
}
